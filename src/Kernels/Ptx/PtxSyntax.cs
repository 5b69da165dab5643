using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

// The syntax tree of a PTX file, as the parser leaves it: names unresolved, opcodes unverified, every node with its line.

/// <summary>A fundamental type of the PTX ISA (section "Types").</summary>
public enum PtxType
{
    B8, B16, B32, B64, B128,
    U8, U16, U32, U64,
    S8, S16, S32, S64,
    F16, F16X2, BF16, BF16X2, F32, F64,
    Pred,
}

public enum PtxStateSpace
{
    Generic,
    Reg,
    Param,
    Global,
    Shared,
    Local,
    Const,
}

/// <summary>One PTX file.</summary>
/// <param name="SourceName">file name, for messages</param>
/// <param name="Target">such as <c>sm_75</c></param>
public sealed record PtxModule(
    string SourceName, string Version, string Target, int AddressSize,
    ImmutableArray<PtxVariable> Variables, ImmutableArray<PtxFunction> Functions)
{
    /// <summary>Functions that are declared and nowhere defined (<c>vprintf</c>): a call cannot be executed.</summary>
    public ImmutableArray<string> ExternFunctions { get; init; } = [];

    /// <summary>First line of a declaration without a body, by function: a function may be called below its declaration or its definition.</summary>
    public FrozenDictionary<string, int> DeclaredLines { get; init; } = FrozenDictionary<string, int>.Empty;
}

/// <summary>A declared variable or parameter: <c>.shared .align 16 .b8 tile[4096]</c>.</summary>
/// <param name="Elements">array length, 1 for a scalar, 0 for an unsized array (<c>.extern .shared</c>)</param>
/// <param name="Initializer">little-endian bytes, empty where there is none</param>
public sealed record PtxVariable(
    int Line, string Name, PtxStateSpace Space, PtxType Type, long Elements, int Alignment, bool IsExtern,
    ImmutableArray<byte> Initializer)
{
    public long Bytes => Elements * Type.SizeBytes();
}

/// <summary>An <c>.entry</c> or a <c>.func</c>.</summary>
/// <param name="Registers">declared registers, <c>%r&lt;5&gt;</c> expanded to <c>%r0</c> ... <c>%r4</c></param>
/// <param name="Variables">shared and local variables and the <c>.param</c> variables of calls, declared in the body</param>
/// <param name="Labels">label to index in <paramref name="Instructions"/> (may equal its length)</param>
/// <param name="MaxThreads">product of <c>.maxntid</c> or <c>.reqntid</c>, null where not given</param>
public sealed record PtxFunction(
    int Line, string Name, bool IsEntry, ImmutableArray<PtxVariable> Parameters, ImmutableArray<PtxVariable> Results,
    ImmutableDictionary<string, PtxType> Registers, ImmutableArray<PtxVariable> Variables,
    ImmutableArray<PtxInstruction> Instructions, ImmutableDictionary<string, int> Labels, long? MaxThreads);

/// <summary><c>@p</c> or <c>@!p</c>.</summary>
public readonly record struct PtxGuard(string Register, bool Negated);

/// <summary>An instruction: <c>@p ld.global.v4.f32 {%f1,%f2,%f3,%f4}, [%rd1+16];</c> has opcode <c>ld</c>, modifiers <c>global v4 f32</c>, two operands.</summary>
public sealed record PtxInstruction(
    int Line, PtxGuard? Guard, string Opcode, ImmutableArray<string> Modifiers, ImmutableArray<PtxOperand> Operands)
{
    public string FullName => Modifiers.IsEmpty ? Opcode : $"{Opcode}.{string.Join('.', Modifiers)}";
}

public abstract record PtxOperand;

/// <summary>A register, special registers included (<c>%tid.x</c>). With <see cref="Negated"/>, <c>!%p1</c>. <c>_</c> is the sink.</summary>
public sealed record PtxRegisterOperand(string Name, bool Negated = false) : PtxOperand;

/// <summary>A constant. Bits of a 64-bit integer, of an f32 (<c>0f3F800000</c>) or of an f64 (<c>0d...</c> and decimal floats).</summary>
public sealed record PtxImmediateOperand(ulong Bits, PtxImmediateKind Kind) : PtxOperand;

public enum PtxImmediateKind
{
    Integer,
    F32,
    F64,
}

/// <summary><c>[base+offset]</c>: the base is a register, a variable or a parameter; empty for an absolute address.</summary>
public sealed record PtxAddressOperand(string Base, long Offset) : PtxOperand;

/// <summary><c>{a, b, c, d}</c>; also a call's results and arguments, <c>(a, b)</c>, and the labels of <c>brx.idx</c>.</summary>
public sealed record PtxVectorOperand(ImmutableArray<PtxOperand> Elements) : PtxOperand;

/// <summary>A label, a variable's address (with offset) or a function's name.</summary>
public sealed record PtxSymbolOperand(string Name, long Offset = 0) : PtxOperand;

/// <summary>A pair of destinations: <c>%r1|%p1</c>.</summary>
public sealed record PtxPairOperand(PtxOperand First, PtxOperand Second) : PtxOperand;

public static class PtxTypes
{
    /// <summary>Bytes of one value in memory; a predicate has none.</summary>
    public static int SizeBytes(this PtxType type) => type switch
    {
        PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B32 or PtxType.U32 or PtxType.S32 or PtxType.F32 or PtxType.F16X2 or PtxType.BF16X2 => 4,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        PtxType.B128 => 16,
        PtxType.Pred => throw new ArgumentException("a predicate has no size in memory", nameof(type)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
