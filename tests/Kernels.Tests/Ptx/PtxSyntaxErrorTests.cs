using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

public sealed class PtxSyntaxErrorTests
{
    private const string Header = ".version 7.8\n.target sm_75\n.address_size 64\n";

    [Theory]
    [InlineData(".entry k() { add.s32 %r1, %r2, %r3 }", 4, "expected ';', found '}'")]
    [InlineData(".entry k() {\n ret;\n", 4, "'{' is not closed")]
    [InlineData(".entry k(.param .u64 a, .param .u64 a) { ret; }", 4, "'a' is declared twice in this block")]
    [InlineData(".entry k() { .reg .b32 %r1;\n.reg .f32 %r<4>; ret; }", 5, "'%r1' is declared twice in this block")]
    [InlineData(".entry k() { l: ret;\nl: ret; }", 5, "'l' is declared twice in this block")]
    [InlineData(".entry k() { ret; }\n.entry k() { ret; }", 5, "'k' is already defined in line 4")]
    [InlineData(".entry k() { .reg .b33 %r; ret; }", 4, "unknown type '.b33'; did you mean '.b32'?")]
    [InlineData(".entry k() { .reg .b32 %r<70000>; ret; }", 4, "a register range takes a count up to 65536, not '70000'")]
    [InlineData(".entry k() { .rge .b32 %r; ret; }", 4, "unknown directive '.rge' in a function; did you mean '.reg'?")]
    [InlineData(".entri k() { ret; }", 4, "unknown directive '.entri'; did you mean '.entry'?")]
    [InlineData("entry k() { ret; }", 4, "expected a directive, found 'entry'")]
    [InlineData(".entry k() { mov.u32 %r, 0x; ret; }", 4, "bad number '0x': digits are missing")]
    [InlineData(".entry k() { mov.u32 %r, 089; ret; }", 4, "bad number '089': '8' is no digit of base 8")]
    [InlineData(".entry k() { mov.u32 %r, 0x1FFFFFFFFFFFFFFFF; ret; }", 4, "bad number '0x1FFFFFFFFFFFFFFFF': more than 64 bits")]
    [InlineData(".entry k() { mov.f32 %f, 0f3F80; ret; }", 4, "bad number '0f3F80': 0f takes exactly 8 hexadecimal digits")]
    [InlineData(".entry k() { mov.f32 %f, 1.2.3; ret; }", 4, "bad number '1.2.3': not a decimal number")]
    [InlineData(".entry k() { mov.u32 %r, 1/0; ret; }", 4, "division by zero in a constant expression")]
    [InlineData(".entry k() { mov.u32 %r, \\; ret; }", 4, "unexpected character '\\'")]
    [InlineData(".entry k() { /* ret; }", 4, "a comment is not closed")]
    [InlineData(".entry k() { .pragma \"open; ret; }", 4, "a string is not closed on its line")]
    [InlineData(".entry k() { .global .b32 g; ret; }", 4, ".global variables are declared outside functions")]
    [InlineData(".local .b32 l;", 4, ".local is declared inside a function")]
    [InlineData(".shared .b32 s = 4;", 4, "'s': only .global and .const variables take an initialiser")]
    [InlineData(".global .b32 g[2] = {1, 2, 3};", 4, "the initialiser has 12 bytes, the variable 8")]
    [InlineData(".global .align 3 .b32 g;", 4, "alignment 3 is not a power of two up to 1048576")]
    [InlineData(".global .b32 g[-1];", 4, "array bound -1 is negative")]
    [InlineData(".global .b64 g[0x7FFFFFFFFFFFFFFF];", 4, "'g' has more than 1099511627776 bytes")]
    [InlineData(".global .pred g;", 4, "'g': a predicate lives in .reg only")]
    [InlineData(".entry k() { ret; } // \u00B5s", 4, "U+00B5 is not ASCII; a PTX file is ASCII text, comments too")]
    [InlineData(".version 7.8", 4, ".version stands once, at the beginning")]
    [InlineData(".entry k() { .reg .bf16 %h; ret; }", 4, "'.bf16' is no type of a variable or register; declare .b16")]
    [InlineData(".entry k() { .reg .v4 .f64 %v; ret; }", 4, "there is no vector '.v4 .f64'")]
    [InlineData(".entry k() { .reg .v2 .pred %v; ret; }", 4, "there is no vector '.v2 .pred'")]
    [InlineData(".entry k() { .reg .b32 %tid; ret; }", 4, "'%tid' is a name of the language and cannot be declared")]
    [InlineData(".entry k() { .reg .b32 _; ret; }", 4, "'_' is a name of the language and cannot be declared")]
    [InlineData(".func f() .maxntid 32 { ret; }", 4, ".maxntid is for entries, not for functions")]
    [InlineData(".entry k() .maxntid 32 .reqntid 32 { ret; }", 4, ".reqntid: an entry has one .maxntid or .reqntid")]
    [InlineData(".entry k() .maxntid 8, 2, 2, 2 { ret; }", 4, "a block has three extents at most")]
    [InlineData(".entry k() .maxntid 0 { ret; }", 4, "0 threads; 1 to 1048576 are allowed")]
    public void Errors_name_the_line_and_the_reason(string text, int line, string reason)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxParser.Parse(new PtxSource("test.ptx", Header + text)));
        Assert.Equal((line, $"test.ptx:{line}: {reason}"), (error.Line, error.Message));
    }

    [Theory]
    [InlineData("", 1, "the file has no .version directive")]
    [InlineData(".entry k() { ret; }", 1, "a PTX file begins with .version, not '.entry'")]
    [InlineData(".version 7.8\n", 1, "the file has no .target directive")]
    [InlineData(".version seven\n", 1, ".version takes a number such as 7.8, not 'seven'")]
    [InlineData(".version 7.8\n.entry k() { ret; }\n.target sm_75", 2, ".target stands before '.entry'")]
    [InlineData(".version 7.8\n.target debug\n", 2, ".target names no architecture such as sm_75")]
    [InlineData(".version 7.8\n.target sm_75\n.address_size 48", 3, ".address_size is 32 or 64, not '48'")]
    public void The_header_is_checked(string text, int line, string reason)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxParser.Parse(new PtxSource("test.ptx", text)));
        Assert.Equal($"test.ptx:{line}: {reason}", error.Message);
    }

    [Theory]
    [InlineData(".global .u64 g = other;", "an initialiser with the address of 'other'")]
    [InlineData(".global .texref t;", "declaration with .texref")]
    [InlineData("#define N 4\n", "preprocessor directive '#define N 4'; preprocess the file first")]
    [InlineData(".entry k() .reqnctapercluster 2 { ret; }", "directive '.reqnctapercluster' before a function's body")]
    [InlineData(".entry k() { tex.1d.v4.f32.f32 {a, b, c, d}, [t, {x}]; ret; }", "an address with coordinates (textures and surfaces)")]
    public void What_the_tree_cannot_hold_is_named(string text, string reason)
    {
        PtxUnsupportedException error = Assert.Throws<PtxUnsupportedException>(() => PtxParser.Parse(new PtxSource("test.ptx", Header + text)));
        Assert.Equal($"test.ptx:4: {reason}", error.Message);
    }
}
