using System.Runtime.InteropServices;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Launch;

/// <summary>The PTX on the software GPU, every memory check on.</summary>
public sealed class KernelCheckTests : IDisposable
{
    private readonly SimulatedDevice _device = new(KernelLibrary.Embedded, workers: 1);

    public static TheoryData<string> Entries { get; } = [.. KernelCatalog.Entries.Select(entry => entry.Name)];

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_entry_agrees_with_its_reference_at_every_shape(string entry)
    {
        KernelCheckResult[] results = [.. KernelCheck.Run(_device, entry)];

        Assert.NotEmpty(results);
        Assert.All(results, result => Assert.True(result.Passed, $"{result.Shape}: {result.Failure}"));
    }

    /// <summary>A changed constant, a lost term, an access one step too far, a missing barrier: each is noticed.</summary>
    [Theory]
    [InlineData("softmax_v1", "softmax.ptx", "sub.rn.f32      %v, %v, %max;", "add.rn.f32      %v, %v, %max;")]
    [InlineData("softmax_v1", "softmax.ptx", "    bar.sync        0;\n    ld.shared.f32   %v, [partial];", "    ld.shared.f32   %v, [partial];")]
    [InlineData("softmax_v2", "softmax.ptx", "shfl.sync.bfly.b32 %other, %sum, 2, 31", "shfl.sync.bfly.b32 %other, %sum, 1, 31")]
    [InlineData("softmax_v3", "softmax.ptx", "fma.rn.f32      %sum, %sum, %max, %v0;", "add.rn.f32      %sum, %sum, %v0;")]
    [InlineData("layernorm_v1", "layernorm.ptx", "fma.rn.f32      %rstd, %sum, %inverse, %epsilon;", "mul.rn.f32      %rstd, %sum, %inverse;")]
    [InlineData("layernorm_v2", "layernorm.ptx", "ld.global.v4.f32 {%v4, %v5, %v6, %v7}, [%x_row+512];", "ld.global.v4.f32 {%v4, %v5, %v6, %v7}, [%x_row+516];")]
    [InlineData("layernorm_v3", "layernorm.ptx", "fma.rn.f32      %square, %a2, %count, %square;", "fma.rn.f32      %square, %a2, %total, %square;")]
    [InlineData("rmsnorm_v2", "rmsnorm.ptx", "@%has_sum st.global.v4.f32 [%sum_row+512], {%v4, %v5, %v6, %v7};", "")]
    [InlineData("softmax_v4", "softmax.ptx", "@%piece6 ld.global.v4.f32 {%v24,", "@%piece7 ld.global.v4.f32 {%v24,")]
    [InlineData("softmax_v4", "softmax.ptx", "setp.gt.u32     %piece5, %n, 5;", "setp.gt.u32     %piece5, %n, 6;")]
    [InlineData("layernorm_v4", "layernorm.ptx", "@%piece5 ld.global.v4.f32 {%r20, %r21, %r22, %r23}, [%residual_row+2560];", "")]
    [InlineData("rmsnorm_v3", "rmsnorm.ptx", "add.rn.f32 %v8, %v8, %r8;", "add.rn.f32 %v8, %v8, %r4;")]
    [InlineData("rmsnorm_v4", "rmsnorm.ptx", "    @%p st.shared.f32 [%slot], %square;\n    bar.sync        0;", "    @%p st.shared.f32 [%slot], %square;")]
    [InlineData("heads_merge", "heads.ptx", "setp.ge.u64     %p, %last, %tokens_end;", "setp.gt.u64     %p, %last, %tokens_end;")]
    [InlineData("bias_gelu", "bias_activation.ptx", "0f3BF4E0B2", "0f3BF4F0B2")]
    [InlineData("bias_tanh", "bias_activation.ptx", "0fBEAAAA29", "0fBEAAAB29")]
    [InlineData("bias_relu", "bias_activation.ptx", "setp.lt.f32 %p, %v7, 0f00000000;  selp.f32 %v7, 0f00000000, %v7, %p;", "")]
    [InlineData("bias", "bias_activation.ptx", "setp.gt.u32     %partial, %end, %columns;", "setp.gt.u32     %partial, %column, %columns;")]
    [InlineData("heads_split", "heads.ptx", "sub.u64         %apart, %other, %heads_at;", "mov.u64         %apart, %other;")]
    [InlineData("embedding_bert", "embedding.ptx", "rem.u32         %t, %row, %sequence;", "mov.u32         %t, %row;")]
    [InlineData("attention_mask", "attention_mask.ptx", "0fFF7FFFFF", "0fFF7FFFFE")]
    [InlineData("relative_position_bias", "relative_position_bias.ptx", "set.ge.u32.u32", "set.gt.u32.u32")]
    [InlineData("tensor_add", "add.ptx", "setp.gt.u64     %outside, %last, %count;", "setp.gt.u64     %outside, %first, %count;")]
    [InlineData("adaptive_average_pool", "adaptive_average_pool.ptx", "setp.lt.u32     %p, %h, %h_end;", "setp.le.u32     %p, %h, %h_end;")]
    [InlineData("sgd", "optimizers.ptx", "fma.rn.f32      %w7, %rate, %g7, %w7;", "fma.rn.f32      %w7, %rate, %g6, %w7;")]
    [InlineData("momentum", "optimizers.ptx", "st.global.v4.f32 [%m_at+2048], {%m4, %m5, %m6, %m7};", "")]
    [InlineData("adam", "optimizers.ptx", "sub.rn.f32      %rest2, 0f3F800000, %beta2;", "sub.rn.f32      %rest2, 0f3F800000, %beta1;")]
    [InlineData("adam", "optimizers.ptx", "rcp.rn.f32      %c2, %c2;", "rcp.rn.f32      %c2, %c1;")]
    [InlineData("adam", "optimizers.ptx", "fma.rn.f32      %kept, %rate, %kept, 0f3F800000;", "mov.f32         %kept, 0f3F800000;")]
    [InlineData("row_sum", "sums.ptx", "mul.lo.u32      %n, %step, 3;", "mul.lo.u32      %n, %step, 2;")]
    [InlineData("row_sum", "sums.ptx", "HALVES:\n    bar.sync        0;", "HALVES:")]
    [InlineData("row_sum", "sums.ptx", "@%adds add.rn.f32 %sum, %v0, %sum;", "")]
    [InlineData("channel_sum", "sums.ptx", "mul.lo.u64      %image_bytes, %image_bytes, %offset;", "")]
    [InlineData("batch_sum", "sums.ptx", "setp.gt.u32     %p, %b, %batch;", "setp.ge.u32     %p, %b, %batch;")]
    [InlineData("fill_zero", "sums.ptx", "st.global.v4.f32 [%y+6144], {%zero, %zero, %zero, %zero};", "")]
    [InlineData("relu_backward", "activation_backward.ptx", "setp.gt.f32 %p, %y5, 0f00000000;", "setp.ge.f32 %p, %y5, 0f00000000;")]
    [InlineData("tanh_backward", "activation_backward.ptx", "neg.f32 %t0, %y9;", "mov.f32 %t0, %y9;")]
    [InlineData("gelu_backward", "activation_backward.ptx", "min.f32 %t, %t, 0f42C80000;", "")]
    [InlineData("gelu_backward", "activation_backward.ptx", "0f3ECC422A", "0f3ECC452A")]
    [InlineData("gelu_backward", "activation_backward.ptx", "ld.global.v4.f32 {%b4, %b5, %b6, %b7}, [%bias+512];", "ld.global.v4.f32 {%b4, %b5, %b6, %b7}, [%bias];")]
    [InlineData("max_pool_backward", "max_pool_backward.ptx", "setp.gtu.and.f32 %p, %v, %best, %number;", "setp.geu.and.f32 %p, %v, %best, %number;")]
    [InlineData("max_pool_backward", "max_pool_backward.ptx", "setp.gtu.and.f32 %p, %v, %best, %number;", "setp.gt.and.f32 %p, %v, %best, %number;")]
    [InlineData("max_pool_backward", "max_pool_backward.ptx", "min.u32         %column_end, %column_end, %pooled_width;", "")]
    [InlineData("max_pool_backward", "max_pool_backward.ptx", "add.rn.f32      %sum, %sum, %g;", "mov.f32         %sum, %g;")]
    [InlineData("max_pool_backward_2x2", "max_pool_backward.ptx", "setp.gtu.and.f32 %third, %c, %best, %number;", "setp.geu.and.f32 %third, %c, %best, %number;")]
    [InlineData("max_pool_backward_2x2", "max_pool_backward.ptx", "selp.f32        %best, %c, %best, %third;", "")]
    [InlineData("cross_entropy", "cross_entropy.ptx", "fma.rn.f32      %v0, %sum, 0f3F317218, %v0;", "fma.rn.f32      %v0, %sum, 0f3F317318, %v0;")]
    [InlineData("cross_entropy", "cross_entropy.ptx", "mov.f32         %max, 0fFF7FFFFF;", "mov.f32         %max, 0fFF800000;")]
    [InlineData("cross_entropy", "cross_entropy.ptx", "    @%p st.shared.v2.f32 [%slot], {%max, %sum};\n    bar.sync        0;", "    @%p st.shared.v2.f32 [%slot], {%max, %sum};")]
    [InlineData("cross_entropy_backward", "cross_entropy.ptx", "setp.eq.u32 %p, %d, 3;", "setp.eq.u32 %p, %d, 4;")]
    [InlineData("cross_entropy_backward", "cross_entropy.ptx", "sub.u32         %d, %d, %n;", "sub.u32         %d, %d, %t;")]
    [InlineData("scaled_sum", "sums.ptx", "shl.b64         %whole, %whole, 2;\nREST:", "REST:")]
    [InlineData("embedding_backward", "embedding_backward.ptx", "@%same bra      DONE;", "")]
    [InlineData("embedding_backward", "embedding_backward.ptx", "setp.lt.u32     %p, %n, 4;", "setp.lt.u32     %p, %n, 3;")]
    [InlineData("embedding_backward", "embedding_backward.ptx", "@%has1 st.global.v4.f32 [%table+512], {%sum4, %sum5, %sum6, %sum7};", "")]
    [InlineData("embedding_backward", "embedding_backward.ptx", "setp.lt.u32     %p, %other, %row;", "setp.le.u32     %p, %other, %row;")]
    [InlineData("relative_position_bias_backward", "relative_position_bias_backward.ptx", "setp.gt.s32     %p, %difference, 0;", "setp.ge.s32     %p, %difference, 0;")]
    [InlineData("relative_position_bias_backward", "relative_position_bias_backward.ptx", "max.u32         %first, %low, 1;", "mov.u32         %first, %low;")]
    [InlineData("relative_position_bias_backward", "relative_position_bias_backward.ptx", "sub.s32         %query, 1, %i;", "sub.s32         %query, 2, %i;")]
    [InlineData("adaptive_average_pool_backward", "adaptive_average_pool_backward.ptx", "setp.lt.u32     %p, %r, %r_end;", "setp.le.u32     %p, %r, %r_end;")]
    [InlineData("adaptive_average_pool_backward", "adaptive_average_pool_backward.ptx", "mul.lo.u32      %t, %window_height, %window_width;", "mov.u32         %t, %window_width;")]
    [InlineData("dropout", "dropout.ptx", "0xBB67AE85", "0xBB67AE86")]
    [InlineData("dropout", "dropout.ptx", "mov.u32         %c3, 0;", "mov.u32         %c3, 1;")]
    [InlineData("dropout", "dropout.ptx", "setp.lt.u64 %p, %word, %keep_below;", "setp.gt.u64 %p, %word, %keep_below;")]
    [InlineData("dropout", "dropout.ptx", "@%p mov.u32 %column, 0;", "")]
    [InlineData("dropout", "dropout.ptx", "shl.b64         %at, %mask, 2;\n    or.b64          %bits, %bits, %at;", "")]
    [InlineData("dropout_backward", "dropout.ptx", "and.b32 %byte, %m1, 0xff00;", "and.b32 %byte, %m1, 0xff0000;")]
    [InlineData("dropout_backward", "dropout.ptx", "setp.ne.u32     %p, %byte, 0;", "setp.ne.u32     %p, %byte, 2;")]
    [InlineData("softmax_backward_v1", "softmax_backward.ptx", "    @%p st.shared.f32 [%slot], %dot;\n    bar.sync        0;", "    @%p st.shared.f32 [%slot], %dot;")]
    [InlineData("softmax_backward_v1", "softmax_backward.ptx", "sub.rn.f32 %g0, %g0, %dot;", "add.rn.f32 %g0, %g0, %dot;")]
    [InlineData("softmax_backward_v2", "softmax_backward.ptx", "@%piece6 ld.global.v4.f32 {%g24,", "@%piece7 ld.global.v4.f32 {%g24,")]
    [InlineData("softmax_backward_v2", "softmax_backward.ptx", "shfl.sync.bfly.b32 %other, %dot, 2, 31", "shfl.sync.bfly.b32 %other, %dot, 1, 31")]
    [InlineData("softmax_backward_v2", "softmax_backward.ptx", "min.u32         %row, %row, %n;", "")]
    [InlineData("layernorm_backward_v1", "layernorm_backward.ptx", "    @%p st.shared.v4.f32 [%slot], {%square, %su, %sud, %sud};\n    bar.sync        0;", "    @%p st.shared.v4.f32 [%slot], {%square, %su, %sud, %sud};")]
    [InlineData("layernorm_backward_v1", "layernorm_backward.ptx", "add.rn.f32      %su, %su, %other_u;", "add.rn.f32      %su, %su, %other;")]
    [InlineData("layernorm_backward_v2", "layernorm_backward.ptx", "@%piece6 ld.global.v4.f32 {%g24, %g25, %g26, %g27}, [%dy_row+3072];", "@%piece7 ld.global.v4.f32 {%g24, %g25, %g26, %g27}, [%dy_row+3072];")]
    [InlineData("layernorm_backward_v2", "layernorm_backward.ptx", "add.rn.f32 %v8, %v8, %g8;", "add.rn.f32 %v8, %v8, %g4;")]
    [InlineData("layernorm_backward_v2", "layernorm_backward.ptx", "neg.f32         %sud, %sud;", "")]
    [InlineData("layernorm_backward_v2", "layernorm_backward.ptx", "st.global.v4.f32 [%dresidual_row+3584], {%v28, %v29, %v30, %v31};", "")]
    [InlineData("layernorm_backward_v2", "layernorm_backward.ptx", "@%adds_residual add.rn.f32 %v0, %a0, %v0;", "")]
    [InlineData("layernorm_parameters_backward", "layernorm_parameters_backward.ptx", "@%adds add.rn.f32 %dgamma0, %other, %dgamma0;", "")]
    [InlineData("layernorm_parameters_backward", "layernorm_parameters_backward.ptx", "    bar.sync        0;\n    // thread t", "    // thread t")]
    [InlineData("layernorm_parameters_backward", "layernorm_parameters_backward.ptx", "shfl.sync.bfly.b32 %other, %dbeta3, 8, 31", "shfl.sync.bfly.b32 %other, %dbeta3, 4, 31")]
    [InlineData("layernorm_parameters_backward", "layernorm_parameters_backward.ptx", "mul.lo.u32      %n, %step, 3;", "mul.lo.u32      %n, %step, 2;")]
    [InlineData("layernorm_statistics_v1", "layernorm_parameters_backward.ptx", "sub.rn.f32      %v0, %v0, %mean;", "")]
    [InlineData("layernorm_statistics_v2", "layernorm_parameters_backward.ptx", "fma.rn.f32      %rstd, %square, %inverse, %epsilon;", "mul.rn.f32      %rstd, %square, %inverse;")]
    [InlineData("rmsnorm_backward_v1", "rmsnorm_backward.ptx", "@%has_dsum add.rn.f32 %v0, %v0, %a0;", "")]
    [InlineData("rmsnorm_backward_v1", "rmsnorm_backward.ptx", "WRITE_PIECES_FIRST:\n    mov.u64         %o, %first;", "WRITE_PIECES_FIRST:\n    mov.u64         %o, 0;")]
    [InlineData("rmsnorm_backward_v2", "rmsnorm_backward.ptx", "add.rn.f32 %g4, %g4, %v4;", "add.rn.f32 %g4, %g4, %v5;")]
    [InlineData("rmsnorm_backward_v2", "rmsnorm_backward.ptx", "@%piece3 ld.global.v4.f32 {%g12, %g13, %g14, %g15}, [%dsum_row+1536];", "")]
    [InlineData("rmsnorm_backward_v2", "rmsnorm_backward.ptx", "mul.rn.f32      %sud, %sud, %rstd;\n    mul.rn.f32      %sud, %sud, %rstd;", "mul.rn.f32      %sud, %sud, %rstd;")]
    [InlineData("rmsnorm_parameters_backward", "rmsnorm_parameters_backward.ptx", "@%residual3 ld.global.f32 %r3, [%at+12];", "")]
    [InlineData("rmsnorm_parameters_backward", "rmsnorm_parameters_backward.ptx", "fma.rn.f32 %dgamma3, %g15, %v15, %dgamma3;", "fma.rn.f32 %dgamma3, %g14, %v15, %dgamma3;")]
    [InlineData("rmsnorm_statistics_v1", "rmsnorm_parameters_backward.ptx", "    @%p st.shared.f32 [%slot], %square;\n    bar.sync        0;", "    @%p st.shared.f32 [%slot], %square;")]
    [InlineData("rmsnorm_statistics_v2", "rmsnorm_parameters_backward.ptx", "fma.rn.f32 %a1, %v29, %v29, %a1;", "fma.rn.f32 %a1, %v29, %v28, %a1;")]
    public void A_broken_kernel_fails_its_check(string entry, string file, string right, string wrong)
    {
        PtxSource source = KernelLibrary.Embedded.Sources.Single(source => source.Name == file);
        Assert.Contains(right, source.Text);
        using var device = new SimulatedDevice(new KernelLibrary([source with { Text = source.Text.Replace(right, wrong, StringComparison.Ordinal) }]), workers: 1);

        Assert.Contains(KernelCheck.Run(device, entry), result => !result.Passed);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(-1, false)]
    [InlineData(long.MaxValue, false)]
    public void An_id_or_label_outside_its_table_stops_the_launch_where_it_happened(long id, bool inside)
    {
        var ids = new TensorSpec(0, "ids", new Shape(1), DType.I64, TensorCategory.Input);
        var table = new TensorSpec(1, "table", new Shape(5, 4), DType.F32, TensorCategory.Parameter);
        var rows = new TensorSpec(2, "rows", new Shape(1, 4), DType.F32, TensorCategory.Output);
        var logits = new TensorSpec(3, "logits", new Shape(1, 5), DType.F32, TensorCategory.Input);
        var loss = new TensorSpec(4, "loss", new Shape(1), DType.F32, TensorCategory.Output);
        var gradient = new TensorSpec(5, "gradient", new Shape(1, 5), DType.F32, TensorCategory.Output);
        DevicePointer[] addresses = [.. new[] { ids, table, rows, logits, loss, gradient }.Select(tensor =>
        {
            DevicePointer address = _device.Allocate(tensor.Name, tensor.Bytes);
            _device.BeginBuffer(tensor.Name, address, tensor.Bytes);
            _device.CopyToDevice(address, new byte[tensor.Bytes]);
            return address;
        })];
        _device.CopyToDevice(addresses[0], MemoryMarshal.AsBytes([id]));
        Step[] steps =
        [
            new EmbeddingStep("gather", ids, table, rows), new EmbeddingBackwardStep("scatter", ids, rows, table),
            new CrossEntropyStep("loss", logits, ids, loss), new CrossEntropyBackwardStep("gradient", logits, ids, gradient, 1),
        ];

        Assert.All(steps, step =>
        {
            if (inside)
            {
                Launch(step);
            }
            else
            {
                Assert.Contains("trap", Assert.ThrowsAny<CheckFailedException>(() => Launch(step)).Message);
            }
        });

        void Launch(Step step)
        {
            new LaunchTable(_device).Launch(step, addresses);
            _device.Synchronize();
        }
    }

    /// <summary>Causal elements that count nowhere, too: the audit has every byte of an operand read.</summary>
    [Fact]
    public void A_position_bias_gradient_is_read_once_whole()
    {
        CheckCase[] cases = [.. KernelCheck.Cases(_device).Where(check => check.Entry == "relative_position_bias_backward")];
        Assert.Contains(cases, check => check.Step is RelativePositionBiasBackwardStep { Causal: true });
        Assert.All(cases, check => Assert.Equal(check.Step.Reads.Sum(tensor => tensor.Bytes), KernelCheck.Run(_device, check).Cost?.BytesRead));
    }
}
