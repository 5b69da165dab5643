using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>cuBLAS.</summary>
internal sealed unsafe partial class Cublas : ICublas
{
    public cublasStatus_t cublasCreate(cublasHandle_t* handle) => Entry.cublasCreate(handle);

    public cublasStatus_t cublasDestroy(cublasHandle_t handle) => Entry.cublasDestroy(handle);

    public cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version) => Entry.cublasGetVersion(handle, version);

    public cublasStatus_t cublasSetStream(cublasHandle_t handle, CUstream stream) => Entry.cublasSetStream(handle, stream);

    public cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, nuint bytes) =>
        Entry.cublasSetWorkspace(handle, workspace, bytes);

    public byte* cublasGetStatusName(cublasStatus_t status) => Entry.cublasGetStatusName(status);

    public byte* cublasGetStatusString(cublasStatus_t status) => Entry.cublasGetStatusString(status);

    public cublasStatus_t cublasGemmEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha, void* a,
        cudaDataType_t aType, int lda, void* b, cudaDataType_t bType, int ldb, void* beta, void* c, cudaDataType_t cType, int ldc,
        cublasComputeType_t computeType, cublasGemmAlgo_t algo) =>
        Entry.cublasGemmEx(handle, transa, transb, m, n, k, alpha, a, aType, lda, b, bType, ldb, beta, c, cType, ldc, computeType, algo);

    public cublasStatus_t cublasGemmStridedBatchedEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha, void* a,
        cudaDataType_t aType, int lda, long strideA, void* b, cudaDataType_t bType, int ldb, long strideB, void* beta, void* c,
        cudaDataType_t cType, int ldc, long strideC, int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t algo) =>
        Entry.cublasGemmStridedBatchedEx(
            handle, transa, transb, m, n, k, alpha, a, aType, lda, strideA, b, bType, ldb, strideB, beta, c, cType, ldc,
            strideC, batchCount, computeType, algo);

    internal static partial class Entry
    {
        [LibraryImport(NativeNames.Cublas, EntryPoint = "cublasCreate_v2")]
        internal static partial cublasStatus_t cublasCreate(cublasHandle_t* handle);

        [LibraryImport(NativeNames.Cublas, EntryPoint = "cublasDestroy_v2")]
        internal static partial cublasStatus_t cublasDestroy(cublasHandle_t handle);

        [LibraryImport(NativeNames.Cublas, EntryPoint = "cublasGetVersion_v2")]
        internal static partial cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version);

        [LibraryImport(NativeNames.Cublas, EntryPoint = "cublasSetStream_v2")]
        internal static partial cublasStatus_t cublasSetStream(cublasHandle_t handle, CUstream stream);

        [LibraryImport(NativeNames.Cublas, EntryPoint = "cublasSetWorkspace_v2")]
        internal static partial cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, nuint bytes);

        [LibraryImport(NativeNames.Cublas)]
        internal static partial byte* cublasGetStatusName(cublasStatus_t status);

        [LibraryImport(NativeNames.Cublas)]
        internal static partial byte* cublasGetStatusString(cublasStatus_t status);

        [LibraryImport(NativeNames.Cublas)]
        internal static partial cublasStatus_t cublasGemmEx(
            cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha, void* a,
            cudaDataType_t aType, int lda, void* b, cudaDataType_t bType, int ldb, void* beta, void* c, cudaDataType_t cType, int ldc,
            cublasComputeType_t computeType, cublasGemmAlgo_t algo);

        [LibraryImport(NativeNames.Cublas)]
        internal static partial cublasStatus_t cublasGemmStridedBatchedEx(
            cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha, void* a,
            cudaDataType_t aType, int lda, long strideA, void* b, cudaDataType_t bType, int ldb, long strideB, void* beta, void* c,
            cudaDataType_t cType, int ldc, long strideC, int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t algo);
    }
}
