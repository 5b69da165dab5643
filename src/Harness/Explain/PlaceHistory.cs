using System.Collections.Immutable;

namespace Harness.Explain;

/// <summary>Whose some bytes were: of a stretch of the arena, so many.</summary>
internal readonly record struct Share(PassBuffer Buffer, long Bytes);

/// <summary>Who had a stretch of the arena last before a step, or has it first after one, byte by byte.</summary>
/// <param name="Shares">nearest in time first; padding belongs to its tensor</param>
/// <param name="NobodysBytes">what is in no share: nobody had it before, or has it after</param>
internal sealed record PlaceHistory(ImmutableArray<Share> Shares, long NobodysBytes)
{
    public static PlaceHistory Before(ExplainedPass pass, int step, long offsetBytes, long endBytes) => Of(
        pass.Buffers.Where(buffer => buffer.Row.LastStep < step).OrderByDescending(buffer => buffer.Row.LastStep), offsetBytes, endBytes);

    public static PlaceHistory After(ExplainedPass pass, int step, long offsetBytes, long endBytes) => Of(
        pass.Buffers.Where(buffer => buffer.Row.FirstStep > step).OrderBy(buffer => buffer.Row.FirstStep), offsetBytes, endBytes);

    /// <summary>Each buffer takes what those nearer in time have left.</summary>
    private static PlaceHistory Of(IEnumerable<PassBuffer> nearestFirst, long offsetBytes, long endBytes)
    {
        var shares = ImmutableArray.CreateBuilder<Share>();
        List<(long Start, long End)> open = [(offsetBytes, endBytes)];
        foreach (PassBuffer buffer in nearestFirst)
        {
            long taken = 0;
            var rest = new List<(long Start, long End)>();
            foreach ((long start, long end) in open)
            {
                long from = Math.Max(start, buffer.Row.OffsetBytes);
                long to = Math.Min(end, buffer.EndBytes);
                if (from >= to)
                {
                    rest.Add((start, end));
                    continue;
                }

                taken += to - from;
                AddIfAny(rest, start, from);
                AddIfAny(rest, to, end);
            }

            if (taken > 0)
            {
                shares.Add(new Share(buffer, taken));
                open = rest;
            }

            if (open.Count == 0)
            {
                break;
            }
        }

        return new PlaceHistory(shares.ToImmutable(), open.Sum(piece => piece.End - piece.Start));
    }

    private static void AddIfAny(List<(long Start, long End)> pieces, long start, long end)
    {
        if (start < end)
        {
            pieces.Add((start, end));
        }
    }
}
