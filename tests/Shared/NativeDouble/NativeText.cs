using System.Runtime.InteropServices;
using System.Text;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Null-terminated text as the libraries give it: theirs for ever, the same address each time.</summary>
internal sealed unsafe class NativeText : IDisposable
{
    private readonly Dictionary<string, nint> _texts = new(StringComparer.Ordinal);

    public static string Read(byte* text) => text == null ? "null" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>As much of it as fits, and the zero.</summary>
    public static void Write(string text, byte* destination, int length)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int written = Math.Min(bytes.Length, length - 1);
        bytes.AsSpan(0, written).CopyTo(new Span<byte>(destination, written));
        destination[written] = 0;
    }

    public byte* Of(string text)
    {
        if (!_texts.TryGetValue(text, out nint address))
        {
            int length = Encoding.UTF8.GetByteCount(text) + 1;
            address = (nint)NativeMemory.Alloc((nuint)length);
            Write(text, (byte*)address, length);
            _texts.Add(text, address);
        }

        return (byte*)address;
    }

    public void Dispose()
    {
        foreach (nint text in _texts.Values)
        {
            NativeMemory.Free((void*)text);
        }

        _texts.Clear();
    }
}
