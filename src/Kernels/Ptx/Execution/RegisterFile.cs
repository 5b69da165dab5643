namespace Harness.Kernels.Ptx.Execution;

/// <summary>A value that fills a register before the kernel runs.</summary>
internal readonly record struct ConstantSlot(int Offset, int ElementBytes, ulong Bits);

/// <summary>A register that holds a special register's value (<c>%tid.x</c>).</summary>
internal readonly record struct SpecialSlot(int Offset, string Name);

/// <summary>Lays out the register file: a slot for every register, constant and special register that the kernel uses.</summary>
internal sealed class RegisterFile
{
    private const int Alignment = 64;
    private readonly Dictionary<(ulong Bits, int ElementBytes), int> _constants = [];
    private readonly Dictionary<string, int> _specials = new(StringComparer.Ordinal);

    public List<ConstantSlot> Constants { get; } = [];

    public List<SpecialSlot> Specials { get; } = [];

    public int Bytes { get; private set; }

    /// <summary>4 or 8 bytes a lane; 0 a predicate.</summary>
    public int Allocate(int elementBytes)
    {
        int offset = Bytes;
        Bytes += elementBytes == 0 ? Alignment : elementBytes * Warp.Lanes;
        return offset;
    }

    public int Constant(ulong bits, int elementBytes)
    {
        if (!_constants.TryGetValue((bits, elementBytes), out int offset))
        {
            offset = Allocate(elementBytes);
            _constants.Add((bits, elementBytes), offset);
            Constants.Add(new ConstantSlot(offset, elementBytes, bits));
        }

        return offset;
    }

    public int Special(string name, int elementBytes)
    {
        if (!_specials.TryGetValue(name, out int offset))
        {
            offset = Allocate(elementBytes);
            _specials.Add(name, offset);
            Specials.Add(new SpecialSlot(offset, name));
        }

        return offset;
    }
}
