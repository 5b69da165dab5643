using System.Collections.Immutable;
using System.Globalization;

namespace Harness.Models.Analytic;

/// <summary>
/// A closed expression over named quantities, with its value: the text that is printed and the number that is compared come
/// from the same object. Built with operators from <see cref="Symbol"/> and integers: <c>4 * b * a * s * s</c> prints
/// <c>4*B*A*S*S</c>. Numbers gather in front of a product and like terms of a sum merge (<c>4*B*S + 24*B*S</c> is <c>28*B*S</c>);
/// nothing else is rearranged, so that a formula keeps the order in which it was reasoned.
/// </summary>
public sealed class Formula
{
    // A sum of terms; none is zero. Zero itself is the empty sum.
    private readonly ImmutableArray<Term> _terms;

    /// <summary>Coefficient * factors: <c>4</c> and <c>B*S</c>, whose value is the unit. A plain number has no factors and the unit 1.</summary>
    private readonly record struct Term(long Coefficient, string Factors, long Unit)
    {
        public long Value => checked(Coefficient * Unit);

        public string Text(long coefficient) =>
            Factors.Length == 0 ? coefficient.ToString(CultureInfo.InvariantCulture)
            : coefficient == 1 ? Factors
            : string.Create(CultureInfo.InvariantCulture, $"{coefficient}*{Factors}");
    }

    private Formula(ImmutableArray<Term> terms)
    {
        _terms = terms;
        Value = terms.Aggregate(0L, (sum, term) => checked(sum + term.Value));
    }

    public long Value { get; }

    /// <summary>A named quantity of the configuration, such as <c>B</c> for the batch.</summary>
    public static Formula Symbol(string name, long value) => new([new Term(1, name, value)]);

    /// <summary>An integer constant.</summary>
    public static Formula Constant(long value) => value == 0 ? Zero : new([new Term(value, "", 1)]);

    public static Formula Zero { get; } = new([]);

    public static implicit operator Formula(long value) => Constant(value);

    public static Formula FromInt64(long value) => Constant(value);

    /// <exception cref="InvalidOperationException">the same text stands for two values</exception>
    public static Formula operator +(Formula a, Formula b)
    {
        ImmutableArray<Term> sum = a._terms;
        foreach (Term term in b._terms)
        {
            int like = -1;
            for (int i = 0; i < sum.Length && like < 0; i++)
            {
                like = sum[i].Factors == term.Factors ? i : -1;
            }

            if (like < 0)
            {
                sum = sum.Add(term);
                continue;
            }

            if (sum[like].Unit != term.Unit)
            {
                throw new InvalidOperationException($"{term.Factors} stands for {sum[like].Unit} and for {term.Unit} in one formula");
            }

            long coefficient = checked(sum[like].Coefficient + term.Coefficient);
            sum = coefficient == 0 ? sum.RemoveAt(like) : sum.SetItem(like, term with { Coefficient = coefficient });
        }

        return new(sum);
    }

    public static Formula operator -(Formula a, Formula b) =>
        a + new Formula([.. b._terms.Select(term => term with { Coefficient = checked(-term.Coefficient) })]);

    public static Formula operator *(Formula a, Formula b)
    {
        if (a._terms.IsEmpty || b._terms.IsEmpty)
        {
            return Zero;
        }

        Term x = a.AsOneTerm(), y = b.AsOneTerm();
        string factors = x.Factors.Length == 0 ? y.Factors : y.Factors.Length == 0 ? x.Factors : $"{x.Factors}*{y.Factors}";
        return new([new Term(checked(x.Coefficient * y.Coefficient), factors, checked(x.Unit * y.Unit))]);
    }

    /// <summary>Division rounded down, as in <c>floor(H/2)</c>.</summary>
    public static Formula FloorDivide(Formula a, Formula b) => Symbol($"floor({a.AsOneFactor()}/{b.AsDivisor()})", a.Value / b.Value);

    /// <summary>Division rounded up.</summary>
    public static Formula CeilingDivide(Formula a, Formula b) =>
        Symbol($"ceil({a.AsOneFactor()}/{b.AsDivisor()})", checked(a.Value + b.Value - 1) / b.Value);

    public static Formula Min(Formula a, Formula b) => Symbol($"min({a}, {b})", Math.Min(a.Value, b.Value));

    public static Formula Max(params ReadOnlySpan<Formula> of)
    {
        long greatest = of[0].Value;
        foreach (Formula formula in of)
        {
            greatest = Math.Max(greatest, formula.Value);
        }

        return of.Length == 1 ? of[0] : Symbol($"max({string.Join<Formula>(", ", of.ToArray())})", greatest);
    }

    public static Formula Add(Formula a, Formula b) => a + b;

    public static Formula Subtract(Formula a, Formula b) => a - b;

    public static Formula Multiply(Formula a, Formula b) => a * b;

    private Term AsOneTerm() => _terms.Length == 1 ? _terms[0] : new Term(1, $"({this})", Value);

    private string AsOneFactor() => _terms.Length <= 1 ? ToString() : $"({this})";

    private string AsDivisor()
    {
        string text = ToString();
        return _terms.Length <= 1 && !text.Contains('*', StringComparison.Ordinal) ? text : $"({text})";
    }

    /// <summary>The expression as one would write it, without the numbers put in.</summary>
    public override string ToString()
    {
        string text = "";
        foreach (Term term in _terms)
        {
            text += text.Length == 0
                ? term.Text(term.Coefficient)
                : term.Coefficient < 0 ? $" - {term.Text(-term.Coefficient)}" : $" + {term.Text(term.Coefficient)}";
        }

        return text.Length == 0 ? "0" : text;
    }
}
