using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels;
using Harness.Models.Weights;

namespace Harness.Comparison;

/// <summary>Reads a tensor's elements as f64, part by part. Exact for every type here but for integers beyond 2^53.</summary>
internal sealed class TensorElements
{
    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry _entry;
    private readonly int _elementBytes;
    private byte[] _bytes = [];

    /// <exception cref="CallerException">a type that is not read; names the tensor and the types that are</exception>
    public TensorElements(SafetensorsFile file, SafetensorsEntry entry)
    {
        _file = file;
        _entry = entry;
        _elementBytes = entry.DType switch
        {
            "F64" or "I64" => 8,
            "F32" or "I32" => 4,
            "F16" or "BF16" => 2,
            _ => throw new CallerException(
                $"'{file.Path}': tensor '{entry.Name}' is {entry.DType}; compare reads {string.Join(", ", DTypes)}"),
        };
    }

    public static ImmutableArray<string> DTypes { get; } = ["F64", "F32", "F16", "BF16", "I64", "I32"];

    public long Count => _entry.Bytes / _elementBytes;

    /// <summary>Fills <paramref name="values"/> with the elements from <paramref name="first"/> on.</summary>
    public void Read(long first, Span<double> values)
    {
        int byteCount = values.Length * _elementBytes;
        if (_bytes.Length < byteCount)
        {
            _bytes = new byte[byteCount];
        }

        Span<byte> bytes = _bytes.AsSpan(0, byteCount);
        _file.Read(_entry, first * _elementBytes, bytes);
        switch (_entry.DType)
        {
            case "F64":
                MemoryMarshal.Cast<byte, double>(bytes).CopyTo(values);
                break;
            case "F32":
                Convert(MemoryMarshal.Cast<byte, float>(bytes), values, value => value);
                break;
            case "F16":
                Convert(MemoryMarshal.Cast<byte, Half>(bytes), values, value => (double)value);
                break;
            case "BF16":
                // The upper half of an f32.
                Convert(MemoryMarshal.Cast<byte, ushort>(bytes), values, value => BitConverter.UInt32BitsToSingle((uint)value << 16));
                break;
            case "I64":
                Convert(MemoryMarshal.Cast<byte, long>(bytes), values, value => value);
                break;
            default:
                Convert(MemoryMarshal.Cast<byte, int>(bytes), values, value => value);
                break;
        }
    }

    private static void Convert<T>(ReadOnlySpan<T> source, Span<double> values, Func<T, double> convert)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = convert(source[i]);
        }
    }
}
