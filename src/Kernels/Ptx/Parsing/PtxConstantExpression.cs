using System.Globalization;

namespace Harness.Kernels.Ptx;

/// <summary>
/// Constant expressions (PTX ISA, section "Constants"): C's operators and precedence over 64-bit signed and unsigned integers.
/// Floating-point constants take a sign and nothing else.
/// </summary>
internal sealed class PtxConstantExpression(PtxTokenReader reader)
{
    private const int WarpSize = 32;

    /// <summary>Deeper nesting is an error, not an exhausted stack.</summary>
    private const int MaxDepth = 100;

    private static readonly Dictionary<string, int> s_precedence = new(StringComparer.Ordinal)
    {
        ["||"] = 1, ["&&"] = 2, ["|"] = 3, ["^"] = 4, ["&"] = 5, ["=="] = 6, ["!="] = 6, ["<"] = 7, ["<="] = 7, [">"] = 7, [">="] = 7,
        ["<<"] = 8, [">>"] = 8, ["+"] = 9, ["-"] = 9, ["*"] = 10, ["/"] = 10, ["%"] = 10,
    };

    private int _depth;

    private readonly record struct Value(ulong Bits, PtxImmediateKind Kind, bool Unsigned);

    public static bool StartsHere(PtxTokenReader reader) =>
        reader.Current.Kind == PtxTokenKind.Number
        || (reader.Current.Kind == PtxTokenKind.Punctuation && reader.Current.Text is "-" or "+" or "~" or "(")
        || (reader.Current.Kind == PtxTokenKind.Identifier && reader.Current.Text == "WARP_SZ");

    public static PtxImmediateOperand Parse(PtxTokenReader reader)
    {
        Value value = new PtxConstantExpression(reader).Conditional();
        return new PtxImmediateOperand(value.Bits, value.Kind);
    }

    public static long ParseInteger(PtxTokenReader reader, string what)
    {
        int line = reader.Line;
        PtxImmediateOperand value = Parse(reader);
        return value.Kind == PtxImmediateKind.Integer
            ? unchecked((long)value.Bits)
            : throw new PtxException(reader.SourceName, line, $"{what} must be an integer");
    }

    private Value Conditional()
    {
        if (++_depth > MaxDepth)
        {
            throw reader.Error("a constant expression is nested too deeply");
        }

        Value condition = Binary(1);
        if (reader.TryTake("?"))
        {
            Value yes = Conditional();
            reader.Expect(":");
            Value no = Conditional();
            condition = RequireInteger(condition).Bits != 0 ? yes : no;
        }

        _depth--;
        return condition;
    }

    private Value Binary(int lowest)
    {
        Value left = Unary();
        while (reader.Current.Kind == PtxTokenKind.Punctuation
            && s_precedence.TryGetValue(reader.Current.Text, out int precedence) && precedence >= lowest)
        {
            PtxToken sign = reader.Take();
            left = Apply(sign, RequireInteger(left), RequireInteger(Binary(precedence + 1)));
        }

        return left;
    }

    private Value Unary()
    {
        if (++_depth > MaxDepth)
        {
            throw reader.Error("a constant expression is nested too deeply");
        }

        Value value = UnaryOf(reader.Take());
        _depth--;
        return value;
    }

    private Value UnaryOf(PtxToken token)
    {
        switch (token.Kind)
        {
            case PtxTokenKind.Number:
                return Literal(token);
            case PtxTokenKind.Identifier when token.Text == "WARP_SZ":
                return new Value(WarpSize, PtxImmediateKind.Integer, false);
            case PtxTokenKind.Punctuation:
                switch (token.Text)
                {
                    case "+":
                        return Unary();
                    case "-":
                        return Negate(Unary());
                    case "~":
                        Value complemented = RequireInteger(Unary());
                        return complemented with { Bits = ~complemented.Bits };
                    case "!":
                        return Truth(RequireInteger(Unary()).Bits == 0);
                    case "(":
                        if (reader.IsDotWord(".s64") || reader.IsDotWord(".u64"))
                        {
                            bool unsigned = reader.Take().Text == ".u64";
                            reader.Expect(")");
                            return RequireInteger(Unary()) with { Unsigned = unsigned };
                        }

                        Value inner = Conditional();
                        reader.Expect(")");
                        return inner;
                }

                break;
        }

        throw new PtxException(reader.SourceName, token.Line, $"expected a constant, found {token}");
    }

    private static Value Negate(Value value) => value.Kind switch
    {
        PtxImmediateKind.Integer => value with { Bits = unchecked(0 - value.Bits) },
        PtxImmediateKind.F32 => value with { Bits = value.Bits ^ 0x8000_0000 },
        _ => value with { Bits = value.Bits ^ 0x8000_0000_0000_0000 },
    };

