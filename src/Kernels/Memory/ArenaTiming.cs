using System.Diagnostics;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>How long the arena takes to hand out a tensor and take it back.</summary>
/// <param name="NanosecondsPerPair">one allocate and one free with their ledger entries, in the fastest round of many</param>
/// <param name="PairsPerPass">how many the program makes</param>
public readonly record struct ArenaTiming(Placement Placement, double NanosecondsPerPair, int PairsPerPass)
{
    private const int PassesPerRound = 100;

    /// <summary>Makes the program's calls on an arena, with no device, in the order of a pass; the first half of the time is to warm up.</summary>
    public static ArenaTiming Measure(StepProgram program, Placement placement, double seconds = 1)
    {
        MemoryPlan plan = MemoryPlanner.Plan(program, placement);
        var arena = new Arena(program, plan);
        int[] calls = Calls(new PassSchedule([.. plan.Placed.Select(placed => placed.Lifetime)], program.Steps.Length));
        TimeSpan fastest = TimeSpan.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        while (fastest == TimeSpan.MaxValue || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            bool warm = Stopwatch.GetElapsedTime(begin).TotalSeconds > seconds / 2;
            TimeSpan round = TimeRound(arena, calls);
            fastest = warm && round < fastest ? round : fastest;
        }

        return new ArenaTiming(placement, fastest.TotalNanoseconds / ((double)PassesPerRound * plan.Placed.Length), plan.Placed.Length);
    }

    private static TimeSpan TimeRound(Arena arena, int[] calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < PassesPerRound; pass++)
        {
            arena.BeginPass();
            foreach (int call in calls)
            {
                if (call >= 0)
                {
                    arena.Allocate(call, step: 0);
                }
                else
                {
                    arena.Free(~call, step: 0);
                }
            }
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>A pass as one list: a tensor to allocate, or the complement of one to free.</summary>
    private static int[] Calls(PassSchedule schedule)
    {
        var calls = new List<int>([.. schedule.BornAtBegin]);
        for (int step = 0; step < schedule.Steps; step++)
        {
            calls.AddRange(schedule.BornBefore(step));
            AddFrees(schedule.DeadAfter(step));
        }

        AddFrees(schedule.HeldToEnd);
        return [.. calls];

        void AddFrees(ReadOnlySpan<int> tensors)
        {
            foreach (int tensor in tensors)
            {
                calls.Add(~tensor);
            }
        }
    }
}
