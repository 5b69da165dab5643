using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Ptx;

namespace Harness.CommandLine;

/// <summary>One <c>--arg</c> of <c>ptx run</c>.</summary>
internal abstract record PtxArgument(string Text)
{
    private static readonly string[] s_kinds = ["u32", "s32", "u64", "f32", "in", "out", "inout", "zeros"];

    private const string Allowed = "u32:N, s32:N, u64:N, f32:X, in:FILE, out:FILE:BYTES, inout:FILE or zeros:BYTES";

    /// <summary>Bytes of the parameter that it fills.</summary>
    public abstract int SizeBytes { get; }

    /// <exception cref="CallerException">not of one of the forms, or a number that does not fit</exception>
    public static PtxArgument Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? text : text[..colon];
        string value = colon < 0 ? "" : text[(colon + 1)..];
        return kind switch
        {
            "u32" => new PtxScalar(text, Number<uint>(text, value), 4),
            "s32" => new PtxScalar(text, unchecked((uint)Number<int>(text, value)), 4),
            "u64" => new PtxScalar(text, Number<ulong>(text, value), 8),
            "f32" => new PtxScalar(text, BitConverter.SingleToUInt32Bits(Number<float>(text, value)), 4),
            "in" => PtxBuffer.FromFile(text, value, target: null),
            "inout" => PtxBuffer.FromFile(text, value, target: value),
            "zeros" => PtxBuffer.Zeros(text, BufferBytes(text, value)),
            "out" => Out(text, value),
            _ => throw new CallerException($"--arg '{text}': unknown kind '{kind}'{NearestWord.Hint(kind, s_kinds)}; allowed: {Allowed}"),
        };
    }

    private static PtxBuffer Out(string text, string value)
    {
        int colon = value.LastIndexOf(':');
        if (colon < 1)
        {
            throw new CallerException($"--arg '{text}' must be out:FILE:BYTES");
        }

        string file = value[..colon];
        AtomicFile.RequireWritable("--arg out", file);
        return new PtxBuffer(text, BufferBytes(text, value[(colon + 1)..]), Initial: null, file);
    }

    private static int BufferBytes(string text, string value) => Number<int>(text, value) is var bytes and >= 1
        ? bytes
        : throw new CallerException($"--arg '{text}': a buffer has at least 1 byte");

    private static T Number<T>(string text, string value) where T : IParsable<T> => T.TryParse(value, CultureInfo.InvariantCulture, out T? number)
        ? number
        : throw new CallerException($"--arg '{text}': '{value}' is not a number that fits; allowed: {Allowed}");
}

/// <summary>A number by value.</summary>
internal sealed record PtxScalar(string Text, ulong Bits, int ScalarBytes) : PtxArgument(Text)
{
    public override int SizeBytes => ScalarBytes;
}

/// <summary>A device buffer, passed by its 64-bit address.</summary>
/// <param name="Initial">what it holds at first, null for undefined contents</param>
/// <param name="Target">the file that gets its bytes afterwards, null for none</param>
internal sealed record PtxBuffer(string Text, int Bytes, byte[]? Initial, string? Target) : PtxArgument(Text)
{
    private const int AddressBytes = 8;

    public override int SizeBytes => AddressBytes;

    public static PtxBuffer FromFile(string text, string file, string? target)
    {
        byte[] bytes = InputFile.ReadBytes("--arg", file);
        return bytes.Length > 0
            ? new PtxBuffer(text, bytes.Length, bytes, target)
            : throw new CallerException($"--arg '{text}': the file is empty; a buffer has at least 1 byte");
    }

    public static PtxBuffer Zeros(string text, int bytes) => new(text, bytes, new byte[bytes], Target: null);
}
