using System.Runtime.InteropServices;
using Harness.Kernels;
using Harness.Kernels.Programs;
using Harness.Models.Weights;
using Xunit;

namespace Harness.Models.Tests.Weights;

public sealed class SeededTensorsTests
{
    private static readonly ProgramBuilder s_tensors = new("tensors of the tests");

    private static TensorSpec Tensor(string name, DType dtype, params long[] shape)
    {
        lock (s_tensors)
        {
            return s_tensors.Declare(name, new Shape(shape), dtype, TensorCategory.Input);
        }
    }

    private static T[] Draw<T>(ulong seed, TensorValues values, TensorSpec tensor) where T : unmanaged
    {
        var bytes = new byte[tensor.Bytes];
        new SeededTensors(seed, _ => values).Read(tensor, bytes);
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }

    // The expected numbers below come from a second implementation (Python, arbitrary precision) of the docstring.

    [Fact]
    public void Normal_values_are_those_of_the_definition()
    {
        float[] drawn = Draw<float>(42, new NormalValues(0, 1), Tensor("classifier.0.weight", DType.F32, 1001, 1000));
        Assert.Equal([0.03713274002075195f, -0.7296253442764282f, -1.533436894416809f], drawn[..3]);
        Assert.Equal(0.4778098464012146f, drawn[1_000_000]);

        float[] other = Draw<float>(ulong.MaxValue, new NormalValues(0, 1), Tensor("é", DType.F32, 3));
        float scale = (float)(1 / Math.Sqrt((4294967296.0 - 1) / 3));
        Assert.Equal([scale * -40253, scale * -18133, scale * -14020], other);
    }

    [Fact]
    public void Indices_and_masks_are_those_of_the_definition()
    {
        Assert.Equal(
            [7743, 28369, 18626, 6540, 13438, 8061, 22916, 12372],
            Draw<long>(42, new IndexValues(30522), Tensor("input_ids", DType.I64, 2, 4)));
        long[] mask = Draw<long>(42, new RowMaskValues(), Tensor("attention_mask", DType.I64, 8, 9));
        Assert.Equal([7, 6, 7, 9, 8, 5, 7, 9], mask.Chunk(9).Select(row => (int)row.Sum()));
        Assert.All(mask.Chunk(9), row => Assert.Equal(row.OrderDescending(), row));
    }

    [Fact]
    public void Mean_deviation_and_reach_are_as_asked()
    {
        float[] drawn = Draw<float>(7, new NormalValues(0.5f, 2), Tensor("x", DType.F32, 1000, 1000));
        double mean = drawn.Average(value => (double)value);
        double deviation = Math.Sqrt(drawn.Average(value => (value - mean) * (value - mean)));
        Assert.Equal(0.5, mean, tolerance: 5 * 2 / 1000.0); // five standard errors
        Assert.Equal(2, deviation, tolerance: 0.01);
        Assert.All(drawn, value => Assert.True(Math.Abs(value - 0.5f) <= 2 * 3.4642f));

        // P(|S - 2| <= 1/sqrt 3) for a sum S of four uniforms (Irwin-Hall) is 0.6693; a normal has 0.6827
        double within = drawn.Count(value => Math.Abs(value - 0.5f) <= 2) / 1e6;
        Assert.Equal(0.6693, within, tolerance: 0.0025);
    }

    [Fact]
    public void Neighbours_names_and_seeds_are_uncorrelated()
    {
        const int Count = 100_000;
        float[] x = Draw<float>(7, new NormalValues(0, 1), Tensor("x", DType.F32, Count));
        float[] y = Draw<float>(7, new NormalValues(0, 1), Tensor("y", DType.F32, Count));
        float[] z = Draw<float>(8, new NormalValues(0, 1), Tensor("x", DType.F32, Count));
        double standardError = 1 / Math.Sqrt(Count);
        Assert.InRange(x.Zip(x.Skip(1), (a, b) => (double)a * b).Average(), -5 * standardError, 5 * standardError);
        Assert.InRange(x.Zip(y, (a, b) => (double)a * b).Average(), -5 * standardError, 5 * standardError);
        Assert.InRange(x.Zip(z, (a, b) => (double)a * b).Average(), -5 * standardError, 5 * standardError);
    }

    [Fact]
    public void Elements_depend_on_their_index_alone()
    {
        float[] small = Draw<float>(3, new NormalValues(0, 1), Tensor("x", DType.F32, 10));
        float[] large = Draw<float>(3, new NormalValues(0, 1), Tensor("x", DType.F32, (1 << 20) + 17)); // several chunks
        Assert.Equal(small, large[..10]);
        for (int i = (1 << 18) - 2; i < (1 << 18) + 2; i++)
        {
            Assert.NotEqual(large[i], large[i + 1]);
        }
    }

    [Fact]
    public void A_mask_keeps_at_least_half_of_every_row()
    {
        foreach (int columns in (int[])[1, 2, 3, 64])
        {
            long[] mask = Draw<long>(5, new RowMaskValues(), Tensor("attention_mask", DType.I64, 200, columns));
            long[] ones = [.. mask.Chunk(columns).Select(row => row.Sum())];
            Assert.Equal((columns + 1) / 2, ones.Min());
            Assert.Equal(columns, ones.Max());
        }
    }

    [Fact]
    public void Every_tensor_of_every_model_can_be_drawn_and_passes_its_own_validation()
    {
        foreach (Model model in ModelCatalog.All)
        {
            StepProgram program = model.Program(
                model.Size(2, model.Sequence is null ? null : 5, model.DecoderSequence is null ? null : 3), new Harness.Kernels.Devices.NullDevice());
            SeededTensors seeded = model.Seeded(-1);
            foreach (TensorSpec tensor in program.Of(TensorCategory.Input).Concat(program.Of(TensorCategory.Parameter).Where(tensor => tensor.Bytes < 1 << 20)))
            {
                var bytes = new byte[tensor.Bytes];
                seeded.Read(tensor, bytes);
                model.Values(tensor).Validate(tensor, bytes);
                Assert.True(bytes.AsSpan().ContainsAnyExcept((byte)0), $"{model.Name} {tensor} is all zeros");
            }
        }
    }

    [Theory]
    [InlineData(10, "ids: element 1 is 10, must be from 0 to 9")]
    [InlineData(-1, "ids: element 1 is -1, must be from 0 to 9")]
    public void Indices_outside_their_table_are_named(long index, string message)
    {
        TensorSpec ids = Tensor("ids", DType.I64, 3);
        byte[] bytes = MemoryMarshal.AsBytes<long>([9, index, 0]).ToArray();
        Assert.Equal(message, Assert.Throws<CallerException>(() => new IndexValues(10).Validate(ids, bytes)).Message);
    }

    [Fact]
    public void A_mask_of_a_caller_may_hold_any_zeros_and_ones_but_nothing_else()
    {
        TensorSpec mask = Tensor("mask", DType.I64, 3);
        new RowMaskValues().Validate(mask, MemoryMarshal.AsBytes<long>([0, 1, 0]));
        byte[] bytes = MemoryMarshal.AsBytes<long>([0, 2, 0]).ToArray();
        Assert.Equal("mask: element 1 is 2, must be from 0 to 1", Assert.Throws<CallerException>(() => new RowMaskValues().Validate(mask, bytes)).Message);
    }
}
