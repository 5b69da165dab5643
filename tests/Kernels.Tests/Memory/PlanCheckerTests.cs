using CsCheck;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Memory;

public class PlanCheckerTests
{
    private static readonly StepProgram s_program = TestPrograms.Of(
        4, new Block(0, 2, 64), new Block(1, 3, 64), new Block(2, 4, 64), new Block(0, 4, 1, TensorCategory.Input), new Block(3, 4, 1, TensorCategory.Output));

    private static readonly MemoryPlan s_plan = MemoryPlanner.Plan(s_program, Placement.Planned);

    private static MemoryPlan With(int index, Func<PlacedTensor, PlacedTensor> change) =>
        s_plan with { Placed = s_plan.Placed.SetItem(index, change(s_plan.Placed[index])) };

    private static string Rejected(MemoryPlan plan) => Assert.Throws<CheckFailedException>(() => PlanChecker.Check(s_program, plan)).Message;

    [Fact]
    public void Tensors_on_the_same_bytes_at_the_same_time_are_both_named()
    {
        string message = Rejected(With(1, placed => placed with { OffsetBytes = s_plan.Placed[0].OffsetBytes }));
        Assert.Contains("'t0'", message);
        Assert.Contains("'t1'", message);
    }

    [Fact]
    public void A_capacity_one_byte_short_is_rejected() =>
        Assert.Contains("capacity", Rejected(s_plan with { CapacityBytes = s_plan.CapacityBytes - 1 }));

    [Fact]
    public void A_dropped_tensor_is_named()
    {
        // Without t0 the peak stays where it is, at step 3, so that only its absence can be noticed.
        Assert.Equal("plan: 't0' has no place", Rejected(s_plan with { Placed = s_plan.Placed.RemoveAt(0) }));
    }

    [Fact]
    public void A_tensor_placed_twice_is_named() =>
        Assert.Equal("plan: 't0' is placed twice", Rejected(s_plan with { Placed = s_plan.Placed.Add(s_plan.Placed[0]) }));

    [Theory]
    [InlineData(128, "not aligned")]
    [InlineData(-256, "not aligned")]
    public void An_offset_off_the_alignment_or_below_zero_is_named(long offsetBytes, string why)
    {
        string message = Rejected(With(2, placed => placed with { OffsetBytes = offsetBytes }));
        Assert.Contains("'t2'", message);
        Assert.Contains(why, message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(512)]
    public void A_size_that_is_not_the_tensors_rounded_up_is_named(long reservedBytes) =>
        Assert.Contains("'t2'", Rejected(With(2, placed => placed with { ReservedBytes = reservedBytes })));

    [Fact]
    public void A_life_cut_short_names_the_step_that_needs_the_tensor()
    {
        string message = Rejected(With(0, placed => placed with { Lifetime = placed.Lifetime with { EndStep = 1 } }));
        Assert.Contains("step 1 's1' needs 't0'", message);
    }

    [Fact]
    public void A_life_begun_late_names_the_step_that_needs_the_tensor()
    {
        string message = Rejected(With(1, placed => placed with { Lifetime = placed.Lifetime with { FirstStep = 2 } }));
        Assert.Contains("step 1 's1' needs 't1'", message);
    }

    [Fact]
    public void A_life_of_no_step_is_named() =>
        Assert.Contains("'t0'", Rejected(With(0, placed => placed with { Lifetime = placed.Lifetime with { EndStep = 0 } })));

    [Fact]
    public void An_input_not_held_for_the_caller_is_named() =>
        Assert.Contains("'t3'", Rejected(With(3, placed => placed with { Lifetime = placed.Lifetime with { FirstStep = 1 } })));

    [Fact]
    public void A_lower_bound_that_is_none_is_rejected() =>
        Assert.Contains("lower bound", Rejected(s_plan with { LowerBoundBytes = s_plan.LowerBoundBytes - 256 }));

    [Fact]
    public void Another_programs_plan_is_rejected()
    {
        StepProgram other = TestPrograms.Of(4, new Block(0, 2, 64));
        Assert.Contains("no tensor of", Assert.Throws<CheckFailedException>(() => PlanChecker.Check(other, s_plan)).Message);
    }

    [Fact]
    public void A_random_shift_is_accepted_exactly_if_it_is_harmless() =>
        Gen.Select(IntervalGen.Program.Where(program => Lifetimes.Of(program).Length > 0), Gen.Int[0, 23], Gen.Int[-8, 8]).ForEach(
            500,
            instance =>
            {
                (StepProgram program, int which, int shift) = instance;
                MemoryPlan plan = MemoryPlanner.Plan(program, Placement.Planned);
                int moved = which % plan.Placed.Length;
                PlacedTensor there = plan.Placed[moved] with { OffsetBytes = plan.Placed[moved].OffsetBytes + (shift * 256) };
                MemoryPlan mutated = plan with { Placed = plan.Placed.SetItem(moved, there) };
                Assert.Equal(IsHarmless(mutated, program.Steps.Length), Accepts(program, mutated));
            });

    /// <summary>The naive judge: paints every byte-granule of every step.</summary>
    private static bool IsHarmless(MemoryPlan plan, int steps)
    {
        var painted = new HashSet<(int Step, long Granule)>();
        foreach (PlacedTensor placed in plan.Placed)
        {
            if (placed.OffsetBytes < 0 || placed.OffsetBytes + placed.ReservedBytes > plan.CapacityBytes)
            {
                return false;
            }

            for (int step = placed.Lifetime.FirstStep; step < Math.Min(placed.Lifetime.EndStep, steps); step++)
            {
                for (long granule = placed.OffsetBytes / 256; granule < (placed.OffsetBytes + placed.ReservedBytes) / 256; granule++)
                {
                    if (!painted.Add((step, granule)))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private static bool Accepts(StepProgram program, MemoryPlan plan)
    {
        try
        {
            PlanChecker.Check(program, plan);
            return true;
        }
        catch (CheckFailedException)
        {
            return false;
        }
    }
}
