namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Which elements of a tensor are kept.</summary>
/// <param name="tensor">the tensor that the step reads, by its full name; its mask is called <c>T.dropout_mask</c></param>
/// <param name="step">number of the dropout step in the forward pass, from 0 on</param>
/// <returns>as many as the tensor has elements</returns>
internal delegate bool[] DropoutMasks(string tensor, int step, int elements);

/// <summary>Dropout (Srivastava et al. 2014) in training: what is dropped is 0, what is kept is divided by 1 - p.</summary>
/// <param name="Probability">p, of an element to be dropped: above 0, below 1</param>
internal sealed record Dropout(double Probability, DropoutMasks Masks)
{
    /// <summary>With the masks of docs/training.md.</summary>
    /// <param name="seed"><c>dropout_seed</c></param>
    public static Dropout Seeded(double probability, long seed) =>
        new(probability, (_, step, elements) => Mask(probability, seed, step, elements));

    /// <summary>Four consecutive elements take the four words of one counter.</summary>
    private static bool[] Mask(double probability, long seed, int step, int elements)
    {
        ulong threshold = (ulong)Math.Floor((1 - probability) * 4294967296.0);
        (uint, uint) key = unchecked(((uint)seed, (uint)(seed >> 32)));
        var mask = new bool[elements];
        for (long element = 0; element < elements; element++)
        {
            long quarter = element / 4;
            (uint w0, uint w1, uint w2, uint w3) = Philox.Words(unchecked(((uint)quarter, (uint)(quarter >> 32), (uint)step, 0)), key);
            mask[element] = (element % 4) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 } < threshold;
        }

        return mask;
    }
}
