using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Who touched which cell of shared memory since the last barrier. A tag is the epoch (barriers passed) and the warp: two accesses race
/// where the tags have one epoch and different warps, and one of them is a plain write. Lanes of one warp do not race with each other here.
/// </summary>
internal static unsafe class SharedTags
{
    public const int WarpBits = 6;

    /// <summary>In a read or atomic tag: more than one warp.</summary>
    public const uint Many = 62;

    private const uint WarpValues = 1U << WarpBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Conflicts(uint tag, uint mine) => unchecked((tag ^ mine) - 1 < WarpValues - 1);

    /// <summary>The tag once this warp has touched the cell too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Joined(uint tag, uint mine) => Conflicts(tag, mine) ? (mine & ~(WarpValues - 1)) | Many : mine;

    public static void Read(Warp* w, Instruction* i, int lane, uint offset, uint bytes)
    {
        unchecked
        {
            SharedMemory* s = w->Shared;
            for (uint cell = offset >> s->CellShift; cell <= (offset + bytes - 1) >> s->CellShift; cell++)
            {
                CheckWritten(s, i, lane, cell);
                if (i->IsStrong)
                {
                    continue;
                }

                Check(s, i, lane, cell, s->WriteTags[cell], w->SharedTag);
                if (s->AtomicTags != null)
                {
                    Check(s, i, lane, cell, s->AtomicTags[cell], w->SharedTag);
                }

                s->ReadTags[cell] = Joined(s->ReadTags[cell], w->SharedTag);
            }
        }
    }

    public static void Write(Warp* w, Instruction* i, int lane, uint offset, uint bytes)
    {
        unchecked
        {
            SharedMemory* s = w->Shared;
            for (uint cell = offset >> s->CellShift; cell <= (offset + bytes - 1) >> s->CellShift; cell++)
            {
                if (!i->IsStrong)
                {
                    Check(s, i, lane, cell, s->WriteTags[cell], w->SharedTag);
                    Check(s, i, lane, cell, s->ReadTags[cell], w->SharedTag);
                    if (s->AtomicTags != null)
                    {
                        Check(s, i, lane, cell, s->AtomicTags[cell], w->SharedTag);
                    }
                }

                s->WriteTags[cell] = w->SharedTag;
            }
        }
    }

    public static void Atomic(Warp* w, Instruction* i, int lane, uint offset, uint bytes)
    {
        unchecked
        {
            SharedMemory* s = w->Shared;
            for (uint cell = offset >> s->CellShift; cell <= (offset + bytes - 1) >> s->CellShift; cell++)
            {
                CheckWritten(s, i, lane, cell);
                Check(s, i, lane, cell, s->WriteTags[cell], w->SharedTag);
                Check(s, i, lane, cell, s->ReadTags[cell], w->SharedTag);
                s->AtomicTags[cell] = Joined(s->AtomicTags[cell], w->SharedTag);
            }
        }
    }

    /// <summary>Both checks of a read of 32 cells in a row; false where one fails, and then nothing is marked that <see cref="Read"/> would not mark.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead32(SharedMemory* s, uint cell, uint mine)
    {
        unchecked
        {
            Vector512<uint> tag = Vector512.Create(mine);
            Vector512<uint> firstTag = Vector512.Create(s->FirstTag);
            uint* writes = s->WriteTags + cell;
            Vector512<uint> bad = Vector512.LessThan(Vector512.Load(writes), firstTag) | Conflict(Vector512.Load(writes), tag)
                | Vector512.LessThan(Vector512.Load(writes + 16), firstTag) | Conflict(Vector512.Load(writes + 16), tag);
            if (bad != Vector512<uint>.Zero)
            {
                return false;
            }

            uint* reads = s->ReadTags + cell;
            Join(reads, tag);
            Join(reads + 16, tag);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite32(SharedMemory* s, uint cell, uint mine)
    {
        unchecked
        {
            Vector512<uint> tag = Vector512.Create(mine);
            uint* writes = s->WriteTags + cell;
            uint* reads = s->ReadTags + cell;
            Vector512<uint> bad = Conflict(Vector512.Load(writes), tag) | Conflict(Vector512.Load(writes + 16), tag)
                | Conflict(Vector512.Load(reads), tag) | Conflict(Vector512.Load(reads + 16), tag);
            if (bad != Vector512<uint>.Zero)
            {
                return false;
            }

            tag.Store(writes);
            tag.Store(writes + 16);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Conflict(Vector512<uint> tags, Vector512<uint> mine) =>
        Vector512.LessThan((tags ^ mine) - Vector512<uint>.One, Vector512.Create(WarpValues - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(uint* tags, Vector512<uint> mine)
    {
        Vector512<uint> many = (mine & Vector512.Create(~(WarpValues - 1))) | Vector512.Create(Many);
        Vector512.ConditionalSelect(Conflict(Vector512.Load(tags), mine), many, mine).Store(tags);
    }

    private static void CheckWritten(SharedMemory* s, Instruction* i, int lane, uint cell)
    {
        if (s->WriteTags[cell] < s->FirstTag)
        {
            throw WarpFault.Of(FaultKind.SharedUnwritten, i, lane, (ulong)cell << s->CellShift);
        }
    }

    private static void Check(SharedMemory* s, Instruction* i, int lane, uint cell, uint tag, uint mine)
    {
        if (Conflicts(tag, mine))
        {
            throw WarpFault.Of(FaultKind.SharedRace, i, lane, (ulong)cell << s->CellShift, tag & (WarpValues - 1));
        }
    }
}
