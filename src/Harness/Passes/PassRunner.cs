using System.Collections.Immutable;
using Harness.Audit;
using Harness.CommandLine;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Weights;

namespace Harness.Passes;

/// <summary>Everything that is known of a pass before a byte is allocated.</summary>
/// <param name="Held">what is held from pass to pass: weights, and for all passes of a training step their gradients and the optimizer's state</param>
internal sealed record PreparedPass(
    Configuration Configuration, AnalyticAccount Account, StepProgram Program, MemoryPlan Plan, ImmutableArray<TensorSpec> Held)
{
    /// <summary>What progress counts: multiply-accumulates, and one more for every step.</summary>
    public double Work { get; } = Account.Steps.Sum(step => (double)step.Macs.Value) + Program.Steps.Length;
}

/// <param name="Seconds">of the steps of the latest pass alone: on a GPU, one over kernels and memory that were there</param>
internal sealed record PassResult(AuditRecord Audit, double Seconds);

/// <summary>Receives an output's bytes; they are valid during the call only.</summary>
internal delegate void WriteTensor(TensorSpec tensor, ReadOnlySpan<byte> bytes);

/// <summary>
/// Runs configurations one after another on one device and audits each. The weights of a model stay until another model's turn. On a GPU a
/// configuration runs at least twice, and the driver's free memory is read around every stage.
/// </summary>
internal sealed class PassRunner(OpenedDevice opened, Placement placement, TimeProvider time) : IDisposable
{
    private const string ParameterStage = "parameters";
    private const string ArenaStage = "arena";

    /// <summary>Other processes share the card: free memory that moved is looked at again.</summary>
    private const int MostFurtherPasses = 3;

    private readonly IDevice _device = opened.Device;
    private readonly CheckedDevice? _check = opened.Device as CheckedDevice;
    private readonly MemoryWatch? _watch = opened.Gpu is { } gpu ? new MemoryWatch(gpu) : null;
    private readonly long _guardBytes = opened.Device is CheckedDevice ? CheckedDevice.DefaultGuardBytes : 0;
    private Model? _weightsOf;
    private ParameterRegion? _parameters;
    private byte[] _staging = [];

    /// <exception cref="CallerException">the size is not allowed, or its bytes cannot be counted</exception>
    /// <exception cref="MachineException">it does not fit the GPU, or needs a library that is missing</exception>
    public PreparedPass Prepare(Configuration configuration) => Prepare([configuration])[0];

    /// <summary>The passes of one step, the last of which holds all that any of them does.</summary>
    /// <inheritdoc cref="Prepare(Configuration)"/>
    public ImmutableArray<PreparedPass> Prepare(ImmutableArray<Configuration> passes)
    {
        ImmutableArray<StepProgram> programs = [.. passes.Select(pass => pass.Program(_device))];
        ImmutableArray<TensorSpec> held = [.. programs[^1].Tensors.Where(tensor => tensor.Category.IsPersistent())];
        return [.. passes.Zip(programs, (pass, program) => Prepare(pass, program, held))];
    }

    private PreparedPass Prepare(Configuration configuration, StepProgram program, ImmutableArray<TensorSpec> held)
    {
        var prepared = new PreparedPass(
            configuration, configuration.Account(opened.Facts.ConvolutionWorkspaceBytes), program, Plan(program), held);
        if (opened.Gpu is { } gpu)
        {
            if (program.Steps.Any(step => step is ConvolutionStep or MaxPoolStep))
            {
                gpu.RequireConvolutions();
            }

            GpuPreflight.Require(
                configuration.ToString(), HeldBytes(held), prepared.Plan.CapacityBytes, AvailableBytes(gpu), gpu,
                () => GpuPreflight.LargestBatch(configuration.Size.Batch, batch => Fits(configuration, batch, AvailableBytes(gpu))));
        }

        return prepared;
    }

    /// <summary>With weights and inputs drawn from a seed.</summary>
    public PassResult Run(PreparedPass prepared, long seed, ProgressView progress)
    {
        ReadTensor seeded = prepared.Configuration.Seeded(seed).Read;
        return Run(prepared, seeded, seeded, progress);
    }

