namespace Harness.Kernels;

/// <summary>The known word that a mistyped one was probably meant to be.</summary>
public static class NearestWord
{
    /// <summary>The candidate with the least edit distance, null where none is within a third of the word's length (at least one).</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        int limit = Math.Max(1, word.Length / 3);
        return candidates
            .Select(candidate => (candidate, distance: Distance(word, candidate)))
            .Where(pair => pair.distance <= limit)
            .OrderBy(pair => pair.distance)
            .ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary><c>; did you mean 'mov'?</c>, or nothing where no word is near.</summary>
    public static string Hint(string word, IEnumerable<string> candidates, string prefix = "") =>
        Of(word, candidates) is { } near ? $"; did you mean '{prefix}{near}'?" : "";

    /// <summary>Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, the commonest slip, each count one.</summary>
    private static int Distance(string a, string b)
    {
        var distance = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }

                int substituted = distance[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                int best = Math.Min(substituted, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                distance[i, j] = swapped ? Math.Min(best, distance[i - 2, j - 2] + 1) : best;
            }
        }

        return distance[a.Length, b.Length];
    }
}
