using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Bits, shifts and logic.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeBits()
    {
        PtxType type = TypeFromEnd();
        switch (_at.Opcode)
        {
            case "popc":
                ToU32(BySize(type, null, &Map.Scalar1<PopulationCount<uint>, uint, uint>, &Map.Scalar1<PopulationCount<ulong>, ulong, uint>), type);
                break;
            case "clz":
                ToU32(BySize(type, null, &Map.Scalar1<CountLeadingZeros<uint>, uint, uint>, &Map.Scalar1<CountLeadingZeros<ulong>, ulong, uint>), type);
                break;
            case "bfind":
                ToU32(Has("shiftamt") ? BitFind<High>(type) : BitFind<Low>(type), type);
                break;
            case "fns":
                Emit(&Map.Scalar3<FindNthSet, uint, uint, int, uint>, Destination(0, type), Source(1, type), Source(2, type), Source(3, PtxType.S32));
                break;
            case "brev":
                Unary(BySize(type, null, &Map.Scalar1<BitReverse<uint>, uint, uint>, &Map.Scalar1<BitReverse<ulong>, ulong, ulong>), type);
                break;
            case "bfe":
                Emit(BySign(type, null, null,
                    &Map.Scalar3<BitFieldExtract<uint>, uint, uint, uint, uint>, &Map.Scalar3<BitFieldExtract<int>, int, uint, uint, int>,
                    &Map.Scalar3<BitFieldExtract<ulong>, ulong, uint, uint, ulong>, &Map.Scalar3<BitFieldExtract<long>, long, uint, uint, long>),
                    Destination(0, type), Source(1, type), Source(2, PtxType.U32), Source(3, PtxType.U32));
                break;
            case "bfi":
                Instruction insert = New(
                    BySize(type, null, &FourOperands.Insert<uint>, &FourOperands.Insert<ulong>),
                    Destination(0, type), Source(1, type), Source(2, type), Source(3, PtxType.U32));
                insert.Elements[0] = Source(4, PtxType.U32);
                Emit(insert);
                break;
            case "bmsk":
                Binary(Has("wrap") ? &Map.Scalar2<BitMask<Wrap>, uint, uint, uint> : &Map.Scalar2<BitMask<Clamp>, uint, uint, uint>, PtxType.U32);
                break;
            case "szext":
                Emit((type, Has("wrap")) switch
                {
                    (PtxType.U32, true) => &Map.Scalar2<ExtendFrom<uint, Wrap>, uint, uint, uint>,
                    (PtxType.U32, false) => &Map.Scalar2<ExtendFrom<uint, Clamp>, uint, uint, uint>,
                    (_, true) => &Map.Scalar2<ExtendFrom<int, Wrap>, int, uint, int>,
                    (_, false) => (Handler)(&Map.Scalar2<ExtendFrom<int, Clamp>, int, uint, int>),
                }, Destination(0, type), Source(1, type), Source(2, PtxType.U32));
                break;
            case "shl" or "shr":
                DecodeShift(type);
                break;
            case "shf":
                Emit((Has("l"), Has("wrap")) switch
                {
                    (true, true) => &Map.Scalar3<FunnelLeft<Wrap>, uint, uint, uint, uint>,
                    (true, false) => &Map.Scalar3<FunnelLeft<Clamp>, uint, uint, uint, uint>,
                    (false, true) => &Map.Scalar3<FunnelRight<Wrap>, uint, uint, uint, uint>,
                    (false, false) => (Handler)(&Map.Scalar3<FunnelRight<Clamp>, uint, uint, uint, uint>),
                }, Destination(0, type), Source(1, type), Source(2, type), Source(3, PtxType.U32));
                break;
            case "lop3":
                long table = Operand(4) is PtxImmediateOperand immediate ? (long)immediate.Bits : throw Wrong("the table is a constant");
                Emit(&FourOperands.Lop3, Destination(0, type), Source(1, type), Source(2, type), Source(3, type), table);
                break;
            case "prmt":
                int mode = Array.FindIndex(["f4e", "b4e", "rc8", "ecl", "ecr", "rc16"], Has) + 1;
                Emit(&FourOperands.Prmt, Destination(0, type), Source(1, type), Source(2, type), Source(3, type), mode: mode);
                break;
            default:
                throw Unknown();
        }
    }

    private void ToU32(Handler handler, PtxType type) => Emit(handler, Destination(0, PtxType.U32), Source(1, type));

    private Handler BitFind<TMode>(PtxType type) => BySign(type, null, null,
        &Map.Scalar1<BitFind<uint, TMode>, uint, uint>, &Map.Scalar1<BitFind<int, TMode>, int, uint>,
        &Map.Scalar1<BitFind<ulong, TMode>, ulong, uint>, &Map.Scalar1<BitFind<long, TMode>, long, uint>);

    private void DecodeShift(PtxType type)
    {
        bool left = _at.Opcode == "shl";
        int width = type.SizeBytes() * 8;
        if (Operand(2) is PtxImmediateOperand { Kind: PtxImmediateKind.Integer } count && (uint)count.BitsAs(PtxType.U32) < (uint)width && width >= 32)
        {
            Handler uniform = left
                ? BySize(type, null, &UniformShifts.Left<uint>, &UniformShifts.Left<ulong>)
                : BySign(type, null, null, &UniformShifts.Right<uint>, &UniformShifts.Right<int>, &UniformShifts.Right<ulong>, &UniformShifts.Right<long>);
            Emit(uniform, Destination(0, type), Source(1, type), immediate: (long)count.BitsAs(PtxType.U32));
            return;
        }

        Handler handler = left
            ? BySize(type, &Map.Scalar2<ShiftLeft<ushort>, ushort, uint, ushort>, &Map.Scalar2<ShiftLeft<uint>, uint, uint, uint>, &Map.Scalar2<ShiftLeft<ulong>, ulong, uint, ulong>)
            : BySign(type,
                &Map.Scalar2<ShiftRight<ushort>, ushort, uint, ushort>, &Map.Scalar2<ShiftRight<short>, short, uint, short>,
                &Map.Scalar2<ShiftRight<uint>, uint, uint, uint>, &Map.Scalar2<ShiftRight<int>, int, uint, int>,
                &Map.Scalar2<ShiftRight<ulong>, ulong, uint, ulong>, &Map.Scalar2<ShiftRight<long>, long, uint, long>);
        Emit(handler, Destination(0, type), Source(1, type), Source(2, PtxType.U32));
    }

    /// <summary>On 16 bits the upper half of the slot is computed along: nobody looks at it.</summary>
    private void DecodeLogic(PtxType type)
    {
        if (type == PtxType.Pred)
        {
            (int a, bool negatedA) = Predicate(1);
            (int b, bool negatedB) = _at.Opcode == "not" ? (a, false) : Predicate(2);
            long negated = (negatedA ^ (_at.Opcode == "not") ? 1 : 0) | (negatedB ? 2 : 0);
            Handler onPredicates = _at.Opcode switch
            {
                "and" => &PredicateHandlers.And,
                "or" => &PredicateHandlers.Or,
                "xor" => &PredicateHandlers.Xor,
                _ => (Handler)(&PredicateHandlers.Move),
            };
            Emit(onPredicates, Destination(0, type), a, b, immediate: negated);
            return;
        }

        switch (_at.Opcode)
        {
            case "and":
                Binary(BySize(type, &Map.Binary<And<uint>, uint>, &Map.Binary<And<uint>, uint>, &Map.Binary<And<ulong>, ulong>), type);
                break;
            case "or":
                Binary(BySize(type, &Map.Binary<Or<uint>, uint>, &Map.Binary<Or<uint>, uint>, &Map.Binary<Or<ulong>, ulong>), type);
                break;
            case "xor":
                Binary(BySize(type, &Map.Binary<Xor<uint>, uint>, &Map.Binary<Xor<uint>, uint>, &Map.Binary<Xor<ulong>, ulong>), type);
                break;
            case "not":
                Unary(BySize(type, &Map.Unary<Not<uint>, uint>, &Map.Unary<Not<uint>, uint>, &Map.Unary<Not<ulong>, ulong>), type);
                break;
            default:
                Unary(BySize(type, &Map.Scalar1<LogicalNot<ushort>, ushort, ushort>, &Map.Scalar1<LogicalNot<uint>, uint, uint>, &Map.Scalar1<LogicalNot<ulong>, ulong, ulong>), type);
                break;
        }
    }
}
