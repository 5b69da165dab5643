using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

internal sealed class CublasState
{
    public CUstream Stream { get; set; }

    /// <summary>A device address; 0 while the handle uses a pool of its own.</summary>
    public ulong Workspace { get; set; }
}

/// <summary>cuBLAS with the pointer mode of its default: scalars in host memory.</summary>
internal sealed unsafe class FakeCublas(FakeGpu gpu) : ICublas
{
    private const cublasStatus_t Success = cublasStatus_t.CUBLAS_STATUS_SUCCESS;

    public cublasStatus_t cublasCreate(cublasHandle_t* handle)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasCreate()");
        *handle = default;
        if (entry.Scripted != 0)
        {
            return (cublasStatus_t)entry.Scripted;
        }

        if (gpu.Capturing is { } stream)
        {
            stream.CaptureIsInvalid = true;
            return Status.CublasNotInitialized;
        }

        if (gpu.ContextStatus() != CUresult.CUDA_SUCCESS || gpu.FreeBytes() < gpu.Script.CublasBytes)
        {
            return Status.CublasNotInitialized;
        }

        *handle = new cublasHandle_t(gpu.Handles.Add("cublas", new CublasState()));
        return Success;
    }

    public cublasStatus_t cublasDestroy(cublasHandle_t handle)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasDestroy({handle})");
        return gpu.Handles.Remove<CublasState>(handle.Handle) is null ? Status.CublasNotInitialized : Ready(entry);
    }

    public cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasGetVersion({handle})");
        *version = gpu.Script.CublasVersion;
        return gpu.Handles.Find<CublasState>(handle.Handle) is null ? Status.CublasNotInitialized : Ready(entry);
    }

    /// <summary>Takes the workspace away too ("unconditionally resets the cuBLAS library workspace back to the default workspace pool").</summary>
    public cublasStatus_t cublasSetStream(cublasHandle_t handle, CUstream stream)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasSetStream({handle}, {stream})");
        if (gpu.Handles.Find<CublasState>(handle.Handle) is not { } state || gpu.Handles.Find<FakeStream>(stream.Handle) is null)
        {
            return Status.CublasNotInitialized;
        }

        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        (state.Stream, state.Workspace) = (stream, 0);
        return Success;
    }

    public cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, nuint bytes)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasSetWorkspace({handle}, {workspace}, {bytes})");
        if (gpu.Handles.Find<CublasState>(handle.Handle) is not { } state)
        {
            return Status.CublasNotInitialized;
        }

        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        gpu.Operand("cublasSetWorkspace", (ulong)workspace, (long)bytes);
        if ((ulong)workspace % 256 != 0)
        {
            return Status.CublasInvalidValue;
        }

        state.Workspace = (ulong)workspace;
        return Success;
    }

    public byte* cublasGetStatusName(cublasStatus_t status)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasGetStatusName({(int)status})");
        return gpu.Text(Status.Name(status));
    }

    public byte* cublasGetStatusString(cublasStatus_t status)
    {
        using CallLog.Entry entry = gpu.Enter($"cublasGetStatusString({(int)status})");
        return gpu.Text($"the double's words for {Status.Name(status)}");
    }

    public cublasStatus_t cublasGemmEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
        void* a, cudaDataType_t aType, int lda, void* b, cudaDataType_t bType, int ldb, void* beta,
        void* c, cudaDataType_t cType, int ldc, cublasComputeType_t computeType, cublasGemmAlgo_t algo)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cublasGemmEx({handle}, {Letter(transa)}, {Letter(transb)}, {m}, {n}, {k}, {gpu.Scalar("alpha", alpha)}, {a}, {lda}, {b}, {ldb}, {gpu.Scalar("beta", beta)}, {c}, {ldc}, {Short(computeType)})");
        var product = new Product(
            transa != 0, transb != 0, m, n, k, gpu.Scalar("alpha", alpha), (ulong)a, lda, 0, (ulong)b, ldb, 0, gpu.Scalar("beta", beta), (ulong)c, ldc, 0, 1,
            Tf32(computeType));
        return Enqueue(entry, handle, "cublasGemmEx", product, computeType, aType == 0 && bType == 0 && cType == 0 && (int)algo == -1);
    }

    public cublasStatus_t cublasGemmStridedBatchedEx(
        cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
        void* a, cudaDataType_t aType, int lda, long strideA, void* b, cudaDataType_t bType, int ldb, long strideB, void* beta,
        void* c, cudaDataType_t cType, int ldc, long strideC, int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t algo)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cublasGemmStridedBatchedEx({handle}, {Letter(transa)}, {Letter(transb)}, {m}, {n}, {k}, {gpu.Scalar("alpha", alpha)}, {a}, {lda}, {strideA}, {b}, {ldb}, {strideB}, {gpu.Scalar("beta", beta)}, {c}, {ldc}, {strideC}, {batchCount}, {Short(computeType)})");
        var product = new Product(
            transa != 0, transb != 0, m, n, k, gpu.Scalar("alpha", alpha), (ulong)a, lda, strideA, (ulong)b, ldb, strideB, gpu.Scalar("beta", beta),
            (ulong)c, ldc, strideC, batchCount, Tf32(computeType));
        return Enqueue(entry, handle, "cublasGemmStridedBatchedEx", product, computeType, aType == 0 && bType == 0 && cType == 0 && (int)algo == -1);
    }

    private cublasStatus_t Enqueue(
        in CallLog.Entry entry, cublasHandle_t handle, string call, in Product product, cublasComputeType_t computeType, bool typesAreKnown)
    {
        if (gpu.Handles.Find<CublasState>(handle.Handle) is not { } state)
        {
            return Status.CublasNotInitialized;
        }

        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (!typesAreKnown || (int)computeType is not (68 or 69 or 77))
        {
            return Status.CublasNotSupported;
        }

        if (!product.IsValid)
        {
            return Status.CublasInvalidValue;
        }

        if (state.Stream.Handle == 0 || state.Workspace == 0)
        {
            throw gpu.Misuse($"{call} without {(state.Stream.Handle == 0 ? "cublasSetStream" : "cublasSetWorkspace since the last cublasSetStream")}");
        }

        gpu.Enqueue(state.Stream, new ProductWork(gpu, call, product));
        return Success;
    }

    private cublasStatus_t Ready(in CallLog.Entry entry) =>
        entry.Scripted != 0 ? (cublasStatus_t)entry.Scripted
        : gpu.Lost is not null ? Status.CublasExecutionFailed
        : gpu.ContextStatus() == CUresult.CUDA_SUCCESS ? Success
        : Status.CublasNotInitialized;

    private static bool Tf32(cublasComputeType_t type) => (int)type == 77;

    private static string Letter(cublasOperation_t operation) => (int)operation switch { 0 => "N", 1 => "T", _ => "?" };

    private static string Short(cublasComputeType_t type) => (int)type switch { 68 => "32F", 69 => "32F_PEDANTIC", 77 => "32F_FAST_TF32", _ => "?" };
}
