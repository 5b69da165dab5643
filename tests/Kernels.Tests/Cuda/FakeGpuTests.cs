using System.Runtime.InteropServices;
using System.Text;
using Harness.Kernels.Native;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>The double itself: what hardware would punish must not pass here, or the tests that stand on it prove nothing.</summary>
public sealed unsafe class FakeGpuTests : IDisposable
{
    private const CUresult Success = CUresult.CUDA_SUCCESS;

    private readonly FakeGpu _gpu = new();
    private readonly ICudaDriver _driver;
    private readonly CUstream _stream;

    public FakeGpuTests()
    {
        _driver = _gpu.Api.Driver.Required;
        CUcontext context;
        CUstream stream;
        Assert.Equal(Success, _driver.cuInit(0));
        Assert.Equal(Success, _driver.cuDevicePrimaryCtxRetain(&context, new CUdevice(0)));
        Assert.Equal(Success, _driver.cuCtxSetCurrent(context));
        Assert.Equal(Success, _driver.cuStreamCreate(&stream, 1));
        _stream = stream;
    }

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void Nothing_works_before_cuInit_or_without_a_current_context()
    {
        using var gpu = new FakeGpu();
        ICudaDriver driver = gpu.Api.Driver.Required;
        int count;
        CUcontext context;
        CUdeviceptr pointer;
        Assert.Equal(Status.NotInitialized, driver.cuDeviceGetCount(&count));
        Assert.Equal(Success, driver.cuInit(0));
        Assert.Equal(Status.InvalidDevice, driver.cuDevicePrimaryCtxRetain(&context, new CUdevice(1)));
        Assert.Equal(Success, driver.cuDevicePrimaryCtxRetain(&context, new CUdevice(0)));
        Assert.Equal(Status.InvalidContext, driver.cuMemAlloc(&pointer, 16));
        Assert.Equal(Success, driver.cuCtxSetCurrent(context));
        Assert.Equal(Success, driver.cuMemAlloc(&pointer, 16));
        CUresult elsewhere = Success;
        var thread = new Thread(() => elsewhere = driver.cuStreamSynchronize(new CUstream(1)));
        thread.Start();
        thread.Join();
        Assert.Equal(Status.InvalidContext, elsewhere);
        Assert.Equal(Success, driver.cuMemFree(pointer));
        Assert.Equal(Success, driver.cuDevicePrimaryCtxRelease(new CUdevice(0)));
        Assert.Equal(Status.ContextIsDestroyed, driver.cuMemAlloc(&pointer, 16));
    }

    [Fact]
    public void Work_happens_when_somebody_waits_for_it_and_not_before()
    {
        CUdeviceptr device = Device(64);
        uint* host = (uint*)Pinned(64);
        host[0] = 7;
        Assert.Equal(Success, _driver.cuMemcpyHtoDAsync(device, host, 64, _stream));
        Assert.Equal(Success, _driver.cuMemsetD32Async(new CUdeviceptr(device.Address + 4), 9, 1, _stream));
        uint* back = (uint*)Pinned(64);
        back[0] = 1;
        Assert.Equal(Success, _driver.cuMemcpyDtoHAsync(back, device, 64, _stream));
        Assert.Equal(0xDBDBDBDBu, back[0]);
        Assert.Equal(Success, _driver.cuStreamSynchronize(_stream));
        Assert.Equal((7u, 9u), (back[0], back[1]));
        Assert.Equal(
            [
                "cuMemAlloc(64)", "cuMemAllocHost(64)", "cuMemcpyHtoDAsync(D1, H1+0, 64, stream1)", "cuMemsetD32Async(D1+4, 9, 1, stream1)",
                "cuMemAllocHost(64)", "cuMemcpyDtoHAsync(H2+0, D1, 64, stream1)", "cuStreamSynchronize(stream1)",
            ],
            _gpu.Log.Calls.Skip(4).Select(call => call.ToString()));
    }

    [Fact]
    public void Staging_that_is_used_again_too_early_is_seen()
    {
        CUdeviceptr device = Device(64);
        byte* host = Pinned(64);
        _driver.cuMemcpyHtoDAsync(device, host, 64, _stream);
        host[63]++;

        Assert.Contains("H1+0 was changed before", Assert.Throws<MisuseException>(() => _driver.cuStreamSynchronize(_stream)).Message);
    }

