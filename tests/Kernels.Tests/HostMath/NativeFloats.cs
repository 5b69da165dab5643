using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

/// <summary>Native floats between two guard bands; <see cref="CheckGuards"/> says whether anything wrote outside.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    // Odd on purpose: addresses are aligned to a float and no more.
    private const int Guard = 61;
    private const uint GuardBits = 0x7FA5A5A5;

    private readonly float* _block;

    public NativeFloats(long count)
    {
        Count = count;
        _block = (float*)NativeMemory.AlignedAlloc((nuint)((count + 2 * Guard) * sizeof(float)), 256);
        new Span<uint>(_block, Guard).Fill(GuardBits);
        new Span<uint>(_block + Guard + count, Guard).Fill(GuardBits);
    }

    public NativeFloats(ReadOnlySpan<float> values) : this(values.Length) => values.CopyTo(Span);

    public long Count { get; }

    public Span<float> Span => new(_block + Guard, checked((int)Count));

    public DevicePointer Pointer => new((ulong)(_block + Guard));

    /// <summary>Uniform in -1 .. 1, never exactly zero for long.</summary>
    public static NativeFloats Random(long count, int seed)
    {
        var random = new Random(seed);
        var floats = new NativeFloats(count);
        foreach (ref float value in floats.Span)
        {
            value = random.NextSingle() * 2 - 1;
        }

        return floats;
    }

    public static NativeFloats Filled(long count, float value)
    {
        var floats = new NativeFloats(count);
        floats.Span.Fill(value);
        return floats;
    }

    public void CheckGuards()
    {
        Assert.True(new ReadOnlySpan<uint>(_block, Guard).IndexOfAnyExcept(GuardBits) < 0, "written before the buffer");
        Assert.True(new ReadOnlySpan<uint>(_block + Guard + Count, Guard).IndexOfAnyExcept(GuardBits) < 0, "written after the buffer");
    }

    public void Dispose() => NativeMemory.AlignedFree(_block);
}
