using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

public sealed class PtxParserTests
{
    private const string Header = ".version 7.8\n.target sm_75\n.address_size 64\n";

    [Fact]
    public void An_ordinary_kernel_becomes_a_tree()
    {
        PtxModule module = Parse("""
            .extern .shared .align 16 .b8 dynamic[];
            .visible .entry add(.param .u64 out, .param .f32 scale, .param .align 8 .b8 pair[16])
            .maxntid 256, 2, 1
            {
                .reg .pred %p<2>; .reg .b32 %r<3>, extra; .reg .f32 %f<5>;
                .reg .b64 %rd<3>;
                .shared .align 4 .f32 tile[8][4];
                ld.param.u64 %rd1, [out];           // a comment
                mov.u32 %r1, %tid.x; /* and
                another */ setp.ge.u32 %p1, %r1, 0x20;
                @%p1 bra $done;
            loop:
                ld.shared.v4.f32 {%f1, %f2, _, %f4}, [tile+16];
                @!%p1 st.global.f32 [%rd1+-4], %f1;
                shfl.sync.down.b32 %r1|%p1, %r2, 16, 31, -1;
                mov.u64 %rd2, tile+8;
                fma.rn.f32 %f1, %f2, 0f40000000, -1.5;
            $done:
                ret;
            }
            """);

        Assert.Equal(("7.8", "sm_75", 64), (module.Version, module.Target, module.AddressSize));
        PtxVariable dynamic = Assert.Single(module.Variables);
        Assert.Equal(("dynamic", PtxStateSpace.Shared, 0L, 16, true), (dynamic.Name, dynamic.Space, dynamic.Elements, dynamic.Alignment, dynamic.IsExtern));

        PtxFunction add = Assert.Single(module.Functions);
        Assert.Equal(512, add.MaxThreads);
        Assert.Equal([("out", 8L), ("scale", 4L), ("pair", 16L)], add.Parameters.Select(p => (p.Name, p.Bytes)));
        Assert.Equal(2 + 4 + 5 + 3, add.Registers.Count);
        Assert.Equal(PtxType.B32, add.Registers["extra"]);
        Assert.Equal(32, Assert.Single(add.Variables).Elements);
        Assert.Equal((4, 9), (add.Labels["loop"], add.Labels["$done"]));

        Assert.Equal("ld.param.u64", add.Instructions[0].FullName);
        Assert.Equal([new PtxRegisterOperand("%rd1"), new PtxAddressOperand("out", 0)], add.Instructions[0].Operands);
        Assert.Equal(new PtxRegisterOperand("%tid.x"), add.Instructions[1].Operands[1]);
        Assert.Equal(new PtxImmediateOperand(32, PtxImmediateKind.Integer), add.Instructions[2].Operands[2]);
        Assert.Equal((14, new PtxGuard("%p1", false)), (add.Instructions[3].Line, add.Instructions[3].Guard));
        Assert.Equal(new PtxSymbolOperand("$done"), add.Instructions[3].Operands[0]);
        Assert.Equal("_", Assert.IsType<PtxRegisterOperand>(Assert.IsType<PtxVectorOperand>(add.Instructions[4].Operands[0]).Elements[2]).Name);
        Assert.Equal(new PtxGuard("%p1", true), add.Instructions[5].Guard);
        Assert.Equal(new PtxAddressOperand("%rd1", -4), add.Instructions[5].Operands[0]);
        Assert.Equal(new PtxPairOperand(new PtxRegisterOperand("%r1"), new PtxRegisterOperand("%p1")), add.Instructions[6].Operands[0]);
        Assert.Equal(new PtxImmediateOperand(ulong.MaxValue, PtxImmediateKind.Integer), add.Instructions[6].Operands[4]);
        Assert.Equal(new PtxSymbolOperand("tile", 8), add.Instructions[7].Operands[1]);
        Assert.Equal(new PtxImmediateOperand(0x40000000, PtxImmediateKind.F32), add.Instructions[8].Operands[2]);
        Assert.Equal(new PtxImmediateOperand(BitConverter.DoubleToUInt64Bits(-1.5), PtxImmediateKind.F64), add.Instructions[8].Operands[3]);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("017", 15)]
    [InlineData("0x1F", 31)]
    [InlineData("0b101", 5)]
    [InlineData("42U", 42)]
    [InlineData("-7", -7)]
    [InlineData("0xFFFFFFFFFFFFFFFF", -1)]
    [InlineData("~0", -1)]
    [InlineData("!5", 0)]
    [InlineData("2+3*4", 14)]
    [InlineData("(2+3)*4", 20)]
    [InlineData("1<<4|1", 17)]
    [InlineData("-8>>1", -4)]
    [InlineData("10 % 4 == 2 ? 7 : 8", 7)]
    [InlineData("(.u64)-1 > 5", 1)]
    [InlineData("-1 > 5", 0)]
    [InlineData("WARP_SZ*2", 64)]
    public void Constant_expressions(string text, long expected)
    {
        PtxInstruction mov = Parse($".entry k() {{ .reg .b64 %rd<2>; mov.b64 %rd1, {text}; ret; }}").Functions[0].Instructions[0];
        Assert.Equal(new PtxImmediateOperand(unchecked((ulong)expected), PtxImmediateKind.Integer), mov.Operands[1]);
    }

