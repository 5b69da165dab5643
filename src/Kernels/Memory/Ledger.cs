using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>What the ledger knows of one tensor. Constant: category and bytes; written in a pass: offset and steps.</summary>
internal struct LedgerEntry
{
    /// <summary>In place of the last step: not born yet.</summary>
    public const int Unborn = -2;

    /// <summary>In place of the last step: live.</summary>
    public const int Live = -1;

    public long RequestedBytes;
    public long ReservedBytes;
    public long OffsetBytes;

    /// <summary>Born before this step; means nothing until then.</summary>
    public int FirstStep;

    /// <summary>Dead after this step; <see cref="Unborn"/> or <see cref="Live"/> until then.</summary>
    public int LastStep;

    public TensorCategory Category;

    public readonly bool IsBorn => LastStep != Unborn;

    public readonly bool IsLive => LastStep == Live;
}

/// <summary>
/// What the arena writes down as the pass runs, in arrays made once; only <see cref="Snapshot"/> allocates. It never sees a formula.
/// </summary>
internal sealed class Ledger
{
    private readonly ImmutableArray<TensorSpec> _tensors;
    private readonly int[] _births;
    private readonly ArenaMoment[] _moments;
    private int _birthCount;
    private int _momentCount;

    public Ledger(ImmutableArray<TensorSpec> tensors, int steps, long alignmentBytes, long guardBytes)
    {
        _tensors = tensors;
        _births = new int[tensors.Length];
        _moments = new ArenaMoment[steps];
        Entries = [.. tensors.Select(tensor => new LedgerEntry
        {
            RequestedBytes = tensor.Bytes,
            ReservedBytes = Alignment.Reserved(tensor.Bytes, guardBytes, alignmentBytes),
            Category = tensor.Category,

            // What is held from pass to pass was born and died before any: the arena must not hand it out.
            LastStep = tensor.Category.IsPersistent() ? 0 : LedgerEntry.Unborn,
        })];
    }

    /// <summary>By tensor index.</summary>
    public LedgerEntry[] Entries { get; }

    public void Clear()
    {
        foreach (int tensor in _births.AsSpan(0, _birthCount))
        {
            Entries[tensor].LastStep = LedgerEntry.Unborn;
        }

        _birthCount = 0;
        _momentCount = 0;
    }

    /// <summary>The tensor's row is the next one.</summary>
    public void AddBirth(int tensor) => _births[_birthCount++] = tensor;

    public void AddMoment(in ArenaMoment moment) => _moments[_momentCount++] = moment;

    public LedgerSnapshot Snapshot(long capacityBytes)
    {
        long highWaterBytes = 0;
        var rows = ImmutableArray.CreateBuilder<LedgerRow>(_birthCount);
        foreach (int tensor in _births.AsSpan(0, _birthCount))
        {
            ref readonly LedgerEntry entry = ref Entries[tensor];
            highWaterBytes = Math.Max(highWaterBytes, entry.OffsetBytes + entry.ReservedBytes);
            rows.Add(new LedgerRow(
                _tensors[tensor].Name, entry.Category, entry.RequestedBytes, entry.ReservedBytes, entry.OffsetBytes,
                entry.FirstStep, entry.LastStep));
        }

        return new LedgerSnapshot(rows.MoveToImmutable(), [.. _moments.AsSpan(0, _momentCount)], capacityBytes, highWaterBytes);
    }
}
