using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Floating-point arithmetic and functions.</summary>
internal sealed unsafe partial class Decoder
{
    /// <summary>Rounded toward zero, down or up.</summary>
    private bool IsDirected => Has("rz") || Has("rm") || Has("rp");

    private void DecodeSingle()
    {
        const PtxType type = PtxType.F32;
        switch (_at.Opcode)
        {
            case "add":
                Binary(IsDirected ? Directed<DirectedAdd<TowardZero>, DirectedAdd<Downward>, DirectedAdd<Upward>>() : Vector<FloatAdd<float>>(), type);
                break;
            case "sub":
                Binary(IsDirected ? Directed<DirectedSubtract<TowardZero>, DirectedSubtract<Downward>, DirectedSubtract<Upward>>() : Vector<FloatSubtract<float>>(), type);
                break;
            case "mul":
                Binary(IsDirected ? Directed<DirectedMultiply<TowardZero>, DirectedMultiply<Downward>, DirectedMultiply<Upward>>() : Vector<FloatMultiply<float>>(), type);
                break;
            case "div":
                Binary(IsDirected ? Directed<DirectedDivide<TowardZero>, DirectedDivide<Downward>, DirectedDivide<Upward>>() : Vector<FloatDivide<float>>(), type);
                break;
            case "fma" or "mad":
                Ternary(IsDirected
                    ? Directed3<DirectedFusedMultiplyAdd<TowardZero>, DirectedFusedMultiplyAdd<Downward>, DirectedFusedMultiplyAdd<Upward>>()
                    : Vector3<FusedMultiplyAdd<float>>(), type);
                break;
            case "min":
                Binary(Has("NaN") ? Vector<FloatMinimumNaN<float>>() : Vector<FloatMinimum<float>>(), type);
                break;
            case "max":
                Binary(Has("NaN") ? Vector<FloatMaximumNaN<float>>() : Vector<FloatMaximum<float>>(), type);
                break;
            case "abs":
                Unary(Has("ftz") ? &Map.Unary<Flushed1<FloatAbsolute<float>>, float> : &Map.Unary<FloatAbsolute<float>, float>, type);
                break;
            default:
                Unary(Has("ftz") ? &Map.Unary<Flushed1<FloatNegate<float>>, float> : &Map.Unary<FloatNegate<float>, float>, type);
                break;
        }
    }

    private void DecodeDouble()
    {
        const PtxType type = PtxType.F64;
        if (IsDirected)
        {
            throw new PtxUnsupportedException(_module.SourceName, _at.Line, $"'{_at.FullName}': f64 arithmetic is rounded to nearest only (.rn)");
        }

        switch (_at.Opcode)
        {
            case "add":
                Binary(&Map.Binary<FloatAdd<double>, double>, type);
                break;
            case "sub":
                Binary(&Map.Binary<FloatSubtract<double>, double>, type);
                break;
            case "mul":
                Binary(&Map.Binary<FloatMultiply<double>, double>, type);
                break;
            case "div":
                Binary(&Map.Binary<FloatDivide<double>, double>, type);
                break;
            case "fma" or "mad":
                Ternary(&Map.Ternary<FusedMultiplyAdd<double>, double>, type);
                break;
            case "min":
                Binary(&Map.Binary<FloatMinimum<double>, double>, type);
                break;
            case "max":
                Binary(&Map.Binary<FloatMaximum<double>, double>, type);
                break;
            case "abs":
                Unary(&Map.Unary<FloatAbsolute<double>, double>, type);
                break;
            default:
                Unary(&Map.Unary<FloatNegate<double>, double>, type);
                break;
        }
    }

