using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>What stands between a state space and the name: <c>.align 16 .v4 .f32</c>.</summary>
/// <param name="Lanes">1, or the width of <c>.v2</c> and <c>.v4</c></param>
internal readonly record struct PtxDeclaredType(PtxType Type, int Lanes, int Alignment);

/// <summary>Declarations of variables and parameters (PTX ISA, section "Variables"): types, arrays, initialisers.</summary>
internal static class PtxDeclarations
{
    /// <summary>Larger than any device's memory.</summary>
    private const long MaxBytes = 1L << 40;

    /// <summary>An initialiser lists its values, so a larger array of them would be a mistake.</summary>
    private const long MaxInitialisedBytes = 1L << 26;

    public static PtxDeclaredType Type(PtxTokenReader reader)
    {
        int alignment = 0;
        int lanes = 1;
        while (true)
        {
            PtxToken token = reader.Current;
            if (token.Kind != PtxTokenKind.DotWord)
            {
                throw reader.Error($"expected a type, found {token}");
            }

            reader.Take();
            string word = token.Text[1..];
            switch (word)
            {
                case "align":
                    alignment = Alignment(reader);
                    break;
                case "v2" or "v4":
                    lanes = word[1] - '0';
                    break;
                case "ptr":
                    SkipPointerAttributes(reader);
                    break;
                case "texref" or "samplerref" or "surfref" or "attribute":
                    throw new PtxUnsupportedException(reader.SourceName, token.Line, $"declaration with .{word}");
                default:
                    if (!PtxTypeNames.TryParse(word, out PtxType type))
                    {
                        throw new PtxException(reader.SourceName, token.Line, $"unknown type '.{word}'{NearestWord.Hint(word, PtxTypeNames.All, ".")}");
                    }

                    RefuseType(reader, token, type, lanes);
                    if (reader.TryTakeDotWord(".ptr"))
                    {
                        SkipPointerAttributes(reader);
                    }

                    int natural = type == PtxType.Pred ? 1 : type.SizeBytes() * lanes;
                    return new PtxDeclaredType(type, lanes, alignment == 0 ? natural : alignment);
            }
        }
    }

    /// <summary>Name, array bounds and initialiser of one variable; <paramref name="declared"/> came before.</summary>
    public static PtxVariable Variable(PtxTokenReader reader, PtxStateSpace space, PtxDeclaredType declared, bool isExtern)
    {
        int line = reader.Line;
        string name = reader.ExpectIdentifier("a name");
        if (declared.Type == PtxType.Pred)
        {
            throw new PtxException(reader.SourceName, line, $"'{name}': a predicate lives in .reg only");
        }

        if (reader.Is("<"))
        {
            throw new PtxUnsupportedException(reader.SourceName, line, $"'{name}': parameterised names outside .reg");
        }

        long? elements = Bounds(reader, declared.Lanes, out bool unsized);
        ImmutableArray<byte> initializer = [];
        if (reader.TryTake("="))
        {
            if (space is not (PtxStateSpace.Global or PtxStateSpace.Const))
            {
                throw new PtxException(reader.SourceName, line, $"'{name}': only .global and .const variables take an initialiser");
            }

            initializer = Initializer(reader, declared.Type, unsized ? null : elements * declared.Type.SizeBytes());
            elements = unsized ? initializer.Length / declared.Type.SizeBytes() : elements;
        }

        long count = elements ?? throw new PtxException(reader.SourceName, line, $"'{name}' has more than {MaxBytes} bytes");
        return new PtxVariable(line, name, space, declared.Type, count, declared.Alignment, isExtern, initializer);
    }

