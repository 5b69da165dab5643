using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>
/// One block of device memory, handed out tensor by tensor as a pass runs, with an account of every byte. It deals in offsets and
/// never touches memory. Tensors are named by <see cref="TensorSpec.Index"/>; parameters do not live here.
/// </summary>
/// <remarks>
/// Two accounts are kept apart so that they can contradict each other: running totals by category of the bytes born in
/// <see cref="Allocate"/> and dead in <see cref="Free"/>; and the blocks themselves, which <see cref="Observe"/> walks in address order. The
/// order is kept up at births and deaths, because a walk at every step is most of what a pass costs the host beside the launches; a block
/// that the order has forgotten is missing from the sum, one that it holds too long is no longer live.
/// </remarks>
public sealed class Arena
{
    private readonly ImmutableArray<TensorSpec> _tensors;
    private readonly ArenaPolicy _policy;
    private readonly Ledger _ledger;
    private readonly LedgerEntry[] _entries;
    private readonly long[] _bornBytes = new long[Enum.GetValues<TensorCategory>().Length];
    private readonly long[] _deadBytes = new long[Enum.GetValues<TensorCategory>().Length];
    private readonly int[] _liveInAddressOrder;
    private int _liveCount;

    /// <summary>An arena that places as the plan says: at its offsets if planned, else by the same policy anew.</summary>
    /// <exception cref="OutOfMemoryBytesException">a planned tensor does not fit the capacity</exception>
    public Arena(StepProgram program, MemoryPlan plan)
        : this(program, plan.AlignmentBytes, plan.CapacityBytes, PolicyOf(program, plan), plan.GuardBytes)
    {
    }

    internal Arena(StepProgram program, long alignmentBytes, long capacityBytes, ArenaPolicy policy, long guardBytes = 0)
    {
        Alignment.Require(alignmentBytes, guardBytes);
        CapacityBytes = capacityBytes;
        _tensors = program.Tensors;
        _policy = policy;
        _ledger = new Ledger(_tensors, program.Steps.Length, alignmentBytes, guardBytes);
        _entries = _ledger.Entries;
        _liveInAddressOrder = new int[_tensors.Length];
    }

    public long CapacityBytes { get; }

    /// <summary>Forgets the pass before, whether it ended well or not.</summary>
    public void BeginPass()
    {
        Array.Clear(_bornBytes);
        Array.Clear(_deadBytes);
        _policy.Clear();
        _ledger.Clear();
        _liveCount = 0;
    }

    /// <summary>The tensor is born before <paramref name="step"/> runs.</summary>
    /// <returns>its offset in bytes, a multiple of the alignment</returns>
    /// <exception cref="CheckFailedException">it has lived already in this pass, or its planned place is taken</exception>
    /// <exception cref="OutOfMemoryBytesException">no place is large enough</exception>
    public long Allocate(int tensor, int step)
    {
        ref LedgerEntry entry = ref _entries[tensor];
        if (entry.IsBorn)
        {
            throw CannotBeBorn(tensor, step);
        }

        // The default placement is asked for by its type: the call is then inlined, whatever ran before.
        long offset = _policy is PlannedPolicy planned
            ? planned.Place(tensor, entry.ReservedBytes)
            : _policy.Place(tensor, entry.ReservedBytes);
        if (offset == ArenaPolicy.NoPlace)
        {
            throw NoPlaceFor(tensor);
        }

        entry.OffsetBytes = offset;
        entry.FirstStep = step;
        entry.LastStep = LedgerEntry.Live;
        _ledger.AddBirth(tensor);
        InsertInAddressOrder(tensor, offset);
        _bornBytes[(int)entry.Category] += entry.RequestedBytes;
        return offset;
    }

    /// <summary>The tensor is dead once <paramref name="step"/> has run.</summary>
    /// <exception cref="CheckFailedException">it was freed before, or never allocated</exception>
    public void Free(int tensor, int step)
    {
        ref LedgerEntry entry = ref _entries[tensor];
        if (!entry.IsLive)
        {
            throw CannotDie(tensor, step);
        }

        entry.LastStep = step;
        RemoveFromAddressOrder(tensor);
        if (_policy is PlannedPolicy planned)
        {
            planned.Release(tensor, entry.OffsetBytes, entry.ReservedBytes);
        }
        else
        {
            _policy.Release(tensor, entry.OffsetBytes, entry.ReservedBytes);
        }

        _deadBytes[(int)entry.Category] += entry.RequestedBytes;
    }

    public bool IsLive(int tensor) => _entries[tensor].IsLive;

    /// <summary>Where the live tensor lies.</summary>
    /// <param name="tensor">its index</param>
    /// <param name="user">who wants to read or write it, for the message</param>
    /// <exception cref="CheckFailedException">it is dead or not yet born</exception>
    public long OffsetOf(int tensor, string user)
    {
        ref LedgerEntry entry = ref _entries[tensor];
        return entry.IsLive
            ? entry.OffsetBytes
            : throw CannotBeUsed(tensor, user);
    }

    /// <summary>Writes down where every byte is while <paramref name="step"/> runs.</summary>
    /// <exception cref="CheckFailedException">categories, padding, holes and free do not add up to the capacity, or two blocks overlap</exception>
    public void Observe(int step)
    {
        (long paddingBytes, long holeBytes, long freeBytes) = WalkBlocks();
        var moment = new ArenaMoment(
            step, LiveBytes(TensorCategory.Input), LiveBytes(TensorCategory.Output), LiveBytes(TensorCategory.Activation),
            LiveBytes(TensorCategory.ErrorSignal), LiveBytes(TensorCategory.Workspace), paddingBytes, holeBytes, freeBytes);
        if (moment.TotalBytes != CapacityBytes)
        {
            throw new CheckFailedException($"the arena's account does not add up to its {CapacityBytes} bytes: {moment}");
        }

        _ledger.AddMoment(moment);
    }

