using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>Damaged files: whatever is done to a kernel's text, the answer is a tree or one of the two PTX errors.</summary>
public sealed class PtxMutationTests
{
    private static readonly string[] s_pieces =
    [
        ";", ",", "{", "}", "(", ")", "[", "]", "<", ">", "|", "@", "!", ":", ".", "-", "+", "%", "$", "\"", "/*", "//", "#", "\0", "\n", "é", "\ud800",
        ".reg", ".v4", ".b128", ".pred", ".align", ".entry", ".param", "0x", "0f", "99999999999999999999", "-1", "<65537>", "%r1", "%p1", "_", "ret;", "call",
        "mov.b64", "{{", "}}", ".branchtargets", ".section", "= {", "? 1 :", "1/0", "WARP_SZ", "%tid.x", "generic(",
    ];

    [Fact]
    public void A_damaged_file_is_an_error_with_a_line_and_nothing_worse()
    {
        var random = new Random(20260731);
        string[] texts = [.. Corpus.Names.Select(name => Corpus.Read(name).Text).Where(text => text.Length < 12_000)];
        int accepted = 0;
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            string text = texts[random.Next(texts.Length)];
            for (int edits = random.Next(1, 3); edits > 0; edits--)
            {
                text = Damaged(text, random);
            }

            try
            {
                PtxVerifier.Verify(PtxParser.Parse(new PtxSource("damaged.ptx", text)));
                accepted++;
            }
            catch (Exception error) when (error is PtxException or PtxUnsupportedException)
            {
                Assert.StartsWith("damaged.ptx:", error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }
        }

        Assert.True(accepted > 100 && refused > 1000, $"{accepted} accepted, {refused} refused");
    }

    private static string Damaged(string text, Random random)
    {
        int at = random.Next(text.Length);
        int length = Math.Min(random.Next(1, 12), text.Length - at);
        return random.Next(5) switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, s_pieces[random.Next(s_pieces.Length)]),
            2 => text.Remove(at, length).Insert(at, s_pieces[random.Next(s_pieces.Length)]),
            3 => text.Insert(at, text.Substring(random.Next(text.Length - length), length)),
            _ => random.Next(20) == 0 ? text[..Math.Max(1, at)] : text.Remove(at, 1).Insert(at, ((char)random.Next(32, 127)).ToString()),
        };
    }
}
