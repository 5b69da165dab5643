using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Audit;

/// <summary>What the formula says beside what was observed; null where that side says nothing.</summary>
internal readonly record struct Pair(long? Analytic, long? Observed)
{
    public bool IsEqual => Analytic is not null && Analytic == Observed;
}

/// <summary>A category's bytes on both sides. Labels are those of the contract: <c>parameters</c>, <c>inputs</c>, ...</summary>
internal sealed record CategoryBytes(string Category, Pair Bytes, int Buffers);

/// <summary>One buffer in all accounts. What a side does not know is null.</summary>
/// <param name="Category">the formula's label, or the ledger's where there is no formula</param>
/// <param name="ReservedBytes">observed bytes rounded up to the alignment</param>
/// <param name="OffsetBytes">in the arena, or in the parameters' own region</param>
/// <param name="FirstStep">null for parameters, which outlive the pass</param>
internal sealed record BufferRow(
    string Name, string Category, string? DType, Shape? Shape, string? Formula, Pair Bytes, long? ReservedBytes, long? OffsetBytes,
    int? FirstStep, int? LastStep, long? WrittenBytes, long? ReadBytes);

/// <summary>One step's cost: the formula's, and what the device counted (null where it cannot).</summary>
internal sealed record StepRow(
    string Name, long? Macs, long? Flops, Pair ReadBytes, Pair WrittenBytes, long? LaneInstructions);

/// <summary>The most bytes live at one step.</summary>
/// <param name="Moment">the formula's winning moment</param>
/// <param name="Step">name of the first step at which the arena saw its peak</param>
internal sealed record PeakRow(Pair Bytes, string Moment, string Formula, string Why, string Step);

/// <summary>The arena of inputs, outputs, activations and workspace, in bytes.</summary>
/// <param name="PaddingBytes">alignment padding at the peak step</param>
/// <param name="LowerBoundBytes">most reserved bytes live at one step: no placement can do with less</param>
internal sealed record ArenaRow(long CapacityBytes, long HighWaterBytes, long PaddingBytes, long LowerBoundBytes)
{
    public long GapBytes => CapacityBytes - LowerBoundBytes;
}

/// <summary>What the device saw over inputs, outputs, activations and workspace, in bytes. A violation outside every buffer ends the pass.</summary>
/// <param name="UnreadBytes">null where only writes can be seen (guard bands and poison on a GPU)</param>
internal sealed record TouchRow(long UnwrittenBytes, long? UnreadBytes, long OutsideBytes);

/// <summary>What a GPU and its driver say of a run beside the three accounts. Never folded into them.</summary>
/// <param name="Own">device memory that the device took for itself</param>
/// <param name="Convolutions">what the library chose for the convolutions of this pass</param>
/// <param name="Again">the ledger of the latest pass; the first one's must be the same</param>
/// <param name="Findings">of guard bands and poison; null where they were not asked for</param>
internal sealed record GpuPass(
    DriverAccount Driver, ImmutableArray<DeviceAllocation> Own, ImmutableArray<ConvolutionChoice> Convolutions, LedgerSnapshot Again,
    ImmutableArray<MemoryFinding>? Findings);

/// <summary>One difference between the accounts, with its name and numbers.</summary>
internal sealed record Mismatch(string Name, string What, long? Analytic, long? Observed)
{
    public override string ToString() => $"{Name}: {What}: analytic {Text(Analytic)}, observed {Text(Observed)}";

    private static string Text(long? value) => value?.ToString("N0", System.Globalization.CultureInfo.InvariantCulture) ?? "nothing";
}

/// <summary>One configuration, audited.</summary>
/// <param name="Touch">null on devices that cannot see it</param>
/// <param name="Gpu">null on devices that are not one</param>
/// <param name="Published">null where there is no published convention: in inference, and of models without layers of attention</param>
internal sealed record AuditRecord(
    Configuration Configuration, DeviceFacts Device, Placement Placement, Pair ParameterCount,
    ImmutableArray<CategoryBytes> Categories, PeakRow Peak, ArenaRow Arena, TouchRow? Touch, GpuPass? Gpu,
    ImmutableArray<BufferRow> Buffers, ImmutableArray<StepRow> Steps, PublishedComparison? Published, ImmutableArray<Mismatch> Mismatches)
{
    public Pair BytesOf(string category) => Categories.Single(row => row.Category == category).Bytes;

    /// <summary>What stays allocated after the pass: the caller holds inputs and outputs.</summary>
    public Pair Retained => new(
        BytesOf(CategoryLabels.Inputs).Analytic + BytesOf(CategoryLabels.Outputs).Analytic,
        BytesOf(CategoryLabels.Inputs).Observed + BytesOf(CategoryLabels.Outputs).Observed);
}
