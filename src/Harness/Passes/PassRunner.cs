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
internal sealed record PreparedPass(Configuration Configuration, AnalyticAccount Account, StepProgram Program, MemoryPlan Plan)
{
    /// <summary>What progress counts: multiply-accumulates, and one more for every step.</summary>
    public double Work { get; } = Account.Steps.Sum(step => (double)step.Macs.Value) + Program.Steps.Length;
}

/// <param name="Seconds">of the steps alone</param>
internal sealed record PassResult(AuditRecord Audit, double Seconds);

/// <summary>Receives an output's bytes; they are valid during the call only.</summary>
internal delegate void WriteTensor(TensorSpec tensor, ReadOnlySpan<byte> bytes);

/// <summary>Runs configurations one after another on one device and audits each. The weights of a model stay until another model's turn.</summary>
internal sealed class PassRunner(IDevice device, Placement placement, TimeProvider time) : IDisposable
{
    private Model? _weightsOf;
    private ParameterRegion? _parameters;
    private byte[] _staging = [];

    /// <exception cref="CallerException">the size is not allowed, or its bytes cannot be counted</exception>
    public PreparedPass Prepare(Configuration configuration)
    {
        StepProgram program = configuration.Program(device);
        return new PreparedPass(configuration, configuration.Account(null), program, MemoryPlanner.Plan(program, placement));
    }

    /// <summary>With weights and inputs drawn from a seed.</summary>
    public PassResult Run(PreparedPass prepared, long seed, ProgressView progress)
    {
        ReadTensor seeded = prepared.Configuration.Model.Seeded(seed).Read;
        return Run(prepared, seeded, seeded, progress);
    }

    /// <param name="weights">read once a model</param>
    /// <param name="outputs">given every output before the arena takes it back</param>
    /// <exception cref="MachineException">memory is lacking</exception>
    /// <exception cref="CheckFailedException">the device or the arena saw a violation</exception>
    public PassResult Run(PreparedPass prepared, ReadTensor weights, ReadTensor inputs, ProgressView progress, WriteTensor? outputs = null)
    {
        string name = prepared.Configuration.ToString();
        progress.Describe(name);
        RequireMemory(prepared);
        ParameterRegion parameters = ParametersFor(prepared, weights);
        using var executor = new Executor(prepared.Program, prepared.Plan, parameters, device);
        var account = prepared.Account.Steps.ToDictionary(step => step.Name, step => (double)step.Macs.Value);
        executor.StepCompleted = step => progress.Advance(1 + account.GetValueOrDefault(prepared.Program.Steps[step].Name));

        executor.BeginPass();
        if (device.Computes)
        {
            foreach (TensorSpec input in prepared.Program.Of(TensorCategory.Input))
            {
                Span<byte> bytes = Staging(input);
                inputs(input, bytes);
                executor.Write(input, bytes);
            }
        }

        long start = time.GetTimestamp();
        executor.RunSteps();
        double seconds = time.GetElapsedTime(start).TotalSeconds;
        if (device.Computes)
        {
            foreach (TensorSpec output in prepared.Program.Of(TensorCategory.Output))
            {
                Span<byte> bytes = Staging(output);
                executor.Read(output, bytes);
                outputs?.Invoke(output, bytes);
            }
        }

        PassRecord record = executor.EndPass();
        var observed = new ObservedPass(
            prepared.Program, prepared.Plan, parameters.Rows, record.Ledger, record.Touches, record.StepCosts);
        return new PassResult(Auditor.Audit(prepared.Configuration, device.Description, prepared.Account, observed), seconds);
    }

    public void Dispose() => _parameters?.Dispose();

    private ParameterRegion ParametersFor(PreparedPass prepared, ReadTensor weights)
    {
        if (_parameters is not null && _weightsOf == prepared.Configuration.Model)
        {
            return _parameters;
        }

        _parameters?.Dispose();
        _parameters = null;
        TensorSpec[] tensors = [.. prepared.Program.Of(TensorCategory.Parameter)];
        var region = new ParameterRegion(tensors, device);
        _parameters = region;
        _weightsOf = prepared.Configuration.Model;
        if (device.Computes)
        {
            foreach (TensorSpec tensor in tensors)
            {
                Span<byte> bytes = Staging(tensor);
                weights(tensor, bytes);
                region.Write(tensor.Name, bytes);
            }
        }

        return region;
    }

    private void RequireMemory(PreparedPass prepared)
    {
        if (!device.Computes)
        {
            return;
        }

        StepProgram program = prepared.Program;
        bool hasWeights = _weightsOf == prepared.Configuration.Model;
        long parameterBytes = hasWeights ? 0 : program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Bytes);
        long largestTensorBytes = program.Tensors
            .Where(tensor => tensor.Category is not (TensorCategory.Activation or TensorCategory.Workspace)).Max(tensor => tensor.Bytes);
        long regionBytes = prepared.Plan.CapacityBytes + parameterBytes;
        // The software GPU keeps two bits for every byte of a region: written, and read.
        HostMemory.Require(prepared.Configuration.ToString(), regionBytes + regionBytes / 4 + largestTensorBytes, HostMemory.AvailableBytes);
    }

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
