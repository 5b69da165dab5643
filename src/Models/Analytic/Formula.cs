using System.Globalization;

namespace Harness.Models.Analytic;

/// <summary>
/// A closed expression over named quantities, with its value: the text that is printed and the number that is compared come
/// from the same object. Built with operators from <see cref="Symbol"/> and integers: <c>4 * b * a * s * s</c> prints
/// <c>4*B*A*S*S</c>.
/// </summary>
public sealed class Formula
{
    private readonly string _text;
    private readonly int _precedence;

    private const int SumPrecedence = 1;
    private const int ProductPrecedence = 2;
    private const int AtomPrecedence = 3;

    private Formula(string text, int precedence, long value)
    {
        _text = text;
        _precedence = precedence;
        Value = value;
    }

    public long Value { get; }

    /// <summary>A named quantity of the configuration, such as <c>B</c> for the batch.</summary>
    public static Formula Symbol(string name, long value) => new(name, AtomPrecedence, value);

    /// <summary>An integer constant.</summary>
    public static Formula Constant(long value) => new(value.ToString(CultureInfo.InvariantCulture), AtomPrecedence, value);

    public static Formula Zero { get; } = Constant(0);

    public static implicit operator Formula(long value) => Constant(value);

    public static Formula FromInt64(long value) => Constant(value);

    public static Formula operator +(Formula a, Formula b) =>
        a.IsZero ? b : b.IsZero ? a : new($"{a._text} + {b._text}", SumPrecedence, checked(a.Value + b.Value));

    public static Formula operator -(Formula a, Formula b) =>
        b.IsZero ? a : new($"{a._text} - {b.Within(ProductPrecedence)}", SumPrecedence, checked(a.Value - b.Value));

    public static Formula operator *(Formula a, Formula b) =>
        new($"{a.Within(ProductPrecedence)}*{b.Within(ProductPrecedence)}", ProductPrecedence, checked(a.Value * b.Value));

    /// <summary>Division rounded down, as in <c>floor(H/2)</c>.</summary>
    public static Formula FloorDivide(Formula a, Formula b) =>
        new($"floor({a.Within(ProductPrecedence)}/{b.Within(AtomPrecedence)})", AtomPrecedence, a.Value / b.Value);

    /// <summary>Division rounded up.</summary>
    public static Formula CeilingDivide(Formula a, Formula b) =>
        new($"ceil({a.Within(ProductPrecedence)}/{b.Within(AtomPrecedence)})", AtomPrecedence, checked(a.Value + b.Value - 1) / b.Value);

    public static Formula Min(Formula a, Formula b) => new($"min({a}, {b})", AtomPrecedence, Math.Min(a.Value, b.Value));

    public static Formula Max(Formula a, Formula b) => new($"max({a}, {b})", AtomPrecedence, Math.Max(a.Value, b.Value));

    public static Formula Add(Formula a, Formula b) => a + b;

    public static Formula Subtract(Formula a, Formula b) => a - b;

    public static Formula Multiply(Formula a, Formula b) => a * b;

    private bool IsZero => _precedence == AtomPrecedence && _text == "0";

    private string Within(int precedence) => _precedence < precedence ? $"({_text})" : _text;

    /// <summary>The expression as one would write it, without the numbers put in.</summary>
    public override string ToString() => _text;
}
