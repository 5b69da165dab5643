using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Device memory, one driver allocation a region.</summary>
internal sealed unsafe class CudaMemory(CudaContext context)
{
    /// <param name="name">for messages</param>
    /// <returns>aligned to at least 256 bytes (CUDA C++ Programming Guide, "Device Memory Accesses")</returns>
    /// <exception cref="OutOfMemoryBytesException">the driver has not that much</exception>
    public DevicePointer Allocate(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        context.RequireNotCapturing("cuMemAlloc");
        CUdeviceptr pointer;
        CUresult status = context.Driver.cuMemAlloc(&pointer, (nuint)bytes);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            throw new OutOfMemoryBytesException($"'{name}' on the GPU", bytes, context.Memory().FreeBytes, null);
        }

        context.Status.ThrowIfFailed(status, name, nameof(ICudaDriver.cuMemAlloc));
        return new DevicePointer(pointer.Address);
    }

    /// <summary>
    /// Waits for the work that may still use the region, and frees it even where that work failed. On a lost context there is nothing to
    /// free, and the error that lost it has been shown.
    /// </summary>
    public void Free(DevicePointer region)
    {
        if (context.Status.IsContextLost)
        {
            return;
        }

        context.RequireNotCapturing("cuMemFree");
        CUresult waited = context.Driver.cuStreamSynchronize(context.Stream);
        CUresult freed = context.Driver.cuMemFree(new CUdeviceptr(region.Address));
        context.Status.ThrowIfFailed(waited, call: nameof(ICudaDriver.cuStreamSynchronize));
        context.Status.ThrowIfFailed(freed, call: nameof(ICudaDriver.cuMemFree));
    }
}
