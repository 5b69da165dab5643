using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>Snippets in the frame below: what is legal passes, what is not is refused with its line and the reason.</summary>
public sealed class PtxVerifierTests
{
    /// <summary>The snippet begins on this line.</summary>
    private const int SnippetLine = 15;

    private const string Before = """
        .version 7.8
        .target sm_75
        .address_size 64
        .extern .shared .align 16 .b8 dynamic[];
        .const .align 4 .b32 table[4] = {1, 2, 3, 4};
        .func (.param .b32 r) callee(.param .b32 a) { ret; }
        .entry k(.param .u64 out, .param .u32 n, .param .align 8 .b8 pair[16])
        {
        .reg .pred %p<5>; .reg .b16 %h<9>; .reg .u16 %us<3>; .reg .f16 %hf<4>;
        .reg .b32 %r<9>; .reg .s32 %i<4>; .reg .u32 %u<4>; .reg .f16x2 %hh<4>;
        .reg .f32 %f<9>; .reg .f64 %fd<5>;
        .reg .b64 %rd<9>; .reg .s64 %l<4>;
        .shared .align 16 .b8 tile[256];
        .local .align 8 .b8 stack[64];

        """;

    private const string After = "\nret;\ndone:\nexit;\n}\n";

    public static TheoryData<string> Good =>
    [
        "mov.u32 %r1, %tid.x; mov.u64 %rd1, %clock64; mov.b32 %f1, 0f3F800000; mov.f32 %f1, 1.5; mov.pred %p1, 1;",
        "mov.u64 %rd1, tile; mov.u32 %r1, tile+16; mov.u64 %rd1, dynamic; mov.u64 %rd2, table; mov.b64 %rd3, pair;",
        "mov.b64 {%r1, %r2}, %rd1; mov.b64 %rd1, {%r1, %f2}; mov.b32 %r1, {%h1, %h2}; mov.b32 {%h1, _}, %r1; mov.b64 {%h1, %h2, %h3, %h4}, %fd1;",
        "ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [n]; ld.param.f64 %fd1, [pair+8]; ld.param.v2.u64 {%rd1, %rd2}, [pair];",
        "ld.global.v4.f32 {%f1, _, %f2, %f3}, [%rd1+-16]; ld.global.nc.v2.u32 {%r1, %r2}, [%rd1]; ld.volatile.shared.u8 %r1, [tile+3]; ld.u8 %h1, [%rd1];",
        "ld.global.cg.s8 %i1, [%rd1]; ld.relaxed.gpu.global.u32 %u1, [%rd1]; ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r5]; ld.const.u32 %r1, [table+4]; ld.global.b32 %f1, [%rd1];",
        "ld.global.L1::evict_last.L2::128B.f32 %f1, [%rd1]; ld.global.nc.L1::no_allocate.v4.b32 {%r1, %r2, %r3, %r4}, [%rd1]; ldu.global.f32 %f1, [%rd1];",
        "st.global.v2.f32 [%rd1], {%f1, 0f00000000}; st.shared.u8 [tile], %r1; st.local.f64 [stack+8], %fd1; st.global.cs.b16 [%rd1], %h1; st.volatile.global.u32 [%rd1], 7;",
        "st.shared::cta.f32 [%rd1], %f1; st.release.sys.global.u32 [%rd1], %r1; prefetch.global.L2 [%rd1]; isspacep.shared %p1, %rd1;",
        "cvta.to.global.u64 %rd1, %rd2; cvta.shared.u64 %rd1, tile; cvta.shared.u64 %rd1, %rd2;",
        "cvt.u64.u32 %rd1, %r1; cvt.u32.u64 %r1, %rd1; cvt.s16.s8 %h1, %h2; cvt.u16.u32 %h1, %r1; cvt.sat.u8.s32 %r1, %r2; cvt.s64.s32 %l1, %i1;",
        "cvt.rn.f32.s32 %f1, %r1; cvt.rzi.s32.f32 %r1, %f1; cvt.rni.ftz.sat.u8.f32 %r1, %f1; cvt.rn.f16.f32 %h1, %f1; cvt.f32.f16 %f1, %h1; cvt.rmi.f32.f32 %f1, %f2;",
        "cvt.rn.f64.s64 %fd1, %rd1; cvt.f64.f32 %fd1, %f1; cvt.rz.f32.f64 %f1, %fd1; cvt.rpi.f64.f64 %fd1, %fd2; cvt.rzi.s64.f64 %rd1, %fd1; cvt.sat.f32.f32 %f1, %f2;",
        "add.s32 %r1, %u1, -5; add.u64 %rd1, %l1, %rd2; add.sat.s32 %r1, %r2, %r3; sub.u16 %h1, %us1, 3; add.cc.u32 %r1, %r2, %r3; addc.u32 %r1, %r2, 0; subc.cc.u32 %r1, %r2, %r3;",
        "mul.lo.s32 %r1, %r2, %r3; mul.hi.u64 %rd1, %rd2, %rd3; mul.wide.u32 %rd1, %r1, 4; mul.wide.s16 %r1, %h1, %h2; mad.lo.s32 %r1, %ctaid.x, %ntid.x, %tid.x; mad.wide.u32 %rd1, %r1, %r2, %rd2;",
        "mad.lo.cc.u32 %r1, %r2, %r3, %r4; madc.hi.u32 %r1, %r2, %r3, %r4; mul24.lo.u32 %r1, %r2, %r3; mad24.hi.s32 %r1, %r2, %r3, %r4; sad.u32 %r1, %r2, %r3, %r4; dp4a.u32.s32 %r1, %r2, %r3, %r4; dp2a.lo.s32.s32 %r1, %r2, %r3, %r4;",
        "div.s32 %r1, %r2, 7; rem.u64 %rd1, %rd2, %rd3; abs.s32 %r1, %r2; neg.s64 %rd1, %rd2; min.u32 %r1, %r2, %r3; max.s16 %h1, %h2, %h3;",
        "popc.b64 %r1, %rd1; clz.b32 %r1, %r2; bfind.shiftamt.u32 %r1, %r2; brev.b32 %r1, %r2; bfe.s64 %rd1, %rd2, 3, 4; bfi.b32 %r1, %r2, %r3, 0, 8; fns.b32 %r1, %r2, 0, 1;",
        "and.b32 %r1, %f1, 0x7FFFFFFF; or.pred %p1, %p2, %p3; not.b64 %rd1, %rd2; cnot.b32 %r1, %r2; shl.b32 %r1, %r2, 3; shr.s64 %rd1, %rd2, %r1; shf.l.wrap.b32 %r1, %r2, %r3, %r4; lop3.b32 %r1, %r2, %r3, %r4, 0x96; prmt.b32 %r1, %r2, %r3, 0x3210; prmt.b32.f4e %r1, %r2, %r3, %r4;",
        "add.f32 %f1, %f2, 1.0; add.rz.ftz.sat.f32 %f1, %f2, %f3; fma.rn.f64 %fd1, %fd2, %fd3, 0d3FF0000000000000; mad.rn.f32 %f1, %f2, %f3, %f4; div.approx.f32 %f1, %f2, %f3; div.full.f32 %f1, %f2, %f3; div.rn.f64 %fd1, %fd2, %fd3;",
        "abs.ftz.f32 %f1, %f2; neg.f64 %fd1, %fd2; min.ftz.f32 %f1, %f2, %f3; rcp.rn.f32 %f1, %f2; rcp.approx.ftz.f64 %fd1, %fd2; sqrt.approx.ftz.f32 %f1, %f2; rsqrt.approx.f64 %fd1, %fd2; ex2.approx.ftz.f32 %f1, %f2; lg2.approx.f32 %f1, %f2; sin.approx.f32 %f1, %f2; tanh.approx.f32 %f1, %f2;",
        "testp.finite.f32 %p1, %f1; copysign.f64 %fd1, %fd2, %fd3; add.rn.f16 %h1, %h2, %hf1; fma.rn.f16x2 %r1, %r2, %r3, %hh1; mul.f16x2 %hh1, %hh2, %hh3; neg.f16 %h1, %h2; ex2.approx.f16 %h1, %h2;",
        "setp.lt.s32 %p1, %r1, 0; setp.hs.u32 %p1|%p2, %r1, %r2; setp.neu.and.ftz.f32 %p1, %f1, %f2, !%p2; setp.eq.b64 %p1, %rd1, 0; set.gt.u32.f32 %r1, %f1, %f2; set.eq.or.f32.s32 %f1, %r1, %r2, %p1;",
        "selp.b32 %r1, %r2, 0, %p1; selp.f32 %f1, 0f3F800000, %f2, %p1; slct.f32.s32 %f1, %f2, %f3, %r1; slct.ftz.u64.f32 %rd1, %rd2, %rd3, %f1;",
        "bra.uni next; next: @%p1 bra done; @!%p1 bra next;",
        "ts: .branchtargets a, b; brx.idx %r1, ts; a: mov.u32 %r1, 1; b:",
        "{ .param .b32 x; st.param.b32 [x], %r1; .param .b32 y; call.uni (y), callee, (x); ld.param.b32 %r1, [y]; }",
        "bar.sync 0; bar.sync 1, 64; barrier.sync 0; barrier.sync.aligned %r1, 32; bar.arrive 1, 64; bar.red.popc.u32 %r1, 0, %p1; bar.red.and.pred %p1, 0, 64, !%p2; bar.warp.sync -1;",
        "membar.gl; fence.acq_rel.gpu; fence.sc.sys; nanosleep.u32 100; activemask.b32 %r1;",
        "shfl.sync.bfly.b32 %r1, %r2, 16, 31, -1; shfl.sync.down.b32 %f1|%p1, %f2, %r1, 31, %r2; shfl.sync.idx.b32 %r1, %r2, 0, 31, -1; vote.sync.ballot.b32 %r1, %p1, -1; vote.sync.all.pred %p1, !%p2, %r1;",
        "match.any.sync.b32 %r1, %r2, -1; match.all.sync.b64 %r1|%p1, %rd1, -1;",
        "atom.global.add.f32 %f1, [%rd1], %f2; atom.shared.cas.b64 %rd1, [tile], %rd2, %rd3; atom.relaxed.gpu.global.min.s64 %rd1, [%rd2], %rd3; atom.add.noftz.f16x2 %r1, [%rd1], %r2; atom.global.inc.u32 _, [%rd1], 7; red.global.add.u64 [%rd1], 1; red.shared.xor.b32 [tile+4], %r1;",
        "@%p1 ret; @%p1 trap; @%p1 exit;",
        "trap; mov.u32 %r1, 1;",
    ];

