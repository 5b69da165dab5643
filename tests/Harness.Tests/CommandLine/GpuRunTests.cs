using Harness.Kernels.Native;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.CommandLine;

/// <summary>A run with <c>--device cuda</c> on a double of the GPU, from the command line to the files, and when the GPU is lost on the way.</summary>
public sealed class GpuRunTests
{
    private static readonly string[] s_run = ["run", "t5-small", "--batch", "1", "--seq", "3"];

    [Fact]
    public void It_saves_what_the_software_GPU_saves()
    {
        using var gpu = new FakeGpu();
        using var folder = new TemporaryFolder();
        string onCuda = folder.At("cuda.safetensors"), onSim = folder.At("sim.safetensors");
        CliResult cuda = Cli.Run(gpu.Api, [.. s_run, "--device", "cuda", "--save-outputs", onCuda]);
        Assert.True(cuda.ExitCode == 0, cuda.Error);
        AssertClean(gpu);
        Assert.Equal(0, Cli.Run([.. s_run, "--device", "sim", "--save-outputs", onSim]).ExitCode);

        CliResult compared = Cli.Run("compare", onSim, onCuda);
        Assert.True(compared.ExitCode == 0, compared.Error + compared.Out);
    }

    /// <summary>The system ends a kernel in the middle of the pass.</summary>
    [Fact]
    public void A_lost_device_is_one_line_and_exit_3()
    {
        using var gpu = new FakeGpu();
        gpu.Script.SecondsOf = call =>
        {
            if (call == "cublasGemmStridedBatchedEx" && gpu.Lost is null)
            {
                gpu.Lose(CUresult.CUDA_ERROR_LAUNCH_TIMEOUT, "it took too long");
            }

            return 1e-6;
        };
        Cli.Run(gpu.Api, [.. s_run, "--device", "cuda"]).IsOneLineError(3, "CUDA_ERROR_LAUNCH_TIMEOUT", "smaller batch");
        AssertClean(gpu);
    }

    private static void AssertClean(FakeGpu gpu)
    {
        Assert.Empty(gpu.Misuses);
        Assert.Empty(gpu.Leftovers());
    }
}
