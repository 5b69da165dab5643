using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>
/// A pass as the arena sees it: every call that the executor makes of it, in its order, on the arena of the real pass, without a device. So the
/// ledger is that of the real pass, for a program whose kernels or whose bytes no device here could take.
/// </summary>
public static class Rehearsal
{
    /// <param name="program">what would run</param>
    /// <param name="plan">its capacity is the arena's: one that was made for less may be given more, and one for more is refused</param>
    /// <exception cref="OutOfMemoryBytesException">the plan does not fit its capacity</exception>
    /// <exception cref="CheckFailedException">the plan does not serve the program, or the arena's account does not add up</exception>
    public static LedgerSnapshot Run(StepProgram program, MemoryPlan plan)
    {
        var arena = new Arena(program, plan);
        PlanChecker.Check(program, plan);
        new PassSchedule([.. plan.Placed.Select(placed => placed.Lifetime)], program.Steps.Length)
            .Replay(arena, new long[program.Tensors.Length], observe: true);
        return arena.EndPass();
    }
}
