using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>What opening and disposing call, in order, and what a machine that lacks something is told.</summary>
public sealed class OpeningTests
{
    private const long MiB = 1 << 20;

    private static KernelLibrary OneKernel { get; } = new([KernelLibrary.Embedded.Sources.Single(source => source.Name == "attention_mask.ptx")]);

    /// <summary>
    /// A context before anything in it; the stream before the libraries that get it; the workspace after the stream, since setting the stream
    /// takes it away; all five attributes of each kernel, which makes a lazy driver load it; what is destroyed goes in reverse.
    /// </summary>
    [Fact]
    public void Parts_come_one_on_the_other_and_go_in_reverse()
    {
        using var gpu = new FakeGpu();
        CudaDevice device = CudaDevice.Open(gpu.Api, OneKernel, CudaOptions.Default);
        Assert.Equal(
            [
                "cuInit(0)",
                "cuDevicePrimaryCtxRetain(device0)",
                "cuCtxSetCurrent(context1)",
                "cuStreamCreate(1)",
                "cublasCreate()",
                "cublasSetStream(cublas1, stream1)",
                "cuMemAlloc(4194304)",
                "cublasSetWorkspace(cublas1, D1, 4194304)",
                "cudnnCreate()",
                "cudnnSetStream(cudnn1, stream1)",
                "cuModuleLoadDataEx(attention_mask)",
                "cuModuleGetFunction(module1, attention_mask)",
                "cuFuncGetAttribute(4, attention_mask)",
                "cuFuncGetAttribute(1, attention_mask)",
                "cuFuncGetAttribute(3, attention_mask)",
                "cuFuncGetAttribute(0, attention_mask)",
                "cuFuncGetAttribute(6, attention_mask)",
                "cuMemAllocHost(4194304)",
                "cuEventCreate(2)",
                "cuMemAllocHost(4194304)",
                "cuEventCreate(2)",
            ],
            Changes(gpu));

        gpu.Log.Clear();
        device.Dispose();
        Assert.Equal(
            [
                "cuStreamSynchronize(stream1)",
                "cuEventDestroy(event2)",
                "cuMemFreeHost(H2+0)",
                "cuEventDestroy(event1)",
                "cuMemFreeHost(H1+0)",
                "cuModuleUnload(module1)",
                "cudnnDestroy(cudnn1)",
                "cublasDestroy(cublas1)",
                "cuMemFree(D1)",
                "cuStreamDestroy(stream1)",
                "cuCtxSetCurrent(null)",
                "cuDevicePrimaryCtxRelease(device0)",
            ],
            Changes(gpu));
        CudaRig.AssertNothingIsLeft(gpu);
        device.Dispose();
        Assert.Equal(12, Changes(gpu).Length);
    }

    /// <summary>The script says what each part takes; what we ask for is known beside it.</summary>
    [Fact]
    public void Stages_say_what_opening_took()
    {
        using var rig = new CudaRig();
        Assert.Equal(["context", "libraries", "modules", "staging"], rig.Device.OpeningStages.Select(stage => stage.Name));
        Assert.Equal(
            [300 * MiB, (66 + 20 + 4) * MiB, 2 * MiB * KernelLibrary.Embedded.Sources.Length, 0],
            rig.Device.OpeningStages.Select(stage => stage.TakenBytes!.Value));
        Assert.Equal([0, 4 * MiB, 0, 0], rig.Device.OpeningStages.Select(stage => stage.RequestedBytes));
        Assert.Equal(new GpuMemory(rig.Gpu.FreeBytes(), rig.Gpu.Script.MemoryBytes), rig.Device.Memory);
        Assert.Equal(
            new GpuProperties("NVIDIA Double", 0, "0000:01:00.0", 8, 6, 30, 6L << 30, 3 << 20, false, 12040, 120604, 90600), rig.Device.Properties);
    }

    [Fact]
    public void Every_entry_is_there_with_what_the_driver_made_of_it()
    {
        using var rig = new CudaRig();
        foreach (string entry in Checks.KernelCatalog.Entries.Where(entry => entry.File is not null).Select(entry => entry.Name))
        {
            KernelResources resources = rig.Device.Resources(rig.Device.Kernel(entry));
            Assert.Equal((32, 86), (resources.Registers, resources.BinaryVersion));
        }

        Assert.Contains("softmax_v2", Assert.Throws<CallerException>(() => rig.Device.Kernel("softmax_v22")).Message);
    }

