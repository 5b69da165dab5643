using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Integer arithmetic.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeInteger(PtxType type)
    {
        switch (_at.Opcode)
        {
            case "add" when Has("sat"):
                Binary(&Map.Scalar2<AddSaturate, int, int, int>, type);
                break;
            case "sub" when Has("sat"):
                Binary(&Map.Scalar2<SubtractSaturate, int, int, int>, type);
                break;
            case "add":
                Binary(BySize(type, &Map.Scalar2<Add1<ushort>, ushort, ushort, ushort>, &Map.Binary<Add<uint>, uint>, &Map.Binary<Add<ulong>, ulong>), type);
                break;
            case "sub":
                Binary(BySize(type, &Map.Scalar2<Subtract1<ushort>, ushort, ushort, ushort>, &Map.Binary<Subtract<uint>, uint>, &Map.Binary<Subtract<ulong>, ulong>), type);
                break;
            case "mul":
                DecodeMultiply(type);
                break;
            case "mad":
                DecodeMultiplyAdd(type);
                break;
            case "mul24":
                Binary(Multiply24(type), type);
                break;
            case "mad24":
                int product = _registers.Allocate(4);
                Emit(Multiply24(type), product, Source(1, type), Source(2, type));
                Emit(Has("sat") ? &Map.Scalar2<AddSaturate, int, int, int> : &Map.Binary<Add<uint>, uint>, Destination(0, type), product, Source(3, type));
                break;
            case "sad":
                Ternary(BySign(type,
                    &Map.Scalar3<SumOfAbsoluteDifference<ushort>, ushort, ushort, ushort, ushort>, &Map.Scalar3<SumOfAbsoluteDifference<short>, short, short, short, short>,
                    &Map.Scalar3<SumOfAbsoluteDifference<uint>, uint, uint, uint, uint>, &Map.Scalar3<SumOfAbsoluteDifference<int>, int, int, int, int>,
                    &Map.Scalar3<SumOfAbsoluteDifference<ulong>, ulong, ulong, ulong, ulong>, &Map.Scalar3<SumOfAbsoluteDifference<long>, long, long, long, long>), type);
                break;
            case "div":
                Binary(BySign(type,
                    &Map.Scalar2<Divide<ushort>, ushort, ushort, ushort>, &Map.Scalar2<Divide<short>, short, short, short>,
                    &Map.Scalar2<Divide<uint>, uint, uint, uint>, &Map.Scalar2<Divide<int>, int, int, int>,
                    &Map.Scalar2<Divide<ulong>, ulong, ulong, ulong>, &Map.Scalar2<Divide<long>, long, long, long>), type);
                break;
            case "rem":
                Binary(BySign(type,
                    &Map.Scalar2<Remainder<ushort>, ushort, ushort, ushort>, &Map.Scalar2<Remainder<short>, short, short, short>,
                    &Map.Scalar2<Remainder<uint>, uint, uint, uint>, &Map.Scalar2<Remainder<int>, int, int, int>,
                    &Map.Scalar2<Remainder<ulong>, ulong, ulong, ulong>, &Map.Scalar2<Remainder<long>, long, long, long>), type);
                break;
            case "abs":
                Unary(BySize(type, &Map.Scalar1<Absolute1<short>, short, short>, &Map.Unary<Absolute<int>, int>, &Map.Unary<Absolute<long>, long>), type);
                break;
            case "neg":
                Unary(BySize(type, &Map.Scalar1<Negate1<short>, short, short>, &Map.Unary<Negate<int>, int>, &Map.Unary<Negate<long>, long>), type);
                break;
            case "min":
                Binary(BySign(type,
                    &Map.Scalar2<Minimum1<ushort>, ushort, ushort, ushort>, &Map.Scalar2<Minimum1<short>, short, short, short>,
                    &Map.Binary<Minimum<uint>, uint>, &Map.Binary<Minimum<int>, int>, &Map.Binary<Minimum<ulong>, ulong>, &Map.Binary<Minimum<long>, long>), type);
                break;
            case "max":
                Binary(BySign(type,
                    &Map.Scalar2<Maximum1<ushort>, ushort, ushort, ushort>, &Map.Scalar2<Maximum1<short>, short, short, short>,
                    &Map.Binary<Maximum<uint>, uint>, &Map.Binary<Maximum<int>, int>, &Map.Binary<Maximum<ulong>, ulong>, &Map.Binary<Maximum<long>, long>), type);
                break;
            case "dp4a":
                Emit(DotProduct4(TypeFromEnd(1), TypeFromEnd()), Destination(0, PtxType.B32), Source(1, PtxType.B32), Source(2, PtxType.B32), Source(3, PtxType.B32));
                break;
            case "dp2a":
                Emit(DotProduct2(TypeFromEnd(1), TypeFromEnd()), Destination(0, PtxType.B32), Source(1, PtxType.B32), Source(2, PtxType.B32), Source(3, PtxType.B32));
                break;
            default:
                throw Unknown();
        }
    }

    private void DecodeMultiply(PtxType type)
    {
        if (Has("wide"))
        {
            PtxType wide = type.SizeBytes() == 2 ? PtxType.B32 : PtxType.B64;
            Emit(BySign(type, &Map.Scalar2<MultiplyWide<ushort, uint>, ushort, ushort, uint>, &Map.Scalar2<MultiplyWide<short, int>, short, short, int>,
                &WideProducts.MultiplyUnsigned, &WideProducts.MultiplySigned, null, null), Destination(0, wide), Source(1, type), Source(2, type));
        }
        else if (Has("hi"))
        {
            Binary(BySign(type,
                &Map.Scalar2<MultiplyHigh<ushort, uint>, ushort, ushort, ushort>, &Map.Scalar2<MultiplyHigh<short, int>, short, short, short>,
                &Map.Scalar2<MultiplyHigh<uint, ulong>, uint, uint, uint>, &Map.Scalar2<MultiplyHigh<int, long>, int, int, int>,
                &Map.Scalar2<MultiplyHigh<ulong, UInt128>, ulong, ulong, ulong>, &Map.Scalar2<MultiplyHigh<long, Int128>, long, long, long>), type);
        }
        else
        {
            Binary(BySize(type, &Map.Scalar2<MultiplyLow1<ushort>, ushort, ushort, ushort>, &Map.Binary<MultiplyLow<uint>, uint>, &Map.Binary<MultiplyLow<ulong>, ulong>), type);
        }
    }

    private void DecodeMultiplyAdd(PtxType type)
    {
        if (Has("wide"))
        {
            PtxType wide = type.SizeBytes() == 2 ? PtxType.B32 : PtxType.B64;
            Emit(BySign(type, &Map.Scalar3<MultiplyAddWide<ushort, uint>, ushort, ushort, uint, uint>, &Map.Scalar3<MultiplyAddWide<short, int>, short, short, int, int>,
                &WideProducts.MultiplyAddUnsigned, &WideProducts.MultiplyAddSigned, null, null), Destination(0, wide), Source(1, type), Source(2, type), Source(3, wide));
        }
        else if (Has("sat"))
        {
            Ternary(&Map.Scalar3<MultiplyAddHighSaturate, int, int, int, int>, type);
        }
        else if (Has("hi"))
        {
            Ternary(BySign(type,
                &Map.Scalar3<MultiplyAddHigh<ushort, uint>, ushort, ushort, ushort, ushort>, &Map.Scalar3<MultiplyAddHigh<short, int>, short, short, short, short>,
                &Map.Scalar3<MultiplyAddHigh<uint, ulong>, uint, uint, uint, uint>, &Map.Scalar3<MultiplyAddHigh<int, long>, int, int, int, int>,
                &Map.Scalar3<MultiplyAddHigh<ulong, UInt128>, ulong, ulong, ulong, ulong>, &Map.Scalar3<MultiplyAddHigh<long, Int128>, long, long, long, long>), type);
        }
        else
        {
            Ternary(BySize(type, &Map.Scalar3<MultiplyAddLow1<ushort>, ushort, ushort, ushort, ushort>,
                &Map.Ternary<MultiplyAddLow<uint>, uint>, &Map.Ternary<MultiplyAddLow<ulong>, ulong>), type);
        }
    }

    private Handler Multiply24(PtxType type) => (Has("hi"), type) switch
    {
        (false, PtxType.U32) => &Map.Scalar2<Multiply24Low<uint>, uint, uint, uint>,
        (false, _) => &Map.Scalar2<Multiply24Low<int>, int, int, int>,
        (true, PtxType.U32) => &Map.Scalar2<Multiply24High<uint>, uint, uint, uint>,
        (true, _) => &Map.Scalar2<Multiply24High<int>, int, int, int>,
    };

    private static Handler DotProduct4(PtxType a, PtxType b) => (a, b) switch
    {
        (PtxType.U32, PtxType.U32) => &Map.Scalar3<DotProduct4<byte, byte>, uint, uint, uint, uint>,
        (PtxType.U32, _) => &Map.Scalar3<DotProduct4<byte, sbyte>, uint, uint, uint, uint>,
        (_, PtxType.U32) => &Map.Scalar3<DotProduct4<sbyte, byte>, uint, uint, uint, uint>,
        _ => &Map.Scalar3<DotProduct4<sbyte, sbyte>, uint, uint, uint, uint>,
    };

    private Handler DotProduct2(PtxType a, PtxType b) => Has("hi") ? DotProduct2<High>(a, b) : DotProduct2<Low>(a, b);

    private static Handler DotProduct2<THalf>(PtxType a, PtxType b) => (a, b) switch
    {
        (PtxType.U32, PtxType.U32) => &Map.Scalar3<DotProduct2<ushort, byte, THalf>, uint, uint, uint, uint>,
        (PtxType.U32, _) => &Map.Scalar3<DotProduct2<ushort, sbyte, THalf>, uint, uint, uint, uint>,
        (_, PtxType.U32) => &Map.Scalar3<DotProduct2<short, byte, THalf>, uint, uint, uint, uint>,
        _ => &Map.Scalar3<DotProduct2<short, sbyte, THalf>, uint, uint, uint, uint>,
    };

    /// <summary><c>add.cc</c> and its kin, which read or write the function's carry.</summary>
    private void DecodeCarry()
    {
        PtxType type = TypeFromEnd();
        bool multiplies = _at.Opcode is "mad" or "madc";
        int mode = (Has("cc") ? CarryHandlers.WritesCarry : 0) | (_at.Opcode is "addc" or "subc" or "madc" ? CarryHandlers.ReadsCarry : 0)
            | (_at.Opcode is "sub" or "subc" ? CarryHandlers.Subtracts : 0)
            | (!multiplies ? 0 : Has("hi") ? CarryHandlers.MultipliesHigh : CarryHandlers.MultipliesLow);
        Handler handler = BySign(type, null, null, &CarryHandlers.Run<uint, ulong>, &CarryHandlers.Run<int, long>, &CarryHandlers.Run<ulong, UInt128>, &CarryHandlers.Run<long, Int128>);
        Instruction instruction = New(handler, Destination(0, type), Source(1, type), Source(2, type), multiplies ? Source(3, type) : -1, mode: mode);
        instruction.Elements[0] = _slots[Scoped(_function, CarryName)].Offset;
        Emit(instruction);
    }
}
