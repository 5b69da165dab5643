using System.Collections.Immutable;
using System.Globalization;
using Harness.Kernels;
using Harness.Passes;

namespace Harness.Fitting;

/// <summary>What <c>harness fit</c> answers.</summary>
/// <param name="MemoryBytes">what the arena and what is held beside it may take together</param>
/// <param name="Largest">the largest size whose plan fits</param>
/// <param name="LargestByFormulas">the largest whose formulas fit; alignment may push it out</param>
/// <param name="Proof">what was seen when it was tried</param>
/// <param name="Cards">the same question for the usual cards</param>
internal sealed record FitAnswer(
    FitSearch Search, long MemoryBytes, long Largest, long LargestByFormulas, FitProof Proof, ImmutableArray<Card> Cards)
{
    /// <summary>The model's own limit is the answer: there are bytes left, but it takes no more.</summary>
    public bool IsModelsMaximum => Largest == Search.Maximum;

    /// <exception cref="CallerException">not even the smallest size fits; says how many bytes are missing</exception>
    /// <exception cref="CheckFailedException">the accounts contradict each other</exception>
    public static FitAnswer Of(Configuration configuration, Dimension over, long memoryBytes, long? workspaceBytes)
    {
        var search = new FitSearch(configuration, over, workspaceBytes);
        string held = Need.PersistentWords(configuration);
        long arenaBytes = memoryBytes - search.PersistentBytes;
        if (arenaBytes < 0)
        {
            throw new CallerException(
                Text($"--vram {memoryBytes} bytes: the {held} of {configuration.Model.Name} alone take {search.PersistentBytes}, ")
                + Text($"{-arenaBytes} are missing"));
        }

        long largest = search.Largest(arenaBytes);
        if (largest == 0)
        {
            long needed = new Need(search.At(FitSearch.Minimum), workspaceBytes).Bytes;
            throw new CallerException(
                Text($"--vram {memoryBytes} bytes: {search.At(FitSearch.Minimum)} takes {needed} ({held} {search.PersistentBytes}, ")
                + Text($"arena {needed - search.PersistentBytes}), {needed - memoryBytes} are missing"));
        }

        return new FitAnswer(
            search, memoryBytes, largest, search.LargestByFormulas(memoryBytes - search.FormulaPersistentBytes),
            FitProof.Of(search, largest, arenaBytes), Card.All(search));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