    private void DecodeHalf(PtxType type)
    {
        Handler handler = type switch
        {
            PtxType.F16 => HalfOperation<Binary16>(false),
            PtxType.F16X2 => HalfOperation<Binary16>(true),
            PtxType.BF16 => HalfOperation<BFloat16>(false),
            _ => HalfOperation<BFloat16>(true),
        };
        int mode = (Has("sat") ? HalfHandlers.Saturates : 0) | (Has("relu") ? HalfHandlers.Relu : 0) | (Has("ftz") ? HalfHandlers.Flushes : 0);

        // The handler reads three operands; those that the operation ignores are the first.
        int count = _at.Operands.Length;
        int d = Destination(0, type);
        int a = Source(1, type);
        Emit(handler, d, a, count > 2 ? Source(2, type) : a, count > 3 ? Source(3, type) : a, mode: mode);
    }

    private Handler HalfOperation<TFormat>(bool pairs)
        where TFormat : IHalfFormat => _at.Opcode switch
        {
            "add" => Halves<HalfAdd, TFormat>(pairs),
            "sub" => Halves<HalfSubtract, TFormat>(pairs),
            "mul" => Halves<HalfMultiply, TFormat>(pairs),
            "fma" => Halves<HalfFusedMultiplyAdd, TFormat>(pairs),
            "min" => Has("NaN") ? Halves<HalfMinimumNaN, TFormat>(pairs) : Halves<HalfMinimum, TFormat>(pairs),
            "max" => Has("NaN") ? Halves<HalfMaximumNaN, TFormat>(pairs) : Halves<HalfMaximum, TFormat>(pairs),
            "abs" => Halves<HalfAbsolute, TFormat>(pairs),
            "neg" => Halves<HalfNegate, TFormat>(pairs),
            "ex2" => Halves<HalfExponential2, TFormat>(pairs),
            "tanh" => Halves<HalfHyperbolicTangent, TFormat>(pairs),
            _ => throw Unknown(),
        };

    private static Handler Halves<TOp, TFormat>(bool pairs)
        where TOp : IHalfOp
        where TFormat : IHalfFormat => pairs ? &HalfHandlers.Two<TOp, TFormat> : &HalfHandlers.One<TOp, TFormat>;

    private void DecodeFunctions(PtxType type)
    {
        if (type is PtxType.F16 or PtxType.F16X2)
        {
            DecodeHalf(type);
            return;
        }

        if (type == PtxType.F64)
        {
            DecodeDoubleFunctions();
            return;
        }

        bool ftz = Has("ftz");
        switch (_at.Opcode)
        {
            case "rcp":
                Unary(IsDirected
                    ? Directed1<DirectedReciprocal<TowardZero>, DirectedReciprocal<Downward>, DirectedReciprocal<Upward>>()
                    : Vector1<FloatReciprocal<float>>(ftz), type);
                break;
            case "sqrt":
                Unary(IsDirected
                    ? Directed1<DirectedSquareRoot<TowardZero>, DirectedSquareRoot<Downward>, DirectedSquareRoot<Upward>>()
                    : Vector1<FloatSquareRoot<float>>(ftz), type);
                break;
            case "rsqrt":
                Unary(Vector1<ReciprocalSquareRoot<float>>(ftz), type);
                break;
            case "ex2":
                Unary(Vector1<Exponential2>(ftz), type);
                break;
            case "lg2":
                Unary(Scalar<Logarithm2>(ftz), type);
                break;
            case "sin":
                Unary(Scalar<Sine>(ftz), type);
                break;
            case "cos":
                Unary(Scalar<Cosine>(ftz), type);
                break;
            case "tanh":
                Unary(Scalar<HyperbolicTangent>(ftz), type);
                break;
            default:
                Binary(&Map.Binary<CopySign<float>, float>, type);
                break;
        }
    }

    private void DecodeDoubleFunctions()
    {
        const PtxType type = PtxType.F64;
        if (IsDirected)
        {
            throw new PtxUnsupportedException(_module.SourceName, _at.Line, $"'{_at.FullName}': f64 arithmetic is rounded to nearest only (.rn)");
        }

        switch (_at.Opcode)
        {
            case "rcp":
                Unary(Has("approx") ? &Map.Scalar1<ReciprocalHigh, double, double> : &Map.Unary<FloatReciprocal<double>, double>, type);
                break;
            case "sqrt":
                Unary(&Map.Unary<FloatSquareRoot<double>, double>, type);
                break;
            case "rsqrt":
                Unary(Has("ftz") ? &Map.Scalar1<ReciprocalSquareRootHigh, double, double> : &Map.Unary<ReciprocalSquareRoot<double>, double>, type);
                break;
            case "copysign":
                Binary(&Map.Binary<CopySign<double>, double>, type);
                break;
            default:
                throw Unknown();
        }
    }

