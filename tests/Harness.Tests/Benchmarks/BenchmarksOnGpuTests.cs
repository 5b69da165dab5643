using Harness.Benchmarks;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models;
using Harness.Models.Weights;
using Harness.Tests.Shared.NativeDouble;
using Harness.Timing;

namespace Harness.Tests.Benchmarks;

/// <summary>The path that only a GPU takes, on the double of the vendor's libraries: flushes, graphs, events, copies and conditions.</summary>
public sealed class BenchmarksOnGpuTests : IDisposable
{
    private static readonly StoppingRule s_four = new(MinimumSamples: 4, MaximumSamples: 8, SpreadBound: 0.02, BudgetSeconds: 1000);

    private readonly FakeGpu _gpu = new();
    private readonly CudaDevice _device;
    private readonly NvmlConditions _conditions;
    private readonly BenchmarkSession _session;

    public BenchmarksOnGpuTests()
    {
        // 4 us for a kernel, 50 us for a product, 100 us for a copy; the rest takes no time.
        _gpu.Script.SecondsOf = call => call switch { "cuLaunchKernel" => 4e-6, "cuMemcpyDtoDAsync" => 100e-6, _ when call.StartsWith("cublas", StringComparison.Ordinal) => 50e-6, _ => 0 };
        _device = CudaDevice.Open(_gpu.Api, KernelLibrary.Embedded, CudaOptions.Default);
        _conditions = NvmlConditions.Open(_gpu.Api.Nvml, _device.Properties.PciBusId, out _)!;
        _session = new BenchmarkSession(_device, MathMode.Fp32, _conditions, seed: 42, s_four, TimeProvider.System);
    }

    public void Dispose()
    {
        _session.Dispose();
        _conditions.Dispose();
        _device.Dispose();
        Assert.Empty(_gpu.Leftovers());
        Assert.Empty(_gpu.Misuses);
        _gpu.Dispose();
    }

    private MeasuredCase Case(string group, string name) => BenchmarkRuns.CasesOf(group, graph: false, _device).First(measured => measured.Name == name);

    [Fact]
    public void A_kernel_is_timed_by_events_around_captured_launches_over_rotating_buffers()
    {
        MeasuredResult result = _session.Measure(Case("kernels", "bert-base extended_attention_mask"));
        Series cold = result.Measurement.Cold!, warm = result.Measurement.Warm;

        // 1 ms of 4 us is 250 warm launches; cold there are no more than 64 sets of buffers.
        Assert.Equal((64, 250), (cold.Executions, warm.Executions));
        Assert.Equal(4e-6, cold.Seconds!.Median, 1e-10);
        Assert.Equal(4e-6, warm.Seconds!.Median, 1e-10);
        Assert.Equal(4, cold.Kept.Length);
        Assert.Equal(1, result.Launches);
        Assert.Equal(512 * 8, result.Counted!.Value.BytesRead); // counted on the software GPU
        Assert.Equal(new GpuConditions(1500, 7001, 55, 80, NvmlClocksThrottleReasons.None), cold.Kept[0].Conditions);
        Assert.True(result.Verdict.IsValid);
        Assert.Empty(result.Verdict.Findings);
    }

    [Fact]
    public void Peaks_are_what_the_copy_and_the_product_reach()
    {
        // 16 copies of 1 MiB, read and written, in 100 us each; 2 * 64^3 operations in 50 us.
        _session.MeasurePeaks(productRows: 64, copyBytes: 1 << 20);
        Assert.Equal(2 * (1 << 20) / 100e-6, _session.Peaks.CopyBytesPerSecond!.Value, 1e6);
        Assert.Equal(2 * 64 * 64 * 64 / 50e-6, _session.Peaks.GemmFlopsPerSecond!.Value, 1e6);
    }

