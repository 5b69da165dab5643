using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Comparisons and selections.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeComparison()
    {
        PtxType type = TypeFromEnd();
        switch (_at.Opcode)
        {
            case "setp":
                DecodeSetPredicate(type);
                break;
            case "set":
                int result = Combined(Compared(1, 2, type), negated: false, 3);
                PtxType to = TypeFromEnd(1);
                Emit(&Compare.Spread, Destination(0, to), result, immediate: to == PtxType.F32 ? 0x3F80_0000 : 0xFFFF_FFFF);
                break;
            case "selp":
                (int condition, bool negated) = Predicate(3);
                Emit(type.SizeBytes() == 8 ? &PredicateHandlers.Select<ulong> : &PredicateHandlers.Select<uint>,
                    Destination(0, type), Source(1, type), Source(2, type), condition, negated ? 4 : 0);
                break;
            case "slct":
                DecodeSelectBySign(TypeFromEnd(1), type);
                break;
            default:
                Emit(type == PtxType.F64 ? &TestProperty.Run<double> : &TestProperty.Run<float>,
                    Destination(0, PtxType.Pred), Source(1, type), mode: Array.FindIndex(TestProperty.Kinds, Has));
                break;
        }
    }

    private void DecodeSelectBySign(PtxType type, PtxType signType)
    {
        int sign = Source(3, signType);
        if (Has("ftz"))
        {
            int flushed = _registers.Allocate(4);
            Emit(&Map.Unary<Flushed1<Move<float>>, float>, flushed, sign);
            sign = flushed;
        }

        bool wide = type.SizeBytes() == 8;
        Handler handler = signType == PtxType.F32
            ? wide ? &Map.Scalar3<SelectBySign<ulong, float>, ulong, ulong, float, ulong> : &Map.Scalar3<SelectBySign<uint, float>, uint, uint, float, uint>
            : wide ? &Map.Scalar3<SelectBySign<ulong, int>, ulong, ulong, int, ulong> : &Map.Scalar3<SelectBySign<uint, int>, uint, uint, int, uint>;
        Emit(handler, Destination(0, type), Source(1, type), Source(2, type), sign);
    }

    private void DecodeSetPredicate(PtxType type)
    {
        PtxOperand destination = Operand(0);
        if (type is PtxType.F16X2 or PtxType.BF16X2)
        {
            throw new PtxUnsupportedException(_module.SourceName, _at.Line, $"'{_at.FullName}': packed comparisons are not known; compare the halves");
        }

        if (destination is PtxPairOperand pair)
        {
            // Both results are computed before either is written: the third operand may be one of them.
            int compared = Compared(1, 2, type);
            int first = Combined(compared, negated: false, 3);
            int second = Combined(compared, negated: true, 3);
            Emit(&PredicateHandlers.Move, Destination(pair.First, PtxType.Pred), first, immediate: 0);
            Emit(&PredicateHandlers.Move, Destination(pair.Second, PtxType.Pred), second, immediate: 0);
        }
        else if (_at.Operands.Length > 3)
        {
            int result = Combined(Compared(1, 2, type), negated: false, 3);
            Emit(&PredicateHandlers.Move, Destination(destination, PtxType.Pred), result, immediate: 0);
        }
        else
        {
            Handler handler = Comparands(1, 2, type, out int a, out int b);
            Emit(handler, Destination(destination, PtxType.Pred), a, b);
        }
    }

    /// <summary>A new predicate with the comparison's result.</summary>
    private int Compared(int first, int second, PtxType type)
    {
        Handler handler = Comparands(first, second, type, out int a, out int b);
        int result = _registers.Allocate(0);
        Emit(handler, result, a, b);
        return result;
    }

    /// <summary>The comparison (or its opposite) combined with the predicate operand, where the instruction has one.</summary>
    private int Combined(int compared, bool negated, int operand)
    {
        int result = _registers.Allocate(0);
        if (operand >= _at.Operands.Length)
        {
            Emit(&PredicateHandlers.Move, result, compared, immediate: negated ? 1 : 0);
            return result;
        }

        (int other, bool otherNegated) = Predicate(operand);
        Handler handler = Has("and") ? &PredicateHandlers.And : Has("or") ? &PredicateHandlers.Or : &PredicateHandlers.Xor;
        Emit(handler, result, compared, other, immediate: (negated ? 1 : 0) | (otherNegated ? 2 : 0));
        return result;
    }

    /// <summary>Operands as the vector comparison takes them: 16-bit types are widened first.</summary>
    private Handler Comparands(int first, int second, PtxType type, out int a, out int b)
    {
        PtxType wide = type switch
        {
            PtxType.F16 or PtxType.BF16 => PtxType.F32,
            PtxType.S16 => PtxType.S32,
            PtxType.U16 or PtxType.B16 => PtxType.U32,
            _ => type,
        };
        a = Source(first, type);
        b = Source(second, type);
        if (wide != type)
        {
            (a, b) = (Widened(a, type, wide), Widened(b, type, wide));
        }

        string comparison = _at.Modifiers[0];
        return wide switch
        {
            PtxType.F32 => Has("ftz") ? FlushedComparison(comparison) : FloatComparison<float>(comparison),
            PtxType.F64 => FloatComparison<double>(comparison),
            PtxType.S32 => IntegerComparison<int>(comparison),
            PtxType.S64 => IntegerComparison<long>(comparison),
            PtxType.U64 or PtxType.B64 => IntegerComparison<ulong>(comparison),
            _ => IntegerComparison<uint>(comparison),
        };
    }

    private int Widened(int source, PtxType from, PtxType to)
    {
        int wide = _registers.Allocate(4);
        var conversion = new Conversion(to, from, RoundingMode.Nearest, false, false, false, false);
        Emit(&ConversionHandlers.Any<ushort, uint>, wide, source, immediate: conversion.Pack());
        return wide;
    }

    private Handler IntegerComparison<T>(string comparison)
        where T : unmanaged => comparison switch
        {
            "eq" => &Compare.Vector<IsEqual<T>, T>,
            "ne" => &Compare.Vector<IsNotEqual<T>, T>,
            "lt" or "lo" => &Compare.Vector<IsLess<T>, T>,
            "le" or "ls" => &Compare.Vector<IsLessOrEqual<T>, T>,
            "gt" or "hi" => &Compare.Vector<IsGreater<T>, T>,
            "ge" or "hs" => &Compare.Vector<IsGreaterOrEqual<T>, T>,
            _ => throw Unknown(),
        };

    private Handler FloatComparison<T>(string comparison)
        where T : unmanaged => comparison switch
        {
            "equ" => &Compare.Vector<Opposite<IsNotEqual<T>, T>, T>,
            "neu" => &Compare.Vector<Opposite<IsEqual<T>, T>, T>,
            "ltu" => &Compare.Vector<Opposite<IsGreaterOrEqual<T>, T>, T>,
            "leu" => &Compare.Vector<Opposite<IsGreater<T>, T>, T>,
            "gtu" => &Compare.Vector<Opposite<IsLessOrEqual<T>, T>, T>,
            "geu" => &Compare.Vector<Opposite<IsLess<T>, T>, T>,
            "num" => &Compare.Vector<IsOrdered<T>, T>,
            "nan" => &Compare.Vector<Opposite<IsOrdered<T>, T>, T>,
            _ => IntegerComparison<T>(comparison),
        };

    private Handler FlushedComparison(string comparison) => comparison switch
    {
        "eq" => &Compare.Vector<FlushedOperands<IsEqual<float>>, float>,
        "ne" => &Compare.Vector<FlushedOperands<IsNotEqual<float>>, float>,
        "lt" => &Compare.Vector<FlushedOperands<IsLess<float>>, float>,
        "le" => &Compare.Vector<FlushedOperands<IsLessOrEqual<float>>, float>,
        "gt" => &Compare.Vector<FlushedOperands<IsGreater<float>>, float>,
        "ge" => &Compare.Vector<FlushedOperands<IsGreaterOrEqual<float>>, float>,
        "equ" => &Compare.Vector<FlushedOperands<Opposite<IsNotEqual<float>, float>>, float>,
        "neu" => &Compare.Vector<FlushedOperands<Opposite<IsEqual<float>, float>>, float>,
        "ltu" => &Compare.Vector<FlushedOperands<Opposite<IsGreaterOrEqual<float>, float>>, float>,
        "leu" => &Compare.Vector<FlushedOperands<Opposite<IsGreater<float>, float>>, float>,
        "gtu" => &Compare.Vector<FlushedOperands<Opposite<IsLessOrEqual<float>, float>>, float>,
        "geu" => &Compare.Vector<FlushedOperands<Opposite<IsLess<float>, float>>, float>,
        "num" => &Compare.Vector<FlushedOperands<IsOrdered<float>>, float>,
        "nan" => &Compare.Vector<FlushedOperands<Opposite<IsOrdered<float>, float>>, float>,
        _ => throw Unknown(),
    };
}
