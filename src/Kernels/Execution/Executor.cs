using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Execution;

/// <summary>
/// Runs a program's steps in order on a device, tensors taken from the arena before their first step and given back after their last.
/// A pass is <see cref="BeginPass"/>, <see cref="Write"/> for each input, <see cref="RunSteps"/>, <see cref="Read"/> for each output,
/// <see cref="EndPass"/>; then the next may begin. A pass that throws is over, and the executor can only be disposed.
/// </summary>
/// <remarks>
/// It never sees a formula. <see cref="RunSteps"/> allocates no managed memory once every kernel has been launched. With a graph the first
/// pass runs as always, the second is recorded and launched as one, later ones launch the recording: addresses are the same in every
/// pass, which each pass checks, and the arena's account is kept as always.
/// </remarks>
public sealed class Executor : IDisposable
{
    private enum State
    {
        Idle,
        Begun,
        Ran,
        Broken,
        Disposed,
    }

    private enum Steps
    {
        Launched,
        Recorded,
        Replayed,
    }

    private readonly StepProgram _program;
    private readonly ParameterRegion _parameters;
    private readonly IDevice _device;
    private readonly LaunchTable _launches;
    private readonly PassSchedule _schedule;
    private readonly Arena _arena;
    private readonly DeviceRegion _region;
    private readonly int[][] _operands;
    private readonly DevicePointer[] _parameterAddresses;
    private readonly DevicePointer[] _addresses;
    private readonly BufferTouch?[] _touches;
    private readonly DeviceCounters?[] _stepCosts;
    private readonly IGpu? _recorder;
    private readonly DevicePointer[][] _recordedAddresses;
    private IGpuGraph? _graph;
    private bool _hasRun;
    private State _state;

    /// <param name="program">what to run</param>
    /// <param name="plan">from <see cref="MemoryPlanner"/>; judged here before anything runs</param>
    /// <param name="parameters">on the same device; stays the caller's</param>
    /// <param name="device">stays the caller's</param>
    /// <param name="versions">which version of each kernel to launch; the default ones if null</param>
    /// <param name="graph">from the second pass on, all steps are one launch of a graph; needs an <see cref="IGpu"/></param>
    /// <exception cref="CheckFailedException">the plan does not serve the program</exception>
    /// <exception cref="CallerException">a parameter of the program is missing, or the device records no graphs</exception>
    public Executor(
        StepProgram program, MemoryPlan plan, ParameterRegion parameters, IDevice device, KernelVersions? versions = null, bool graph = false)
    {
        PlanChecker.Check(program, plan);
        _program = program;
        _parameters = parameters;
        _device = device;
        _launches = new LaunchTable(device, versions);
        _schedule = new PassSchedule([.. plan.Placed.Select(placed => placed.Lifetime)], program.Steps.Length);
        _arena = new Arena(program, plan);
        _operands = [.. program.Steps.Select(step => step.Reads.Concat(step.Writes).Select(tensor => tensor.Index).Distinct().ToArray())];
        _addresses = new DevicePointer[program.Tensors.Length];
        _parameterAddresses = new DevicePointer[program.Tensors.Length];
        foreach (TensorSpec parameter in program.Tensors.Where(tensor => tensor.Category.IsPersistent()))
        {
            _parameterAddresses[parameter.Index] = parameters.Address(parameter);
        }

        _recorder = !graph ? null : device as IGpu
            ?? throw new CallerException($"device '{device.Description.Kind}' records no graphs: leave out --graph, or use --device cuda");
        _recordedAddresses = graph ? [.. _operands.Select(operands => new DevicePointer[operands.Length])] : [];
        _touches = new BufferTouch?[program.Tensors.Length];
        _stepCosts = new DeviceCounters?[program.Steps.Length];
        _region = new DeviceRegion(device, "arena", plan.CapacityBytes, program.Tensors.Length);
    }

    /// <summary>Called after each step with its position, for progress.</summary>
    public Action<int>? StepCompleted { get; set; }

    /// <summary>Inputs are born, for the caller to write.</summary>
    public void BeginPass()
    {
        Leave(State.Idle);
        _arena.BeginPass();
        GiveBirth(_schedule.BornAtBegin, step: 0);
        _state = State.Begun;
    }

    /// <summary>Sets all bytes of an input.</summary>
    /// <exception cref="CallerException">not an input of this program, or not as many bytes as it has</exception>
    public void Write(TensorSpec input, ReadOnlySpan<byte> bytes)
    {
        Require(State.Begun);
        if (input.Category != TensorCategory.Input)
        {
            throw new CallerException($"'{input.Name}' is no input: only inputs are written from outside");
        }

        _device.CopyToDevice(AddressOf(input, "the caller", bytes.Length), bytes);
    }

    /// <summary>Runs all steps; returns when the device has finished.</summary>
    /// <exception cref="CheckFailedException">a step needs what does not live, bytes are not conserved, or the device saw a violation</exception>
    public void RunSteps()
    {
        Leave(State.Begun);
        Enqueue();
        _device.Synchronize();
        _state = State.Ran;
    }

    /// <summary>
    /// Hands all steps to the device and returns; <see cref="Read"/> waits for what it reads. An error of the device may show as late as there.
    /// </summary>
    /// <exception cref="CheckFailedException">a step needs what does not live, bytes are not conserved, or the device saw a violation</exception>
    public void EnqueueSteps()
    {
        Leave(State.Begun);
        Enqueue();
        _state = State.Ran;
    }

