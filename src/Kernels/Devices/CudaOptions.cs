namespace Harness.Kernels.Devices;

/// <summary>What products and convolutions compute with.</summary>
public enum MathMode
{
    /// <summary>IEEE single precision throughout: CUBLAS_COMPUTE_32F_PEDANTIC, CUDNN_FMA_MATH.</summary>
    Fp32,

    /// <summary>Operands rounded to 10 bits of mantissa on tensor cores: CUBLAS_COMPUTE_32F_FAST_TF32, CUDNN_DEFAULT_MATH.</summary>
    Tf32,
}

/// <param name="Index">which GPU, as the driver counts them</param>
/// <param name="ConvolutionWorkspaceBytes">
/// the workspace of every convolution, used or not: the fastest algorithm that needs no more is taken. A number that the caller gives,
/// so that the formula can know it without asking the library.
/// </param>
public sealed record CudaOptions(int Index, MathMode Math, long ConvolutionWorkspaceBytes)
{
    /// <summary>32 MiB.</summary>
    public const long DefaultConvolutionWorkspaceBytes = 32L << 20;

    public static CudaOptions Default { get; } = new(0, MathMode.Fp32, DefaultConvolutionWorkspaceBytes);
}
