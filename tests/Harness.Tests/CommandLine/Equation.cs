using System.Globalization;

namespace Harness.Tests.CommandLine;

/// <summary>A line of arithmetic as a page shows it, such as <c>784 × 128 + 128 = 100,480</c>; ≈ where the right side is rounded to its digits.</summary>
internal static class Equation
{
    private const string Symbols = "0123456789,.()+-−*×/ =≈";

    public static bool Is(string text) => text.AsSpan().IndexOfAny('=', '≈') > 0 && text.All(Symbols.Contains);

    /// <summary>True where every side is that before it.</summary>
    /// <exception cref="FormatException">no arithmetic</exception>
    public static bool Holds(string text)
    {
        var reader = new Reader(string.Concat(text.Where(character => character is not (',' or ' '))));
        decimal left = reader.Sum();
        while (reader.Next is { } sign)
        {
            reader.Take(sign);
            (decimal right, decimal tolerance) = sign switch
            {
                '=' => (reader.Sum(), 0),
                '≈' => reader.Rounded(),
                _ => throw new FormatException($"'{sign}' in {text}"),
            };
            if (decimal.Abs(left - right) > tolerance)
            {
                return false;
            }

            left = sign == '=' ? right : left;
        }

        return true;
    }

    private sealed class Reader(string text)
    {
        private int _at;

        public char? Next => _at < text.Length ? text[_at] : null;

        public void Take(char sign) => _at += Next == sign ? 1 : throw new FormatException($"'{sign}' is not in {text} at {_at}");

        public decimal Sum()
        {
            decimal sum = Product();
            while (Next is '+' or '-' or '−')
            {
                char sign = Next.Value;
                Take(sign);
                decimal term = Product();
                sum = sign == '+' ? sum + term : sum - term;
            }

            return sum;
        }

        /// <summary>A number, and half of what its last digit stands for.</summary>
        public (decimal Value, decimal Tolerance) Rounded()
        {
            decimal value = Factor();
            return (value, 0.5m / Enumerable.Repeat(10m, value.Scale).Aggregate(1m, (power, ten) => power * ten));
        }

        private decimal Product()
        {
            decimal product = Factor();
            while (Next is '*' or '×' or '/')
            {
                char sign = Next.Value;
                Take(sign);
                decimal factor = Factor();
                product = sign == '/' ? product / factor : product * factor;
            }

            return product;
        }

        private decimal Factor()
        {
            if (Next is '-' or '−')
            {
                Take(Next.Value);
                return -Factor();
            }

            if (Next == '(')
            {
                Take('(');
                decimal inner = Sum();
                Take(')');
                return inner;
            }

            int from = _at;
            while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] == '.'))
            {
                _at++;
            }

            return decimal.Parse(text.AsSpan(from, _at - from), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        }
    }
}
