using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Weights;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>The executor's loop over all steps of a pass; inputs are written before the clock starts. The host waits until the pass is done.</summary>
internal sealed class PassWork : IBenchmarkWork
{
    private readonly IDevice _device;
    private readonly ParameterRegion _parameters;
    private readonly Executor _executor;
    private readonly (TensorSpec Tensor, byte[] Bytes)[] _inputs;

    /// <param name="graph">from the second pass on it is one launch</param>
    public PassWork(IDevice device, StepProgram program, bool graph, ReadTensor values)
    {
        _device = device;
        TensorSpec[] held = [.. program.Tensors.Where(tensor => tensor.Category.IsPersistent())];
        _parameters = new ParameterRegion(held, device);
        foreach (TensorSpec tensor in held.Where(tensor => tensor.Category is not TensorCategory.Gradient))
        {
            _parameters.Write(tensor.Name, Drawn(tensor));
        }

        _inputs = [.. program.Of(TensorCategory.Input).Select(tensor => (tensor, Drawn(tensor)))];
        _executor = new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), _parameters, device, graph: graph);

        byte[] Drawn(TensorSpec tensor)
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.Bytes));
            values(tensor, bytes);
            return bytes;
        }
    }

    public int MostExecutions(CacheState cache) => 1;

    public void Prepare(CacheState cache, int executions)
    {
        _executor.BeginPass();
        foreach ((TensorSpec tensor, byte[] bytes) in _inputs)
        {
            _executor.Write(tensor, bytes);
        }
    }

    public void Enqueue(CacheState cache, int executions) => _executor.EnqueueSteps();

    public void Wait() => _device.Synchronize();

    public void Finish() => _executor.EndPass();

    public void Dispose()
    {
        _executor.Dispose();
        _parameters.Dispose();
    }
}