    public static TheoryData<string, string> Bad => new()
    {
        { "add.s32 %r1, %r99, 1;", "undeclared register '%r99'" },
        { "mov.u32 %r1, %tid.w2;", "undeclared register '%tid.w2'; did you mean '%tid.x'?" },
        { "add.s32 r1, %r2, 1;", "undeclared register 'r1'; did you mean '%r1'?" },
        { "bra finish;", "unknown label 'finish'" },
        { "bra dune;", "unknown label 'dune'; did you mean 'done'?" },
        { "ld.shared.f32 %f1, [tyle];", "undeclared name 'tyle'; did you mean 'tile'?" },
        { "ld.param.u32 %r1, [m];", "undeclared name 'm'; did you mean 'n'?" },
        { "@%r1 bra done;", "the guard '%r1' is .b32, not .pred" },
        { "@%p9 bra done;", "undeclared register '%p9'; did you mean '%p0'?" },
        { "mov.u32 %tid.x, 1;", "the special register '%tid.x' cannot be written" },
        { "add.f32 %f1, %f2, %fd1;", "'%fd1' is .f64, 'add.f32' wants .f32" },
        { "add.f32 %f1, %f2, %u1;", "'%u1' is .u32, 'add.f32' wants .f32" },
        { "add.s32 %r1, %f2, 1;", "'%f2' is .f32, 'add.s32' wants .s32" },
        { "add.f32 %f1, %f2, 1;", "operand 3 of 'add.f32' is an integer, wanted is .f32" },
        { "add.s32 %r1, %r2, 1.0;", "operand 3 of 'add.s32' is a floating-point constant, wanted is .s32" },
        { "add.s32 %r1, %r2;", "'add.s32' takes 3 operands, not 2" },
        { "bar.sync 0, 32, 2;", "'bar.sync' takes 1 or 2 operands, not 3" },
        { "add.s32 5, %r1, %r2;", "operand 1 of 'add.s32' must be a register" },
        { "add.s32 %r1, [%rd1], %r2;", "operand 2 of 'add.s32' must be a register or a constant" },
        { "add.s32 %r1, !%r2, %r3;", "'!%r2': operand of 'add.s32' cannot be negated" },
        { "mul.wide.u32 %r1, %r2, %r3;", "'%r1' is .b32, 'mul.wide.u32' wants .u64" },
        { "ld.global.u32 %h1, [%rd1];", "'%h1' is .b16, 'ld.global.u32' wants .u32" },
        { "ld.global.u16 %f1, [%rd1];", "'%f1' is .f32, 'ld.global.u16' wants .u16" },
        { "ld.global.u32 %r1, %rd1;", "operand 2 of 'ld.global.u32' must be an address [register+offset]" },
        { "ld.global.u32 %r1, [%h1];", "'%h1' is .b16; an address is an integer of 32 or 64 bits" },
        { "ld.global.u32 %r1, [%f1];", "'%f1' is .f32; an address is an integer of 32 or 64 bits" },
        { "ld.global.v4.f32 {%f1, %f2}, [%rd1];", "operand 1 of 'ld.global.v4.f32' must be a vector of 4 elements" },
        { "ld.global.v2.f32 {%f1, %f1}, [%rd1];", "'%f1' is written twice by one instruction" },
        { "ld.global.v4.f64 {%fd1, %fd2, %fd3, %fd4}, [%rd1];", "'ld.global.v4.f64' moves 32 bytes; a vector has 16 at most" },
        { "ld.global.f32 %f1, [tile];", "'tile' lies in .shared, 'ld.global.f32' accesses .global" },
        { "ld.f32 %f1, [tile];", "'tile' lies in .shared, 'ld.f32' accesses generic addresses" },
        { "st.param.u32 [n], %r1;", "the parameter 'n' cannot be written" },
        { "ld.param.u64 %rd1, [n];", "'ld.param.u64' accesses 8 bytes at offset 0 of 'n', which has 4" },
        { "ld.param.u64 %rd1, [pair+12];", "'ld.param.u64' accesses 8 bytes at offset 12 of 'pair', which has 16" },
        { "mov.u32 %r1, stack;", "the address of 'stack' has 64 bits, 'mov.u32' moves .u32" },
        { "mov.b32 {%r1, %r2}, %r3;", "'%r1' is .b32, 'mov.b32' wants .b16" },
        { "mov.f32 {%h1, %h2}, %f3;", "'mov.f32' cannot pack or unpack 2 elements" },
        { "lop3.b32 %r1, %r2, %r3, %r4, %r5;", "operand 5 of 'lop3.b32' must be a constant from 0 to 255" },
        { "setp.lt.s32 %r1, %r2, %r3;", "'%r1' is .b32, 'setp.lt.s32' wants .pred" },
        { "selp.b32 %r1, %r2, %r3, %r4;", "'%r4' is .b32, 'selp.b32' wants .pred" },
        { "shfl.idx.b32 %r1, %r2, 0, 31;", "'shfl.idx.b32' without .sync is not for sm_70 and later" },
        { "vote.ballot.b32 %r1, %p1;", "'vote.ballot.b32' without .sync is not for sm_70 and later" },
        { "min.NaN.f32 %f1, %f2, %f3;", "'min.NaN.f32' wants sm_80 or later, the file's target is sm_75" },
        { "max.f16 %h1, %h2, %h3;", "'max.f16' wants sm_80 or later, the file's target is sm_75" },
        { "neg.bf16 %h1, %h2;", "'neg.bf16' wants sm_80 or later, the file's target is sm_75" },
        { "ld.param::func.u32 %r1, [n];", "'ld.param::func.u32' wants .version 8.3 or later, the file says 7.8" },
        { "bar.sync 16;", "'bar.sync': barriers are numbered 0 to 15" },
        { "barrier.arrive 1, 40;", "'barrier.arrive' waits for 40 threads; a multiple of 32 is allowed" },
        { "bar.red.and.pred %p1, 17, %p2;", "'bar.red.and.pred': barriers are numbered 0 to 15" },
        { "add.s32 %late, %r1, 1; .reg .s32 %late;", "'%late' is declared further down; a declaration stands before its use" },
        { "@%late ret; .reg .pred %late;", "'%late' is declared further down; a declaration stands before its use" },
        { "mov.u32 %r1, late; .shared .b32 late;", "'late' is declared further down; a declaration stands before its use" },
        { "redux.sync.add.u32 %r1, %r2, -1;", "'redux.sync.add.u32' wants sm_80 or later, the file's target is sm_75" },
        { "call nobody;", "unknown function 'nobody'" },
        { "call k;", "'k' is an entry and cannot be called" },
        { "call callee;", "'callee' has 1 results, the call 0" },
        { "{ .param .b64 x; .param .b32 y; call (y), callee, (x); }", "argument 1 of the call does not fit 'a' of 'callee'" },
        { "bra done;\nmov.u32 %r1, 1;", "+1 unreachable code: no path leads to 'mov.u32'" },
        { "ret;\nnever: add.s32 %r1, %r1, 1;\nbra never;", "+1 unreachable code: no path leads to 'add.s32'" },
    };

