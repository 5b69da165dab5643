using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Statuses by number, as cuda.h, cublas_api.h and cudnn.h have them: written here anew, so that an error in the product's own enums is seen.</summary>
internal static class Status
{
    public const CUresult InvalidValue = (CUresult)1;
    public const CUresult OutOfMemory = (CUresult)2;
    public const CUresult NotInitialized = (CUresult)3;
    public const CUresult NoDevice = (CUresult)100;
    public const CUresult InvalidDevice = (CUresult)101;
    public const CUresult InvalidContext = (CUresult)201;
    public const CUresult InvalidPtx = (CUresult)218;
    public const CUresult UnsupportedPtxVersion = (CUresult)222;
    public const CUresult InvalidHandle = (CUresult)400;
    public const CUresult NotFound = (CUresult)500;
    public const CUresult NotReady = (CUresult)600;
    public const CUresult IllegalAddress = (CUresult)700;
    public const CUresult ContextIsDestroyed = (CUresult)709;
    public const CUresult MisalignedAddress = (CUresult)716;
    public const CUresult LaunchFailed = (CUresult)719;
    public const CUresult NotSupported = (CUresult)801;
    public const CUresult CaptureUnsupported = (CUresult)900;
    public const CUresult CaptureInvalidated = (CUresult)901;
    public const CUresult CapturedEvent = (CUresult)907;

    public const cublasStatus_t CublasNotInitialized = (cublasStatus_t)1;
    public const cublasStatus_t CublasInvalidValue = (cublasStatus_t)7;
    public const cublasStatus_t CublasExecutionFailed = (cublasStatus_t)13;
    public const cublasStatus_t CublasInternalError = (cublasStatus_t)14;
    public const cublasStatus_t CublasNotSupported = (cublasStatus_t)15;

    /// <summary>cuDNN 9 numbers its statuses anew; the double is a cuDNN 9 unless told otherwise.</summary>
    public const cudnnStatus_t CudnnBadParam = (cudnnStatus_t)2000;
    public const cudnnStatus_t CudnnNotSupported = (cudnnStatus_t)3000;
    public const cudnnStatus_t CudnnInternalError = (cudnnStatus_t)4000;
    public const cudnnStatus_t CudnnExecutionFailed = (cudnnStatus_t)5000;

    private static readonly Dictionary<int, string> s_driverNames = new()
    {
        [0] = "CUDA_SUCCESS",
        [1] = "CUDA_ERROR_INVALID_VALUE",
        [2] = "CUDA_ERROR_OUT_OF_MEMORY",
        [3] = "CUDA_ERROR_NOT_INITIALIZED",
        [100] = "CUDA_ERROR_NO_DEVICE",
        [101] = "CUDA_ERROR_INVALID_DEVICE",
        [201] = "CUDA_ERROR_INVALID_CONTEXT",
        [214] = "CUDA_ERROR_ECC_UNCORRECTABLE",
        [218] = "CUDA_ERROR_INVALID_PTX",
        [222] = "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        [400] = "CUDA_ERROR_INVALID_HANDLE",
        [500] = "CUDA_ERROR_NOT_FOUND",
        [600] = "CUDA_ERROR_NOT_READY",
        [700] = "CUDA_ERROR_ILLEGAL_ADDRESS",
        [702] = "CUDA_ERROR_LAUNCH_TIMEOUT",
        [709] = "CUDA_ERROR_CONTEXT_IS_DESTROYED",
        [716] = "CUDA_ERROR_MISALIGNED_ADDRESS",
        [719] = "CUDA_ERROR_LAUNCH_FAILED",
        [801] = "CUDA_ERROR_NOT_SUPPORTED",
        [803] = "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
        [900] = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        [901] = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
        [907] = "CUDA_ERROR_CAPTURED_EVENT",
        [999] = "CUDA_ERROR_UNKNOWN",
    };

    private static readonly Dictionary<int, string> s_cublasNames = new()
    {
        [0] = "CUBLAS_STATUS_SUCCESS",
        [1] = "CUBLAS_STATUS_NOT_INITIALIZED",
        [3] = "CUBLAS_STATUS_ALLOC_FAILED",
        [7] = "CUBLAS_STATUS_INVALID_VALUE",
        [8] = "CUBLAS_STATUS_ARCH_MISMATCH",
        [13] = "CUBLAS_STATUS_EXECUTION_FAILED",
        [14] = "CUBLAS_STATUS_INTERNAL_ERROR",
        [15] = "CUBLAS_STATUS_NOT_SUPPORTED",
    };

    private static readonly Dictionary<int, string> s_cudnnNames = new()
    {
        [0] = "CUDNN_STATUS_SUCCESS",
        [1] = "CUDNN_STATUS_NOT_INITIALIZED",
        [2000] = "CUDNN_STATUS_BAD_PARAM",
        [3000] = "CUDNN_STATUS_NOT_SUPPORTED",
        [4000] = "CUDNN_STATUS_INTERNAL_ERROR",
        [5000] = "CUDNN_STATUS_EXECUTION_FAILED",
    };

    /// <summary>null where the driver knows no such code.</summary>
    public static string? Name(CUresult status) => s_driverNames.GetValueOrDefault((int)status);

    public static string Name(cublasStatus_t status) => s_cublasNames.GetValueOrDefault((int)status, "<unknown>");

    public static string Name(cudnnStatus_t status) => s_cudnnNames.GetValueOrDefault((int)status, "CUDNN_UNKNOWN_STATUS");
}