    [Fact]
    public void Throttled_samples_are_discarded()
    {
        int question = 0;
        _gpu.Nvml.ThrottleReasons = () => question++ % 2 == 0 ? NvmlClocksThrottleReasons.HwThermalSlowdown : NvmlClocksThrottleReasons.None;
        MeasuredResult result = _session.Measure(Case("kernels", "bert-base extended_attention_mask"));
        Assert.Equal(4, result.Measurement.Warm.Kept.Length);
        Assert.InRange(result.Measurement.Warm.Discarded.Length, 3, 4); // every other one, whichever the first was
        Assert.False(result.Verdict.IsValid);
        Assert.Contains("hardware thermal slowdown in ", result.Verdict.Findings[0].Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pass_is_timed_eager_and_as_one_launch_of_a_graph(bool graph)
    {
        var config = new BertConfig(Batch: 1, Sequence: 4, Hidden: 8, Heads: 2, Layers: 1, Intermediate: 16, Vocabulary: 11, MaxPositions: 8, TokenTypes: 2);
        StepProgram program = BertProgram.Build(config);
        var seeded = new SeededTensors(42, ModelValues.Bert(config));
        var measured = new MeasuredCase(
            "pass", "attention_mask", "", new StepCost(1, 1, 1), 1, NeedsConvolutions: false,
            (device, _) => new PassWork(device, program, graph && device is IGpu, seeded.Read));
        MeasuredResult result = _session.Measure(measured);
        int products = program.Steps.Count(step => step is GemmStep), kernels = program.Steps.Length - products;
        Assert.Equal((products * 50e-6) + (kernels * 4e-6), result.Measurement.Warm.Seconds!.Median, 1e-9);
        Assert.Equal(graph ? 1 : program.Steps.Length, result.Launches);
        Assert.Equal(1, result.Measurement.Cold!.Executions);
    }

    [Fact]
    public void Without_cudnn_the_rest_is_timed_and_convolutions_asked_for_by_name_say_what_is_missing()
    {
        using var gpu = new FakeGpu();
        CudaApi api = gpu.Api with { Cudnn = new NativePart<ICudnn>(null, "cuDNN is missing: install it") };
        using CudaDevice device = CudaDevice.Open(api, KernelLibrary.Embedded, CudaOptions.Default);
        using var session = new BenchmarkSession(device, MathMode.Fp32, conditions: null, seed: 42, s_four, TimeProvider.System);
        Assert.Equal(2, BenchmarkRuns.Chosen("models", null, isAsked: true, graph: false, session, out int leftOut).Length);
        Assert.Equal(1, leftOut);
        Assert.Empty(BenchmarkRuns.Chosen("conv", null, isAsked: false, graph: false, session, out _));
        Assert.All(
            BenchmarkRuns.Chosen("training", null, isAsked: true, graph: false, session, out _),
            step => Assert.DoesNotContain("vgg16", step.Name, StringComparison.Ordinal));
        var missing = Assert.Throws<Kernels.MachineException>(() => BenchmarkRuns.Chosen("conv", null, isAsked: true, graph: false, session, out _));
        Assert.Contains("cuDNN", missing.Message, StringComparison.Ordinal);
    }

    /// <summary>With the default workspace cuDNN may have no algorithm for a gradient of vgg16's: that must not end a run of everything.</summary>
    [Theory]
    [InlineData(32, 0)]
    [InlineData(512, 4)]
    public void Training_steps_beside_pytorchs_are_timed_on_a_gpu_those_of_vgg16_with_enough_workspace(long workspaceMiB, int vgg16)
    {
        using var gpu = new FakeGpu();
        using CudaDevice device = CudaDevice.Open(gpu.Api, KernelLibrary.Embedded, CudaOptions.Default with { ConvolutionWorkspaceBytes = workspaceMiB << 20 });
        using var session = new BenchmarkSession(device, MathMode.Fp32, conditions: null, seed: 42, s_four, TimeProvider.System);
        MeasuredCase[] all = [.. BenchmarkRuns.CasesOf("training", graph: false, device)];
        Assert.Equal(14, all.Length);
        Assert.All(TrainingCases.Compared, step => Assert.Contains(all, measured => measured.Name == ModelCases.NameOf(step)));
        Assert.Equal(4 - vgg16, all.Count(measured => measured.LacksWorkspace));
        if (vgg16 == 0)
        {
            var refused = Assert.Throws<Kernels.CallerException>(() => BenchmarkRuns.Chosen("training", "vgg16", isAsked: true, graph: false, session, out _));
            Assert.Contains("--workspace 512", refused.Message, StringComparison.Ordinal);
        }
    }
}
