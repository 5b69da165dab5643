using System.Runtime.CompilerServices;
using CsCheck;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Memory;

public class ArenaTests
{
    private const long Unit = 256;

    /// <summary>Three tensors that all live over the one step, of 1, 2 and 3 units less 4 bytes.</summary>
    private static readonly StepProgram s_program = TestPrograms.Of(1, new Block(0, 1, 63), new Block(0, 1, 127), new Block(0, 1, 191));

    private static Arena Online(StepProgram program, long capacityBytes) =>
        new(program, Unit, capacityBytes, new BestFitPolicy(capacityBytes, program.Tensors.Length));

    [Fact]
    public void The_ledger_says_what_was_handed_out()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        Assert.Equal(0, arena.Allocate(0, 0));
        Assert.Equal(Unit, arena.Allocate(2, 0));
        arena.Observe(0);
        arena.Free(0, 0);
        arena.Free(2, 0);
        LedgerSnapshot ledger = arena.EndPass();
        Assert.Equal(
            [
                new LedgerRow("t0", TensorCategory.Activation, 252, 256, 0, 0, 0),
                new LedgerRow("t2", TensorCategory.Activation, 764, 768, 256, 0, 0),
            ],
            ledger.Rows);
        Assert.Equal(new ArenaMoment(0, 0, 0, 252 + 764, 0, 0, 4 + 4, 0, 4 * Unit), Assert.Single(ledger.Moments));
        Assert.Equal((8 * Unit, 4 * Unit, 252 + 764), (ledger.CapacityBytes, ledger.HighWaterBytes, ledger.PeakLiveBytes));
    }

    [Fact]
    public void A_hole_is_what_lies_unreserved_below_the_highest_block()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        arena.Allocate(1, 0);
        arena.Allocate(0, 0);
        arena.Free(1, 0);
        arena.Observe(0);
        arena.Free(0, 0);
        Assert.Equal(new ArenaMoment(0, 0, 0, 252, 0, 0, 4, HoleBytes: 2 * Unit, FreeBytes: 5 * Unit), arena.EndPass().Moments[0]);
    }

    [Fact]
    public void Freeing_twice_names_the_tensor()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        arena.Allocate(1, 0);
        arena.Free(1, 0);
        Assert.Equal("step 0 frees 't1', which lived from step 0 to 0", Assert.Throws<CheckFailedException>(() => arena.Free(1, 0)).Message);
    }

    [Fact]
    public void Freeing_what_was_never_allocated_names_the_tensor()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        Assert.Equal("step 0 frees 't1', which is not born yet", Assert.Throws<CheckFailedException>(() => arena.Free(1, 0)).Message);
    }

    [Fact]
    public void Allocating_twice_names_the_tensor_whether_it_is_live_or_dead()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        arena.Allocate(1, 0);
        Assert.Contains("'t1', which is live already", Assert.Throws<CheckFailedException>(() => arena.Allocate(1, 0)).Message);
        arena.Free(1, 0);
        Assert.Contains("'t1', which lived from step 0 to 0", Assert.Throws<CheckFailedException>(() => arena.Allocate(1, 0)).Message);
    }

    [Fact]
    public void Using_the_dead_or_the_unborn_names_user_and_tensor()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        Assert.Equal("'softmax' needs 't1', which is not born yet", Assert.Throws<CheckFailedException>(() => arena.OffsetOf(1, "softmax")).Message);
        Assert.Equal(arena.Allocate(1, 0), arena.OffsetOf(1, "softmax"));
        arena.Free(1, 0);
        Assert.Equal("'softmax' needs 't1', which lived from step 0 to 0", Assert.Throws<CheckFailedException>(() => arena.OffsetOf(1, "softmax")).Message);
    }

    [Fact]
    public void A_parameter_has_no_place_here()
    {
        StepProgram program = TestPrograms.Of(1, new Block(0, 1, 64, TensorCategory.Parameter));
        Arena arena = Online(program, Unit);
        arena.BeginPass();
        Assert.Contains("held from pass to pass", Assert.Throws<CheckFailedException>(() => arena.Allocate(0, 0)).Message);
    }

    [Fact]
    public void What_is_never_freed_is_named()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        arena.Allocate(1, 0);
        Assert.Contains("'t1'", Assert.Throws<CheckFailedException>(arena.EndPass).Message);
    }

    [Fact]
    public void Beyond_the_capacity_says_what_was_asked_what_is_free_and_the_largest_block()
    {
        // [t0][hole 2][t2] in 6 units: nothing above, 2 in the hole; t3 asks for 3.
        StepProgram program = TestPrograms.Of(1, new Block(0, 1, 64), new Block(0, 1, 128), new Block(0, 1, 192), new Block(0, 1, 192));
        Arena arena = Online(program, 6 * Unit);
        arena.BeginPass();
        arena.Allocate(0, 0);
        arena.Allocate(1, 0);
        arena.Allocate(2, 0);
        arena.Free(1, 0);
        OutOfMemoryBytesException e = Assert.Throws<OutOfMemoryBytesException>(() => arena.Allocate(3, 0));
        Assert.Contains("'t3'", e.Message);
        Assert.Equal((3 * Unit, 2 * Unit, 2 * Unit), (e.RequestedBytes, e.FreeBytes, e.LargestFreeBlockBytes));
    }

    [Fact]
    public void Bump_has_only_what_lies_above()
    {
        Arena arena = new(s_program, Unit, 4 * Unit, new BumpPolicy(4 * Unit));
        arena.BeginPass();
        arena.Allocate(2, 0);
        arena.Free(2, 0);
        OutOfMemoryBytesException e = Assert.Throws<OutOfMemoryBytesException>(() => arena.Allocate(1, 0));
        Assert.Equal((2 * Unit, 4 * Unit, Unit), (e.RequestedBytes, e.FreeBytes, e.LargestFreeBlockBytes));
    }

    [Fact]
    public void A_planned_place_that_is_taken_names_both()
    {
        MemoryPlan plan = MemoryPlanner.Plan(s_program, Placement.Planned);
        PlacedTensor there = plan.Placed[0] with { OffsetBytes = plan.Placed[2].OffsetBytes };
        var arena = new Arena(s_program, plan with { Placed = plan.Placed.SetItem(0, there) });
        arena.BeginPass();
        arena.Allocate(2, 0);
        string message = Assert.Throws<CheckFailedException>(() => arena.Allocate(0, 0)).Message;
        Assert.Equal("the plan places 't0' on bytes of 't2', which is still live", message);
        arena.Free(2, 0);
        Assert.Equal(there.OffsetBytes, arena.Allocate(0, 0));
    }

    [Fact]
    public void A_plan_beyond_the_capacity_names_the_tensor()
    {
        MemoryPlan plan = MemoryPlanner.Plan(s_program, Placement.Planned);
        var e = Assert.Throws<OutOfMemoryBytesException>(() => new Arena(s_program, plan with { CapacityBytes = plan.CapacityBytes - 1 }));
        Assert.Matches("'t[012]'", e.Message);
    }

    /// <summary>Blocks that lie on one another, below the arena or beyond it: the walk finds what the policy got wrong.</summary>
    [Theory]
    [InlineData(0, 0, "'t0' and 't1' on the same bytes")]
    [InlineData(0, 255, "'t0' and 't1' on the same bytes")]
    [InlineData(-256, 0, "'t0' below its first byte")]
    [InlineData(0, 7 * Unit, "'t1' beyond its 2048 bytes")]
    public void The_walk_finds_a_policy_that_misplaces(long first, long second, string what)
    {
        var arena = new Arena(s_program, Unit, 8 * Unit, new FixedOffsets(first, second));
        arena.BeginPass();
        arena.Allocate(0, 0);
        arena.Allocate(1, 0);
        Assert.Contains(what, Assert.Throws<CheckFailedException>(() => arena.Observe(0)).Message);
    }

    [Fact]
    public void Totals_that_contradict_the_blocks_are_found()
    {
        Arena arena = Online(s_program, 8 * Unit);
        arena.BeginPass();
        arena.Allocate(0, 0);
        arena.Observe(0);
        DeadBytes(arena)[(int)TensorCategory.Activation]++;
        Assert.Contains("does not add up to its 2048 bytes", Assert.Throws<CheckFailedException>(() => arena.Observe(0)).Message);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_deadBytes")]
    private static extern ref long[] DeadBytes(Arena arena);

    [Fact]
    public void A_second_pass_starts_from_nothing_even_after_a_first_that_broke_off()
    {
        Arena arena = Online(s_program, 8 * Unit);
        for (int pass = 0; pass < 2; pass++)
        {
            arena.BeginPass();
            Assert.Equal(0, arena.Allocate(2, 0));
            arena.Observe(0);
        }

        arena.Free(2, 0);
        Assert.Single(arena.EndPass().Rows);
    }

    /// <summary>Sixty tensors allocated and freed at random; after every call the offsets and totals are those of the naive arena.</summary>
    [Fact]
    public void Best_fit_does_what_a_naive_arena_does() => Gen.Select(Gen.Long[1, 600].Array[60], Gen.Int[0, 999].Array[200]).ForEach(
        100,
        instance =>
        {
            (long[] floats, int[] choices) = instance;
            StepProgram program = TestPrograms.Of(1, [.. floats.Select(count => new Block(0, 1, count))]);
            Arena arena = Online(program, 1 << 18);
            var naive = new NaiveArena();
            var live = new List<int>();
            int next = 0;
            arena.BeginPass();
            foreach (int choice in choices)
            {
                if (live.Count > 0 && (choice % 2 == 0 || next == floats.Length))
                {
                    int tensor = live[choice / 2 % live.Count];
                    live.Remove(tensor);
                    arena.Free(tensor, 0);
                    naive.Free(tensor);
                }
                else if (next < floats.Length)
                {
                    Assert.Equal(naive.Allocate(next, Alignment.RoundUp(floats[next] * 4, Unit)), arena.Allocate(next, 0));
                    live.Add(next++);
                }
            }

            arena.Observe(0);
            foreach (int tensor in live)
            {
                arena.Free(tensor, 0);
            }

            ArenaMoment moment = Assert.Single(arena.EndPass().Moments);
            Assert.Equal(live.Sum(tensor => floats[tensor] * 4), moment.LiveBytes);
            Assert.Equal(naive.HoleBytes, moment.HoleBytes);
        });

    /// <summary>
    /// Two hundred places, so that a block spans several words of the policy's bits, most of them on one another: a block is refused
    /// exactly while another lives on one of its bytes.
    /// </summary>
    [Fact]
    public void A_planned_place_is_refused_exactly_while_it_is_taken() => Gen.Select(
        Gen.Int[0, 400].Array[200], Gen.Int[1, 250].Array[200], Gen.Int[0, 199].Array[1000]).ForEach(
        20,
        instance =>
        {
            (int[] at, int[] units, int[] choices) = instance;
            StepProgram program = TestPrograms.Of(1, [.. units.Select(count => new Block(0, 1, count * Unit / 4))]);
            var plan = new MemoryPlan(
                Placement.Planned, Unit,
                [.. program.Tensors.Select((tensor, i) => new PlacedTensor(new Lifetime(tensor, 0, 1), at[i] * Unit, units[i] * Unit))], 1000 * Unit, 0);
            var arena = new Arena(program, plan);
            var live = new HashSet<int>();
            var dead = new HashSet<int>();
            arena.BeginPass();
            foreach (int tensor in choices)
            {
                if (live.Remove(tensor))
                {
                    arena.Free(tensor, 0);
                    dead.Add(tensor);
                }
                else if (live.FirstOrDefault(
                    other => at[other] < at[tensor] + units[tensor] && at[tensor] < at[other] + units[other], -1) >= 0)
                {
                    Assert.Contains($"'t{tensor}'", Assert.Throws<CheckFailedException>(() => arena.Allocate(tensor, 0)).Message);
                }
                else if (!dead.Contains(tensor))
                {
                    Assert.Equal(at[tensor] * Unit, arena.Allocate(tensor, 0));
                    live.Add(tensor);
                }
            }

            Assert.NotEmpty(dead);
            arena.Observe(0);
        });

    private sealed class FixedOffsets(params long[] offsets) : ArenaPolicy
    {
        public override long LargestFreeBlockBytes => 0;

        public override long Place(int tensor, long reservedBytes) => offsets[tensor];

        public override void Release(int tensor, long offsetBytes, long reservedBytes)
        {
        }

        public override void Clear()
        {
        }
    }

    /// <summary>A map of units, each taken or not: best fit by looking at every run of free units.</summary>
    private sealed class NaiveArena
    {
        private readonly int?[] _owner = new int?[(1 << 18) / Unit];

        private int Top => Array.FindLastIndex(_owner, owner => owner is not null) + 1;

        public long Allocate(int tensor, long bytes)
        {
            int units = (int)(bytes / Unit);
            (int At, int Length) best = (Top, int.MaxValue);
            for (int at = 0; at < Top; at++)
            {
                int end = at;
                while (end < Top && _owner[end] is null)
                {
                    end++;
                }

                if (end - at >= units && end - at < best.Length)
                {
                    best = (at, end - at);
                }

                at = end;
            }

            Array.Fill(_owner, tensor, best.At, units);
            return best.At * Unit;
        }

        public void Free(int tensor) => Array.ForEach(Enumerable.Range(0, _owner.Length).Where(i => _owner[i] == tensor).ToArray(), i => _owner[i] = null);

        public long HoleBytes => _owner.Take(Top).Count(owner => owner is null) * Unit;
    }
}
