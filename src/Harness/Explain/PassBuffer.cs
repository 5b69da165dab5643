using System.Collections.Immutable;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;

namespace Harness.Explain;

/// <summary>One buffer of a pass as all accounts know it.</summary>
/// <param name="Tensor">as the program declares it</param>
/// <param name="Row">where the arena, or the region of what is held, put it and for how long</param>
/// <param name="Formula">what the mathematics says of its bytes</param>
/// <param name="ReadBy">the steps that read it, in order</param>
/// <param name="WrittenBy">the steps that write it, in order</param>
internal sealed record PassBuffer(
    TensorSpec Tensor, LedgerRow Row, Formula Formula, ImmutableArray<int> ReadBy, ImmutableArray<int> WrittenBy)
{
    public string Name => Tensor.Name;

    /// <summary>Parameters, and in training gradients and optimizer state, have a region of their own and never die.</summary>
    public bool IsPersistent => Tensor.Category.IsPersistent();

    /// <summary>Bytes asked for.</summary>
    public long Bytes => Row.RequestedBytes;

    /// <summary>Reserved behind the bytes asked for.</summary>
    public long PaddingBytes => Row.ReservedBytes - Row.RequestedBytes;

    /// <summary>Behind its last reserved byte.</summary>
    public long EndBytes => Row.OffsetBytes + Row.ReservedBytes;

    public bool LivesAt(int step) => Row.FirstStep <= step && step <= Row.LastStep;

    public bool IsUsedAt(int step) => ReadBy.Contains(step) || WrittenBy.Contains(step);

    /// <summary>It is live, and the step neither reads nor writes it.</summary>
    public bool WaitsAt(int step) => LivesAt(step) && !IsUsedAt(step);
}
