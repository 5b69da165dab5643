using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Models.Weights;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>
/// One step, again and again. On a GPU there are several sets of the same buffers, so that a cold sample can hold several executions
/// of which none finds its data in the cache; more than one execution is a captured graph, because a host hands over some 300,000
/// launches a second and short kernels would wait for it.
/// </summary>
internal sealed class StepWork : IBenchmarkWork
{
    private const long AlignmentBytes = 256;
    private const int MostSets = 64;
    private const long MostSetsBytes = 256L << 20;
    private const int MostWarm = 256;

    private readonly IDevice _device;
    private readonly IGpu? _gpu;
    private readonly Step _step;
    private readonly LaunchTable _launches;
    private readonly DevicePointer _region;
    private readonly List<int> _buffers = [];
    private readonly DevicePointer[][] _sets;
    private readonly Dictionary<CacheState, (int Executions, IGpuGraph Graph)> _graphs = [];

    /// <param name="values">gives every tensor that the step reads its contents</param>
    public StepWork(IDevice device, StepProgram program, Step step, KernelVersions versions, ReadTensor values)
    {
        _device = device;
        _gpu = device as IGpu;
        _step = step;
        _launches = new LaunchTable(device, versions);
        TensorSpec[] tensors = [.. step.Reads.Concat(step.Writes).Distinct()];
        long setBytes = tensors.Sum(tensor => Aligned(tensor.Bytes));
        int sets = _gpu is null ? 1 : (int)Math.Clamp(MostSetsBytes / setBytes, 1, MostSets);
        _sets = new DevicePointer[sets][];
        _region = device.Allocate(step.Name, sets * setBytes);
        DevicePointer next = _region;
        for (int set = 0; set < sets; set++)
        {
            _sets[set] = new DevicePointer[program.Tensors.Length];
            foreach (TensorSpec tensor in tensors)
            {
                _sets[set][tensor.Index] = next;
                _buffers.Add(device.BeginBuffer(tensor.Name, next, tensor.Bytes));
                next += Aligned(tensor.Bytes);
            }
        }

        foreach (TensorSpec tensor in step.Reads.Distinct())
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)tensor.Bytes));
            values(tensor, bytes);
            foreach (DevicePointer[] set in _sets)
            {
                device.CopyToDevice(set[tensor.Index], bytes);
            }
        }
    }

    /// <summary>Bytes of all buffers of one set.</summary>
    public static long SetBytes(Step step) => step.Reads.Concat(step.Writes).Distinct().Sum(tensor => Aligned(tensor.Bytes));

    public int MostExecutions(CacheState cache) => cache == CacheState.Warm ? MostWarm : _sets.Length;

    public void Prepare(CacheState cache, int executions)
    {
        if (_gpu is not null && executions > 1 && (!_graphs.TryGetValue(cache, out var known) || known.Executions != executions))
        {
            // A kernel's module is loaded at its first launch, and loading cannot be captured.
            Launch(0);
            known.Graph?.Dispose();
            _graphs[cache] = (executions, _gpu.Capture(() => LaunchAll(cache, executions)));
        }

        if (cache == CacheState.Warm)
        {
            Launch(0);
        }
    }

    public void Enqueue(CacheState cache, int executions)
    {
        if (executions > 1 && _graphs.TryGetValue(cache, out var captured))
        {
            captured.Graph.Launch();
        }
        else
        {
            LaunchAll(cache, executions);
        }
    }

    public void Wait()
    {
    }

    public void Finish()
    {
    }

    public void Dispose()
    {
        foreach ((_, IGpuGraph graph) in _graphs.Values)
        {
            graph.Dispose();
        }

        foreach (int buffer in _buffers)
        {
            _device.EndBuffer(buffer);
        }

        _device.Free(_region);
    }

    private void LaunchAll(CacheState cache, int executions)
    {
        for (int execution = 0; execution < executions; execution++)
        {
            Launch(cache == CacheState.Warm ? 0 : execution);
        }
    }

    private void Launch(int set) => _launches.Launch(_step, _sets[set]);

    private static long Aligned(long bytes) => (bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
}
