using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>Operands as written: every name is a symbol, until the function knows its registers.</summary>
internal static class PtxOperandParser
{
    public static ImmutableArray<PtxOperand> List(PtxTokenReader reader, bool isCall)
    {
        if (reader.Is(";"))
        {
            return [];
        }

        ImmutableArray<PtxOperand>.Builder operands = ImmutableArray.CreateBuilder<PtxOperand>();
        do
        {
            operands.Add(isCall && reader.Is("(") ? Group(reader, "(", ")") : Operand(reader));
        }
        while (reader.TryTake(","));
        return operands.DrainToImmutable();
    }

    private static PtxOperand Operand(PtxTokenReader reader)
    {
        PtxOperand first = Single(reader);
        if (!reader.TryTake("|"))
        {
            return first;
        }

        return new PtxPairOperand(first, Single(reader));
    }

    private static PtxOperand Single(PtxTokenReader reader)
    {
        if (reader.Is("["))
        {
            return Address(reader);
        }

        if (reader.Is("{"))
        {
            return Group(reader, "{", "}");
        }

        if (reader.Is("!") && reader.Following.Kind == PtxTokenKind.Identifier)
        {
            reader.Take();
            return new PtxRegisterOperand(Name(reader), Negated: true);
        }

        if (reader.Is("!") || PtxConstantExpression.StartsHere(reader))
        {
            return PtxConstantExpression.Parse(reader);
        }

        string name = Name(reader);
        return new PtxSymbolOperand(name, Offset(reader));
    }

    /// <summary><c>{a, b}</c>, and <c>(a, b)</c> of a call.</summary>
    private static PtxVectorOperand Group(PtxTokenReader reader, string open, string close)
    {
        reader.Expect(open);
        ImmutableArray<PtxOperand>.Builder elements = ImmutableArray.CreateBuilder<PtxOperand>();
        if (!reader.Is(close))
        {
            do
            {
                if (reader.Is("{") || reader.Is("["))
                {
                    throw reader.Error($"expected a register or a constant, found {reader.Current}");
                }

                elements.Add(Single(reader));
            }
            while (reader.TryTake(","));
        }

        reader.Expect(close);
        return new PtxVectorOperand(elements.DrainToImmutable());
    }

    private static PtxAddressOperand Address(PtxTokenReader reader)
    {
        reader.Expect("[");
        PtxAddressOperand address;
        if (PtxConstantExpression.StartsHere(reader))
        {
            address = new PtxAddressOperand("", PtxConstantExpression.ParseInteger(reader, "an address"));
        }
        else
        {
            string name = Name(reader);
            address = new PtxAddressOperand(name, Offset(reader));
        }

        if (reader.Is(","))
        {
            throw new PtxUnsupportedException(reader.SourceName, reader.Line, "an address with coordinates (textures and surfaces)");
        }

        reader.Expect("]");
        return address;
    }

    /// <summary>A name, with the suffix of a special register or of a vector's element: <c>%tid.x</c>.</summary>
    private static string Name(PtxTokenReader reader)
    {
        string name = reader.ExpectIdentifier("an operand");
        while (reader.Current.Kind == PtxTokenKind.DotWord)
        {
            name += reader.Take().Text;
        }

        return name;
    }

    private static long Offset(PtxTokenReader reader)
    {
        if (reader.TryTake("+"))
        {
            return PtxConstantExpression.ParseInteger(reader, "an offset");
        }

        return reader.Is("-") ? PtxConstantExpression.ParseInteger(reader, "an offset") : 0;
    }
}
