using System.Collections.Immutable;
using Harness.Kernels.Devices;

namespace Harness.Passes;

/// <summary>Reads the driver's free memory before and after each stage of a run. The stages of opening the device come first.</summary>
internal sealed class MemoryWatch(IGpu gpu)
{
    private readonly ImmutableArray<MemoryStage>.Builder _stages = gpu.OpeningStages.ToBuilder();

    public ImmutableArray<MemoryStage> Stages => _stages.ToImmutable();

    /// <summary>Runs <paramref name="work"/> as the latest stage.</summary>
    /// <param name="name">as reports show it; a stage of that name and what came after it are forgotten</param>
    /// <param name="requestedBytes">what the work asks the driver for</param>
    /// <param name="work">returns when the device has finished it</param>
    public T Measure<T>(string name, long requestedBytes, Func<T> work)
    {
        ForgetFrom(name);
        long before = gpu.Memory.FreeBytes;
        T result = work();
        _stages.Add(new MemoryStage(name, before, gpu.Memory.FreeBytes, requestedBytes));
        return result;
    }

    /// <summary>What was asked for in that stage, and in those after it, has been given back.</summary>
    public void ForgetFrom(string name)
    {
        while (_stages.Any(stage => stage.Name == name))
        {
            _stages.RemoveAt(_stages.Count - 1);
        }
    }
}