    /// <summary>bf16 is a format of instructions, not of variables (PTX ISA, "Alternate Floating-Point Data Formats"); a vector has 128 bits at most.</summary>
    private static void RefuseType(PtxTokenReader reader, PtxToken token, PtxType type, int lanes)
    {
        if (type is PtxType.BF16 or PtxType.BF16X2)
        {
            throw new PtxException(reader.SourceName, token.Line, $"'{token.Text}' is no type of a variable or register; declare .b{8 * type.SizeBytes()}");
        }

        if (lanes > 1 && (type == PtxType.Pred || lanes * type.SizeBytes() > 16))
        {
            throw new PtxException(reader.SourceName, token.Line, $"there is no vector '.v{lanes} {token.Text}'");
        }
    }

    private static int Alignment(PtxTokenReader reader)
    {
        int line = reader.Line;
        long alignment = PtxConstantExpression.ParseInteger(reader, "an alignment");
        return alignment is > 0 and <= 1 << 20 && long.IsPow2(alignment)
            ? (int)alignment
            : throw new PtxException(reader.SourceName, line, $"alignment {alignment} is not a power of two up to {1 << 20}");
    }

    private static void SkipPointerAttributes(PtxTokenReader reader)
    {
        while (reader.Current.Kind == PtxTokenKind.DotWord)
        {
            switch (reader.Current.Text)
            {
                case ".global" or ".shared" or ".local" or ".const":
                    reader.Take();
                    break;
                case ".align":
                    reader.Take();
                    Alignment(reader);
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>Product of the bounds and lanes; null where it is out of range.</summary>
    private static long? Bounds(PtxTokenReader reader, int lanes, out bool unsized)
    {
        Int128 elements = lanes;
        unsized = false;
        bool first = true;
        while (reader.TryTake("["))
        {
            if (first && reader.TryTake("]"))
            {
                unsized = true;
                elements = 0;
            }
            else
            {
                int line = reader.Line;
                long bound = PtxConstantExpression.ParseInteger(reader, "an array bound");
                if (bound < 0 || unsized)
                {
                    throw new PtxException(reader.SourceName, line, unsized ? "an unsized array has one dimension" : $"array bound {bound} is negative");
                }

                elements = elements > MaxBytes ? elements : elements * bound;
                reader.Expect("]");
            }

            first = false;
        }

        return elements > MaxBytes / 16 ? null : (long)elements;
    }

    /// <param name="bytes">size of the variable, null where the initialiser decides it</param>
    private static ImmutableArray<byte> Initializer(PtxTokenReader reader, PtxType type, long? bytes)
    {
        int line = reader.Line;
        if (bytes > MaxInitialisedBytes)
        {
            throw new PtxUnsupportedException(reader.SourceName, line, $"an initialised variable of {bytes} bytes");
        }

        var written = new List<byte>();
        Values(reader, type, written, 0);
        if (written.Count > bytes)
        {
            throw new PtxException(reader.SourceName, line, $"the initialiser has {written.Count} bytes, the variable {bytes}");
        }

        byte[] all = new byte[bytes ?? written.Count];
        written.CopyTo(all);
        return [.. all];
    }

    private static void Values(PtxTokenReader reader, PtxType type, List<byte> written, int depth)
    {
        if (!reader.TryTake("{"))
        {
            written.AddRange(Value(reader, type));
            return;
        }

        if (depth > 8)
        {
            throw reader.Error("an initialiser is nested too deeply");
        }

        if (reader.TryTake("}"))
        {
            return;
        }

        do
        {
            Values(reader, type, written, depth + 1);
        }
        while (reader.TryTake(","));
        reader.Expect("}");
    }

    private static byte[] Value(PtxTokenReader reader, PtxType type)
    {
        int line = reader.Line;
        if (reader.Current.Kind == PtxTokenKind.Identifier && reader.Current.Text != "WARP_SZ")
        {
            throw new PtxUnsupportedException(reader.SourceName, line, $"an initialiser with the address of '{reader.Current.Text}'");
        }

        PtxImmediateOperand value = PtxConstantExpression.Parse(reader);
        ulong bits = value.Kind == PtxImmediateKind.Integer && !type.IsFloat() ? value.Bits : PtxImmediates.FloatBits(value, type);
        byte[] word = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(word, bits);
        return word[..type.SizeBytes()];
    }
}
