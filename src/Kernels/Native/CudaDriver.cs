using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>nvcuda.dll, libcuda.so.1: the CUDA driver API.</summary>
internal sealed unsafe partial class CudaDriver : ICudaDriver
{
    public CUresult cuInit(uint flags) => Entry.cuInit(flags);

    public CUresult cuDriverGetVersion(int* driverVersion) => Entry.cuDriverGetVersion(driverVersion);

    public CUresult cuGetErrorName(CUresult error, byte** text) => Entry.cuGetErrorName(error, text);

    public CUresult cuGetErrorString(CUresult error, byte** text) => Entry.cuGetErrorString(error, text);

    public CUresult cuDeviceGetCount(int* count) => Entry.cuDeviceGetCount(count);

    public CUresult cuDeviceGet(CUdevice* device, int ordinal) => Entry.cuDeviceGet(device, ordinal);

    public CUresult cuDeviceGetName(byte* name, int length, CUdevice device) => Entry.cuDeviceGetName(name, length, device);

    public CUresult cuDeviceTotalMem(nuint* bytes, CUdevice device) => Entry.cuDeviceTotalMem(bytes, device);

    public CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) =>
        Entry.cuDeviceGetAttribute(value, attribute, device);

    public CUresult cuDeviceGetPCIBusId(byte* pciBusId, int length, CUdevice device) => Entry.cuDeviceGetPCIBusId(pciBusId, length, device);

    public CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) => Entry.cuDevicePrimaryCtxRetain(context, device);

    public CUresult cuDevicePrimaryCtxRelease(CUdevice device) => Entry.cuDevicePrimaryCtxRelease(device);

    public CUresult cuCtxSetCurrent(CUcontext context) => Entry.cuCtxSetCurrent(context);

    public CUresult cuMemGetInfo(nuint* free, nuint* total) => Entry.cuMemGetInfo(free, total);

    public CUresult cuMemAlloc(CUdeviceptr* pointer, nuint bytes) => Entry.cuMemAlloc(pointer, bytes);

    public CUresult cuMemFree(CUdeviceptr pointer) => Entry.cuMemFree(pointer);

    public CUresult cuMemAllocHost(void** pointer, nuint bytes) => Entry.cuMemAllocHost(pointer, bytes);

    public CUresult cuMemFreeHost(void* pointer) => Entry.cuMemFreeHost(pointer);

    public CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, void* source, nuint bytes, CUstream stream) =>
        Entry.cuMemcpyHtoDAsync(destination, source, bytes, stream);

    public CUresult cuMemcpyDtoHAsync(void* destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        Entry.cuMemcpyDtoHAsync(destination, source, bytes, stream);

    public CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        Entry.cuMemcpyDtoDAsync(destination, source, bytes, stream);

    public CUresult cuMemsetD32Async(CUdeviceptr destination, uint value, nuint count, CUstream stream) =>
        Entry.cuMemsetD32Async(destination, value, count, stream);

    public CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint optionCount, CUjit_option* options, void** optionValues) =>
        Entry.cuModuleLoadDataEx(module, image, optionCount, options, optionValues);

    public CUresult cuModuleUnload(CUmodule module) => Entry.cuModuleUnload(module);

    public CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, byte* name) =>
        Entry.cuModuleGetFunction(function, module, name);

    public CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) =>
        Entry.cuFuncGetAttribute(value, attribute, function);

    public CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) =>
        Entry.cuFuncSetAttribute(function, attribute, value);

    public CUresult cuLaunchKernel(
        CUfunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, CUstream stream,
        void** kernelParameters, void** extra) =>
        Entry.cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, stream, kernelParameters, extra);

    public CUresult cuStreamCreate(CUstream* stream, uint flags) => Entry.cuStreamCreate(stream, flags);

    public CUresult cuStreamDestroy(CUstream stream) => Entry.cuStreamDestroy(stream);

    public CUresult cuStreamSynchronize(CUstream stream) => Entry.cuStreamSynchronize(stream);

    public CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) => Entry.cuStreamBeginCapture(stream, mode);

    public CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) => Entry.cuStreamEndCapture(stream, graph);

    public CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, ulong flags) =>
        Entry.cuGraphInstantiateWithFlags(executable, graph, flags);

    public CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) => Entry.cuGraphLaunch(executable, stream);

    public CUresult cuGraphExecDestroy(CUgraphExec executable) => Entry.cuGraphExecDestroy(executable);

    public CUresult cuGraphDestroy(CUgraph graph) => Entry.cuGraphDestroy(graph);

    public CUresult cuEventCreate(CUevent* created, uint flags) => Entry.cuEventCreate(created, flags);

    public CUresult cuEventDestroy(CUevent destroyed) => Entry.cuEventDestroy(destroyed);

    public CUresult cuEventRecord(CUevent recorded, CUstream stream) => Entry.cuEventRecord(recorded, stream);

    public CUresult cuEventSynchronize(CUevent awaited) => Entry.cuEventSynchronize(awaited);

    public CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) =>
        Entry.cuEventElapsedTime(milliseconds, start, end);

    internal static partial class Entry
    {
        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuInit(uint flags);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDriverGetVersion(int* driverVersion);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGetErrorName(CUresult error, byte** text);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGetErrorString(CUresult error, byte** text);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDeviceGetCount(int* count);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDeviceGet(CUdevice* device, int ordinal);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDeviceGetName(byte* name, int length, CUdevice device);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuDeviceTotalMem_v2")]
        internal static partial CUresult cuDeviceTotalMem(nuint* bytes, CUdevice device);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDeviceGetPCIBusId(byte* pciBusId, int length, CUdevice device);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
        internal static partial CUresult cuDevicePrimaryCtxRelease(CUdevice device);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuCtxSetCurrent(CUcontext context);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemGetInfo_v2")]
        internal static partial CUresult cuMemGetInfo(nuint* free, nuint* total);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemAlloc_v2")]
        internal static partial CUresult cuMemAlloc(CUdeviceptr* pointer, nuint bytes);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemFree_v2")]
        internal static partial CUresult cuMemFree(CUdeviceptr pointer);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemAllocHost_v2")]
        internal static partial CUresult cuMemAllocHost(void** pointer, nuint bytes);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuMemFreeHost(void* pointer);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemcpyHtoDAsync_v2")]
        internal static partial CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, void* source, nuint bytes, CUstream stream);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemcpyDtoHAsync_v2")]
        internal static partial CUresult cuMemcpyDtoHAsync(void* destination, CUdeviceptr source, nuint bytes, CUstream stream);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuMemcpyDtoDAsync_v2")]
        internal static partial CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuMemsetD32Async(CUdeviceptr destination, uint value, nuint count, CUstream stream);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuModuleLoadDataEx(
            CUmodule* module, void* image, uint optionCount, CUjit_option* options, void** optionValues);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuModuleUnload(CUmodule module);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, byte* name);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuLaunchKernel(
            CUfunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes,
            CUstream stream, void** kernelParameters, void** extra);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuStreamCreate(CUstream* stream, uint flags);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuStreamDestroy_v2")]
        internal static partial CUresult cuStreamDestroy(CUstream stream);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuStreamSynchronize(CUstream stream);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuStreamBeginCapture_v2")]
        internal static partial CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, ulong flags);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGraphExecDestroy(CUgraphExec executable);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuGraphDestroy(CUgraph graph);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuEventCreate(CUevent* created, uint flags);

        [LibraryImport(NativeNames.Cuda, EntryPoint = "cuEventDestroy_v2")]
        internal static partial CUresult cuEventDestroy(CUevent destroyed);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuEventRecord(CUevent recorded, CUstream stream);

        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuEventSynchronize(CUevent awaited);

        // CUDA 13's header maps this name to cuEventElapsedTime_v2, which older drivers lack; every driver exports this one.
        [LibraryImport(NativeNames.Cuda)]
        internal static partial CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end);
    }
}
