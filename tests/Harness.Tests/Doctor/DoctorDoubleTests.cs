using System.Text.Json.Nodes;
using Harness.Kernels.Native;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.Doctor;

/// <summary>Machines with a GPU, by a double of NVIDIA's software that really computes.</summary>
public sealed class DoctorDoubleTests : IDisposable
{
    private readonly FakeGpu _gpu = new();

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void A_complete_machine_works_and_is_left_as_it_was()
    {
        CliResult result = Cli.Run(_ => DoctorSetups.Complete(_gpu.Api), "doctor");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Golden.Is("doctor-complete.txt", result.Out);
        Assert.Equal(0, _gpu.ContextReferences);
    }

    [Fact]
    public void The_json_of_a_complete_machine_is_as_it_was()
    {
        _gpu.Script.Watched = 1;
        CliResult result = Cli.Run(_ => DoctorSetups.Complete(_gpu.Api), "doctor", "--json", "-");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Golden.Is("doctor-complete.json", result.Out);
    }

    [Fact]
    public void Without_cuDNN_cuda_works_and_vgg16_does_not()
    {
        NativeSetup complete = DoctorSetups.Complete(_gpu.Api);
        LibraryFinding missing = DoctorSetups.Missing("cuDNN", "libcudnn.so.9", "install cuDNN");
        JsonNode report = Report(0, complete with
        {
            Api = _gpu.Api with { Cudnn = new NativePart<ICudnn>(null, missing.WhyNot) },
            Findings = complete.Findings.SetItem(2, missing),
        });
        Assert.Equal(
            "cuda works: --device cuda is GPU 0, NVIDIA Double; without cuDNN vgg16 and mnist-cnn do not run, the other models do",
            (string?)report["verdict"]);
        Assert.Equal(["cuDNN was not found (libcudnn.so.9); install cuDNN (only vgg16 and mnist-cnn need it)"], ToDo(report));
        Assert.Null(Check(report, "GPU 0: convolution")["passed"]);
    }

    [Fact]
    public void Without_cuBLAS_it_does_not_work_and_says_what_to_install()
    {
        NativeSetup complete = DoctorSetups.Complete(_gpu.Api);
        LibraryFinding missing = DoctorSetups.Missing("cuBLAS", "libcublas.so.13", "install the toolkit");
        JsonNode report = Report(3, complete with
        {
            Api = _gpu.Api with { Cublas = new NativePart<ICublas>(null, missing.WhyNot) },
            Findings = complete.Findings.SetItem(1, missing),
        });
        Assert.Equal("cuda does not work here. First: cuBLAS was not found (libcublas.so.13); install the toolkit", (string?)report["verdict"]);
        Assert.Equal("cuBLAS was not found (libcublas.so.13)", (string?)Check(report, "GPU 0: opens")["detail"]);
        Assert.Single(ToDo(report));
    }

    [Fact]
    public void A_driver_that_is_too_old_is_the_first_thing_to_do()
    {
        _gpu.Script.DriverVersion = 11040;
        JsonNode report = Report(3, DoctorSetups.Complete(_gpu.Api));
        Assert.Equal(
            "cuda does not work here. First: the NVIDIA driver supports CUDA 11.4, this program needs 11.8 or later: install driver 520 or later",
            (string?)report["verdict"]);
        Assert.Empty(report["devices"]!.AsArray());
    }

    [Fact]
    public void A_machine_whose_driver_sees_no_GPU_does_not_work()
    {
        _gpu.Script.Devices = 0;
        JsonNode report = Report(3, DoctorSetups.Complete(_gpu.Api));
        Assert.False((bool?)Check(report, "driver")["passed"]);
        Assert.Null(Check(report, "GPU")["passed"]);
    }

    [Fact]
    public void A_product_that_is_wrong_is_seen_though_every_call_succeeds()
    {
        JsonNode report = Report(3, DoctorSetups.Complete(_gpu.Api with { Cublas = new NativePart<ICublas>(new IdleCublas(_gpu.Cublas), null) }));
        Assert.True((bool?)Check(report, "GPU 0: kernel")["passed"]);
        Assert.False((bool?)Check(report, "GPU 0: product")["passed"]);
        Assert.StartsWith("cuda does not work here. First: gemm is wrong at ", (string?)report["verdict"], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_GPU_is_tried()
    {
        _gpu.Script.Devices = 2;
        JsonNode report = Report(0, DoctorSetups.Complete(_gpu.Api));
        Assert.Equal(2, report["devices"]!.AsArray().Count);
        Assert.True((bool?)Check(report, "GPU 1: convolution")["passed"]);
    }

    private static JsonNode Report(int exitCode, NativeSetup setup)
    {
        CliResult result = Cli.Run(_ => setup, "doctor", "--json", "-");
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        return JsonNode.Parse(result.Out)!;
    }

    private static JsonNode Check(JsonNode report, string name) =>
        report["checks"]!.AsArray().Single(check => (string?)check!["name"] == name)!;

    private static string[] ToDo(JsonNode report) => [.. report["toDo"]!.AsArray().Select(line => (string)line!)];

    /// <summary>Accepts every product and computes none.</summary>
    private sealed unsafe class IdleCublas(ICublas inner) : ICublas
    {
        public cublasStatus_t cublasCreate(cublasHandle_t* handle) => inner.cublasCreate(handle);

        public cublasStatus_t cublasDestroy(cublasHandle_t handle) => inner.cublasDestroy(handle);

        public cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version) => inner.cublasGetVersion(handle, version);

        public cublasStatus_t cublasSetStream(cublasHandle_t handle, CUstream stream) => inner.cublasSetStream(handle, stream);

        public cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, nuint bytes) =>
            inner.cublasSetWorkspace(handle, workspace, bytes);

        public byte* cublasGetStatusName(cublasStatus_t status) => inner.cublasGetStatusName(status);

        public byte* cublasGetStatusString(cublasStatus_t status) => inner.cublasGetStatusString(status);

        public cublasStatus_t cublasGemmEx(
            cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
            void* a, cudaDataType_t aType, int lda, void* b, cudaDataType_t bType, int ldb, void* beta,
            void* c, cudaDataType_t cType, int ldc, cublasComputeType_t computeType, cublasGemmAlgo_t algo) =>
            cublasStatus_t.CUBLAS_STATUS_SUCCESS;

        public cublasStatus_t cublasGemmStridedBatchedEx(
            cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k, void* alpha,
            void* a, cudaDataType_t aType, int lda, long strideA, void* b, cudaDataType_t bType, int ldb, long strideB, void* beta,
            void* c, cudaDataType_t cType, int ldc, long strideC, int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t algo) =>
            cublasStatus_t.CUBLAS_STATUS_SUCCESS;
    }
}