    /// <summary>All bytes of an output.</summary>
    /// <exception cref="CallerException">not a tensor of this program, or not as many bytes as it has</exception>
    /// <exception cref="CheckFailedException">the tensor is dead</exception>
    public void Read(TensorSpec output, Span<byte> bytes)
    {
        Require(State.Ran);
        _device.CopyToHost(bytes, AddressOf(output, "the caller", bytes.Length));
    }

    /// <summary>Inputs and outputs die; the arena is empty.</summary>
    public PassRecord EndPass()
    {
        Leave(State.Ran);
        Bury(_schedule.HeldToEnd, _schedule.Steps - 1);
        LedgerSnapshot ledger = _arena.EndPass();
        foreach (TensorSpec parameter in _program.Tensors.Where(tensor => tensor.Category.IsPersistent()))
        {
            _touches[parameter.Index] = _parameters.Touch(parameter.Name);
        }

        _state = State.Idle;
        return new PassRecord(ledger, [.. _touches], [.. _stepCosts]);
    }

    /// <summary>Gives the arena's region back to the device, after a pass that threw too.</summary>
    public void Dispose()
    {
        _state = State.Disposed;
        _graph?.Dispose();
        _graph = null;
        _region.Dispose();
    }

    private void GiveBirth(ReadOnlySpan<int> tensors, int step)
    {
        foreach (int tensor in tensors)
        {
            long offset = _arena.Allocate(tensor, step);
            _region.Begin(tensor, _program.Tensors[tensor].Name, offset, _program.Tensors[tensor].Bytes);
        }
    }

    private void Bury(ReadOnlySpan<int> tensors, int step)
    {
        foreach (int tensor in tensors)
        {
            _touches[tensor] = _region.End(tensor);
            _arena.Free(tensor, step);
        }
    }

    private void Enqueue()
    {
        if (_recorder is null || !_hasRun)
        {
            Walk(Steps.Launched);
        }
        else if (_graph is null)
        {
            _graph = _recorder.Capture(() => Walk(Steps.Recorded));
            _graph.Launch();
        }
        else
        {
            // The device works while the arena's account of the pass is kept.
            _graph.Launch();
            Walk(Steps.Replayed);
        }

        _hasRun = true;
    }

    /// <summary>Births, the arena's account, the step itself and deaths, in order.</summary>
    private void Walk(Steps steps)
    {
        for (int step = 0; step < _schedule.Steps; step++)
        {
            GiveBirth(_schedule.BornBefore(step), step);
            _arena.Observe(step);
            Perform(step, steps);
            Bury(_schedule.DeadAfter(step), step);
            StepCompleted?.Invoke(step);
        }
    }

    /// <summary>A step sees the addresses of the tensors that it names, which must live, and no others.</summary>
    private void Perform(int index, Steps steps)
    {
        Step step = _program.Steps[index];
        int[] operands = _operands[index];
        foreach (int tensor in operands)
        {
            DevicePointer parameter = _parameterAddresses[tensor];
            _addresses[tensor] = parameter != DevicePointer.Null ? parameter : _region.At(_arena.OffsetOf(tensor, step.Name));
        }

        switch (steps)
        {
            case Steps.Launched:
                DeviceCounters? before = _device.Counters;
                _launches.Launch(step, _addresses);
                _stepCosts[index] = _device.Counters - before;
                break;
            case Steps.Recorded:
                _launches.Launch(step, _addresses);
                Record(index, operands);
                _stepCosts[index] = null;
                break;
            default:
                RequireRecorded(step, index, operands);
                break;
        }

        foreach (int tensor in operands)
        {
            _addresses[tensor] = DevicePointer.Null;
        }
    }

    private void Record(int index, int[] operands)
    {
        for (int k = 0; k < operands.Length; k++)
        {
            _recordedAddresses[index][k] = _addresses[operands[k]];
        }
    }

    /// <summary>The graph holds addresses, not tensors.</summary>
    private void RequireRecorded(Step step, int index, int[] operands)
    {
        for (int k = 0; k < operands.Length; k++)
        {
            if (_recordedAddresses[index][k] != _addresses[operands[k]])
            {
                throw new CheckFailedException(
                    $"step '{step.Name}': '{_program.Tensors[operands[k]].Name}' lies at {_addresses[operands[k]]}, "
                    + $"the graph was recorded with {_recordedAddresses[index][k]}");
            }
        }
    }

    private DevicePointer AddressOf(TensorSpec tensor, string user, int bytes)
    {
        if (tensor.Index >= _program.Tensors.Length || _program.Tensors[tensor.Index] != tensor)
        {
            throw new CallerException($"'{tensor.Name}' is no tensor of '{_program.Name}'");
        }

        return bytes == tensor.Bytes
            ? _region.At(_arena.OffsetOf(tensor.Index, user))
            : throw new CallerException($"'{tensor.Name}' has {tensor.Bytes} bytes, not {bytes}");
    }

    /// <summary>Until the caller of this sets the next state, the pass counts as broken: any exception leaves it so.</summary>
    private void Leave(State state)
    {
        Require(state);
        _state = State.Broken;
    }

    private void Require(State state)
    {
        if (_state != state)
        {
            throw new InvalidOperationException($"the pass is {_state}, this needs it to be {state}");
        }
    }
}
