using Harness.Audit;
using Harness.CommandLine;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Native;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Harness.Models.Weights;
using Harness.Passes;
using Harness.Reporting;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.Passes;

/// <summary>The command line's pass runner on CudaDevice on a double of the GPU.</summary>
internal sealed class GpuRig : IDisposable
{
    public const long WorkspaceBytes = 1 << 16;

    private static readonly CommandHost s_host = new(
        TextWriter.Null, TextWriter.Null, false, false, TimeProvider.System, new MachineDescription(null, 1, "", ""));

    public GpuRig(
        bool graph = false, bool check = false, long workspaceBytes = WorkspaceBytes, KernelLibrary? kernels = null,
        Func<CudaApi, CudaApi>? change = null)
    {
        CudaApi api = (change ?? (same => same))(Gpu.Api);
        CudaDevice device = CudaDevice.Open(api, kernels ?? KernelLibrary.Embedded, new CudaOptions(0, MathMode.Fp32, workspaceBytes));
        var facts = new DeviceFacts(device.Description, workspaceBytes, new GpuFacts(device.Properties, MathMode.Fp32, graph, check));
        Opened = new OpenedDevice(check ? new CheckedDevice(device, CheckedDevice.DefaultGuardBytes) : device, facts, device, api);
        Runner = new PassRunner(Opened, Placement.Planned, TimeProvider.System);
    }

    public FakeGpu Gpu { get; } = new();

    public OpenedDevice Opened { get; }

    public PassRunner Runner { get; }

    public long BytesNeeded(Model model, long batch)
    {
        StepProgram program = model.Program(model.Size(batch), Opened.Device);
        return ParameterRegion.CapacityFor(program.Of(TensorCategory.Parameter)) + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
    }

    /// <param name="model">at batch 2</param>
    /// <param name="outputs">gets the bytes of the latest pass</param>
    /// <param name="beforePass">is told the number of each pass, from 1, once it has begun</param>
    /// <param name="training">null: inference</param>
    public AuditRecord Audit(
        Model model, Dictionary<string, byte[]>? outputs = null, Action<int>? beforePass = null, TrainingPass? training = null)
    {
        var configuration = new Configuration(model, model.Size(2), training);
        PreparedPass prepared = Runner.Prepare(configuration);
        ReadTensor seeded = configuration.Seeded(42).Read;
        string firstInput = prepared.Program.Of(TensorCategory.Input).First().Name;
        int pass = 0;
        PassResult result = ProgressView.Show(s_host, 1, progress => Runner.Run(
            prepared, seeded,
            (tensor, bytes) =>
            {
                if (tensor.Name == firstInput)
                {
                    beforePass?.Invoke(++pass);
                }

                seeded(tensor, bytes);
            },
            progress, (tensor, bytes) => outputs?[tensor.Name] = bytes.ToArray()));
        return result.Audit;
    }

    public void Dispose()
    {
        Runner.Dispose();
        Opened.Dispose();
        Assert.Empty(Gpu.Misuses);
        Assert.Empty(Gpu.Leftovers());
        Gpu.Dispose();
    }
}

/// <summary>The three architectures at sizes that a definition computes at once.</summary>
internal static class SmallModels
{
    private static readonly ModelOption s_batch = new("batch", Default: 1);

    public static Model Of(string name) => name switch
    {
        "bert" => Bert(),
        "t5" => T5(),
        _ => Vgg16(),
    };

    private static Model Bert()
    {
        static BertConfig Config(ModelSize size) => new(
            size.Batch, Sequence: 7, Hidden: 16, Heads: 2, Layers: 2, Intermediate: 24, Vocabulary: 23, MaxPositions: 11, TokenTypes: 2);
        return new Model(
            "small-bert", s_batch, null, null, (size, _) => BertProgram.Build(Config(size)), (size, _) => BertFormulas.Of(Config(size)),
            ModelValues.Bert(Config(new ModelSize(1, null, null))), CheckpointNames.Bert, size => TransformerSummaries.Of(Config(size)),
            new ModelTraining(
                0.1, HasBlocks: true, BertConfig.Classes, (size, pass, device) => BertProgram.BuildTraining(Config(size), pass, device),
                (size, pass, _) => BertTrainingFormulas.Of(Config(size), pass),
                dropout => BertKept.Of(Config(new ModelSize(1, null, null)), dropout)));
    }

    private static Model T5()
    {
        static T5Config Config(ModelSize size) => new(
            size.Batch, Sequence: 7, DecoderSequence: 5, Hidden: 12, Heads: 2, HeadSize: 4, FeedForward: 20, Layers: 2, Vocabulary: 29, Buckets: 8,
            MaxDistance: 20);
        return new Model(
            "small-t5", s_batch, null, null, (size, _) => T5Program.Build(Config(size)), (size, _) => T5Formulas.Of(Config(size)),
            ModelValues.T5(Config(new ModelSize(1, null, null))), CheckpointNames.T5, size => TransformerSummaries.Of(Config(size)),
            new ModelTraining(
                0.1, HasBlocks: true, Classes: 29, (size, pass, device) => T5Program.BuildTraining(Config(size), pass, device),
                (size, pass, _) => T5TrainingFormulas.Of(Config(size), pass),
                dropout => T5Kept.Of(Config(new ModelSize(1, null, null)), dropout)));
    }

    private static Model Vgg16()
    {
        static Vgg16Config Config(ModelSize size) => new(
            size.Batch, ImageSize: 32, Classes: 11, HiddenUnits: 13, [[3, 5], [5, 7], [7, 7, 5], [9, 9, 7], [7, 5, 5]]);
        return new Model(
            "small-vgg16", s_batch, null, null, (size, device) => Vgg16Program.Build(Config(size), device),
            (size, budget) => Vgg16Formulas.Of(Config(size), budget), ModelValues.ReluNetwork, CheckpointNames.Exact,
            size => ImageSummaries.Of(Config(size)),
            new ModelTraining(
                0.5, HasBlocks: false, Classes: 11, (size, pass, device) => Vgg16Program.BuildTraining(Config(size), pass, device),
                (size, pass, budget) => Vgg16TrainingFormulas.Of(Config(size), pass, budget),
                dropout => ImageKept.Of(Config(new ModelSize(1, null, null)), dropout)));
    }
}
