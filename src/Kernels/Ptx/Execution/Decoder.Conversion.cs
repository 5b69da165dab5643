using System.Collections.Immutable;
using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Moves, conversions, addresses.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeMove(PtxType type)
    {
        if (type == PtxType.Pred)
        {
            (int source, bool negated) = Predicate(1);
            Emit(&PredicateHandlers.Move, Destination(0, type), source, immediate: negated ? 1 : 0);
        }
        else if (Operand(0) is PtxVectorOperand parts)
        {
            Instruction unpack = New(Packing(type, parts.Elements.Length, packs: false), a: Source(1, type), mode: parts.Elements.Length);
            for (int k = 0; k < parts.Elements.Length; k++)
            {
                unpack.Elements[k] = parts.Elements[k] is PtxRegisterOperand { Name: "_" } ? -1 : Destination(parts.Elements[k], PartType(type, parts.Elements.Length));
            }

            Emit(unpack);
        }
        else if (Operand(1) is PtxVectorOperand wholes)
        {
            Instruction pack = New(Packing(type, wholes.Elements.Length, packs: true), Destination(0, type), mode: wholes.Elements.Length);
            for (int k = 0; k < wholes.Elements.Length; k++)
            {
                pack.Elements[k] = Source(wholes.Elements[k], PartType(type, wholes.Elements.Length));
            }

            Emit(pack);
        }
        else
        {
            Unary(type.SizeBytes() == 8 ? &Map.Unary<Move<ulong>, ulong> : &Map.Unary<Move<uint>, uint>, type);
        }
    }

    private static PtxType PartType(PtxType whole, int count) => (whole.SizeBytes() / count) switch
    {
        1 => PtxType.B8,
        2 => PtxType.B16,
        _ => PtxType.B32,
    };

    private Handler Packing(PtxType whole, int count, bool packs) => (whole.SizeBytes(), whole.SizeBytes() / count) switch
    {
        (8, 4) => packs ? &PackHandlers.Pack<uint, ulong> : &PackHandlers.Unpack<uint, ulong>,
        (8, 2) => packs ? &PackHandlers.Pack<ushort, ulong> : &PackHandlers.Unpack<ushort, ulong>,
        (4, 2) => packs ? &PackHandlers.Pack<ushort, uint> : &PackHandlers.Unpack<ushort, uint>,
        (4, 1) => packs ? &PackHandlers.Pack<byte, uint> : &PackHandlers.Unpack<byte, uint>,
        (2, 1) => packs ? &PackHandlers.Pack<byte, ushort> : &PackHandlers.Unpack<byte, ushort>,
        _ => throw Unknown(),
    };

    private void DecodeConversion(PtxType to, PtxType from)
    {
        RoundingMode mode = Has("rz") || Has("rzi") ? RoundingMode.Zero : Has("rm") || Has("rmi") ? RoundingMode.Down
            : Has("rp") || Has("rpi") ? RoundingMode.Up : RoundingMode.Nearest;
        bool toIntegral = Has("rni") || Has("rzi") || Has("rmi") || Has("rpi");
        if (to is PtxType.F16X2 or PtxType.BF16X2)
        {
            var half = new Conversion(to == PtxType.F16X2 ? PtxType.F16 : PtxType.BF16, from, mode, false, false, false, Has("relu"));
            Emit(&ConversionHandlers.Pair, Destination(0, to), Source(1, from), Source(2, from), immediate: half.Pack());
            return;
        }

        var conversion = new Conversion(to, from, mode, toIntegral, Has("sat"), Has("ftz"), Has("relu"));
        int registerBytes = RegisterBytes(Operand(0), to);
        int d = registerBytes == ElementBytes(to) ? Destination(0, to) : Destination(0, PtxType.B64);
        int a = Source(1, from);
        if (registerBytes == ElementBytes(to) && FrequentConversion(conversion) is var frequent && frequent != null)
        {
            Emit(frequent, d, a);
            return;
        }

        Emit(AnyConversion(from.SizeBytes(), registerBytes), d, a, immediate: conversion.Pack());
    }

    /// <summary>Vector forms, null where there is none.</summary>
    private static Handler FrequentConversion(Conversion c)
    {
        bool plain = !c.Saturates && !c.Flushes && !c.Relu;
        bool integers = !c.From.IsFloat() && !c.To.IsFloat();
        int from = c.From.SizeBytes();
        int to = c.To.SizeBytes();
        if (!plain)
        {
            return null;
        }

        if (integers && from == to && from >= 4)
        {
            return from == 8 ? &Map.Unary<Move<ulong>, ulong> : &Map.Unary<Move<uint>, uint>;
        }

        if (integers && from == 4 && to == 8)
        {
            return c.From == PtxType.S32 ? &WideProducts.ExtendSigned : &WideProducts.ExtendUnsigned;
        }

        if (integers && from == 8 && to == 4)
        {
            return &ConversionHandlers.Narrow;
        }

        return (c.To, c.From) switch
        {
            (PtxType.F32, PtxType.S32) when c.Mode == RoundingMode.Nearest => &Map.Unary<SignedToSingle, uint>,
            (PtxType.F32, PtxType.U32) when c.Mode == RoundingMode.Nearest => &Map.Scalar1<UnsignedToSingle, uint, float>,
            (PtxType.S32, PtxType.F32) when c.Mode == RoundingMode.Zero => &Map.Scalar1<SingleToSigned, float, int>,
            (PtxType.F32, PtxType.F16) when !c.ToIntegral => &Map.Scalar1<HalfToSingle, ushort, float>,
            (PtxType.F16, PtxType.F32) when c.Mode == RoundingMode.Nearest => &Map.Scalar1<SingleToHalf, float, ushort>,
            _ => (Handler)null,
        };
    }

    private Handler AnyConversion(int fromBytes, int registerBytes) => (fromBytes, registerBytes) switch
    {
        (1, 8) => &ConversionHandlers.Any<byte, ulong>,
        (1, _) => &ConversionHandlers.Any<byte, uint>,
        (2, 8) => &ConversionHandlers.Any<ushort, ulong>,
        (2, _) => &ConversionHandlers.Any<ushort, uint>,
        (4, 8) => &ConversionHandlers.Any<uint, ulong>,
        (4, _) => &ConversionHandlers.Any<uint, uint>,
        (8, 8) => &ConversionHandlers.Any<ulong, ulong>,
        (8, _) => &ConversionHandlers.Any<ulong, uint>,
        _ => throw Unknown(),
    };

    private void DecodeAddress()
    {
        PtxStateSpace space = PtxTypeNames.Space(_at.Modifiers.First(modifier => modifier != "to").Split("::")[0]) ?? throw Unknown();
        ulong window = space switch
        {
            PtxStateSpace.Shared => Windows.Shared,
            PtxStateSpace.Local => Windows.Local,
            PtxStateSpace.Param => _function.IsEntry ? Windows.Parameters : Windows.Local,
            _ => 0,
        };
        if (_at.Opcode == "cvta")
        {
            long delta = unchecked((long)(Has("to") ? 0 - window : window));
            Emit(&GenericHandlers.ToGeneric, Destination(0, PtxType.B64), Source(1, PtxType.B64), immediate: delta);
        }
        else if (space == PtxStateSpace.Const)
        {
            // Constants lie in global memory here, so no generic address is one of the constant window.
            Emit(&PredicateHandlers.Move, Destination(0, PtxType.Pred), _registers.Constant(0, 0), immediate: 0);
        }
        else
        {
            Emit(&GenericHandlers.IsInWindow, Destination(0, PtxType.Pred), Source(1, PtxType.B64), immediate: unchecked((long)window));
        }
    }
}
