using System.Collections.Immutable;
using System.Globalization;

namespace Harness.Models.Analytic;

/// <summary>
/// A closed expression over named quantities, with its value: the text that is printed and the number that is compared come
/// from the same object. Built with operators from <see cref="Symbol"/> and integers: <c>4 * b * a * s * s</c> prints
/// <c>4*B*A*S*S</c>. Numbers gather in front of a product and like terms of a sum merge (<c>4*B*S + 24*B*S</c> is <c>28*B*S</c>);
/// nothing else is rearranged, so that a formula keeps the order in which it was reasoned. The same expression with each symbol's value in
/// its place is kept beside it (<c>4*8*12*64*64</c>), for people who want to check it.
/// </summary>
public sealed class Formula
{
    // A sum of terms; none is zero. Zero itself is the empty sum.
    private readonly ImmutableArray<Term> _terms;

    /// <summary>
    /// Coefficient * factors: <c>4</c> and <c>B*S</c>, whose value is the unit. A plain number has no factors and the unit 1.
    /// </summary>
    /// <param name="Numbers">the factors with each symbol's value in its place</param>
    private sealed record Term(long Coefficient, string Factors, string Numbers, long Unit)
    {
        public long Value => checked(Coefficient * Unit);

        public string Text(long coefficient, bool withNumbers)
        {
            string factors = withNumbers ? Numbers : Factors;
            return factors.Length == 0 ? coefficient.ToString(CultureInfo.InvariantCulture)
                : coefficient == 1 ? factors
                : string.Create(CultureInfo.InvariantCulture, $"{coefficient}*{factors}");
        }
    }

    private Formula(ImmutableArray<Term> terms)
    {
        _terms = terms;
        Value = terms.Aggregate(0L, (sum, term) => checked(sum + term.Value));
    }

    public long Value { get; }

    /// <summary>A named quantity of the configuration, such as <c>B</c> for the batch.</summary>
    public static Formula Symbol(string name, long value) => Atom(name, value.ToString(CultureInfo.InvariantCulture), value);

    /// <summary>An integer constant.</summary>
    public static Formula Constant(long value) => value == 0 ? Zero : new([new Term(value, "", "", 1)]);

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
        return new([new Term(
            checked(x.Coefficient * y.Coefficient), Joined(x.Factors, y.Factors), Joined(x.Numbers, y.Numbers), checked(x.Unit * y.Unit))]);
    }

    /// <summary>Bytes as elements: <c>4*H*H + 4*H</c> by 4 is <c>H*H + H</c>.</summary>
    /// <exception cref="InvalidOperationException">a term's number is no multiple of the divisor</exception>
    public static Formula ExactDivide(Formula a, long divisor) => new(
    [
        .. a._terms.Select(term => term.Coefficient % divisor == 0
            ? term with { Coefficient = term.Coefficient / divisor }
            : throw new InvalidOperationException($"{a} cannot be divided by {divisor} term by term")),
    ]);

    /// <summary>Division rounded down, as in <c>floor(H/2)</c>.</summary>
    public static Formula FloorDivide(Formula a, Formula b) => Quotient("floor", a, b, a.Value / b.Value);

    /// <summary>Division rounded up.</summary>
    public static Formula CeilingDivide(Formula a, Formula b) => Quotient("ceil", a, b, checked(a.Value + b.Value - 1) / b.Value);

    public static Formula Min(Formula a, Formula b) =>
        Atom($"min({a}, {b})", $"min({a.WithNumbers()}, {b.WithNumbers()})", Math.Min(a.Value, b.Value));

    public static Formula Max(params ReadOnlySpan<Formula> of)
    {
        Formula[] all = of.ToArray();
        return all.Length == 1 ? all[0] : Atom(
            $"max({string.Join<Formula>(", ", all)})", $"max({string.Join(", ", all.Select(formula => formula.WithNumbers()))})",
            all.Max(formula => formula.Value));
    }

    public static Formula Add(Formula a, Formula b) => a + b;

    public static Formula Subtract(Formula a, Formula b) => a - b;

    public static Formula Multiply(Formula a, Formula b) => a * b;

    /// <summary>The expression as one would write it, without the numbers put in.</summary>
    public override string ToString() => Text(withNumbers: false);

    /// <summary>The expression with each symbol's value in its place: <c>4*8*12*64*64</c> for <c>4*B*A*S*S</c>.</summary>
    public string WithNumbers() => Text(withNumbers: true);

    private static Formula Atom(string text, string numbers, long value) => new([new Term(1, text, numbers, value)]);

    private static Formula Quotient(string function, Formula a, Formula b, long value) => Atom(
        $"{function}({a.AsOneFactor(withNumbers: false)}/{b.AsDivisor(withNumbers: false)})",
        $"{function}({a.AsOneFactor(withNumbers: true)}/{b.AsDivisor(withNumbers: true)})", value);

    private static string Joined(string a, string b) => a.Length == 0 ? b : b.Length == 0 ? a : $"{a}*{b}";

    private Term AsOneTerm() => _terms.Length == 1 ? _terms[0] : new Term(1, $"({this})", $"({WithNumbers()})", Value);

    private string AsOneFactor(bool withNumbers) => _terms.Length <= 1 ? Text(withNumbers) : $"({Text(withNumbers)})";

    private string AsDivisor(bool withNumbers)
    {
        string text = Text(withNumbers);
        return _terms.Length <= 1 && !text.Contains('*', StringComparison.Ordinal) ? text : $"({text})";
    }

    private string Text(bool withNumbers)
    {
        string text = "";
        foreach (Term term in _terms)
        {
            text += text.Length == 0
                ? term.Text(term.Coefficient, withNumbers)
                : term.Coefficient < 0 ? $" - {term.Text(-term.Coefficient, withNumbers)}"
                : $" + {term.Text(term.Coefficient, withNumbers)}";
        }

        return text.Length == 0 ? "0" : text;
    }
}