    [Fact]
    public void Names_of_inner_blocks_are_kept_apart()
    {
        PtxFunction k = Parse("""
            .entry k()
            {
                .reg .b32 t;
                mov.b32 t, 1;
                { .reg .b64 t; mov.b64 t, 2; bra next; next: }
                { .reg .f32 t; bra next; next: mov.f32 t, 0f00000000; }
                mov.b32 t, 3;
                ret;
            }
            """).Functions[0];

        Assert.Equal([PtxType.B32, PtxType.B64, PtxType.F32], k.Registers.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => r.Value));
        string[] moved = [.. k.Instructions.Where(i => i.Opcode == "mov").Select(i => ((PtxRegisterOperand)i.Operands[0]).Name)];
        Assert.Equal(4, moved.Length);
        Assert.Equal(moved[0], moved[3]);
        Assert.Equal(3, moved.Distinct().Count());
        string[] targets = [.. k.Instructions.Where(i => i.Opcode == "bra").Select(i => ((PtxSymbolOperand)i.Operands[0]).Name)];
        Assert.Equal([3, 4], targets.Select(target => k.Labels[target]));
    }

    [Fact]
    public void A_call_always_has_results_callee_and_arguments()
    {
        PtxModule module = Parse("""
            .extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);
            .func nothing() { ret; }
            .func (.param .b32 r) twice(.param .b32 a) { ret; }
            .entry k()
            {
                call nothing;
                call.uni nothing, ();
                { .param .b32 a; .param .b32 r; call.uni (r), twice, (a); }
                ret;
            }
            """);

        Assert.Equal(["vprintf"], module.ExternFunctions);
        PtxFunction k = module.Functions.Single(f => f.IsEntry);
        Assert.All(k.Instructions.Where(i => i.Opcode == "call"), i => Assert.Equal(3, i.Operands.Length));
        PtxInstruction call = k.Instructions[2];
        Assert.Equal(new PtxSymbolOperand("twice"), call.Operands[1]);
        Assert.Equal(new PtxSymbolOperand("r"), Assert.Single(Assert.IsType<PtxVectorOperand>(call.Operands[0]).Elements));
    }

    [Fact]
    public void Branch_targets_become_the_labels()
    {
        PtxFunction k = Parse("""
            .entry k()
            {
                .reg .b32 %r1;
                ts: .branchtargets a, b;
                brx.idx %r1, ts;
                a: ret;
                b: ret;
            }
            """).Functions[0];
        Assert.Equal([new PtxSymbolOperand("a"), new PtxSymbolOperand("b")], Assert.IsType<PtxVectorOperand>(k.Instructions[0].Operands[1]).Elements);
        Assert.False(k.Labels.ContainsKey("ts"));
    }

    [Fact]
    public void Vector_registers_become_four()
    {
        PtxFunction k = Parse(".entry k() { .reg .v4 .f32 %v; .reg .f32 %f; ld.global.v4.f32 %v, [0]; add.f32 %f, %v.x, %v.a; ret; }").Functions[0];
        Assert.Equal(5, k.Registers.Count);
        Assert.Equal(4, Assert.IsType<PtxVectorOperand>(k.Instructions[0].Operands[0]).Elements.Length);
        Assert.Equal([new PtxRegisterOperand("%f"), new PtxRegisterOperand("%v.x"), new PtxRegisterOperand("%v.w")], k.Instructions[1].Operands);
    }

    [Fact]
    public void Initialisers_are_little_endian_bytes()
    {
        PtxModule module = Parse("""
            .const .align 8 .u16 a[4] = {1, 0x203, -1};
            .global .f32 b[2][2] = {{1.0, 0f40000000}, {-1, 0.5}};
            .global .b8 c[] = {1, 2, 3};
            .global .f64 d = 2.0, e;
            .global .f16 h = 1.5;
            """);
        Assert.Equal([1, 0, 3, 2, 255, 255, 0, 0], module.Variables[0].Initializer);
        Assert.Equal(new[] { 1f, 2f, -1f, 0.5f }.SelectMany(BitConverter.GetBytes), module.Variables[1].Initializer);
        Assert.Equal((3L, 3), (module.Variables[2].Elements, module.Variables[2].Initializer.Length));
        Assert.Equal(BitConverter.GetBytes(2.0), module.Variables[3].Initializer);
        Assert.Empty(module.Variables[4].Initializer);
        Assert.Equal([0x00, 0x3E], module.Variables[5].Initializer);
    }

    private static PtxModule Parse(string body) => PtxParser.Parse(new PtxSource("test.ptx", Header + body));
}