    /// <summary>What was written down since <see cref="BeginPass"/>.</summary>
    /// <exception cref="CheckFailedException">a tensor was never freed</exception>
    public LedgerSnapshot EndPass()
    {
        int leaked = Enumerable.Range(0, _tensors.Length).FirstOrDefault(IsLive, -1);
        return leaked < 0
            ? _ledger.Snapshot(CapacityBytes)
            : throw new CheckFailedException($"the pass ends, but '{_tensors[leaked].Name}' was never freed");
    }

    private long LiveBytes(TensorCategory category) => _bornBytes[(int)category] - _deadBytes[(int)category];

    private static ArenaPolicy PolicyOf(StepProgram program, MemoryPlan plan) => plan.Placement switch
    {
        Placement.Bump => new BumpPolicy(plan.CapacityBytes),
        Placement.Online => new BestFitPolicy(plan.CapacityBytes, program.Tensors.Length),
        Placement.Planned => new PlannedPolicy(plan, program.Tensors.Length),
        _ => throw new ArgumentOutOfRangeException(nameof(plan), plan.Placement, null),
    };

    /// <summary>Padding is found in the blocks and holes between them: never what the totals by category leave over.</summary>
    private (long PaddingBytes, long HoleBytes, long FreeBytes) WalkBlocks()
    {
        ReadOnlySpan<int> walk = _liveInAddressOrder.AsSpan(0, _liveCount);
        long paddingBytes = 0;
        long holeBytes = 0;
        long endBytes = 0;
        for (int i = 0; i < walk.Length; i++)
        {
            ref readonly LedgerEntry entry = ref _entries[walk[i]];
            if (!entry.IsLive)
            {
                throw new CheckFailedException($"the arena holds '{_tensors[walk[i]].Name}', which {WhyNotLive(walk[i])}");
            }

            if (entry.OffsetBytes < endBytes)
            {
                string what = i == 0
                    ? $"'{_tensors[walk[i]].Name}' below its first byte"
                    : $"'{_tensors[walk[i - 1]].Name}' and '{_tensors[walk[i]].Name}' on the same bytes";
                throw new CheckFailedException($"the arena holds {what}, at {entry.OffsetBytes}");
            }

            paddingBytes += entry.ReservedBytes - entry.RequestedBytes;
            holeBytes += entry.OffsetBytes - endBytes;
            endBytes = entry.OffsetBytes + entry.ReservedBytes;
        }

        if (endBytes > CapacityBytes)
        {
            throw new CheckFailedException(
                $"the arena holds '{_tensors[walk[^1]].Name}' beyond its {CapacityBytes} bytes, up to {endBytes}");
        }

        return (paddingBytes, holeBytes, CapacityBytes - endBytes);
    }

    private void InsertInAddressOrder(int tensor, long offsetBytes)
    {
        int at = _liveCount++;
        for (; at > 0 && _entries[_liveInAddressOrder[at - 1]].OffsetBytes > offsetBytes; at--)
        {
            _liveInAddressOrder[at] = _liveInAddressOrder[at - 1];
        }

        _liveInAddressOrder[at] = tensor;
    }

    private void RemoveFromAddressOrder(int tensor)
    {
        Span<int> live = _liveInAddressOrder.AsSpan(0, _liveCount);
        int at = live.IndexOf(tensor);
        live[(at + 1)..].CopyTo(live[at..]);
        _liveCount--;
    }

    private CheckFailedException CannotBeBorn(int tensor, int step)
    {
        string why = _tensors[tensor].Category.IsPersistent() ? "is held from pass to pass and lives elsewhere"
            : IsLive(tensor) ? "is live already"
            : WhyNotLive(tensor) + " and cannot live twice";
        return new CheckFailedException($"step {step} allocates '{_tensors[tensor].Name}', which {why}");
    }

    private CheckFailedException CannotDie(int tensor, int step) =>
        new($"step {step} frees '{_tensors[tensor].Name}', which {WhyNotLive(tensor)}");

    private CheckFailedException CannotBeUsed(int tensor, string user) =>
        new($"'{user}' needs '{_tensors[tensor].Name}', which {WhyNotLive(tensor)}");

    private string WhyNotLive(int tensor)
    {
        ref LedgerEntry entry = ref _entries[tensor];
        return entry.IsBorn ? $"lived from step {entry.FirstStep} to {entry.LastStep}" : "is not born yet";
    }

    private Exception NoPlaceFor(int tensor)
    {
        if (_policy is PlannedPolicy planned)
        {
            long offset = planned.OffsetOf(tensor);
            long endBytes = offset + _entries[tensor].ReservedBytes;
            int other = Array.FindIndex(_entries, entry =>
                entry.IsLive && entry.OffsetBytes < endBytes && offset < entry.OffsetBytes + entry.ReservedBytes);
            return new CheckFailedException(
                $"the plan places '{_tensors[tensor].Name}' on bytes of '{_tensors[other].Name}', which is still live");
        }

        (_, long holeBytes, long freeBytes) = WalkBlocks();
        return new OutOfMemoryBytesException(
            $"'{_tensors[tensor].Name}' in the arena of {CapacityBytes} bytes", _entries[tensor].ReservedBytes, holeBytes + freeBytes,
            _policy.LargestFreeBlockBytes);
    }
}
