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

    /// <summary>Levenshtein's distance: insertions, deletions and substitutions of one character.</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 0; i < a.Length; i++)
        {
            current[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int substituted = previous[j] + (a[i] == b[j] ? 0 : 1);
                current[j + 1] = Math.Min(substituted, Math.Min(previous[j + 1], current[j]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