    private Value RequireInteger(Value value) => value.Kind == PtxImmediateKind.Integer
        ? value
        : throw new PtxUnsupportedException(reader.SourceName, reader.Line, "operators on floating-point constants");

    private static Value Truth(bool value) => new(value ? 1UL : 0UL, PtxImmediateKind.Integer, false);

    private Value Apply(PtxToken sign, Value a, Value b)
    {
        unchecked
        {
            bool unsigned = a.Unsigned || b.Unsigned;
            int comparison = unsigned ? a.Bits.CompareTo(b.Bits) : ((long)a.Bits).CompareTo((long)b.Bits);
            Value Of(ulong bits) => new(bits, PtxImmediateKind.Integer, unsigned);
            switch (sign.Text)
            {
                case "||": return Truth(a.Bits != 0 || b.Bits != 0);
                case "&&": return Truth(a.Bits != 0 && b.Bits != 0);
                case "|": return Of(a.Bits | b.Bits);
                case "^": return Of(a.Bits ^ b.Bits);
                case "&": return Of(a.Bits & b.Bits);
                case "==": return Truth(comparison == 0);
                case "!=": return Truth(comparison != 0);
                case "<": return Truth(comparison < 0);
                case "<=": return Truth(comparison <= 0);
                case ">": return Truth(comparison > 0);
                case ">=": return Truth(comparison >= 0);
                case "<<": return a with { Bits = b.Bits > 63 ? 0 : a.Bits << (int)b.Bits };
                case ">>":
                    int shift = (int)Math.Min(b.Bits, 63);
                    return a with { Bits = a.Unsigned ? (b.Bits > 63 ? 0 : a.Bits >> shift) : (ulong)((long)a.Bits >> shift) };
                case "+": return Of(a.Bits + b.Bits);
                case "-": return Of(a.Bits - b.Bits);
                case "*": return Of(a.Bits * b.Bits);
            }

            if (b.Bits == 0)
            {
                throw new PtxException(reader.SourceName, sign.Line, "division by zero in a constant expression");
            }

            bool remainder = sign.Text == "%";
            if (unsigned)
            {
                return Of(remainder ? a.Bits % b.Bits : a.Bits / b.Bits);
            }

            // The one signed quotient that does not fit wraps; .NET would throw.
            return (long)b.Bits == -1
                ? Of(remainder ? 0 : 0 - a.Bits)
                : Of((ulong)(remainder ? (long)a.Bits % (long)b.Bits : (long)a.Bits / (long)b.Bits));
        }
    }

    private Value Literal(PtxToken token)
    {
        string text = token.Text;
        string prefix = text.Length >= 2 && text[0] == '0' ? text[..2].ToUpperInvariant() : "";
        if (prefix is "0F" or "0D" )
        {
            int digits = prefix == "0F" ? 8 : 16;
            if (text.Length != 2 + digits || !ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits))
            {
                throw Bad(token, $"{text[..2]} takes exactly {digits} hexadecimal digits");
            }

            return new Value(bits, prefix == "0F" ? PtxImmediateKind.F32 : PtxImmediateKind.F64, false);
        }

        if (prefix != "0X" && prefix != "0B" && text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                ? new Value(BitConverter.DoubleToUInt64Bits(number), PtxImmediateKind.F64, false)
                : throw Bad(token, "not a decimal number");
        }

        return Integer(token, prefix);
    }

    private Value Integer(PtxToken token, string prefix)
    {
        string digits = token.Text;
        bool unsigned = digits[^1] is 'U' or 'u';
        digits = unsigned ? digits[..^1] : digits;
        (uint radix, int skip) = prefix switch { "0X" => (16u, 2), "0B" => (2u, 2), _ => digits[0] == '0' ? (8u, 0) : (10u, 0) };
        if (digits.Length == skip)
        {
            throw Bad(token, "digits are missing");
        }

        UInt128 value = 0;
        foreach (char c in digits.AsSpan(skip))
        {
            if (!char.IsAsciiHexDigit(c) || (uint)Convert.ToInt32(c.ToString(), 16) >= radix)
            {
                throw Bad(token, $"'{c}' is no digit of base {radix}");
            }

            value = value * radix + (uint)Convert.ToInt32(c.ToString(), 16);
            if (value > ulong.MaxValue)
            {
                throw Bad(token, "more than 64 bits");
            }
        }

        return new Value((ulong)value, PtxImmediateKind.Integer, unsigned || value > long.MaxValue);
    }

    private PtxException Bad(PtxToken token, string why) => new(reader.SourceName, token.Line, $"bad number '{token.Text}': {why}");
}
