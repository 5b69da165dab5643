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
/// <remarks>It never sees a formula. <see cref="RunSteps"/> allocates no managed memory once every kernel has been launched.</remarks>
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
    private State _state;

    /// <param name="program">what to run</param>
    /// <param name="plan">from <see cref="MemoryPlanner"/>; judged here before anything runs</param>
    /// <param name="parameters">on the same device; stays the caller's</param>
    /// <param name="device">stays the caller's</param>
    /// <param name="versions">which version of each kernel to launch; the default ones if null</param>
    /// <exception cref="CheckFailedException">the plan does not serve the program</exception>
    /// <exception cref="CallerException">a parameter of the program is missing</exception>
    public Executor(StepProgram program, MemoryPlan plan, ParameterRegion parameters, IDevice device, KernelVersions? versions = null)
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
        foreach (TensorSpec parameter in program.Of(TensorCategory.Parameter))
        {
            _parameterAddresses[parameter.Index] = parameters.Address(parameter);
        }

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
        for (int step = 0; step < _schedule.Steps; step++)
        {
            GiveBirth(_schedule.BornBefore(step), step);
            _arena.Observe(step);
            Launch(step);
            Bury(_schedule.DeadAfter(step), step);
            StepCompleted?.Invoke(step);
        }

        _device.Synchronize();
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
        foreach (TensorSpec parameter in _program.Of(TensorCategory.Parameter))
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

    /// <summary>A step sees the addresses of the tensors that it names, which must live, and no others.</summary>
    private void Launch(int index)
    {
        Step step = _program.Steps[index];
        foreach (int tensor in _operands[index])
        {
            DevicePointer parameter = _parameterAddresses[tensor];
            _addresses[tensor] = parameter != DevicePointer.Null ? parameter : _region.At(_arena.OffsetOf(tensor, step.Name));
        }

        DeviceCounters? before = _device.Counters;
        _launches.Launch(step, _addresses);
        _stepCosts[index] = _device.Counters - before;

        foreach (int tensor in _operands[index])
        {
            _addresses[tensor] = DevicePointer.Null;
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
