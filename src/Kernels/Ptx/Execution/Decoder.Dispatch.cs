using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>From opcode to family.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeInstruction(int meeting)
    {
        switch (_at.Opcode)
        {
            case "bra" or "brx" or "call" or "ret" or "exit" or "trap" or "brkpt" or "bar" or "barrier":
                DecodeControl(meeting);
                break;
            case "addc" or "subc" or "madc":
                DecodeCarry();
                break;
            case "add" or "sub" or "mul" or "mad" or "fma" or "div" or "min" or "max" or "abs" or "neg":
                DecodeArithmetic();
                break;
            case "mul24" or "mad24" or "sad" or "rem" or "dp4a" or "dp2a":
                DecodeInteger(TypeFromEnd());
                break;
            case "popc" or "clz" or "bfind" or "fns" or "brev" or "bfe" or "bfi" or "bmsk" or "szext" or "shl" or "shr" or "shf" or "lop3" or "prmt":
                DecodeBits();
                break;
            case "and" or "or" or "xor" or "not" or "cnot":
                DecodeLogic(TypeFromEnd());
                break;
            case "rcp" or "sqrt" or "rsqrt" or "ex2" or "lg2" or "sin" or "cos" or "tanh" or "copysign":
                DecodeFunctions(TypeFromEnd());
                break;
            case "setp" or "set" or "selp" or "slct" or "testp":
                DecodeComparison();
                break;
            case "mov":
                DecodeMove(TypeFromEnd());
                break;
            case "ld" or "ldu" or "st":
                DecodeAccess();
                break;
            case "atom" or "red":
                DecodeAtomic(TypeFromEnd());
                break;
            case "cvt":
                DecodeConversion(TypeFromEnd(1), TypeFromEnd());
                break;
            case "cvta" or "isspacep":
                DecodeAddress();
                break;
            case "shfl" or "vote" or "match" or "redux" or "activemask":
                DecodeWarp();
                break;

            // A cache that is not there needs no hint, memory is coherent as it is, and time means nothing.
            case "prefetch" or "prefetchu" or "membar" or "fence" or "nanosleep":
                break;
            default:
                throw Unknown();
        }
    }

    private void DecodeArithmetic()
    {
        PtxType type = TypeFromEnd();
        if (Has("cc"))
        {
            DecodeCarry();
        }
        else if (type is PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2)
        {
            DecodeHalf(type);
        }
        else if (type == PtxType.F32)
        {
            DecodeSingle();
        }
        else if (type == PtxType.F64)
        {
            DecodeDouble();
        }
        else
        {
            DecodeInteger(type);
        }
    }

    private void Unary(Handler handler, PtxType type) => Emit(handler, Destination(0, type), Source(1, type));

    private void Binary(Handler handler, PtxType type) => Emit(handler, Destination(0, type), Source(1, type), Source(2, type));

    private void Ternary(Handler handler, PtxType type) => Emit(handler, Destination(0, type), Source(1, type), Source(2, type), Source(3, type));

    private static Handler BySize(PtxType type, Handler bits16, Handler bits32, Handler bits64) => type.SizeBytes() switch
    {
        2 => bits16,
        4 => bits32,
        _ => bits64,
    };

    private Handler BySign(PtxType type, Handler u16, Handler s16, Handler u32, Handler s32, Handler u64, Handler s64) => type switch
    {
        PtxType.U16 or PtxType.B16 => u16,
        PtxType.S16 => s16,
        PtxType.U32 or PtxType.B32 => u32,
        PtxType.S32 => s32,
        PtxType.U64 or PtxType.B64 => u64,
        PtxType.S64 => s64,
        _ => throw Unknown(),
    };
}