    /// <param name="prepared">from <see cref="Prepare"/></param>
    /// <param name="weights">read once a model</param>
    /// <param name="inputs">read before every pass</param>
    /// <param name="progress">advances over the first pass</param>
    /// <param name="outputs">given every output of every pass before the arena takes it back; the latest are what counts</param>
    /// <exception cref="MachineException">memory is lacking</exception>
    /// <exception cref="CheckFailedException">the device or the arena saw a violation</exception>
    public PassResult Run(PreparedPass prepared, ReadTensor weights, ReadTensor inputs, ProgressView progress, WriteTensor? outputs = null)
    {
        progress.Describe(prepared.Configuration.ToString());
        RequireHostMemory(prepared);
        _watch?.ForgetFrom(ArenaStage);
        ParameterRegion parameters = ParametersFor(prepared, weights);
        using Executor executor = Measured(ArenaStage, prepared.Plan.CapacityBytes, () => new Executor(
            prepared.Program, prepared.Plan, parameters, _device, versions: null, opened.Facts.Gpu?.Graph ?? false));
        var macs = prepared.Account.Steps.ToDictionary(step => step.Name, step => (double)step.Macs.Value);
        Step[] steps = [.. prepared.Program.Steps];
        bool isFirst = true;
        executor.StepCompleted = step =>
        {
            _check?.EndStep(step + 1 < steps.Length ? steps[step + 1].Name : null);
            if (isFirst)
            {
                progress.Advance(1 + macs.GetValueOrDefault(steps[step].Name));
            }
        };

        _check?.ForgetPasses();

        // A pass that trains leaves other weights than it found. Where passes are compared, or the caller wants the numbers of one step, each starts
        // from the same.
        bool startsAgain = _check is not null || (outputs is not null && opened.Gpu is not null);
        HeldValues? before = startsAgain && prepared.Configuration.Training is not null ? new HeldValues(parameters, prepared.Held) : null;
        double seconds = 0;
        PassRecord first = Measured("first pass", 0, Pass);
        isFirst = false;
        GpuPass? onGpu = opened.Gpu is null ? null : FurtherPasses(prepared.Program, Pass);
        var names = prepared.Program.Tensors.Where(tensor => tensor.Category.IsPersistent()).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var observed = new ObservedPass(
            prepared.Program, prepared.Plan, [.. parameters.Rows.Where(row => names.Contains(row.Name))], first.Ledger, first.Touches, first.StepCosts, onGpu);
        return new PassResult(Auditor.Audit(prepared.Configuration, opened.Facts, prepared.Account, observed), seconds);

        PassRecord Pass()
        {
            before?.PutBack(parameters);
            _check?.BeginPass(steps[0].Name);
            executor.BeginPass();
            WriteInputs(prepared.Program, executor, inputs);
            long start = time.GetTimestamp();
            executor.RunSteps();
            seconds = time.GetElapsedTime(start).TotalSeconds;
            ReadOutputs(prepared.Program, executor, outputs);
            PassRecord record = executor.EndPass();
            _check?.EndPass();
            return record;
        }
    }

    /// <summary>What a parameter, a gradient or an optimizer's state is after the latest pass.</summary>
    public void ReadHeld(TensorSpec tensor, Span<byte> destination) => _parameters!.Read(tensor.Name, destination);

    public void Dispose() => _parameters?.Dispose();

    /// <summary>
    /// The graph's recording, where there is one, takes memory of the driver's and is a stage of its own. Then passes over what is there, until one
    /// moves nothing.
    /// </summary>
    private GpuPass FurtherPasses(StepProgram program, Func<PassRecord> pass)
    {
        IGpu gpu = opened.Gpu!;
        if (opened.Facts.Gpu!.Graph)
        {
            Measured("graph", 0, pass);
        }

        PassRecord again;
        DriverAccount driver;
        int tries = 0;
        do
        {
            again = Measured("second pass", 0, pass);
            tries++;
            driver = new DriverAccount(_watch!.Stages, tries);
        }
        while (driver.LastStageMovedBytes != 0 && tries < MostFurtherPasses);

        ConvolutionShape[] shapes = [.. program.Steps.OfType<ConvolutionStep>().Select(ShapeOf)];
        return new GpuPass(
            driver, [.. gpu.OwnAllocations], [.. gpu.ConvolutionChoices.Where(choice => shapes.Contains(choice.Shape))], again.Ledger,
            _check?.Findings);
    }

