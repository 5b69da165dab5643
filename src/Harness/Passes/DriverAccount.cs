using System.Collections.Immutable;
using Harness.Kernels.Devices;

namespace Harness.Passes;

/// <summary>
/// The driver's free memory over a whole run, stage by stage. Arithmetic on readings and nothing else: it never asks a device.
/// </summary>
/// <remarks>
/// Only a management library can say what is free before there is a context, and it may count differently from the driver (memory that the
/// system keeps back). So the context's stage is the difference of two readings of that library, and everything from the first
/// reading of the driver on is the driver's; the two are never subtracted from each other.
/// </remarks>
/// <param name="Stages">in order; the last is the latest pass over memory that was already there</param>
/// <param name="FurtherPasses">how many passes were run to see one that moves nothing</param>
internal sealed record DriverAccount(ImmutableArray<MemoryStage> Stages, int FurtherPasses)
{
    /// <summary>The driver's allocations come in steps of this on GPUs of today; smaller ones share a step.</summary>
    private const long GranularityBytes = 2L << 20;

    /// <summary>From here on every stage is known; the context's is not where nothing measured it.</summary>
    public string? Since => Stages.FirstOrDefault(stage => stage.TakenBytes is not null).Name;

    /// <summary>Free before <see cref="Since"/>: the driver's first reading and, where it was measured, what the context took.</summary>
    public long? BeforeBytes => FirstDriverReadingBytes + (ContextTakenBytes ?? 0);

    /// <summary>Free after the last stage.</summary>
    public long? AfterBytes => Stages.IsEmpty ? null : Stages[^1].FreeAfterBytes;

    /// <summary>What we asked the driver for and hold.</summary>
    public long RequestedBytes => Stages.Sum(stage => stage.RequestedBytes);

    /// <summary>What is gone beyond what we asked for: contexts, the libraries' own, modules, granularity, and other processes.</summary>
    public long? UnaccountedBytes => BeforeBytes - AfterBytes - RequestedBytes;

    /// <summary>
    /// The part of <see cref="UnaccountedBytes"/> that went between two stages: to other processes, or to what ran before (checks, other
    /// configurations).
    /// </summary>
    public long? BetweenStagesBytes => UnaccountedBytes - Stages.Sum(stage => stage.UnattributedBytes ?? 0);

    /// <summary>What the last stage moved; 0 is what it must be.</summary>
    public long? LastStageMovedBytes => Stages.IsEmpty ? null : Stages[^1].TakenBytes;

    /// <summary>
    /// What was granted although the GPU's free memory did not shrink by it. A driver that spills into system memory (Windows since
    /// driver 531) grants more than there is: more than was free before is certain to be elsewhere, and a grant that free memory did not
    /// pay for is too, up to the granularity, unless another process gave back as much meanwhile. 0 where nothing points at it, or where
    /// nothing is known.
    /// </summary>
    public static long SpilledBytes(MemoryStage stage)
    {
        if (stage.RequestedBytes == 0 || stage.FreeBeforeBytes is not { } before || stage.FreeAfterBytes is not { } after)
        {
            return 0;
        }

        long beyondFree = Math.Max(0, stage.RequestedBytes - before);
        long unpaid = stage.RequestedBytes - (before - after);
        return Math.Max(beyondFree, unpaid > GranularityBytes ? unpaid : 0);
    }

    /// <summary>One line for each stage that looks like a spill.</summary>
    public ImmutableArray<string> Warnings =>
    [
        .. Stages.Select(stage => (stage.Name, Bytes: SpilledBytes(stage))).Where(spill => spill.Bytes > 0).Select(spill =>
            $"{spill.Bytes} bytes of '{spill.Name}' did not come from this GPU's free memory: the driver keeps them in system memory, "
            + "or another process gave back as much meanwhile; what runs from system memory is slow"),
    ];

    private MemoryStage? Context => !Stages.IsEmpty && Stages[0].Name == ContextStage ? Stages[0] : null;

    private long? ContextTakenBytes => Context?.TakenBytes;

    private long? FirstDriverReadingBytes =>
        Stages.Skip(Context is null ? 0 : 1).Select(stage => stage.FreeBeforeBytes).FirstOrDefault(bytes => bytes is not null);

    /// <summary>The one stage that the driver itself cannot measure.</summary>
    public const string ContextStage = "context";
}
