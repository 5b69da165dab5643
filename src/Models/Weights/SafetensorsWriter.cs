using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Harness.Kernels;
using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>
/// Writes safetensors files. Wide elements come first, then by name, so that every tensor is aligned to its element; the header is padded with
/// spaces to 8 bytes.
/// </summary>
public static class SafetensorsWriter
{
    private const int HeaderAlignmentBytes = 8;

    /// <param name="read">gives each tensor's bytes; called once a tensor, in the file's order</param>
    /// <exception cref="CallerException">the file cannot be written, or a tensor is too large for one buffer; nothing is left behind</exception>
    public static void Write(string path, IEnumerable<TensorSpec> tensors, ReadTensor read)
    {
        TensorSpec[] ordered = [.. tensors.OrderByDescending(tensor => tensor.DType.SizeBytes()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        if (ordered.FirstOrDefault(tensor => tensor.Bytes > Array.MaxLength) is TensorSpec huge)
        {
            throw new CallerException($"cannot write '{path}': {huge} has {huge.Bytes} bytes, at most {Array.MaxLength} can be saved");
        }

        AtomicFile.Write(path, file =>
        {
            WriteHeader(file, ordered);
            var buffer = new byte[ordered.Length == 0 ? 0 : ordered.Max(tensor => tensor.Bytes)];
            foreach (TensorSpec tensor in ordered)
            {
                Span<byte> bytes = buffer.AsSpan(0, (int)tensor.Bytes);
                read(tensor, bytes);
                file.Write(bytes);
            }
        });
    }

    private static void WriteHeader(Stream file, TensorSpec[] ordered)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString("format", "pt"); // Hugging Face's loader insists on it; it means row-major tensors with PyTorch's names
            writer.WriteEndObject();
            long begin = 0;
            foreach (TensorSpec tensor in ordered)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", SafetensorsDType(tensor.DType));
                writer.WriteStartArray("shape");
                foreach (long dimension in tensor.Shape)
                {
                    writer.WriteNumberValue(dimension);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(begin);
                begin += tensor.Bytes;
                writer.WriteNumberValue(begin);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        while (json.WrittenCount % HeaderAlignmentBytes != 0)
        {
            json.Write(" "u8);
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.WrittenCount);
        file.Write(length);
        file.Write(json.WrittenSpan);
    }

    internal static string SafetensorsDType(DType dtype) => dtype switch
    {
        DType.F32 => "F32",
        DType.I64 => "I64",
        DType.U8 => "U8",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
    };
}