    [Fact]
    public void Memory_that_is_freed_while_work_waits_is_seen()
    {
        CUdeviceptr device = Device(64);
        byte* host = Pinned(64);
        nint address = (nint)host;
        _driver.cuMemcpyHtoDAsync(device, host, 64, _stream);

        Assert.Contains("D1 goes away while cuMemcpyHtoDAsync waits", Assert.Throws<MisuseException>(() => _driver.cuMemFree(device)).Message);
        Assert.Contains("H1 goes away", Assert.Throws<MisuseException>(() => _driver.cuMemFreeHost((void*)address)).Message);
        Assert.Contains("stream1 is destroyed", Assert.Throws<MisuseException>(() => _driver.cuStreamDestroy(_stream)).Message);
        _driver.cuStreamSynchronize(_stream);
        Assert.Equal(Success, _driver.cuMemFree(device));
        Assert.Equal(Status.InvalidValue, _driver.cuMemFree(device));
    }

    [Fact]
    public void Host_memory_is_no_device_memory_and_pageable_memory_is_not_pinned()
    {
        (CUdeviceptr device, nint host) = (Device(64), (nint)Pinned(64));
        byte[] pageable = new byte[64];
        fixed (byte* address = pageable)
        {
            nint from = (nint)address;
            Assert.Throws<MisuseException>(() => _driver.cuMemcpyHtoDAsync(device, (void*)from, 64, _stream));
        }

        Assert.Equal(Status.InvalidValue, _driver.cuMemcpyHtoDAsync(new CUdeviceptr((ulong)host), (void*)host, 64, _stream));
        Assert.Equal(Status.InvalidValue, _driver.cuMemcpyHtoDAsync(new CUdeviceptr(device.Address + 1), (void*)host, 64, _stream));
        Assert.Throws<MisuseException>(() => _driver.cuMemcpyDtoHAsync((void*)(host + 1), device, 64, _stream));
        Assert.Throws<MisuseException>(() => _driver.cuMemcpyHtoDAsync(device, (void*)host, 64, default));
    }

    [Fact]
    public void What_is_written_behind_pinned_memory_is_seen()
    {
        nint host = (nint)Pinned(64);
        ((byte*)host)[64] = 1;

        Assert.Contains("behind H1", Assert.Throws<MisuseException>(() => _driver.cuMemFreeHost((void*)host)).Message);
    }

