using System.Collections.Immutable;
using Harness.Kernels;

namespace Harness.Acceptance;

/// <summary>
/// Steps that must fail, each in its own way: what is asked of the GPU that it has not, and kernels that destroy the context. A step
/// passes where the exit code and the one line are the expected ones.
/// </summary>
internal static class Misfortunes
{
    public const string Group = "misfortune";

    private const string Kernels = "misfortunes.ptx";
    private const string TooNew = "too-new.ptx";
    private const int Seconds = 60;

    /// <summary>
    /// Address 16 belongs to nobody: no driver maps the first page. A kernel that traps ends as CUDA_ERROR_LAUNCH_FAILED on most drivers, as
    /// CUDA_ERROR_ILLEGAL_INSTRUCTION on some; the words ask for neither.
    /// </summary>
    private const string KernelText = """
        .version 6.4
        .target sm_75
        .address_size 64

        .visible .entry store(.param .u64 address)
        {
            .reg .u32 %r<2>;
            .reg .u64 %rd<2>;

            ld.param.u64 %rd1, [address];
            mov.u32 %r1, 1;
            st.global.u32 [%rd1], %r1;
            ret;
        }

        .visible .entry store_misaligned(.param .u64 buffer)
        {
            .reg .u32 %r<2>;
            .reg .u64 %rd<2>;

            ld.param.u64 %rd1, [buffer];
            mov.u32 %r1, 1;
            st.global.u32 [%rd1+2], %r1;
            ret;
        }

        .visible .entry trap_now()
        {
            trap;
            ret;
        }

        """;

    /// <summary>A version of PTX that no driver knows yet: those of CUDA 13.0 know 9.0.</summary>
    private const string TooNewText = """
        .version 9.9
        .target sm_75
        .address_size 64

        .visible .entry nothing()
        {
            ret;
        }

        """;

    /// <summary>Puts the kernels where the steps look for them.</summary>
    public static void WriteKernels(string folder)
    {
        AtomicFile.WriteText(Path.Combine(folder, Kernels), KernelText);
        AtomicFile.WriteText(Path.Combine(folder, TooNew), TooNewText);
    }

    /// <param name="folder">has the kernels</param>
    /// <param name="whyNot">null where there is a GPU</param>
    public static IEnumerable<AcceptanceStep> Steps(string folder, string? whyNot)
    {
        yield return Step("memory", ["audit", "vgg16", "--batch", "100000", .. s_cuda], "bytes on", "the largest batch that fits is");
        yield return Step("index", ["audit", "mnist-cnn", "--device", "cuda:99"], "there is no GPU 99");
        yield return Step(
            "libraries", ["audit", "mnist-cnn", .. s_cuda, "--libraries", Path.Combine(folder, "no-such-folder")], "no-such-folder", "does not exist");
        yield return Step("driver", Launch(TooNew, "nothing"), TooNew, "PTX 9.9", "install a newer NVIDIA driver");
        yield return Step("access", Launch(Kernels, "store", "--arg", "u64:16"), "CUDA_ERROR_ILLEGAL_ADDRESS", "the CUDA context is lost");
        yield return Step(
            "alignment", Launch(Kernels, "store_misaligned", "--arg", "zeros:16"), "CUDA_ERROR_MISALIGNED_ADDRESS", "the CUDA context is lost");
        yield return Step("trap", Launch(Kernels, "trap_now"), "CUDA_ERROR_", "the CUDA context is lost");

        AcceptanceStep Step(string name, string[] arguments, params ImmutableArray<string> words) => new(
            $"{Group}-{name}", Group, StepProgram.Harness, [.. arguments], TimeSpan.FromSeconds(Seconds), whyNot,
            new ExpectedFailure(HarnessProgram.ExitMachineCannot, words));

        string[] Launch(string file, string entry, params string[] arguments) =>
            ["ptx", "run", Path.Combine(folder, file), "--entry", entry, "--grid", "1", "--block", "1", .. s_cuda, .. arguments];
    }

    /// <summary>The first kernel with room to store in: as anybody's PTX runs on a GPU where nothing is wrong.</summary>
    public static ImmutableArray<string> Harmless(string folder, string device) =>
    [
        "ptx", "run", Path.Combine(folder, Kernels), "--entry", "store", "--grid", "1", "--block", "1", "--device", device,
        "--arg", $"out:{Path.Combine(folder, "stored.bin")}:4",
    ];

    private static readonly ImmutableArray<string> s_cuda = ["--device", AcceptancePlan.Cuda];
}
