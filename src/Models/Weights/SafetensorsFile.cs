using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Harness.Kernels;
using Microsoft.Win32.SafeHandles;

namespace Harness.Models.Weights;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="DType">in the format's words: <c>F32</c>, <c>I64</c>, <c>BF16</c>, ...</param>
/// <param name="BeginByte">from the start of the data</param>
public sealed record SafetensorsEntry(string Name, string DType, ImmutableArray<long> Shape, long BeginByte, long Bytes)
{
    public long EndByte => BeginByte + Bytes;

    public override string ToString() => $"{DType}[{string.Join(',', Shape)}]";
}

/// <summary>
/// A safetensors file opened for reading: 8 bytes of little-endian header length, a JSON header, the data. Opening reads and judges the header;
/// tensors are read when asked for. Every flaw is a <see cref="CallerException"/> of one line that names the file.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    /// <summary>The format's own limit.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    private readonly SafeFileHandle _file;
    private readonly long _dataStart;

    private SafetensorsFile(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        long fileBytes = RandomAccess.GetLength(file);
        byte[] header = ReadHeader(fileBytes);
        _dataStart = LengthBytes + header.Length;
        ImmutableArray<SafetensorsEntry> entries = SafetensorsHeader.Parse(path, header, fileBytes - _dataStart);
        Entries = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>By name. Together they cover the data exactly: none overlaps another, and there is no gap.</summary>
    public FrozenDictionary<string, SafetensorsEntry> Entries { get; }

    /// <exception cref="CallerException">no such file, or not a sound safetensors file</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            return new SafetensorsFile(path, file);
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                throw CannotRead(path, e);
            }

            throw;
        }
    }

    /// <summary>Copies bytes of an entry, from <paramref name="firstByte"/> of it on, until <paramref name="destination"/> is full.</summary>
    /// <exception cref="CallerException">the file cannot be read or has become shorter since it was opened</exception>
    public void Read(SafetensorsEntry entry, long firstByte, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstByte);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, entry.Bytes - firstByte);
        try
        {
            ReadExactly(_dataStart + entry.BeginByte + firstByte, destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(Path, e);
        }
    }

    public void Dispose() => _file.Dispose();

    private byte[] ReadHeader(long fileBytes)
    {
        if (fileBytes < LengthBytes)
        {
            throw new CallerException($"'{Path}' is truncated: {fileBytes} bytes, a safetensors file starts with {LengthBytes} bytes of header length");
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        ReadExactly(0, length);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > MaxHeaderBytes)
        {
            throw new CallerException($"'{Path}' is not a safetensors file: its header would have {headerBytes} bytes, at most {MaxHeaderBytes} are allowed");
        }

        if ((long)headerBytes > fileBytes - LengthBytes)
        {
            throw new CallerException($"'{Path}' is truncated: its header has {headerBytes} bytes, but only {fileBytes - LengthBytes} follow");
        }

        var header = new byte[headerBytes];
        ReadExactly(LengthBytes, header);
        return header;
    }

    private void ReadExactly(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(_file, destination, offset);
            if (read == 0)
            {
                throw new CallerException($"'{Path}' ends at byte {offset}: it has become shorter while it was read");
            }

            destination = destination[read..];
            offset += read;
        }
    }

    private static CallerException CannotRead(string path, Exception e) => new($"cannot read '{path}': {e.Message.ReplaceLineEndings(" ")}", e);
}
