using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// The barriers of one block. A warp that arrives without waiting counts and goes on; a warp that has exited counts as arrived at
/// barriers that wait for all threads. Passing a barrier begins a new epoch of shared-memory accesses.
/// </summary>
internal static unsafe class BarrierRules
{
    public const int Barriers = 16;

    /// <summary>A warp has reached a barrier: take note of it, and let everybody go if it was the last.</summary>
    /// <param name="arrived">warps that have arrived without waiting, a number for each barrier</param>
    public static void Reached(Warp* warps, int count, Warp* w, int* arrived)
    {
        if ((uint)w->BarrierId >= Barriers)
        {
            throw WarpFault.Of(FaultKind.BarrierDivergence, w->BarrierAt, BitOperations.TrailingZeroCount(w->Live), w->Live, BitOperations.PopCount(w->Live));
        }

        int expected = w->BarrierThreads;
        if (w->BarrierAt->Mode == BarrierHandlers.Arrive)
        {
            arrived[w->BarrierId]++;
            w->Status = WarpStatus.Ready;
        }

        TryRelease(warps, count, w->BarrierId, expected, arrived);
    }

    /// <summary>A warp has exited: barriers that wait for all threads may now be complete.</summary>
    public static void Exited(Warp* warps, int count, int* arrived)
    {
        for (int k = 0; k < count; k++)
        {
            if (warps[k].Status == WarpStatus.Waiting && warps[k].BarrierThreads < 0)
            {
                TryRelease(warps, count, warps[k].BarrierId, -1, arrived);
            }
        }
    }

    /// <summary>No warp can go on and not all are done: the first of those that wait will wait for ever.</summary>
    public static WarpFault Deadlock(Warp* warps, int count)
    {
        for (int k = 0; k < count; k++)
        {
            if (warps[k].Status == WarpStatus.Waiting)
            {
                Warp* w = warps + k;
                return WarpFault.Of(FaultKind.BarrierDivergence, w->BarrierAt, BitOperations.TrailingZeroCount(w->Live), w->Live, -1);
            }
        }

        throw new InvalidOperationException("no warp waits");
    }

    private static void TryRelease(Warp* warps, int count, int barrier, int threads, int* arrived)
    {
        int waiting = 0;
        int gone = 0;
        for (int k = 0; k < count; k++)
        {
            waiting += warps[k].Status == WarpStatus.Waiting && warps[k].BarrierId == barrier ? 1 : 0;
            gone += warps[k].Status == WarpStatus.Done ? 1 : 0;
        }

        // Threads are counted in whole warps (PTX ISA, "bar").
        bool complete = threads < 0 ? waiting + arrived[barrier] + gone >= count : (waiting + arrived[barrier]) * Warp.Lanes >= threads;
        if (!complete || waiting == 0)
        {
            return;
        }

        arrived[barrier] = 0;
        Reduce(warps, count, barrier);
        SharedMemory* shared = warps->Shared;
        shared->Epoch++;
        for (int k = 0; k < count; k++)
        {
            Warp* w = warps + k;
            if (w->Status == WarpStatus.Waiting && w->BarrierId == barrier)
            {
                w->Status = WarpStatus.Ready;
                w->SharedTag = unchecked((shared->Epoch << SharedTags.WarpBits) | (uint)w->Index);
            }
        }
    }

    /// <summary><c>bar.red</c>: one operation over the predicates of all threads that wait.</summary>
    private static void Reduce(Warp* warps, int count, int barrier)
    {
        uint yes = 0;
        uint total = 0;
        bool reduces = false;
        for (int k = 0; k < count; k++)
        {
            Warp* w = warps + k;
            if (w->Status == WarpStatus.Waiting && w->BarrierId == barrier && w->BarrierAt->Mode >= BarrierHandlers.ReduceCount)
            {
                reduces = true;
                uint predicate = *(uint*)(w->Registers + w->BarrierAt->C) ^ (w->BarrierAt->Immediate != 0 ? uint.MaxValue : 0);
                yes += (uint)BitOperations.PopCount(predicate & w->Live);
                total += (uint)BitOperations.PopCount(w->Live);
            }
        }

        for (int k = 0; reduces && k < count; k++)
        {
            Warp* w = warps + k;
            if (w->Status != WarpStatus.Waiting || w->BarrierId != barrier)
            {
                continue;
            }

            switch (w->BarrierAt->Mode)
            {
                case BarrierHandlers.ReduceCount:
                    for (uint left = w->Live; left != 0; left &= left - 1)
                    {
                        LaneMask.Set(w->Registers + w->BarrierAt->D, BitOperations.TrailingZeroCount(left), yes);
                    }

                    break;
                case BarrierHandlers.ReduceAnd:
                    Compare.Write((uint*)(w->Registers + w->BarrierAt->D), yes == total ? uint.MaxValue : 0, w->Live);
                    break;
                case BarrierHandlers.ReduceOr:
                    Compare.Write((uint*)(w->Registers + w->BarrierAt->D), yes != 0 ? uint.MaxValue : 0, w->Live);
                    break;
            }
        }
    }
}
