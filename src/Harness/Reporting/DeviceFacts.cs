using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Kernels.Devices;

namespace Harness.Reporting;

/// <summary>The device as every report names it, with the choices that its figures depend on.</summary>
/// <param name="ConvolutionWorkspaceBytes">of every convolution, as the caller set it; null: the software GPU's formula</param>
/// <param name="Gpu">null on devices that are not one</param>
internal sealed record DeviceFacts(DeviceDescription Description, long? ConvolutionWorkspaceBytes = null, GpuFacts? Gpu = null)
{
    private const double BytesPerMiB = Quantities.BytesPerMiB;

    /// <summary>What products and convolutions compute with.</summary>
    public MathMode Math => Gpu?.Math ?? MathMode.Fp32;

    public override string ToString()
    {
        string workspace = ConvolutionWorkspaceBytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $"convolution workspace {bytes / BytesPerMiB:0.##} MiB")
            : "";
        return Gpu is not null ? $"{Description.Kind} ({Gpu}; {workspace})"
            : workspace.Length > 0 ? $"{Description.Kind} ({Description.Name}; {workspace})"
            : $"{Description.Kind} ({Description.Name})";
    }

    /// <summary><c>kind</c> and <c>name</c> as the contract has them; on a GPU everything else beside them.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["kind"] = Description.Kind, ["name"] = Description.Name };
        if (ConvolutionWorkspaceBytes is { } bytes)
        {
            json["convolutionWorkspace"] = bytes;
        }

        Gpu?.AddTo(json);
        return json;
    }
}

/// <summary>A GPU, its software, and how it was told to compute.</summary>
/// <param name="Graph">passes after the first are one launch of a recorded graph</param>
/// <param name="Check">guard bands and poison</param>
internal sealed record GpuFacts(GpuProperties Properties, MathMode Math, bool Graph, bool Check)
{
    public override string ToString()
    {
        GpuProperties p = Properties;
        string cudnn = p.CudnnVersion is null ? "no cuDNN" : $"cuDNN {VersionText.Cudnn(p.CudnnVersion)}";
        return $"{p.Name}, GPU {p.Index}, compute capability {p.ComputeMajor}.{p.ComputeMinor}, "
            + $"driver for CUDA {VersionText.Driver(p.DriverVersion)}, cuBLAS {VersionText.Cublas(p.CublasVersion)}, {cudnn}; math {Label(Math)}, "
            + $"graph {(Graph ? "on" : "off")}{(Check ? ", guard bands and poison" : "")}";
    }

    public static string Label(MathMode math) => math == MathMode.Tf32 ? "tf32" : "fp32";

    public void AddTo(JsonObject json)
    {
        GpuProperties p = Properties;
        json["index"] = p.Index;
        json["pciBusId"] = p.PciBusId;
        json["computeCapability"] = $"{p.ComputeMajor}.{p.ComputeMinor}";
        json["multiprocessors"] = p.Multiprocessors;
        json["memoryBytes"] = p.MemoryBytes;
        json["l2Bytes"] = p.L2Bytes;
        json["driverCuda"] = VersionText.Driver(p.DriverVersion);
        json["cublas"] = p.CublasVersion is null ? null : VersionText.Cublas(p.CublasVersion);
        json["cudnn"] = p.CudnnVersion is null ? null : VersionText.Cudnn(p.CudnnVersion);
        json["math"] = Label(Math);
        json["graph"] = Graph;
        json["check"] = Check;
    }
}

/// <summary>Version numbers as their libraries count them, as people write them.</summary>
internal static class VersionText
{
    /// <summary>1000 * major + 10 * minor.</summary>
    public static string Driver(int version) => string.Create(CultureInfo.InvariantCulture, $"{version / 1000}.{version % 1000 / 10}");

    /// <summary>10000 * major + 100 * minor + patch.</summary>
    public static string Cublas(long? version) => Dotted(version, 10_000);

    /// <summary>10000 * major + 100 * minor + patch from cuDNN 9 on, before that 1000 * major + 100 * minor + patch.</summary>
    public static string Cudnn(long? version) => Dotted(version, version >= 90_000 ? 10_000 : 1_000);

    private static string Dotted(long? version, long major) => version is { } known
        ? string.Create(CultureInfo.InvariantCulture, $"{known / major}.{known % major / 100}.{known % 100}")
        : "unknown";
}
