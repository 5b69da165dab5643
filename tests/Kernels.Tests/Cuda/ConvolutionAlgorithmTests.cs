using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Xunit;
using static Harness.Kernels.Native.cudnnConvolutionFwdAlgo_t;
using static Harness.Kernels.Native.cudnnMathType_t;

namespace Harness.Kernels.Tests.Cuda;

public sealed class ConvolutionAlgorithmTests
{
    private const int Ampere = 8;
    private const int Turing = 7;

    private static readonly ConvolutionDemand s_relu = Demand();
    private static readonly ConvolutionDemand s_identity = s_relu with { OnlyAlgorithm = (int)CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM };

    private static ConvolutionDemand Demand(MathMode math = MathMode.Fp32, int major = Ampere) => new(math, major, OnlyAlgorithm: null, Deterministic: false);

    private static ConvolutionProposal Proposal(
        cudnnConvolutionFwdAlgo_t algorithm, long bytes = 0, cudnnMathType_t math = CUDNN_FMA_MATH, int status = 0, bool deterministic = true) =>
        new((int)algorithm, (cudnnStatus_t)status, bytes, math, deterministic);

    [Fact]
    public void The_first_that_fits_is_taken()
    {
        ConvolutionProposal[] proposals =
        [
            Proposal(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED, 101),
            Proposal(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, 100),
            Proposal(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM),
        ];
        Assert.Equal(0, ConvolutionAlgorithm.Next(proposals, 0, 101, s_relu));
        Assert.Equal(1, ConvolutionAlgorithm.Next(proposals, 0, 100, s_relu));
        Assert.Equal(2, ConvolutionAlgorithm.Next(proposals, 0, 99, s_relu));
        Assert.Equal(2, ConvolutionAlgorithm.Next(proposals, 0, 0, s_relu));
        Assert.Equal(2, ConvolutionAlgorithm.Next(proposals, 2, 101, s_relu));
        Assert.Null(ConvolutionAlgorithm.Next(proposals, 3, 101, s_relu));
        Assert.Null(ConvolutionAlgorithm.Next([], 0, 101, s_relu));
    }

    [Fact]
    public void What_did_not_succeed_is_passed_over()
    {
        ConvolutionProposal[] proposals =
            [Proposal(CUDNN_CONVOLUTION_FWD_ALGO_DIRECT, status: 9), Proposal(CUDNN_CONVOLUTION_FWD_ALGO_FFT, status: 3000), Proposal(CUDNN_CONVOLUTION_FWD_ALGO_GEMM)];
        Assert.Equal(2, ConvolutionAlgorithm.Next(proposals, 0, 0, s_relu));
    }

    /// <summary>TF32 is what CUDNN_DEFAULT_MATH allows from Ampere on, and only there; fp16 is never wanted.</summary>
    [Theory]
    [InlineData(MathMode.Fp32, Ampere, CUDNN_FMA_MATH, true)]
    [InlineData(MathMode.Fp32, Ampere, CUDNN_DEFAULT_MATH, false)]
    [InlineData(MathMode.Fp32, Ampere, CUDNN_TENSOR_OP_MATH, false)]
    [InlineData(MathMode.Fp32, Ampere, CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION, false)]
    [InlineData(MathMode.Fp32, Turing, CUDNN_FMA_MATH, true)]
    [InlineData(MathMode.Fp32, Turing, CUDNN_DEFAULT_MATH, true)]
    [InlineData(MathMode.Fp32, Turing, CUDNN_TENSOR_OP_MATH, false)]
    [InlineData(MathMode.Tf32, Ampere, CUDNN_FMA_MATH, true)]
    [InlineData(MathMode.Tf32, Ampere, CUDNN_DEFAULT_MATH, true)]
    [InlineData(MathMode.Tf32, Ampere, CUDNN_TENSOR_OP_MATH, true)]
    [InlineData(MathMode.Tf32, Ampere, CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION, false)]
    public void The_math_type_is_no_coarser_than_what_was_asked(MathMode wanted, int major, cudnnMathType_t proposed, bool allowed) =>
        Assert.Equal(allowed, ConvolutionAlgorithm.MayRun(Proposal(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, math: proposed), Demand(wanted, major)));

    [Fact]
    public void Without_ReLU_only_one_algorithm_may_be_fused()
    {
        foreach (cudnnConvolutionFwdAlgo_t algorithm in Enum.GetValues<cudnnConvolutionFwdAlgo_t>())
        {
            Assert.True(ConvolutionAlgorithm.MayRun(Proposal(algorithm), s_relu));
            Assert.Equal(
                algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                ConvolutionAlgorithm.MayRun(Proposal(algorithm), s_identity));
        }
    }

    [Fact]
    public void The_least_workspace_counts_only_what_may_run()
    {
        ConvolutionProposal[] proposals =
        [
            Proposal(CUDNN_CONVOLUTION_FWD_ALGO_FFT, 5, status: 3000), Proposal(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, 70),
            Proposal(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 90), Proposal(CUDNN_CONVOLUTION_FWD_ALGO_GEMM, 6, CUDNN_TENSOR_OP_MATH),
        ];
        Assert.Equal(70, ConvolutionAlgorithm.LeastWorkspaceBytes(proposals, s_relu));
        Assert.Equal(90, ConvolutionAlgorithm.LeastWorkspaceBytes(proposals, s_identity));
        Assert.Null(ConvolutionAlgorithm.LeastWorkspaceBytes(proposals.AsSpan(0, 1), s_relu));
    }

    /// <summary>Gradients may be summed by atomics, which is faster and gives other bytes every time.</summary>
    [Fact]
    public void What_is_not_deterministic_is_passed_over_where_that_is_asked()
    {
        ConvolutionProposal[] proposals = [Proposal(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, 0, deterministic: false), Proposal(CUDNN_CONVOLUTION_FWD_ALGO_GEMM, 7)];
        Assert.Equal(0, ConvolutionAlgorithm.Next(proposals, 0, 9, s_relu));
        Assert.Equal(1, ConvolutionAlgorithm.Next(proposals, 0, 9, s_relu with { Deterministic = true }));
        Assert.Equal(7, ConvolutionAlgorithm.LeastWorkspaceBytes(proposals, s_relu with { Deterministic = true }));
        Assert.Null(ConvolutionAlgorithm.Next(proposals, 0, 6, s_relu with { Deterministic = true }));
    }

    /// <summary>cuDNN 8 counts its statuses, cuDNN 9 has families of a thousand.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(8, false)]
    [InlineData(9, true)]
    [InlineData(10, false)]
    [InlineData(2000, false)]
    [InlineData(3000, true)]
    [InlineData(3007, true)]
    [InlineData(4000, false)]
    public void Not_supported_is_known_in_both_numberings(int status, bool notSupported) =>
        Assert.Equal(notSupported, ConvolutionAlgorithm.IsNotSupported((cudnnStatus_t)status));
}
