using System.Runtime.InteropServices;
using System.Text;
using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>
/// The one generator of weights and inputs. Element i of a tensor depends on the seed, the tensor's name and i alone, so the same seed
/// gives the same bytes in any order, on any number of threads, on any machine:
/// <code>
/// key  = mix(fnv1a64(name) xor mix(seed))
/// bits = mix(key + (i + 1) * 0x9E3779B97F4A7C15)          mod 2^64, the i-th number of SplitMix64 started at key
/// </code>
/// where mix is SplitMix64's finaliser (Steele, Lea and Flood 2014) and fnv1a64 is FNV-1a over the UTF-8 name. A normal value is the
/// standardised sum of the four 16-bit quarters of its bits: mean 0 and variance 1 exactly, at most 3.47 deviations out.
/// </summary>
/// <param name="values">what to draw for a tensor</param>
public sealed class SeededTensors(ulong seed, Func<TensorSpec, TensorValues> values)
{
    private const ulong GoldenGamma = 0x9E37_79B9_7F4A_7C15;
    private const int ChunkElements = 1 << 18;

    /// <summary>The mean of the sum of four numbers that are uniform from 0 to 65535.</summary>
    private const int QuarterSumMean = 2 * 65535;

    /// <summary>Its standard deviation: the variance of one is (2^32 - 1) / 12.</summary>
    private static readonly double s_quarterSumDeviation = Math.Sqrt((4294967296.0 - 1) / 3);

    /// <summary>Draws the tensor; see <see cref="ReadTensor"/>.</summary>
    public void Read(TensorSpec tensor, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, tensor.Bytes);
        ulong key = Key(tensor.Name);
        switch (values(tensor))
        {
            case NormalValues normal when tensor.DType is DType.F32:
                FillNormal(key, normal, destination);
                break;

            case ZeroValues when tensor.DType is DType.F32:
                destination.Clear();
                break;

            case GivenValues given when tensor.DType is DType.F32 && given.Elements.Count == tensor.Shape.Elements:
                Span<float> floats = MemoryMarshal.Cast<byte, float>(destination);
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = given.Elements[i];
                }

                break;

            case IndexValues index when tensor.DType is DType.I64:
                FillIndices(key, index.Limit, destination);
                break;

            case RowMaskValues when tensor.DType is DType.I64:
                FillRowMask(key, tensor.Shape.Last, destination);
                break;

            case var other:
                throw new ArgumentException($"{tensor} cannot hold {other}");
        }
    }

    private static unsafe void FillNormal(ulong key, NormalValues normal, Span<byte> destination)
    {
        float mean = normal.Mean;
        float scale = (float)(normal.Deviation / s_quarterSumDeviation);
        int elements = destination.Length / sizeof(float);
        int chunks = (elements + ChunkElements - 1) / ChunkElements;
        fixed (byte* start = destination)
        {
            nint first = (nint)start; // a fixed local cannot be captured; the pin holds until all chunks are done
            if (chunks == 1)
            {
                Chunk(0);
            }
            else
            {
                Parallel.For(0, chunks, Chunk);
            }

            void Chunk(int chunk) => FillNormal(
                key, chunk * ChunkElements, Math.Min(elements, (chunk + 1) * ChunkElements), (float*)first, mean, scale);
        }
    }

    private static unsafe void FillNormal(ulong key, int begin, int end, float* destination, float mean, float scale)
    {
        unchecked
        {
            ulong state = key + (ulong)begin * GoldenGamma;
            for (int i = begin; i < end; i++)
            {
                state += GoldenGamma;
                ulong bits = Mix(state);
                int sum = (int)((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48));
                destination[i] = mean + scale * (sum - QuarterSumMean);
            }
        }
    }

    private static void FillIndices(ulong key, long limit, Span<byte> destination)
    {
        Span<long> indices = MemoryMarshal.Cast<byte, long>(destination);
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = Below(Bits(key, i), limit);
        }
    }

    /// <summary>Row r is cut by a number of zeros that the r-th bits choose, at most half of it.</summary>
    private static void FillRowMask(ulong key, long rowElements, Span<byte> destination)
    {
        Span<long> mask = MemoryMarshal.Cast<byte, long>(destination);
        int columns = (int)rowElements;
        for (int row = 0; row < mask.Length / columns; row++)
        {
            int ones = columns - (int)Below(Bits(key, row), columns / 2 + 1);
            mask.Slice(row * columns, ones).Fill(1);
            mask.Slice(row * columns + ones, columns - ones).Clear();
        }
    }

    /// <summary>Bits as a fraction of 2^64, times the limit.</summary>
    private static long Below(ulong bits, long limit) => (long)Math.BigMul(bits, (ulong)limit, out _);

    private static ulong Bits(ulong key, int element) => unchecked(Mix(key + ((ulong)element + 1) * GoldenGamma));

    private ulong Key(string name) => Mix(Fnv1a(name) ^ Mix(seed));

    private static ulong Fnv1a(string name)
    {
        unchecked
        {
            ulong hash = 0xCBF2_9CE4_8422_2325;
            foreach (byte octet in Encoding.UTF8.GetBytes(name))
            {
                hash = (hash ^ octet) * 0x0000_0100_0000_01B3;
            }

            return hash;
        }
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return z ^ (z >> 31);
        }
    }
}
