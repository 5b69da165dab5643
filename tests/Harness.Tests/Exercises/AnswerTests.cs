using Harness.Exercises;
using Harness.Kernels;

namespace Harness.Tests.Exercises;

/// <summary>What counts as right, and what is said of the rest.</summary>
public sealed class AnswerTests
{
    private static readonly NumberAnswer s_bytes = new(1_572_864, "bytes");
    private static readonly NumberAnswer s_macs = new(8_192, "MACs");

    [Theory]
    [InlineData("1572864")]
    [InlineData("1,572,864")]
    [InlineData("1,572,864 bytes")]
    [InlineData("1572864B")]
    [InlineData("1572864.0")]
    [InlineData("1.5 MiB")]
    [InlineData("1.50MiB")]
    [InlineData("1536 KiB")]
    [InlineData("1,536KiB")]
    [InlineData("0.00146484375 GiB")]
    public void Bytes_may_be_written_in_several_exact_ways(string given) => Assert.Null(s_bytes.Fault(given));

    [Theory]
    [InlineData("1572865", "")]
    [InlineData("0", "")]
    [InlineData("1.49 MiB", "")]
    [InlineData("0.0015 GiB", "")]
    [InlineData("79228162514264337593543950335 GiB", "")]
    [InlineData("1.5 MB", "'MB' is not known here; did you mean 'MiB'?")]
    [InlineData("1.5 TiB", "'TiB' is not known")]
    [InlineData("1.5", "it is not bytes")]
    [InlineData("1,57,2864", "it is not bytes")]
    [InlineData("1.572.864", "it is not bytes")]
    [InlineData("-1572864", "it is not bytes")]
    [InlineData("one and a half", "it is not bytes")]
    [InlineData("1e6", "it is not bytes")]
    [InlineData("792281625142643375935439503350000000000", "it is not bytes")]
    public void Other_bytes_are_wrong_and_what_is_no_number_is_said(string given, string fault) => IsWrong(s_bytes, given, fault);

    [Fact]
    public void What_is_counted_has_its_own_unit_or_none()
    {
        Assert.All(["8192", "8,192", "8,192 MACs", "8192 MACs"], given => Assert.Null(s_macs.Fault(given)));
        IsWrong(s_macs, "8 KiB", "'KiB' is not known here");
        IsWrong(s_macs, "8.192", "a whole number of MACs");
    }

    [Fact]
    public void A_shape_is_its_dimensions_in_order()
    {
        var shape = new ShapeAnswer([8, 64, 768]);
        Assert.All(
            ["[8,64,768]", "8,64,768", "(8, 64, 768)", "8 64 768", "8x64x768", "[8 x 64 x 768]", "8×64×768"],
            given => Assert.Null(shape.Fault(given)));
        Assert.All(["[8,768,64]", "[8,64]", "[1,8,64,768]", "393216"], given => IsWrong(shape, given, ""));
        Assert.All(["[8,64,H]", "8,,64", "[]", "[8,64,768"], given => IsWrong(shape, given, "it is not a shape"));
    }

    [Fact]
    public void A_word_is_one_of_those_named()
    {
        var word = new WordAnswer("gelu", ["gelu", "softmax", "scores"]);
        Assert.All(["gelu", "GELU"], given => Assert.Null(word.Fault(given)));
        IsWrong(word, "softmax", "");
        IsWrong(word, "sofmax", "did you mean 'softmax'?");
    }

    [Theory]
    [InlineData("1\n2\n3", "1|2|3")]
    [InlineData("1\r\n\r\n3\r\n\r\n\r\n", "1||3")]
    [InlineData("\n 2 \n", "|2|")]
    [InlineData("3: c\n1: a", "a||c")]
    [InlineData("2 : b : c\n\n1:\n", "|b : c|")]
    [InlineData("", "||")]
    public void A_sheet_has_an_answer_a_line_or_numbers(string text, string answers) =>
        Assert.Equal(answers, string.Join('|', AnswerSheet.Parse(text, "file", 3).Select(answer => answer ?? "")));

    [Theory]
    [InlineData("1\n2\n3\n4", "line 4", "no question 4", "1 to 3")]
    [InlineData("1: a\n0: b", "line 2", "no question 0")]
    [InlineData("99999999999: b", "line 1", "no question 99999999999")]
    [InlineData("1: a\n1: a", "line 2", "question 1 is answered twice")]
    [InlineData("1: a\nb", "line 2", "N: ANSWER in every line, or in none")]
    [InlineData("a\n2: b", "line 2", "N: ANSWER in every line, or in none")]
    public void A_line_that_belongs_to_no_question_is_the_callers_mistake(string text, params string[] words)
    {
        string message = Assert.Throws<CallerException>(() => AnswerSheet.Parse(text, "file", 3)).Message;
        Assert.All(["--answers 'file'", .. words], word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    private static void IsWrong(Answer answer, string given, string fault)
    {
        string? found = answer.Fault(given);
        Assert.NotNull(found);
        Assert.True(fault.Length == 0 ? found.Length == 0 : found.Contains(fault, StringComparison.Ordinal), $"{given}: {found}");
    }
}
