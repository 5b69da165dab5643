using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;

namespace Harness.Explain;

/// <summary>What <c>--tensor</c> is answered.</summary>
/// <param name="Before">who had its place; null for what is held from pass to pass</param>
/// <param name="After">who has its place; null for what is held from pass to pass</param>
internal sealed record TensorAnswer(PassBuffer Buffer, PlaceHistory? Before, PlaceHistory? After)
{
    public static TensorAnswer Of(ExplainedPass pass, PassBuffer buffer) => buffer.IsPersistent
        ? new TensorAnswer(buffer, null, null)
        : new TensorAnswer(
            buffer, PlaceHistory.Before(pass, buffer.Row.FirstStep, buffer.Row.OffsetBytes, buffer.EndBytes),
            PlaceHistory.After(pass, buffer.Row.LastStep, buffer.Row.OffsetBytes, buffer.EndBytes));
}

/// <summary>What <c>--step</c> is answered.</summary>
/// <param name="Index">its position, from 0</param>
/// <param name="Work">what the mathematics says it costs</param>
/// <param name="Live">largest first</param>
/// <param name="Moment">as the arena wrote it down</param>
internal sealed record StepAnswer(int Index, Step Step, AnalyticStep? Work, ImmutableArray<PassBuffer> Live, ArenaMoment Moment)
{
    public IEnumerable<PassBuffer> Births => Live.Where(buffer => buffer.Row.FirstStep == Index);

    public IEnumerable<PassBuffer> Deaths => Live.Where(buffer => buffer.Row.LastStep == Index);

    public static StepAnswer Of(ExplainedPass pass, int index)
    {
        IEnumerable<PassBuffer> live = ArenaMap.At(pass, index)
            .Where(extent => extent.Kind == ExtentKind.Tensor).Select(extent => extent.Buffer!);
        Step step = pass.Program.Steps[index];
        return new StepAnswer(
            index, step, pass.Account.Steps.FirstOrDefault(work => work.Name == step.Name),
            [.. live.OrderByDescending(buffer => buffer.Bytes)], pass.Ledger.Moments[index]);
    }
}

/// <summary>What <c>--offset BYTES --step N</c> is answered.</summary>
/// <param name="Extent">what the byte belongs to</param>
/// <param name="Below">the extent before it in the arena, null at the start</param>
/// <param name="Above">the extent behind it, null at the end</param>
/// <param name="Before">who had the byte last, null for nobody</param>
/// <param name="After">who has it next, null for nobody</param>
internal sealed record ByteAnswer(
    long OffsetBytes, int Step, Extent Extent, Extent? Below, Extent? Above, PassBuffer? Before, PassBuffer? After)
{
    /// <summary>From the first byte of its tensor, of the padding, the hole or the free bytes.</summary>
    public long ByteWithin => OffsetBytes - Extent.OffsetBytes;

    /// <summary>The element of its tensor, counted row-major from 0; null where it is no tensor's.</summary>
    public long? Element => Extent.Kind == ExtentKind.Tensor ? ByteWithin / Extent.Buffer!.Tensor.DType.SizeBytes() : null;

    /// <summary>The element's position in each dimension.</summary>
    public ImmutableArray<long> Position
    {
        get
        {
            if (Element is not { } rest)
            {
                return [];
            }

            Shape shape = Extent.Buffer!.Tensor.Shape;
            long[] position = new long[shape.Rank];
            for (int dimension = shape.Rank - 1; dimension >= 0; dimension--)
            {
                (rest, position[dimension]) = Math.DivRem(rest, shape[dimension]);
            }

            return [.. position];
        }
    }

    /// <exception cref="CallerException">the arena is smaller</exception>
    public static ByteAnswer Of(ExplainedPass pass, long offsetBytes, int step)
    {
        if (offsetBytes >= pass.Ledger.CapacityBytes)
        {
            throw new CallerException(
                $"--offset {offsetBytes} is out of range: the arena of {pass.Configuration} "
                + $"has bytes 0 to {pass.Ledger.CapacityBytes - 1}");
        }

        ImmutableArray<Extent> map = ArenaMap.At(pass, step);
        int index = map.ToList().FindIndex(extent => offsetBytes < extent.EndBytes);
        Extent extent = map[index];
        PlaceHistory before = PlaceHistory.Before(pass, extent.Buffer?.Row.FirstStep ?? step, offsetBytes, offsetBytes + 1);
        PlaceHistory after = PlaceHistory.After(pass, extent.Buffer?.Row.LastStep ?? step, offsetBytes, offsetBytes + 1);
        return new ByteAnswer(
            offsetBytes, step, extent, index > 0 ? map[index - 1] : null, index + 1 < map.Length ? map[index + 1] : null,
            before.Shares.FirstOrDefault().Buffer, after.Shares.FirstOrDefault().Buffer);
    }
}

/// <summary>What <c>--peak</c> is answered.</summary>
/// <param name="At">the first step at which most bytes are live</param>
/// <param name="Steps">all steps at which so many are live</param>
/// <param name="Moment">the moment that wins on paper</param>
/// <param name="Reliefs">the tensors that wait at <paramref name="At"/>, the one first without which the peak is lowest</param>
/// <param name="Together">the peak without the first three of them</param>
internal sealed record PeakAnswer(
    StepAnswer At, ImmutableArray<int> Steps, PeakMoment Moment, ImmutableArray<Relief> Reliefs, PeakWithout Together)
{
    public const int MostReliefs = 3;

    public static PeakAnswer Of(ExplainedPass pass)
    {
        LedgerSnapshot ledger = pass.Ledger;
        ImmutableArray<ArenaMoment> fullestFirst = PeakWithout.FullestFirst(ledger);
        ImmutableArray<Relief> reliefs = Relief.At(pass, ledger.PeakStep, fullestFirst);
        return new PeakAnswer(
            StepAnswer.Of(pass, ledger.PeakStep),
            [.. ledger.Moments.Where(moment => moment.LiveBytes == ledger.PeakLiveBytes).Select(moment => moment.Step)],
            pass.Account.Peak.Winner, reliefs, PeakWithout.Of(fullestFirst, [.. reliefs.Take(MostReliefs).Select(relief => relief.Buffer)]));
    }
}
