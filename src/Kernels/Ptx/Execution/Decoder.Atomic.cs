using System.Numerics;
using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary><c>atom</c> and <c>red</c>.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeAtomic(PtxType type)
    {
        bool returns = _at.Opcode == "atom";
        int first = returns ? 1 : 0;
        Place place = Resolve((PtxAddressOperand)Operand(first), ExplicitSpace() ?? PtxStateSpace.Generic);
        NoteShared(place.Space, type);
        _hasSharedAtomics |= place.Space == PtxStateSpace.Shared || (place.Space == PtxStateSpace.Generic && _shared.Count > 0);
        int d = !returns || Operand(0) is PtxRegisterOperand { Name: "_" } ? -1 : Destination(0, type);
        int b = Source(first + 1, type);
        Instruction atomic = New(
            AtomicOn(place, type), d, place.Base, b, place.Space == PtxStateSpace.Generic ? _registers.Allocate(8) : -1, place.Offset);
        atomic.Elements[0] = _at.Operands.Length > first + 2 ? Source(first + 2, type) : b;
        atomic.CacheSlot = _cacheSlots++;
        Emit(atomic);
    }

    private Handler AtomicOn(Place place, PtxType type)
    {
        string operation = Array.Find(["add", "inc", "dec", "min", "max", "and", "or", "xor", "exch", "cas"], Has) ?? throw Unknown();
        return (operation, type) switch
        {
            ("inc", _) => On<uint, AtomicIncrement>(place),
            ("dec", _) => On<uint, AtomicDecrement>(place),
            ("cas", PtxType.B16) => On<ushort, AtomicCompareAndSwap<ushort>>(place),
            ("add", PtxType.F32) => On<uint, AtomicOf<AsBits<SingleAdd, float, uint>, uint>>(place),
            ("add", PtxType.F64) => On<ulong, AtomicOf<AsBits<DoubleAdd, double, ulong>, ulong>>(place),
            ("add", PtxType.F16) => On<ushort, AtomicHalf<HalfAdd, Binary16>>(place),
            ("add", PtxType.F16X2) => On<uint, AtomicHalfPair<HalfAdd, Binary16>>(place),
            ("min", PtxType.S32) => On<uint, AtomicOf<AsBits<Minimum1<int>, int, uint>, uint>>(place),
            ("max", PtxType.S32) => On<uint, AtomicOf<AsBits<Maximum1<int>, int, uint>, uint>>(place),
            ("min", PtxType.S64) => On<ulong, AtomicOf<AsBits<Minimum1<long>, long, ulong>, ulong>>(place),
            ("max", PtxType.S64) => On<ulong, AtomicOf<AsBits<Maximum1<long>, long, ulong>, ulong>>(place),
            _ => type.SizeBytes() == 8 ? Plain<ulong>(operation, place) : Plain<uint>(operation, place),
        };
    }

    private Handler Plain<T>(string operation, Place place)
        where T : unmanaged, IBinaryInteger<T> => operation switch
        {
            "add" => On<T, AtomicOf<Add1<T>, T>>(place),
            "min" => On<T, AtomicOf<Minimum1<T>, T>>(place),
            "max" => On<T, AtomicOf<Maximum1<T>, T>>(place),
            "and" => On<T, AtomicOf<And1<T>, T>>(place),
            "or" => On<T, AtomicOf<Or1<T>, T>>(place),
            "xor" => On<T, AtomicOf<Xor1<T>, T>>(place),
            "exch" => On<T, AtomicExchange<T>>(place),
            "cas" => On<T, AtomicCompareAndSwap<T>>(place),
            _ => throw Unknown(),
        };

    private Handler On<T, TOp>(Place place)
        where T : unmanaged, IEquatable<T>
        where TOp : IAtomic<T> => place.Space switch
        {
            PtxStateSpace.Global => &Atomics<T, TOp>.Global,
            PtxStateSpace.Shared => place.IsWide ? &Atomics<T, TOp>.SharedAt<ulong> : &Atomics<T, TOp>.SharedAt<uint>,
            PtxStateSpace.Generic => &GenericHandlers.Access<Atomics<T, TOp>>,
            _ => throw Wrong("atomics work on global and shared memory"),
        };
}
