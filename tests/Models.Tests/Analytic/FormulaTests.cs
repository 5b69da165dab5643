using Harness.Models.Analytic;
using Xunit;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Tests.Analytic;

/// <summary>How a formula prints, and that its value is that of its text.</summary>
public class FormulaTests
{
    private static readonly Formula B = Symbol("B", 2), S = Symbol("S", 3), H = Symbol("H", 5);

    private static void Is(string text, long value, Formula formula)
    {
        Assert.Equal(text, formula.ToString());
        Assert.Equal(value, formula.Value);
    }

    [Fact]
    public void Products_gather_their_numbers_in_front()
    {
        Is("4*B*S*H", 120, 4 * B * S * H);
        Is("8*B*S*H", 240, 2 * (4 * B * S * H));
        Is("12*B*S", 72, 3 * B * (4 * S));
        Is("B", 2, 1 * B);
        Is("7", 7, 7);
        Is("0", 0, 0 * B);
        Is("0", 0, B * Zero);
    }

    [Fact]
    public void Like_terms_merge_and_others_keep_their_order()
    {
        Is("28*B*S + 4*B*S*H", 288, 24 * B * S + 4 * B * S * H + 4 * B * S);
        Is("B", 2, B + Zero);
        Is("B", 2, Zero + B);
        Is("0", 0, B - B);
        Is("S", 3, B + S - B);
        Is("H - 2*S", -1, H - 2 * S);
        Is("-2*S + H", -1, Zero - 2 * S + H);
        Is("H - S + 1", 3, H - (S - 1));
    }

    [Fact]
    public void Sums_inside_products_are_put_in_parentheses()
    {
        Is("(B + S)*H", 25, (B + S) * H);
        Is("H*(B + S)", 25, H * (B + S));
        Is("4*(B + S)*(S - 1)", 40, 4 * (B + S) * (S - 1));
        Is("2*(B + S)", 10, 2 * (B + S));
        Is("(B + S)*H + B", 27, (B + S) * H + B);
    }

    [Fact]
    public void Functions_are_atoms()
    {
        Is("4*floor(H/2)*S", 24, 4 * FloorDivide(H, 2) * S);
        Is("ceil(H/2)", 3, CeilingDivide(H, 2));
        Is("floor((H + S)/(B*S))", 1, FloorDivide(H + S, B * S));
        Is("ceil(2*H/S)", 4, CeilingDivide(2 * H, S));
        Is("B*min(S, H)", 6, B * Min(S, H));
        Is("max(2*S, H) + 1", 7, Max(2 * S, H) + 1);
        Is("max(B, S, H)", 5, Max(B, S, H));
        Is("B", 2, Max(B));
    }

    [Fact]
    public void The_numbers_stand_where_the_symbols_stood()
    {
        Assert.Equal("4*2*3", (4 * B * S).WithNumbers());
        Assert.Equal("28*2*3 + 3", (4 * B * S + 24 * B * S + S).WithNumbers());
        Assert.Equal("(2 + 3)*5 - 2", ((B + S) * H - B).WithNumbers());
        Assert.Equal("4*floor(5/2)*3", (4 * FloorDivide(H, 2) * S).WithNumbers());
        Assert.Equal("ceil((5 + 3)/(2*3))", CeilingDivide(H + S, B * S).WithNumbers());
        Assert.Equal("2*min(3, 5)", (B * Min(S, H)).WithNumbers());
        Assert.Equal("max(2*3, 5) + 1", (Max(2 * S, H) + 1).WithNumbers());
        Assert.Equal("0", (B - B).WithNumbers());
        Assert.Equal("7", Constant(7).WithNumbers());
    }

    [Fact]
    public void One_name_cannot_stand_for_two_values()
    {
        Assert.Throws<InvalidOperationException>(() => 4 * B + Symbol("B", 3));
    }

    [Fact]
    public void Overflow_is_an_exception()
    {
        Formula huge = Symbol("N", long.MaxValue / 2);
        Assert.Throws<OverflowException>(() => 3 * huge);
        Assert.Throws<OverflowException>(() => huge * huge);
        Assert.Throws<OverflowException>(() => huge + huge + huge);
    }

    [Fact]
    public void An_exact_division_divides_every_term_or_none()
    {
        Formula h = Formula.Symbol("H", 10), bytes = 4 * h * h + 12 * h;
        Formula elements = Formula.ExactDivide(bytes, 4);
        Assert.Equal(("H*H + 3*H", "10*10 + 3*10", 130), (elements.ToString(), elements.WithNumbers(), elements.Value));
        Assert.Equal("0", Formula.ExactDivide(Formula.Zero, 4).ToString());
        Assert.Throws<InvalidOperationException>(() => Formula.ExactDivide(bytes + 2, 4));
    }
}