    public static TheoryData<string, string> Unsupported => new()
    {
        { "ad.s32 %r1, %r2, 1;", "unknown instruction 'ad.s32'; did you mean 'add'?" },
        { "wmma.load.a.sync %r1;", "unknown instruction 'wmma.load.a.sync'" },
        { "add.s23 %r1, %r2, 1;", "unknown modifier '.s23' in 'add.s23'; did you mean '.s32'?" },
        { "ld.globl.u32 %r1, [%rd1];", "unknown modifier '.globl' in 'ld.globl.u32'; did you mean '.global'?" },
        { "add.sat.u64 %rd1, %rd2, 1;", "'add' has no such combination of modifiers: 'add.sat.u64'" },
        { "add.f32.rn %f1, %f2, %f3;", "'add' has no such combination of modifiers: 'add.f32.rn'" },
        { "cvt.s32.f32 %r1, %f1;", "'cvt' has no such combination of modifiers: 'cvt.s32.f32'" },
        { "add.rz.f64 %fd1, %fd2, %fd3;", "'add' has no such combination of modifiers: 'add.rz.f64'" },
        { "call (%r1), %rd1, (%r2), proto;", "a call through a register" },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void Legal_code_passes(string snippet) => PtxVerifier.Verify(Parse(snippet));

    [Theory]
    [MemberData(nameof(Bad))]
    public void Wrong_code_is_refused_with_its_line(string snippet, string message)
    {
        (int line, string reason) = message.StartsWith("+1 ", StringComparison.Ordinal) ? (SnippetLine + 1, message[3..]) : (SnippetLine, message);
        PtxException error = Assert.Throws<PtxException>(() => PtxVerifier.Verify(Parse(snippet)));
        Assert.Equal((line, $"test.ptx:{line}: {reason}"), (error.Line, error.Message));
    }

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void Unknown_instructions_are_named_with_their_line(string snippet, string message)
    {
        PtxUnsupportedException error = Assert.Throws<PtxUnsupportedException>(() => PtxVerifier.Verify(Parse(snippet)));
        Assert.Equal((SnippetLine, $"test.ptx:{SnippetLine}: {message}"), (error.Line, error.Message));
    }

    [Theory]
    [InlineData(".entry k() { .reg .pred %p; @%p ret;\n}", "test.ptx:4: control reaches the end of 'k' without ret or exit")]
    [InlineData(".entry k() {\n}", "test.ptx:4: control reaches the end of 'k' without ret or exit")]
    [InlineData(".entry k() { .reg .b32 %r;\n bra e; ret; e: }", "test.ptx:5: control reaches the end of 'k' without ret or exit")]
    [InlineData(".shared .b8 s[];", "test.ptx:4: 's' has no size; only .extern arrays may have none")]
    [InlineData(".entry k() { .shared .b8 s[49153]; ret; }", "test.ptx:4: 'k' declares 49153 bytes of shared memory; 49152 are allowed, more only as .extern")]
    [InlineData(".entry k(.param .b8 a[4352], .param .u32 b) { ret; }", "test.ptx:4: 'k' has 4356 bytes of parameters; 4352 are allowed")]
    [InlineData(".entry k(.param .b8 a[]) { ret; }", "test.ptx:4: parameter 'a' of the entry 'k' has no size")]
    [InlineData(".entry k(.reg .u32 a) { ret; }", "test.ptx:4: parameter 'a' of the entry 'k' must be a .param")]
    [InlineData(".entry k() { call f;\nret; }\n.func f() { ret; }", "test.ptx:4: 'f' is defined further down; declare it above the call")]
    [InlineData(".entry k() { .reg .b64 %a; mov.u64 %a, g;\nret; }\n.global .b32 g;", "test.ptx:4: 'g' is declared further down; a declaration stands before its use")]
    public void Whole_functions_are_judged(string text, string message)
    {
        PtxModule module = PtxParser.Parse(new PtxSource("test.ptx", ".version 7.8\n.target sm_75\n.address_size 64\n" + text));
        Assert.Equal(message, Assert.Throws<PtxException>(() => PtxVerifier.Verify(module)).Message);
    }

    /// <summary>What a file may use is decided by its .version as well as by its .target.</summary>
    [Theory]
    [InlineData("6.4", "sm_75", "tanh.approx.f32 %f, %f;", "'tanh.approx.f32' wants .version 7.0 or later, the file says 6.4")]
    [InlineData("7.0", "sm_75", "tanh.approx.f32 %f, %f;", null)]
    [InlineData("7.3", "sm_75", "ld.global.L2::128B.f32 %f, [%a];", "'ld.global.L2::128B.f32' wants .version 7.4 or later, the file says 7.3")]
    [InlineData("7.7", "sm_75", "st.shared::cta.f32 [%a], %f;", "'st.shared::cta.f32' wants .version 7.8 or later, the file says 7.7")]
    [InlineData("7.7", "sm_75", "barrier.cta.sync 0;", "'barrier.cta.sync' wants .version 7.8 or later, the file says 7.7")]
    [InlineData("7.8", "sm_75", "barrier.cta.sync 0;", null)]
    [InlineData("6.4", "sm_75", "bmsk.clamp.b32 %f, 1, 2;", "'bmsk.clamp.b32' wants .version 7.6 or later, the file says 6.4")]
    [InlineData("6.3", "sm_75", "shfl.bfly.b32 %f, %f, 1, 31;", null)]
    [InlineData("6.4", "sm_60", "shfl.bfly.b32 %f, %f, 1, 31;", null)]
    [InlineData("6.4", "sm_70", "shfl.bfly.b32 %f, %f, 1, 31;", "'shfl.bfly.b32' without .sync is not for sm_70 and later")]
    public void A_file_may_use_what_its_version_has(string version, string target, string instruction, string? message)
    {
        string text = $".version {version} .target {target} .address_size 64 .entry k() {{ .reg .f32 %f; .reg .b64 %a; {instruction} ret; }}";
        void Verify() => PtxVerifier.Verify(PtxParser.Parse(new PtxSource("test.ptx", text)));
        if (message is null)
        {
            Verify();
        }
        else
        {
            Assert.Equal("test.ptx:1: " + message, Assert.Throws<PtxException>(Verify).Message);
        }
    }

    [Theory]
    [InlineData("6.2", "sm_75", "6.3")]
    [InlineData("6.4", "sm_80", "7.0")]
    [InlineData("7.7", "sm_90a", "7.8")]
    public void A_version_older_than_its_target_is_refused(string version, string target, string since)
    {
        PtxModule module = PtxParser.Parse(new PtxSource("test.ptx", $".version {version} .target {target} .address_size 64 .entry k() {{ ret; }}"));
        Assert.Equal(
            $"test.ptx:1: target {target} wants .version {since} or later, the file says {version}",
            Assert.Throws<PtxException>(() => PtxVerifier.Verify(module)).Message);
    }

    [Fact]
    public void From_version_8_1_parameters_may_have_32764_bytes()
    {
        static PtxModule OfBytes(int bytes) => PtxParser.Parse(new PtxSource(
            "test.ptx", $".version 8.1 .target sm_75 .address_size 64 .entry k(.param .b8 a[{bytes}]) {{ ret; }}"));

        PtxVerifier.Verify(OfBytes(32764));
        Assert.Equal(
            "test.ptx:1: 'k' has 32765 bytes of parameters; 32764 are allowed",
            Assert.Throws<PtxException>(() => PtxVerifier.Verify(OfBytes(32765))).Message);
    }

    [Fact]
    public void Files_of_32_bit_addresses_are_not_supported()
    {
        PtxModule module = PtxParser.Parse(new PtxSource("test.ptx", ".version 7.8\n.target sm_75\n.entry k() { ret; }"));
        Assert.Throws<PtxUnsupportedException>(() => PtxVerifier.Verify(module));
    }

    private static PtxModule Parse(string snippet) => PtxParser.Parse(new PtxSource("test.ptx", Before + snippet + After));
}
