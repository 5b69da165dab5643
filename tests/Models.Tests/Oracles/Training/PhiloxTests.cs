using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>The generator against the known answers of its authors, and the masks that docs/training.md makes of it.</summary>
public sealed class PhiloxTests
{
    /// <summary>The lines of <c>kat_vectors</c> in the Random123 distribution for <c>philox4x32 10</c>: counter, key, words.</summary>
    [Theory]
    [InlineData(
        new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 },
        new uint[] { 0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8 })]
    [InlineData(
        new uint[] { 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff }, new uint[] { 0xffff_ffff, 0xffff_ffff },
        new uint[] { 0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd })]
    [InlineData(
        new uint[] { 0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344 }, new uint[] { 0xa409_3822, 0x299f_31d0 },
        new uint[] { 0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1 })]
    public void Words_are_the_known_answers(uint[] counter, uint[] key, uint[] expected)
    {
        (uint w0, uint w1, uint w2, uint w3) = Philox.Words((counter[0], counter[1], counter[2], counter[3]), (key[0], key[1]));
        Assert.Equal(expected, new[] { w0, w1, w2, w3 });
    }

    [Fact]
    public void A_mask_compares_the_words_of_its_elements_with_the_threshold()
    {
        // The words of the first known answer begin with 66, e1, bc and 9b: at a half, 80 is the first that is dropped; at a quarter, c0.
        Assert.Equal([true, false, false, false], Dropout.Seeded(0.5, seed: 0).Masks("", 0, 4));
        Assert.Equal([true, false, true, true], Dropout.Seeded(0.25, seed: 0).Masks("", 0, 4));
    }

    [Theory]
    [InlineData(0x299f31d0_a4093822, 0, 11)]
    [InlineData(-1, 3, 8)]
    [InlineData(1L << 32, 7, 5)]
    public void Seed_step_and_element_take_their_places_in_key_and_counter(long seed, int step, int elements)
    {
        bool[] mask = Dropout.Seeded(0.3, seed).Masks("", step, elements);
        Assert.Equal(elements, mask.Length);
        for (int i = 0; i < elements; i++)
        {
            (uint w0, uint w1, uint w2, uint w3) = Philox.Words(
                ((uint)(i / 4), 0, (uint)step, 0), unchecked(((uint)(ulong)seed, (uint)((ulong)seed >> 32))));
            uint word = new[] { w0, w1, w2, w3 }[i % 4];
            Assert.Equal(word < 3006477107, mask[i]); // floor(0.7 * 2^32), 0.7 * 2^32 being 3006477107.2
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void As_many_are_kept_as_the_probability_says(double probability)
    {
        const int elements = 40000;
        int kept = Dropout.Seeded(probability, seed: 5).Masks("", 0, elements).Count(keep => keep);
        double deviation = Math.Sqrt(elements * probability * (1 - probability));
        Assert.InRange(kept, elements * (1 - probability) - 4 * deviation, elements * (1 - probability) + 4 * deviation);
    }
}