    [Fact]
    public void A_second_GPU_is_opened_where_it_is_asked_for()
    {
        using var gpu = new FakeGpu();
        gpu.Script.Devices = 2;
        using (CudaDevice.Open(gpu.Api, OneKernel, CudaOptions.Default with { Index = 1 }))
        {
            Assert.Contains("cuDevicePrimaryCtxRetain(device1)", Changes(gpu));
        }

        Assert.Contains("cuDevicePrimaryCtxRelease(device1)", Changes(gpu));
        CudaRig.AssertNothingIsLeft(gpu);
    }

    [Theory]
    [InlineData(0, "no GPU")]
    [InlineData(1, "no GPU 3: this machine has one, GPU 0")]
    [InlineData(2, "no GPU 3: this machine has 2, GPU 0 to 1")]
    public void A_GPU_that_is_not_there_is_named(int devices, string words)
    {
        using var gpu = new FakeGpu();
        gpu.Script.Devices = devices;
        Refused(gpu, gpu.Api, words, CudaOptions.Default with { Index = 3 });
    }

    [Fact]
    public void An_old_driver_and_an_old_GPU_are_refused_in_one_line()
    {
        using var gpu = new FakeGpu();
        gpu.Script.DriverVersion = 11040;
        Refused(gpu, gpu.Api, "CUDA 11.4");
        gpu.Script.DriverVersion = 12040;
        (gpu.Script.ComputeMajor, gpu.Script.ComputeMinor) = (6, 1);
        Refused(gpu, gpu.Api, "has 6.1");
    }

    [Fact]
    public void Without_cuBLAS_it_does_not_open_and_without_NVML_or_cuDNN_it_does()
    {
        using var gpu = new FakeGpu();
        Refused(gpu, gpu.Api with { Cublas = new(null, "install cuBLAS") }, "install cuBLAS");
        Refused(gpu, gpu.Api with { Driver = new(null, "install a driver") }, "install a driver");

        CudaApi little = gpu.Api with { Cudnn = new(null, "install cuDNN"), Nvml = new(null, "no NVML") };
        using (CudaDevice device = CudaDevice.Open(little, OneKernel, CudaOptions.Default))
        {
            Assert.Null(device.Properties.CudnnVersion);
            Assert.Null(device.OpeningStages[0].TakenBytes);
            Assert.Contains("install cuDNN", Assert.Throws<MachineException>(() => device.MaxPool(new MaxPoolCall(1, 1, 2, 2, 2, 2, default, default))).Message);
            Assert.Contains("install cuDNN", Assert.Throws<MachineException>(() => device.Convolution(default)).Message);
        }

        CudaRig.AssertNothingIsLeft(gpu);
    }

    [Fact]
    public void Wrong_PTX_of_the_callers_is_the_callers_mistake_and_of_ours_the_machines()
    {
        using var gpu = new FakeGpu();
        var wrong = new KernelLibrary([new PtxSource("mine.ptx", ".version 6.4\n.target sm_75\n.address_size 64\n.visible .entry f()\n{\n    wrong.u32 %r;\n}\n")]);

        Assert.Contains("mine.ptx", Assert.ThrowsAny<CallerException>(() => CudaDevice.Open(gpu.Api, wrong, CudaOptions.Default)).Message);
        CudaRig.AssertNothingIsLeft(gpu);

        gpu.Log.Fail("cuModuleLoadDataEx", nth: 2 + gpu.Log.Count("cuModuleLoadDataEx"), (int)Status.InvalidPtx);
        Refused(gpu, gpu.Api, "the driver's compiler refuses this built-in kernel", kernels: KernelLibrary.Embedded);
    }

    private static void Refused(FakeGpu gpu, CudaApi api, string words, CudaOptions? options = null, KernelLibrary? kernels = null)
    {
        string message = Assert.Throws<MachineException>(() => CudaDevice.Open(api, kernels ?? OneKernel, options ?? CudaOptions.Default)).Message;
        Assert.Contains(words, message);
        Assert.DoesNotContain('\n', message);
        CudaRig.AssertNothingIsLeft(gpu);
    }

    /// <summary>The calls that change something.</summary>
    private static string[] Changes(FakeGpu gpu) =>
    [
        .. gpu.Log.Calls.Where(call => !call.Name.StartsWith("nvml", StringComparison.Ordinal) && !call.Name.StartsWith("cuDeviceGet", StringComparison.Ordinal)
            && call.Name is not ("cuDriverGetVersion" or "cuDeviceTotalMem" or "cuMemGetInfo" or "cublasGetVersion" or "cudnnGetVersion"))
            .Select(call => call.ToString()),
    ];
}
