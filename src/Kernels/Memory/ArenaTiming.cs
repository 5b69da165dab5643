using System.Diagnostics;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>How long the arena takes to hand out a tensor and take it back.</summary>
/// <param name="NanosecondsPerPair">one allocate and one free, in the fastest round of many</param>
/// <param name="PairsPerPass">how many the program makes</param>
public readonly record struct ArenaTiming(Placement Placement, double NanosecondsPerPair, int PairsPerPass)
{
    private const int PassesPerRound = 200;

    /// <summary>Replays the program's calls on an arena, with no device: what is timed is what the executor calls, ledger rows included.</summary>
    public static ArenaTiming Measure(StepProgram program, Placement placement, int rounds = 50)
    {
        MemoryPlan plan = MemoryPlanner.Plan(program, placement);
        var arena = new Arena(program, plan);
        var schedule = new PassSchedule([.. plan.Placed.Select(placed => placed.Lifetime)], program.Steps.Length);
        long[] offsets = new long[program.Tensors.Length];
        long fastest = long.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int pass = 0; pass < PassesPerRound; pass++)
            {
                schedule.Replay(arena, offsets);
            }

            fastest = Math.Min(fastest, Stopwatch.GetTimestamp() - start);
        }

        double nanoseconds = fastest * 1e9 / Stopwatch.Frequency;
        return new ArenaTiming(placement, nanoseconds / ((double)PassesPerRound * plan.Placed.Length), plan.Placed.Length);
    }
}
