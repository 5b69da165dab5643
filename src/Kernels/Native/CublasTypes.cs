namespace Harness.Kernels.Native;

public readonly record struct cublasHandle_t(nint Handle);

public enum cublasStatus_t
{
    CUBLAS_STATUS_SUCCESS = 0,
}

public enum cublasOperation_t
{
    CUBLAS_OP_N = 0,
    CUBLAS_OP_T = 1,
}

/// <summary>Passed where cublas_api.h has <c>cublasGemmAlgo_t</c>.</summary>
public enum cublasGemmAlgo_t
{
    CUBLAS_GEMM_DEFAULT = -1,
}

public enum cublasComputeType_t
{
    CUBLAS_COMPUTE_32F = 68,
    CUBLAS_COMPUTE_32F_PEDANTIC = 69,
    CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
}

public enum cudaDataType_t
{
    CUDA_R_32F = 0,
}
