using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>From a program to an offset for each of its tensors.</summary>
public static class MemoryPlanner
{
    /// <summary>
    /// <c>Bump</c> and <c>Online</c> are dry runs: the arena of the real run, without a device. <c>Planned</c> looks at all lifetimes
    /// at once. The plan has passed <see cref="PlanChecker"/>.
    /// </summary>
    /// <param name="program">its lifetimes and sizes</param>
    /// <param name="placement">how offsets are chosen</param>
    /// <param name="alignmentBytes">of each offset; a power of two</param>
    /// <param name="guardBytes">so many bytes behind each tensor are reserved with it, for a check that nobody writes them</param>
    /// <exception cref="CallerException">
    /// the alignment is not a power of two, the band is negative, or the bytes are more than 64 bits can count
    /// </exception>
    public static MemoryPlan Plan(StepProgram program, Placement placement, long alignmentBytes = 256, long guardBytes = 0)
    {
        Alignment.Require(alignmentBytes, guardBytes);
        try
        {
            ImmutableArray<Lifetime> lifetimes = Lifetimes.Of(program);
            ImmutableArray<long> reservedBytes = [.. lifetimes.Select(life => Alignment.Reserved(life.Tensor.Bytes, guardBytes, alignmentBytes))];
            var intervals = new IntervalSet(lifetimes, reservedBytes, program.Steps.Length);
            long[] DryRun(Placement policy) => DryRunOffsets(program, lifetimes, policy, alignmentBytes, guardBytes, reservedBytes.Sum());
            long[] offsets = placement == Placement.Planned ? OfflinePlanner.Place(intervals) : DryRun(placement);
            if (placement == Placement.Planned && intervals.CapacityBytes(offsets) > intervals.LowerBoundBytes)
            {
                // No greedy order is always better than none at all; a plan should never be worse than having no plan.
                long[] online = DryRun(Placement.Online);
                offsets = intervals.CapacityBytes(online) < intervals.CapacityBytes(offsets) ? online : offsets;
            }

            var plan = new MemoryPlan(
                placement, alignmentBytes,
                [.. lifetimes.Select((life, i) => new PlacedTensor(life, offsets[i], reservedBytes[i]))],
                intervals.CapacityBytes(offsets), intervals.LowerBoundBytes, guardBytes);
            PlanChecker.Check(program, plan);
            return plan;
        }
        catch (OverflowException)
        {
            throw new CallerException($"'{program.Name}' needs more bytes than 64 bits can count: take a smaller batch or length");
        }
    }

    /// <summary>No placement that grows only when no hole fits can need more than the sum of all tensors.</summary>
    private static long[] DryRunOffsets(
        StepProgram program, ImmutableArray<Lifetime> lifetimes, Placement placement, long alignmentBytes, long guardBytes,
        long unlimitedBytes)
    {
        ArenaPolicy policy = placement switch
        {
            Placement.Bump => new BumpPolicy(unlimitedBytes),
            Placement.Online => new BestFitPolicy(unlimitedBytes, program.Tensors.Length),
            _ => throw new ArgumentOutOfRangeException(nameof(placement), placement, null),
        };
        var arena = new Arena(program, alignmentBytes, unlimitedBytes, policy, guardBytes);
        long[] offsets = new long[program.Tensors.Length];
        new PassSchedule(lifetimes, program.Steps.Length).Replay(arena, offsets);
        return [.. lifetimes.Select(life => offsets[life.Tensor.Index])];
    }
}
