using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>How offsets are chosen.</summary>
public enum Placement
{
    /// <summary>Nothing is reused: each tensor behind the one before. The textbook sum.</summary>
    Bump,

    /// <summary>Allocate and free as the pass runs: best fit over the free blocks.</summary>
    Online,

    /// <summary>Offsets chosen beforehand from the lifetimes.</summary>
    Planned,
}

/// <summary>A tensor's life, half-open: born before step <see cref="FirstStep"/> runs, dead once step <see cref="EndStep"/> - 1 has run.</summary>
public sealed record Lifetime(TensorSpec Tensor, int FirstStep, int EndStep)
{
    /// <summary>The last step that may touch the tensor.</summary>
    public int LastStep => EndStep - 1;

    public bool Overlaps(Lifetime other) => FirstStep < other.EndStep && other.FirstStep < EndStep;
}

/// <summary>Where one tensor lies: <see cref="ReservedBytes"/> is <c>Lifetime.Tensor.Bytes</c> and the guard band, rounded up to the alignment.</summary>
public sealed record PlacedTensor(Lifetime Lifetime, long OffsetBytes, long ReservedBytes);

/// <summary>An offset for every tensor of the arena (all but parameters), judged by <c>PlanChecker</c> before anything runs.</summary>
/// <param name="Placed">one a tensor, in the order of <see cref="StepProgram.Tensors"/></param>
/// <param name="CapacityBytes">what the arena needs</param>
/// <param name="LowerBoundBytes">most reserved bytes live at one step: no placement can do with less</param>
/// <param name="GuardBytes">at least so many bytes behind each tensor belong to nobody; 0 for none</param>
public sealed record MemoryPlan(
    Placement Placement, long AlignmentBytes, ImmutableArray<PlacedTensor> Placed, long CapacityBytes, long LowerBoundBytes,
    long GuardBytes = 0)
{
    public long GapBytes => CapacityBytes - LowerBoundBytes;
}

/// <summary>
/// One buffer as the arena handed it out while the pass ran. Steps are as in <see cref="Lifetime"/>: born before
/// <see cref="FirstStep"/>, gone after <see cref="LastStep"/>.
/// </summary>
public sealed record LedgerRow(
    string Name, TensorCategory Category, long RequestedBytes, long ReservedBytes, long OffsetBytes, int FirstStep, int LastStep);

/// <summary>Where the arena's bytes were while one step ran. Conservation: the sum of all is the capacity.</summary>
/// <param name="PaddingBytes">reserved but not asked for (alignment, guard bands)</param>
/// <param name="HoleBytes">unreserved bytes below the highest reserved one (fragmentation)</param>
/// <param name="FreeBytes">unreserved bytes above it</param>
public readonly record struct ArenaMoment(
    int Step, long InputBytes, long OutputBytes, long ActivationBytes, long ErrorSignalBytes, long WorkspaceBytes, long PaddingBytes,
    long HoleBytes, long FreeBytes)
{
    /// <summary>Bytes asked for and live.</summary>
    public long LiveBytes => InputBytes + OutputBytes + ActivationBytes + ErrorSignalBytes + WorkspaceBytes;

    public long TotalBytes => LiveBytes + PaddingBytes + HoleBytes + FreeBytes;
}

/// <summary>What the arena wrote down during one pass.</summary>
/// <param name="Rows">in order of birth</param>
/// <param name="Moments">one a step</param>
/// <param name="HighWaterBytes">highest end of a reserved block</param>
public sealed record LedgerSnapshot(
    ImmutableArray<LedgerRow> Rows, ImmutableArray<ArenaMoment> Moments, long CapacityBytes, long HighWaterBytes)
{
    /// <summary>Most bytes of inputs, outputs, activations, error signals and workspace live at one step; 0 where there is no step.</summary>
    public long PeakLiveBytes => Moments.IsEmpty ? 0 : Moments.Max(moment => moment.LiveBytes);

    /// <summary>The first step at which <see cref="PeakLiveBytes"/> were live.</summary>
    public int PeakStep => Moments.MaxBy(moment => moment.LiveBytes).Step;
}
