using System.Collections.Immutable;
using System.Text.Json;
using Harness.Kernels;

namespace Harness.Models.Weights;

/// <summary>
/// Reads the header: one JSON object, an entry a tensor, <c>"name": { "dtype": "F32", "shape": [2,3], "data_offsets": [0,24] }</c>, offsets from
/// the start of the data; <c>__metadata__</c> is skipped. Written against the format's description, token by token, because a document
/// model would hide duplicate keys.
/// </summary>
internal static class SafetensorsHeader
{
    /// <returns>the entries in order of their place in the data, which they cover exactly</returns>
    /// <exception cref="CallerException">one line: what is wrong, and in which tensor</exception>
    public static ImmutableArray<SafetensorsEntry> Parse(string path, ReadOnlySpan<byte> header, long dataBytes)
    {
        try
        {
            return CheckPlaces(ParseEntries(header), dataBytes);
        }
        catch (JsonException e)
        {
            throw new CallerException($"'{path}': the header is not JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new CallerException($"'{path}': the header is not JSON in UTF-8: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (FlawException e)
        {
            throw new CallerException($"'{path}': {e.Message}", e);
        }
    }

    private sealed class FlawException(string message) : Exception(message);

    private static Dictionary<string, SafetensorsEntry> ParseEntries(ReadOnlySpan<byte> header)
    {
        var reader = new Utf8JsonReader(header);
        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        bool metadata = false;
        Require(reader.Read() && reader.TokenType is JsonTokenType.StartObject, "the header is not a JSON object");
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            string name = ReadWord(ref reader);
            reader.Read();
            Require(reader.TokenType is JsonTokenType.StartObject, $"entry '{name}' is not a JSON object");
            if (name == "__metadata__")
            {
                Require(!metadata, "two entries are named '__metadata__'");
                metadata = true;
                reader.Skip();
                continue;
            }

            Require(entries.TryAdd(name, ParseEntry(name, ref reader)), $"two tensors are named '{name}'");
        }

        Require(!reader.Read(), "something follows the header's JSON object");
        return entries;
    }

    private static SafetensorsEntry ParseEntry(string name, ref Utf8JsonReader reader)
    {
        string? dtype = null;
        ImmutableArray<long>? shape = null;
        ImmutableArray<long>? offsets = null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            string key = ReadWord(ref reader);
            reader.Read();
            switch (key)
            {
                case "dtype":
                    Require(dtype is null && reader.TokenType is JsonTokenType.String, $"tensor '{name}' must have one dtype, a string");
                    dtype = ReadWord(ref reader);
                    break;
                case "shape":
                    Require(shape is null, $"tensor '{name}' has two shapes");
                    shape = ParseCounts(name, key, ref reader);
                    break;
                case "data_offsets":
                    Require(offsets is null, $"tensor '{name}' has data_offsets twice");
                    offsets = ParseCounts(name, key, ref reader);
                    break;
                default:
                    throw new FlawException($"tensor '{name}' has the unknown key '{key}', known are dtype, shape and data_offsets");
            }
        }

        if (dtype is null || shape is null || offsets is not { Length: 2 } ends)
        {
            throw new FlawException($"tensor '{name}' must have a dtype, a shape and two data_offsets");
        }

        Require(ends[0] <= ends[1], $"tensor '{name}' ends before it begins: data_offsets [{ends[0]},{ends[1]}]");
        var entry = new SafetensorsEntry(name, dtype, shape.Value, ends[0], ends[1] - ends[0]);
        CheckSize(entry);
        return entry;
    }

    /// <summary>A name or key. Names end up in messages and reports, which have one line each.</summary>
    private static string ReadWord(ref Utf8JsonReader reader)
    {
        string word = reader.GetString()!;
        Require(!word.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029'), "a name in the header has control characters");
        return word;
    }

    private static ImmutableArray<long> ParseCounts(string name, string key, ref Utf8JsonReader reader)
    {
        string mustBe = $"tensor '{name}': {key} must be a list of whole numbers from 0 to {long.MaxValue}";
        Require(reader.TokenType is JsonTokenType.StartArray, mustBe);
        var counts = ImmutableArray.CreateBuilder<long>();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            Require(reader.TokenType is JsonTokenType.Number && reader.TryGetInt64(out long count) && count >= 0 && Add(counts, count), mustBe);
        }

        return counts.ToImmutable();

        static bool Add(ImmutableArray<long>.Builder counts, long count)
        {
            counts.Add(count);
            return true;
        }
    }

    private static void CheckSize(SafetensorsEntry entry)
    {
        if (ElementBytes(entry.DType) is not int elementBytes)
        {
            return; // a type of later versions of the format: of no concern unless the tensor is asked for
        }

        UInt128 bytes = (UInt128)elementBytes;
        foreach (long dimension in entry.Shape)
        {
            bytes *= (UInt128)dimension;
            Require(bytes <= long.MaxValue, $"tensor '{entry.Name}' {entry} has more bytes than 64 bits can count");
        }

        Require(bytes == (UInt128)entry.Bytes, $"tensor '{entry.Name}' {entry} needs {bytes} bytes, but its data_offsets span {entry.Bytes}");
    }

    private static ImmutableArray<SafetensorsEntry> CheckPlaces(Dictionary<string, SafetensorsEntry> entries, long dataBytes)
    {
        ImmutableArray<SafetensorsEntry> placed = [.. entries.Values.OrderBy(entry => entry.BeginByte).ThenBy(entry => entry.EndByte)];
        long end = 0;
        string before = "";
        foreach (SafetensorsEntry entry in placed)
        {
            Require(
                entry.EndByte <= dataBytes,
                $"tensor '{entry.Name}' ends at byte {entry.EndByte}, but there are only {dataBytes} bytes of data (is the file truncated?)");
            Require(entry.BeginByte >= end, $"tensors '{before}' and '{entry.Name}' overlap");
            Require(entry.BeginByte == end, $"bytes {end} to {entry.BeginByte} belong to no tensor");
            end = entry.EndByte;
            before = entry.Name;
        }

        Require(end == dataBytes, $"bytes {end} to {dataBytes} belong to no tensor");
        return placed;
    }

    private static int? ElementBytes(string dtype) => dtype switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" or "C64" => 8,
        _ => null,
    };

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FlawException(otherwise);
        }
    }
}
