using System.Runtime.CompilerServices;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Turns a driver's failed call into one line, and remembers when the context is lost. Builds nothing while calls succeed.</summary>
internal sealed unsafe class CudaStatus(ICudaDriver driver)
{
    /// <summary>A sticky error was seen: every later call fails with it, and nothing is left to release.</summary>
    public bool IsContextLost { get; private set; }

    /// <param name="status">of the call that is written in place of it</param>
    /// <param name="what">what it was for; a text that exists already, so that success builds none</param>
    /// <param name="call">filled in by the compiler</param>
    /// <exception cref="MachineException">the call failed</exception>
    public void ThrowIfFailed(CUresult status, string? what = null, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CUresult.CUDA_SUCCESS)
        {
            throw Failure(status, what, call);
        }
    }

    public MachineException Failure(CUresult status, string? what, string call)
    {
        IsContextLost |= IsSticky(status);
        string advice = Advice(status) is { } known ? $"; {known}" : "";
        return new MachineException($"{(what is null ? "" : $"{what}: ")}{NativeText.Call(call)} failed: {Describe(status)}{advice}");
    }

    /// <summary>The driver's name and words: <c>CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)</c>.</summary>
    public string Describe(CUresult status)
    {
        byte* name = null, text = null;
        return driver.cuGetErrorName(status, &name) == CUresult.CUDA_SUCCESS
            && driver.cuGetErrorString(status, &text) == CUresult.CUDA_SUCCESS
            ? $"{NativeText.Of(name)} ({NativeText.Of(text)})"
            : $"error {(int)status}, which this driver has no name for";
    }

    /// <summary>
    /// After these the context cannot be used any more: cuda.h says of each that the process must be relaunched or the context be
    /// destroyed (CUDA Driver API, "CUresult").
    /// </summary>
    public static bool IsSticky(CUresult status) => status
        is CUresult.CUDA_ERROR_ILLEGAL_ADDRESS or CUresult.CUDA_ERROR_LAUNCH_FAILED or CUresult.CUDA_ERROR_LAUNCH_TIMEOUT
        or CUresult.CUDA_ERROR_MISALIGNED_ADDRESS or CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION or CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE
        or CUresult.CUDA_ERROR_INVALID_PC or CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR or CUresult.CUDA_ERROR_ASSERT
        or CUresult.CUDA_ERROR_ECC_UNCORRECTABLE or CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE or CUresult.CUDA_ERROR_CONTAINED
        or CUresult.CUDA_ERROR_TENSOR_MEMORY_LEAK or CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED or CUresult.CUDA_ERROR_EXTERNAL_DEVICE
        or CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED or CUresult.CUDA_ERROR_UNKNOWN;

    private static string? Advice(CUresult status) => status switch
    {
        CUresult.CUDA_ERROR_ILLEGAL_ADDRESS or CUresult.CUDA_ERROR_LAUNCH_FAILED or CUresult.CUDA_ERROR_MISALIGNED_ADDRESS
            or CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE or CUresult.CUDA_ERROR_INVALID_PC or CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION
            or CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR or CUresult.CUDA_ERROR_ASSERT =>
            "the CUDA context is lost; a kernel before this call did it: --device sim names the kernel, PTX line and thread of a wrong "
            + "access, CUDA_LAUNCH_BLOCKING=1 makes the failing launch the call that is named",
        CUresult.CUDA_ERROR_LAUNCH_TIMEOUT =>
            "the CUDA context is lost; the system ends kernels that run for seconds on a GPU with a display: take a smaller batch, another "
            + "GPU, or raise the limit (on Windows TdrDelay)",
        CUresult.CUDA_ERROR_ECC_UNCORRECTABLE or CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE or CUresult.CUDA_ERROR_CONTAINED =>
            "the CUDA context is lost; the hardware reports a fault: see nvidia-smi -q and the system's log",
        CUresult.CUDA_ERROR_UNKNOWN or CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED or CUresult.CUDA_ERROR_EXTERNAL_DEVICE
            or CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED or CUresult.CUDA_ERROR_TENSOR_MEMORY_LEAK =>
            "the CUDA context is lost; run again, and if that fails too restart the machine or look into the system's log",
        CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE => "another process has the GPU for itself: end it, or set nvidia-smi -c 0",
        CUresult.CUDA_ERROR_NO_DEVICE =>
            "the driver sees no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device sim",
        CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH =>
            "the loaded kernel module and the driver library are of different versions: restart the machine after a driver update",
        CUresult.CUDA_ERROR_SYSTEM_NOT_READY => "the system's GPU services are not up yet (nvidia-fabricmanager)",
        _ => null,
    };
}