    private static Handler Vector1<TOp>(bool ftz)
        where TOp : IUnary<float> => ftz ? &Map.Unary<Flushed1<TOp>, float> : &Map.Unary<TOp, float>;

    private static Handler Scalar<TOp>(bool ftz)
        where TOp : IScalarUnary<float, float> => ftz ? &Map.Scalar1<FlushedScalar1<TOp>, float, float> : &Map.Scalar1<TOp, float, float>;

    private Handler Vector<TOp>()
        where TOp : IBinary<float> => (Has("ftz"), Has("sat")) switch
        {
            (false, false) => &Map.Binary<TOp, float>,
            (true, false) => &Map.Binary<Flushed2<TOp>, float>,
            (false, true) => &Map.Binary<Saturated2<TOp, float>, float>,
            (true, true) => (Handler)(&Map.Binary<Saturated2<Flushed2<TOp>, float>, float>),
        };

    private Handler Vector3<TOp>()
        where TOp : ITernary<float> => (Has("ftz"), Has("sat")) switch
        {
            (false, false) => &Map.Ternary<TOp, float>,
            (true, false) => &Map.Ternary<Flushed3<TOp>, float>,
            (false, true) => &Map.Ternary<Saturated3<TOp, float>, float>,
            (true, true) => (Handler)(&Map.Ternary<Saturated3<Flushed3<TOp>, float>, float>),
        };

    private Handler Directed1<TZero, TDown, TUp>()
        where TZero : IScalarUnary<float, float>
        where TDown : IScalarUnary<float, float>
        where TUp : IScalarUnary<float, float> => Has("rz") ? Scalar<TZero>(Has("ftz")) : Has("rm") ? Scalar<TDown>(Has("ftz")) : Scalar<TUp>(Has("ftz"));

    private Handler Directed<TZero, TDown, TUp>()
        where TZero : IScalarBinary<float, float, float>
        where TDown : IScalarBinary<float, float, float>
        where TUp : IScalarBinary<float, float, float> => Has("rz") ? Scalar2<TZero>() : Has("rm") ? Scalar2<TDown>() : Scalar2<TUp>();

    private Handler Scalar2<TOp>()
        where TOp : IScalarBinary<float, float, float> => (Has("ftz"), Has("sat")) switch
        {
            (false, false) => &Map.Scalar2<TOp, float, float, float>,
            (true, false) => &Map.Scalar2<FlushedScalar2<TOp>, float, float, float>,
            (false, true) => &Map.Scalar2<SaturatedScalar2<TOp>, float, float, float>,
            (true, true) => (Handler)(&Map.Scalar2<SaturatedScalar2<FlushedScalar2<TOp>>, float, float, float>),
        };

    private Handler Directed3<TZero, TDown, TUp>()
        where TZero : IScalarTernary<float, float, float, float>
        where TDown : IScalarTernary<float, float, float, float>
        where TUp : IScalarTernary<float, float, float, float> => Has("rz") ? Scalar3<TZero>() : Has("rm") ? Scalar3<TDown>() : Scalar3<TUp>();

    private Handler Scalar3<TOp>()
        where TOp : IScalarTernary<float, float, float, float> => (Has("ftz"), Has("sat")) switch
        {
            (false, false) => &Map.Scalar3<TOp, float, float, float, float>,
            (true, false) => &Map.Scalar3<FlushedScalar3<TOp>, float, float, float, float>,
            (false, true) => &Map.Scalar3<SaturatedScalar3<TOp>, float, float, float, float>,
            (true, true) => (Handler)(&Map.Scalar3<SaturatedScalar3<FlushedScalar3<TOp>>, float, float, float, float>),
        };
}
