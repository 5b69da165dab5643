namespace Harness.Kernels.Native;

/// <summary>
/// The functions of cuBLAS that this program calls, under the names that cublas_v2.h gives them and with its parameters. Scalars are
/// read from host memory (CUBLAS_POINTER_MODE_HOST, the default).
/// </summary>
public unsafe interface ICublas
{
    cublasStatus_t cublasCreate(cublasHandle_t* handle);
    cublasStatus_t cublasDestroy(cublasHandle_t handle);
    cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version);
    cublasStatus_t cublasSetStream(cublasHandle_t handle, CUstream stream);
    cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, nuint bytes);

    /// <summary>Null-terminated, the library's own name of a status.</summary>
    byte* cublasGetStatusName(cublasStatus_t status);

    /// <summary>Null-terminated, the library's own words for a status.</summary>
    byte* cublasGetStatusString(cublasStatus_t status);

    cublasStatus_t cublasGemmEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
        void* a, cudaDataType_t aType, int lda, void* b, cudaDataType_t bType, int ldb, void* beta,
        void* c, cudaDataType_t cType, int ldc, cublasComputeType_t computeType, cublasGemmAlgo_t algo);

    cublasStatus_t cublasGemmStridedBatchedEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
        void* a, cudaDataType_t aType, int lda, long strideA, void* b, cudaDataType_t bType, int ldb, long strideB, void* beta,
        void* c, cudaDataType_t cType, int ldc, long strideC, int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t algo);
}
