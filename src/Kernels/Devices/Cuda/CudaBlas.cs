using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>cuBLAS with a workspace of ours, so that it allocates none.</summary>
internal sealed unsafe class CudaBlas : IDisposable
{
    /// <summary>
    /// At least what cuBLAS recommends: 32 MiB for 9.0 and 10.x, 12 for 12.x, 4 for all before (cuBLAS documentation, "cublasSetWorkspace").
    /// </summary>
    private const long WorkspaceBytesFrom90 = 32L << 20;
    private const long WorkspaceBytesBefore90 = 4L << 20;

    private readonly ICublas _cublas;
    private readonly CudaContext _context;
    private readonly CudaMemory _memory;
    private readonly CublasStatus _status;
    private readonly cublasComputeType_t _compute;
    private readonly cublasHandle_t _handle;
    private readonly DevicePointer _workspace;

    /// <exception cref="MachineException">cuBLAS does not start, or memory is lacking</exception>
    public CudaBlas(ICublas cublas, CudaContext context, CudaMemory memory, GpuProperties gpu, MathMode math)
    {
        _cublas = cublas;
        _context = context;
        _memory = memory;
        _status = new CublasStatus(cublas, context);
        _compute = math == MathMode.Tf32
            ? cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32
            : cublasComputeType_t.CUBLAS_COMPUTE_32F_PEDANTIC;
        WorkspaceBytes = gpu.ComputeMajor >= 9 ? WorkspaceBytesFrom90 : WorkspaceBytesBefore90;
        cublasHandle_t handle;
        _status.ThrowIfFailed(cublas.cublasCreate(&handle));
        _handle = handle;
        try
        {
            int version;
            _status.ThrowIfFailed(cublas.cublasGetVersion(handle, &version));
            Version = version;

            // In this order: setting the stream takes the workspace back to cuBLAS's own pool.
            _status.ThrowIfFailed(cublas.cublasSetStream(handle, context.Stream));
            _workspace = memory.Allocate("cuBLAS workspace", WorkspaceBytes);
            _status.ThrowIfFailed(cublas.cublasSetWorkspace(handle, (void*)_workspace.Address, (nuint)WorkspaceBytes));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As cublasGetVersion reports it, such as 120304.</summary>
    public int Version { get; }

    public long WorkspaceBytes { get; }

    /// <exception cref="CallerException">an extent beyond 32 bits</exception>
    public void Gemm(in GemmCall call)
    {
        int m = LibraryExtent.Of(call.M, "GEMM: m"), n = LibraryExtent.Of(call.N, "GEMM: n"), k = LibraryExtent.Of(call.K, "GEMM: k");
        int lda = LibraryExtent.Of(call.LeadingDimensionA, "GEMM: lda");
        int ldb = LibraryExtent.Of(call.LeadingDimensionB, "GEMM: ldb");
        int ldc = LibraryExtent.Of(call.LeadingDimensionC, "GEMM: ldc");
        int batch = LibraryExtent.Of(call.BatchCount, "GEMM: the batch count");
        float alpha = call.Alpha, beta = call.Beta;
        void* a = (void*)call.A.Address, b = (void*)call.B.Address, c = (void*)call.C.Address;
        const cudaDataType_t f32 = cudaDataType_t.CUDA_R_32F;
        if (batch == 1)
        {
            _status.ThrowIfFailed(_cublas.cublasGemmEx(
                _handle, Operation(call.TransposeA), Operation(call.TransposeB), m, n, k, &alpha, a, f32, lda, b, f32, ldb,
                &beta, c, f32, ldc, _compute, cublasGemmAlgo_t.CUBLAS_GEMM_DEFAULT));
        }
        else
        {
            _status.ThrowIfFailed(_cublas.cublasGemmStridedBatchedEx(
                _handle, Operation(call.TransposeA), Operation(call.TransposeB), m, n, k, &alpha, a, f32, lda, call.StrideA,
                b, f32, ldb, call.StrideB, &beta, c, f32, ldc, call.StrideC, batch, _compute, cublasGemmAlgo_t.CUBLAS_GEMM_DEFAULT));
        }

        _context.CountLaunch();
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        _cublas.cublasDestroy(_handle);
        if (_workspace != DevicePointer.Null)
        {
            _context.Driver.cuMemFree(new CUdeviceptr(_workspace.Address));
        }
    }

    private static cublasOperation_t Operation(bool transpose) => transpose ? cublasOperation_t.CUBLAS_OP_T : cublasOperation_t.CUBLAS_OP_N;
}