    [Fact]
    public void Between_begin_and_end_of_a_capture_nothing_runs_and_what_would_wait_or_allocate_is_refused()
    {
        CUdeviceptr device = Device(64);
        uint* host = (uint*)Pinned(64);
        host[0] = 5;
        CUgraph graph;
        CUgraphExec executable;
        Assert.Equal(Success, _driver.cuStreamBeginCapture(_stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        Assert.Equal(Success, _driver.cuMemcpyHtoDAsync(device, host, 64, _stream));
        Assert.Equal(Success, _driver.cuStreamEndCapture(_stream, &graph));
        Assert.Equal(Success, _driver.cuGraphInstantiateWithFlags(&executable, graph, 0));
        Assert.Equal(Success, _driver.cuGraphDestroy(graph));
        for (uint value = 5; value < 8; value++)
        {
            host[0] = value;
            Assert.Equal(Success, _driver.cuGraphLaunch(executable, _stream));
            Assert.Equal(Success, _driver.cuStreamSynchronize(_stream));
            Assert.Equal(value, MemoryMarshal.Read<uint>(_gpu.Memory.Span(device.Address, 4)));
        }

        CUdeviceptr refused;
        Func<CUresult>[] illegal =
        [
            () => _driver.cuStreamSynchronize(_stream), () => _driver.cuMemFree(device), () => { CUdeviceptr p; return _driver.cuMemAlloc(&p, 4); },
        ];
        foreach (Func<CUresult> call in illegal)
        {
            _driver.cuStreamBeginCapture(_stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
            Assert.Equal(Status.CaptureUnsupported, call());
            Assert.Equal(Status.CaptureInvalidated, _driver.cuStreamEndCapture(_stream, &graph));
            Assert.Equal(default, graph);
        }

        CUgraphExec made = executable;
        Assert.Equal(Success, _driver.cuMemFree(device));
        Assert.Contains("was freed", Assert.Throws<MisuseException>(() => _driver.cuGraphLaunch(made, _stream)).Message);
        Assert.Equal(Success, _driver.cuMemAlloc(&refused, 4));
    }

    [Fact]
    public void A_time_is_there_when_its_event_has_passed()
    {
        CUdeviceptr device = Device(64);
        CUevent start, end;
        float milliseconds;
        _driver.cuEventCreate(&start, 0);
        _driver.cuEventCreate(&end, 0);
        Assert.Equal(Status.InvalidHandle, _driver.cuEventElapsedTime(&milliseconds, start, end));
        _gpu.Script.SecondsOf = call => call == "cuMemsetD32Async" ? 0.25 : 0;
        _driver.cuEventRecord(start, _stream);
        _driver.cuMemsetD32Async(device, 0, 16, _stream);
        _driver.cuEventRecord(end, _stream);
        _driver.cuMemsetD32Async(device, 1, 16, _stream);
        Assert.Equal(Status.NotReady, _driver.cuEventElapsedTime(&milliseconds, start, end));
        Assert.Equal(Success, _driver.cuEventSynchronize(start));
        Assert.Equal(Status.NotReady, _driver.cuEventElapsedTime(&milliseconds, start, end));
        Assert.Equal(Success, _driver.cuEventSynchronize(end));
        Assert.Equal(Success, _driver.cuEventElapsedTime(&milliseconds, start, end));
        Assert.Equal(250, milliseconds);
        Assert.Equal(0u, MemoryMarshal.Read<uint>(_gpu.Memory.Span(device.Address, 4)));
    }

    [Fact]
    public void A_kernel_that_leaves_its_memory_loses_the_device()
    {
        const string text = """
            .version 6.4
            .target sm_75
            .address_size 64
            .visible .entry store(.param .u64 y, .param .u32 at)
            {
                .reg .u64 %y, %offset;
                .reg .u32 %at;
                ld.param.u64 %y, [y];
                ld.param.u32 %at, [at];
                mul.wide.u32 %offset, %at, 4;
                add.u64 %y, %y, %offset;
                st.global.u32 [%y], %at;
                ret;
            }
            """;
        CUmodule module;
        CUfunction function;
        fixed (byte* image = Encoding.UTF8.GetBytes(text + '\0'), name = "store\0"u8)
        {
            Assert.Equal(Success, _driver.cuModuleLoadDataEx(&module, image, 0, null, null));
            Assert.Equal(Status.NotFound, _driver.cuModuleGetFunction(&function, module, image));
            Assert.Equal(Success, _driver.cuModuleGetFunction(&function, module, name));
        }

        CUfunction store = function;
        CUdeviceptr device = Device(64);
        Assert.Equal(Success, Launch(device.Address, 3));
        Assert.Equal("cuLaunchKernel(store, grid 1 1 1, block 1 1 1, 0, stream1, [D1, 3])", _gpu.Log.Calls[^1].ToString());
        Assert.Equal(Success, _driver.cuStreamSynchronize(_stream));
        Assert.Equal(3u, MemoryMarshal.Cast<byte, uint>(_gpu.Memory.Span(device.Address, 64))[3]);

        Assert.Equal(Success, Launch(device.Address, 16));
        Assert.Equal(Status.IllegalAddress, _driver.cuStreamSynchronize(_stream));
        Assert.Contains("0 bytes past the end of 'D1'", _gpu.LostBecause);
        Assert.Equal(Status.IllegalAddress, _driver.cuMemFree(device));
        Assert.Equal(Status.IllegalAddress, Launch(device.Address, 0));

        CUresult Launch(ulong y, uint at)
        {
            void** parameters = stackalloc void*[] { &y, &at };
            return _driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, _stream, parameters, null);
        }
    }

    [Fact]
    public void Wrong_PTX_is_refused_with_a_log_and_new_PTX_by_an_old_driver()
    {
        byte* log = stackalloc byte[256];
        CUjit_option* options = stackalloc CUjit_option[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
        void** values = stackalloc void*[] { log, (void*)256 };
        Assert.Equal(Status.InvalidPtx, Load(".version 6.4\n.target sm_75\n.address_size 64\n.visible .entry f() { wrong.u32 %r; }", options, values));
        Assert.Contains("wrong", Encoding.UTF8.GetString(log, (int)(nuint)values[1]));
        values[1] = (void*)256;
        Assert.Equal(Status.UnsupportedPtxVersion, Load(".version 8.5\n.target sm_75\n.address_size 64\n", options, values));
        Assert.Equal(Success, Load(".version 8.4\n.target sm_75\n.address_size 64\n", options, values));

        CUresult Load(string text, CUjit_option* names, void** slots)
        {
            CUmodule module;
            fixed (byte* image = Encoding.UTF8.GetBytes(text + '\0'))
            {
                return _driver.cuModuleLoadDataEx(&module, image, 2, names, slots);
            }
        }
    }

    [Fact]
    public void Memory_is_taken_in_granules_and_comes_to_an_end()
    {
        _gpu.Script.MemoryBytes = 1L << 30;
        long before = _gpu.FreeBytes();
        CUdeviceptr first = Device(1), second = Device(1000);
        Assert.Equal(FakeMemory.GranuleBytes, before - _gpu.FreeBytes());
        CUdeviceptr third = Device((2 << 20) + 1);
        Assert.Equal(3 * FakeMemory.GranuleBytes, before - _gpu.FreeBytes());
        CUdeviceptr none;
        Assert.Equal(Status.OutOfMemory, _driver.cuMemAlloc(&none, 1 << 30));
        _driver.cuMemFree(first);
        _driver.cuMemFree(second);
        _driver.cuMemFree(third);
        Assert.Equal(before, _gpu.FreeBytes());
    }

    [Fact]
    public void A_context_that_is_released_over_its_children_is_seen()
    {
        Device(64);

        Assert.Contains("D1, stream1", Assert.Throws<MisuseException>(() => _driver.cuDevicePrimaryCtxRelease(new CUdevice(0))).Message);
    }

    [Fact]
    public void A_product_needs_its_stream_and_a_workspace_set_after_it()
    {
        ICublas cublas = _gpu.Api.Cublas.Required;
        cublasHandle_t handle;
        cublas.cublasCreate(&handle);
        cublasHandle_t made = handle;
        CUdeviceptr operands = Device(48), workspace = Device(4096);
        Assert.Throws<MisuseException>(() => Product());
        cublas.cublasSetWorkspace(handle, (void*)workspace.Address, 4096);
        cublas.cublasSetStream(handle, _stream);
        Assert.Contains("cublasSetWorkspace since", Assert.Throws<MisuseException>(() => Product()).Message);
        Assert.Equal(Status.CublasInvalidValue, cublas.cublasSetWorkspace(handle, (void*)(workspace.Address + 16), 256));
        cublas.cublasSetWorkspace(handle, (void*)workspace.Address, 4096);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, Product());
        Assert.Equal(Status.CublasInvalidValue, Product(lda: 1));
        Assert.Throws<MisuseException>(() => Product(c: 36));
        Assert.Throws<MisuseException>(() => Product(c: 8));
        Assert.ThrowsAny<CheckFailedException>(() => _driver.cuStreamSynchronize(_stream)); // operands that nobody wrote

        cublasStatus_t Product(int lda = 2, int c = 24)
        {
            float one = 1, zero = 0;
            byte* at = (byte*)operands.Address;
            return cublas.cublasGemmEx(
                made, 0, 0, 2, 1, 2, &one, at, 0, lda, at + 16, 0, 2, &zero, at + c + 8, 0, 2,
                cublasComputeType_t.CUBLAS_COMPUTE_32F_PEDANTIC, cublasGemmAlgo_t.CUBLAS_GEMM_DEFAULT);
        }
    }

    [Fact]
    public void Calls_fail_when_they_are_told_to()
    {
        CUdeviceptr pointer;
        _gpu.Log.Fail("cuMemAlloc", nth: 2, 999);
        Assert.Equal(Success, _driver.cuMemAlloc(&pointer, 4));
        Assert.Equal(CUresult.CUDA_ERROR_UNKNOWN, _driver.cuMemAlloc(&pointer, 4));
        Assert.Equal(Success, _driver.cuMemAlloc(&pointer, 4));
    }

    private CUdeviceptr Device(nuint bytes)
    {
        CUdeviceptr pointer;
        Assert.Equal(Success, _driver.cuMemAlloc(&pointer, bytes));
        return pointer;
    }

    private byte* Pinned(nuint bytes)
    {
        void* pointer;
        Assert.Equal(Success, _driver.cuMemAllocHost(&pointer, bytes));
        return (byte*)pointer;
    }
}
