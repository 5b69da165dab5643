using System.Runtime.CompilerServices;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Turns cuBLAS's failed call into one line.</summary>
internal sealed unsafe class CublasStatus(ICublas cublas, CudaContext context)
{
    /// <exception cref="MachineException">the call failed</exception>
    public void ThrowIfFailed(cublasStatus_t status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
        {
            throw context.LossBehind(call) ?? new MachineException(
                $"{NativeText.Call(call)} failed: {NativeText.Of(cublas.cublasGetStatusName(status))} "
                + $"({NativeText.Of(cublas.cublasGetStatusString(status))})");
        }
    }
}
