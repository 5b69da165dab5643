namespace Harness.Kernels.Native;

/// <summary>
/// The functions of the CUDA driver API that this program calls, under the names that cuda.h gives them and with its parameters. The
/// meaning of each is the vendor's ("CUDA Driver API", docs.nvidia.com). An interface so that everything above it runs on a recording
/// double where there is no GPU.
/// </summary>
public unsafe interface ICudaDriver
{
    CUresult cuInit(uint flags);
    CUresult cuDriverGetVersion(int* driverVersion);
    CUresult cuGetErrorName(CUresult error, byte** text);
    CUresult cuGetErrorString(CUresult error, byte** text);

    CUresult cuDeviceGetCount(int* count);
    CUresult cuDeviceGet(CUdevice* device, int ordinal);
    CUresult cuDeviceGetName(byte* name, int length, CUdevice device);
    CUresult cuDeviceTotalMem(nuint* bytes, CUdevice device);
    CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device);
    CUresult cuDeviceGetPCIBusId(byte* pciBusId, int length, CUdevice device);

    CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device);
    CUresult cuDevicePrimaryCtxRelease(CUdevice device);
    CUresult cuCtxSetCurrent(CUcontext context);

    CUresult cuMemGetInfo(nuint* free, nuint* total);
    CUresult cuMemAlloc(CUdeviceptr* pointer, nuint bytes);
    CUresult cuMemFree(CUdeviceptr pointer);
    CUresult cuMemAllocHost(void** pointer, nuint bytes);
    CUresult cuMemFreeHost(void* pointer);
    CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, void* source, nuint bytes, CUstream stream);
    CUresult cuMemcpyDtoHAsync(void* destination, CUdeviceptr source, nuint bytes, CUstream stream);
    CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream);
    CUresult cuMemsetD32Async(CUdeviceptr destination, uint value, nuint count, CUstream stream);

    CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint optionCount, CUjit_option* options, void** optionValues);
    CUresult cuModuleUnload(CUmodule module);
    CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, byte* name);
    CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function);
    CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value);
    CUresult cuLaunchKernel(
        CUfunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, CUstream stream,
        void** kernelParameters, void** extra);

    CUresult cuStreamCreate(CUstream* stream, uint flags);
    CUresult cuStreamDestroy(CUstream stream);
    CUresult cuStreamSynchronize(CUstream stream);
    CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode);
    CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph);

    CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, ulong flags);
    CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream);
    CUresult cuGraphExecDestroy(CUgraphExec executable);
    CUresult cuGraphDestroy(CUgraph graph);

    CUresult cuEventCreate(CUevent* created, uint flags);
    CUresult cuEventDestroy(CUevent destroyed);
    CUresult cuEventRecord(CUevent recorded, CUstream stream);
    CUresult cuEventSynchronize(CUevent awaited);
    CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end);
}
