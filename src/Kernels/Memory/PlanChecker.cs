using System.Runtime.CompilerServices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>
/// The judge of every plan, whoever made it. Shares no code with the planners or the arena, and compares each tensor with each
/// other: what must be believed should be short.
/// </summary>
public static class PlanChecker
{
    /// <summary>Sizes, alignment, capacity, no two tensors at one place at one time, and a lower bound that is one.</summary>
    /// <exception cref="CheckFailedException">the plan is wrong; names the tensors</exception>
    public static void Check(MemoryPlan plan)
    {
        if (plan.AlignmentBytes <= 0 || plan.GuardBytes < 0)
        {
            throw Wrong($"alignment {plan.AlignmentBytes} is not positive, or guard band {plan.GuardBytes} is negative");
        }

        long mostLiveBytes = 0;
        foreach (PlacedTensor a in plan.Placed)
        {
            CheckAlone(plan, a);
            mostLiveBytes = Math.Max(mostLiveBytes, CheckAgainstAll(plan, a));
        }

        // Live bytes only rise where a tensor is born, so the maximum over births is the maximum over all steps.
        if (plan.LowerBoundBytes != mostLiveBytes)
        {
            throw Wrong($"the lower bound is given as {plan.LowerBoundBytes}, but {mostLiveBytes} bytes live at one step");
        }
    }

    /// <summary>
    /// As <see cref="Check(MemoryPlan)"/>, and that the plan serves this program: each tensor placed, and alive whenever a step or the
    /// caller needs it.
    /// </summary>
    /// <exception cref="CheckFailedException">the plan is wrong, or is another program's; names the tensors</exception>
    public static void Check(StepProgram program, MemoryPlan plan)
    {
        Check(plan);
        var placed = new PlacedTensor?[program.Tensors.Length];
        foreach (PlacedTensor item in plan.Placed)
        {
            TensorSpec tensor = item.Lifetime.Tensor;
            if (tensor.Index >= placed.Length || program.Tensors[tensor.Index] != tensor || tensor.Category.IsPersistent())
            {
                throw Wrong($"'{tensor.Name}' is no tensor of '{program.Name}' that the arena holds");
            }

            CheckHeldForCaller(item, program.Steps.Length);
            placed[tensor.Index] = item;
        }

        foreach (TensorSpec tensor in program.Tensors)
        {
            if (placed[tensor.Index] is null && !tensor.Category.IsPersistent())
            {
                throw Wrong($"'{tensor.Name}' has no place");
            }
        }

        for (int step = 0; step < program.Steps.Length; step++)
        {
            foreach (TensorSpec tensor in program.Steps[step].Reads.Concat(program.Steps[step].Writes))
            {
                if (placed[tensor.Index] is { } item && !(item.Lifetime.FirstStep <= step && step < item.Lifetime.EndStep))
                {
                    throw Wrong($"step {step} '{program.Steps[step].Name}' needs {Describe(item)}, which does not live then");
                }
            }
        }
    }

    private static void CheckAlone(MemoryPlan plan, PlacedTensor a)
    {
        long askedBytes = a.Lifetime.Tensor.Bytes;
        if (a.Lifetime.FirstStep < 0 || a.Lifetime.FirstStep >= a.Lifetime.EndStep)
        {
            throw Wrong($"{Describe(a)} lives for no step");
        }

        if (a.OffsetBytes < 0 || a.OffsetBytes % plan.AlignmentBytes != 0)
        {
            throw Wrong($"{Describe(a)} is not aligned to {plan.AlignmentBytes} bytes");
        }

        long paddingBytes = a.ReservedBytes - askedBytes;
        if (paddingBytes < plan.GuardBytes || paddingBytes - plan.GuardBytes >= plan.AlignmentBytes || a.ReservedBytes % plan.AlignmentBytes != 0)
        {
            throw Wrong(
                $"{Describe(a)} reserves {a.ReservedBytes} bytes for {askedBytes} and a band of {plan.GuardBytes}, aligned to {plan.AlignmentBytes}");
        }

        if (a.OffsetBytes + a.ReservedBytes > plan.CapacityBytes)
        {
            throw Wrong($"{Describe(a)} ends beyond the capacity of {plan.CapacityBytes} bytes");
        }
    }

    /// <summary>Two half-open lives overlap exactly if one of them contains the other's birth; every pair is seen from both sides.</summary>
    /// <remarks>Most of what a plan costs is spent here, and mostly in a process that has just started: it is compiled in full at once.</remarks>
    /// <returns>bytes live when <paramref name="a"/> is born, its own included</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long CheckAgainstAll(MemoryPlan plan, PlacedTensor a)
    {
        long liveBytes = 0;
        int seen = 0;
        foreach (PlacedTensor b in plan.Placed)
        {
            if (b.Lifetime.Tensor == a.Lifetime.Tensor && ++seen == 2)
            {
                throw Wrong($"'{a.Lifetime.Tensor.Name}' is placed twice");
            }

            if (b.Lifetime.FirstStep <= a.Lifetime.FirstStep && a.Lifetime.FirstStep < b.Lifetime.EndStep)
            {
                liveBytes += b.ReservedBytes;
                bool shareBytes = a.OffsetBytes < b.OffsetBytes + b.ReservedBytes && b.OffsetBytes < a.OffsetBytes + a.ReservedBytes;
                if (shareBytes && b.Lifetime.Tensor != a.Lifetime.Tensor)
                {
                    throw Wrong($"{Describe(a)} and {Describe(b)} share bytes while both live");
                }
            }
        }

        return liveBytes;
    }

    private static void CheckHeldForCaller(PlacedTensor item, int steps)
    {
        bool early = item.Lifetime.Tensor.Category == TensorCategory.Input && item.Lifetime.FirstStep != 0;
        bool held = item.Lifetime.Tensor.Category is TensorCategory.Input or TensorCategory.Output;
        if (early || (held && item.Lifetime.EndStep != steps))
        {
            throw Wrong($"{Describe(item)} is not held for the caller to the end of {steps} steps");
        }
    }

    private static string Describe(PlacedTensor placed) =>
        $"'{placed.Lifetime.Tensor.Name}' (bytes [{placed.OffsetBytes}, {placed.OffsetBytes + placed.ReservedBytes}), " +
        $"steps [{placed.Lifetime.FirstStep}, {placed.Lifetime.EndStep}))";

    private static CheckFailedException Wrong(string what) => new($"plan: {what}");
}
