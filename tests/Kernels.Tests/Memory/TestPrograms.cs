using System.Collections.Immutable;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Tests.Memory;

/// <summary>A step that touches what it is told to; for tests that look at lifetimes and bytes only.</summary>
internal sealed record TouchStep(string Name, ImmutableArray<TensorSpec> ReadTensors, ImmutableArray<TensorSpec> WrittenTensors) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads => ReadTensors;

    public override ImmutableArray<TensorSpec> Writes => WrittenTensors;
}

/// <summary>A tensor of <see cref="Floats"/> f32 that lives over the half-open interval of steps.</summary>
internal readonly record struct Block(int First, int End, long Floats, TensorCategory Category = TensorCategory.Activation);

internal static class TestPrograms
{
    /// <summary>A program of <paramref name="steps"/> steps whose tensors <c>t0</c>, <c>t1</c>, ... live exactly as told; outputs and inputs for the caller.</summary>
    public static StepProgram Of(int steps, params ReadOnlySpan<Block> blocks)
    {
        var tensors = ImmutableArray.CreateBuilder<TensorSpec>();
        var reads = Enumerable.Range(0, steps).Select(_ => new List<TensorSpec>()).ToArray();
        var writes = Enumerable.Range(0, steps).Select(_ => new List<TensorSpec>()).ToArray();
        foreach (Block block in blocks)
        {
            var tensor = new TensorSpec(tensors.Count, $"t{tensors.Count}", new Shape(block.Floats), DType.F32, block.Category);
            tensors.Add(tensor);
            if (block.Category is TensorCategory.Input or TensorCategory.Parameter)
            {
                reads[block.End - 1].Add(tensor);
                continue;
            }

            writes[block.First].Add(tensor);
            if (block.End - 1 > block.First)
            {
                reads[block.End - 1].Add(tensor);
            }
        }

        return new StepProgram(
            "test", tensors.ToImmutable(), [.. Enumerable.Range(0, steps).Select(i => new TouchStep($"s{i}", [.. reads[i]], [.. writes[i]]))]);
    }

    /// <summary>Most bytes live at one step, counted step by step.</summary>
    public static long MostLiveBytes(MemoryPlan plan, int steps)
    {
        long most = 0;
        for (int step = 0; step < steps; step++)
        {
            long live = 0;
            foreach (PlacedTensor placed in plan.Placed)
            {
                live += placed.Lifetime.FirstStep <= step && step < placed.Lifetime.EndStep ? placed.ReservedBytes : 0;
            }

            most = Math.Max(most, live);
        }

        return most;
    }
}