    private static ConvolutionShape ShapeOf(ConvolutionStep step)
    {
        (Shape x, Shape weight) = (step.X.Shape, step.Weight.Shape);
        return new ConvolutionShape(x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], step.Padding, step.Stride);
    }

    private void WriteInputs(StepProgram program, Executor executor, ReadTensor inputs)
    {
        if (!_device.Computes)
        {
            return;
        }

        foreach (TensorSpec input in program.Of(TensorCategory.Input))
        {
            Span<byte> bytes = Staging(input);
            inputs(input, bytes);
            executor.Write(input, bytes);
        }
    }

    private void ReadOutputs(StepProgram program, Executor executor, WriteTensor? outputs)
    {
        if (!_device.Computes)
        {
            return;
        }

        foreach (TensorSpec output in program.Of(TensorCategory.Output))
        {
            Span<byte> bytes = Staging(output);
            executor.Read(output, bytes);
            outputs?.Invoke(output, bytes);
        }
    }

    private ParameterRegion ParametersFor(PreparedPass prepared, ReadTensor weights)
    {
        if (_parameters is not null && IsHeld(prepared))
        {
            return _parameters;
        }

        _parameters?.Dispose();
        _parameters = null;
        _weightsOf = null;
        _watch?.ForgetFrom(ParameterStage);
        _parameters = Measured(
            ParameterStage, HeldBytes(prepared.Held), () => new ParameterRegion(prepared.Held, _device, guardBytes: _guardBytes));
        if (_device.Computes)
        {
            foreach (TensorSpec tensor in prepared.Held.Where(tensor => tensor.Category is not TensorCategory.Gradient))
            {
                Span<byte> bytes = Staging(tensor);
                weights(tensor, bytes);
                _parameters.Write(tensor.Name, bytes);
            }
        }

        _weightsOf = prepared.Configuration.Model;
        return _parameters;
    }

    private T Measured<T>(string stage, long requestedBytes, Func<T> work) => _watch is null ? work() : _watch.Measure(stage, requestedBytes, work);

    private MemoryPlan Plan(StepProgram program) => MemoryPlanner.Plan(program, placement, guardBytes: _guardBytes);

    /// <summary>What a region for what is held from pass to pass takes.</summary>
    private long HeldBytes(IEnumerable<TensorSpec> held) => ParameterRegion.CapacityFor(held, guardBytes: _guardBytes);

    /// <summary>Are the region's tensors those of the pass? Then the weights in it are its weights, as an earlier pass left them.</summary>
    private bool IsHeld(PreparedPass prepared) => _weightsOf == prepared.Configuration.Model && prepared.Held
        .Select(tensor => (tensor.Name, tensor.Bytes)).SequenceEqual(_parameters!.Rows.Select(row => (row.Name, row.RequestedBytes)));

    /// <summary>Weights that are held now are given back before others come.</summary>
    private long AvailableBytes(IGpu gpu) => gpu.Memory.FreeBytes + (_parameters?.CapacityBytes ?? 0);

    private bool Fits(Configuration configuration, long batch, long availableBytes)
    {
        try
        {
            StepProgram program = (configuration with { Size = configuration.Size with { Batch = batch } }).Program(_device);
            return HeldBytes(program.Tensors.Where(tensor => tensor.Category.IsPersistent())) <= availableBytes - Plan(program).CapacityBytes;
        }
        catch (CallerException)
        {
            return false; // more bytes than can be counted
        }
    }

    private void RequireHostMemory(PreparedPass prepared)
    {
        if (!_device.Computes)
        {
            return;
        }

        StepProgram program = prepared.Program;
        long largestTensorBytes = program.Tensors
            .Where(tensor => tensor.Category is TensorCategory.Parameter or TensorCategory.Input or TensorCategory.Output).Max(tensor => tensor.Bytes);
        HostMemory.Require(
            prepared.Configuration.ToString(), largestTensorBytes + (opened.Gpu is null ? SimulatedBytes(prepared) : CheckBytes(program)),
            HostMemory.AvailableBytes);
    }

    /// <summary>The software GPU keeps two bits for every byte of a region: written, and read.</summary>
    private long SimulatedBytes(PreparedPass prepared)
    {
        bool hasWeights = _parameters is not null && IsHeld(prepared);
        long parameterBytes = hasWeights ? 0 : prepared.Held.Sum(tensor => tensor.Bytes);
        long regionBytes = prepared.Plan.CapacityBytes + parameterBytes;
        return regionBytes + regionBytes / 4;
    }

    /// <summary>A check keeps what every buffer of the first pass held.</summary>
    private long CheckBytes(StepProgram program) => _check is null
        ? 0
        : program.Tensors.Where(tensor => !tensor.Category.IsPersistent()).Sum(tensor => tensor.Bytes);

    private Span<byte> Staging(TensorSpec tensor)
    {
        if (tensor.Bytes > Array.MaxLength)
        {
            throw new MachineException(
                $"{tensor.Name} has {tensor.Bytes} bytes; a tensor that is copied to or from the device may have at most {Array.MaxLength}");
        }

        if (_staging.Length < tensor.Bytes)
        {
            _staging = GC.AllocateUninitializedArray<byte>((int)tensor.Bytes);
        }

        return _staging.AsSpan(0, (int)tensor.Bytes);
    }
}
