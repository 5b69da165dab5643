using System.Runtime.CompilerServices;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Turns cuDNN's failed call into one line.</summary>
internal sealed unsafe class CudnnStatus(ICudnn cudnn, CudaContext context)
{
    /// <param name="status">of the call that is written in place of it</param>
    /// <param name="what">what it was for; a text that exists already, so that success builds none</param>
    /// <param name="call">filled in by the compiler</param>
    /// <exception cref="MachineException">the call failed</exception>
    public void ThrowIfFailed(cudnnStatus_t status, string? what = null, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            throw context.LossBehind(call) ?? new MachineException(
                $"{(what is null ? "" : $"{what}: ")}{NativeText.Call(call)} failed: {NativeText.Of(cudnn.cudnnGetErrorString(status))}");
        }
    }
}
