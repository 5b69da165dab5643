using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Fitting;

/// <summary>
/// What was seen when the answer was tried: the pass of the largest size, rehearsed in an arena of exactly the bytes that are left, and an
/// arena of as many bytes that refuses the plan of the next size.
/// </summary>
/// <param name="ArenaBytes">left for the arena</param>
/// <param name="HighWaterBytes">the highest byte that the pass took</param>
/// <param name="Next">null where there is no next size: the model takes no more, or its bytes cannot be counted</param>
/// <param name="Refusal">the arena's own words on the next size; null where there is none</param>
internal sealed record FitProof(long ArenaBytes, Need Largest, long HighWaterBytes, Need? Next, OutOfMemoryBytesException? Refusal)
{
    /// <summary>False where only this planner's placement does not fit: another one might.</summary>
    public bool NoPlacementFitsNext => Next is null || Next.Plan.LowerBoundBytes > ArenaBytes;

    /// <exception cref="CheckFailedException">the two accounts, or the search and the arena, contradict each other</exception>
    public static FitProof Of(FitSearch search, long largest, long arenaBytes)
    {
        Need need = search.NeedAt(largest)!;
        Need? next = largest == search.Maximum ? null : search.NeedAt(largest + 1);
        return new FitProof(
            arenaBytes, need, HighWaterOf(need, search, arenaBytes), next, next is null ? null : RefusalOf(next, arenaBytes));
    }

    private static long HighWaterOf(Need need, FitSearch search, long arenaBytes)
    {
        LedgerSnapshot ledger = Rehearsal.Run(need.Program, need.Plan with { CapacityBytes = arenaBytes });
        long heldBytes = need.Program.Tensors.Where(tensor => tensor.Category.IsPersistent()).Sum(tensor => tensor.Bytes);
        Require(need, "live at the peak", need.Account.Peak.Bytes, ledger.PeakLiveBytes);
        Require(need, $"of {Need.PersistentWords(need.Configuration)}", Need.FormulaPersistentBytes(need.Account), heldBytes);
        Require(need, "beside the arena, as for every size,", search.PersistentBytes, need.PersistentBytes);
        return ledger.HighWaterBytes;
    }

    private static OutOfMemoryBytesException RefusalOf(Need next, long arenaBytes)
    {
        try
        {
            Rehearsal.Run(next.Program, next.Plan with { CapacityBytes = arenaBytes });
        }
        catch (OutOfMemoryBytesException refusal)
        {
            return refusal;
        }

        throw new CheckFailedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{next.Configuration} should not fit an arena of {arenaBytes} bytes, but its plan needs only {next.Plan.CapacityBytes}"));
    }

    private static void Require(Need need, string what, long expectedBytes, long foundBytes)
    {
        if (expectedBytes != foundBytes)
        {
            throw new CheckFailedException(string.Create(
                CultureInfo.InvariantCulture, $"{need.Configuration}: {expectedBytes} bytes {what} are expected, {foundBytes} were found"));
        }
    }
}
