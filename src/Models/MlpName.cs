using System.Collections.Immutable;
using System.Globalization;
using Harness.Kernels;

namespace Harness.Models;

/// <summary>Stacks of layers are named by their sizes: <c>mlp:784-128-10</c>, <c>mlp:100-50:nobias</c>.</summary>
public static class MlpName
{
    /// <summary>As help and messages give it.</summary>
    public const string Pattern = "mlp:A-B-...-Z[:nobias]";

    private const string Prefix = "mlp";
    private const string WithoutBias = "nobias";

    /// <summary>Whether the name means a stack, well written or not.</summary>
    public static bool IsOne(string name) => name == Prefix || name.StartsWith($"{Prefix}:", StringComparison.Ordinal);

    /// <returns>the units from the input to the output, at least two numbers from 1 on; and whether the layers add a bias</returns>
    /// <exception cref="CallerException">names the part that is wrong and what is allowed</exception>
    public static (ImmutableArray<long> Sizes, bool Bias) Parse(string name)
    {
        string[] parts = name.Split(':');
        if (parts.Length > 2 && (parts.Length > 3 || parts[2] != WithoutBias))
        {
            string suffix = string.Join(':', parts[2..]);
            throw new CallerException($"model '{name}': unknown suffix '{suffix}', write {Pattern}");
        }

        string[] words = parts.Length == 1 ? [] : parts[1].Split('-');
        var sizes = ImmutableArray.CreateBuilder<long>(words.Length);
        foreach (string word in words)
        {
            if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long size) || size < 1)
            {
                throw new CallerException($"model '{name}': a size is a whole number from 1 on, not '{word}', write {Pattern}");
            }

            sizes.Add(size);
        }

        return sizes.Count >= 2
            ? (sizes.MoveToImmutable(), Bias: parts.Length == 2)
            : throw new CallerException($"model '{name}': number of sizes is {sizes.Count}, must be at least 2, write {Pattern}");
    }
}
