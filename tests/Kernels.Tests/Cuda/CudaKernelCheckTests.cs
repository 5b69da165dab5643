using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>The checks of the software GPU, every launch through the driver's interface: names, extents, the packing of every entry's parameters.</summary>
public sealed class CudaKernelCheckTests
{
    private const long WorkspaceBytes = 1 << 16;

    private static readonly Lazy<ILookup<string, CheckCase>> s_cases = new(() => KernelCheck.Cases(new Budget()).ToLookup(check => check.Entry));

    public static TheoryData<string> Entries { get; } = [.. KernelCatalog.Entries.Select(entry => entry.Name)];

    public static TheoryData<string> OwnEntries { get; } = [.. KernelCatalog.Entries.Where(entry => entry.File is not null).Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_entry_agrees_with_its_reference_at_several_shapes(string entry)
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = WorkspaceBytes });
        CheckCase[] cases = [.. s_cases.Value[entry]];
        Assert.NotEmpty(cases);

        // Every fourth, the first and the last.
        foreach (CheckCase check in cases.Where((_, i) => i % 4 == 0 || i == cases.Length - 1))
        {
            KernelCheckResult result = KernelCheck.Run(rig.Device, check);
            Assert.True(result.Passed, $"{result.Shape}: {result.Failure}");
        }
    }

    /// <summary>The same instructions on the same arguments: the same bytes, to the last.</summary>
    [Theory]
    [MemberData(nameof(OwnEntries))]
    public void An_entry_of_ours_gives_the_software_GPUs_bytes(string entry)
    {
        using var rig = new CudaRig();
        using var simulated = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        CheckCase check = s_cases.Value[entry].MaxBy(check => check.Tensors.Sum(tensor => tensor.Bytes))!;
        Assert.Equal(Outputs(simulated, check), Outputs(rig.Device, check));
    }

    private static byte[][] Outputs(IDevice device, CheckCase check)
    {
        DevicePointer[] regions = [.. check.Tensors.Select(tensor => device.Allocate(tensor.Name, tensor.Bytes + check.OffsetBytes))];
        DevicePointer[] addresses = [.. regions.Select(region => region + check.OffsetBytes)];
        int[] buffers = [.. check.Tensors.Select(tensor => device.BeginBuffer(tensor.Name, addresses[tensor.Index], tensor.Bytes))];
        foreach (TensorSpec tensor in check.Tensors.Where(tensor => check.Contents[tensor.Index] is not null))
        {
            device.CopyToDevice(addresses[tensor.Index], check.Contents[tensor.Index]);
        }

        new LaunchTable(device, check.Versions).Launch(check.Step, addresses);
        byte[][] outputs = [.. check.Expected.Select(expected =>
        {
            byte[] bytes = new byte[expected.Tensor.Bytes];
            device.CopyToHost(bytes, addresses[expected.Tensor.Index]);
            return bytes;
        })];
        Array.ForEach(buffers, buffer => device.EndBuffer(buffer));
        Array.ForEach(regions, device.Free);
        return outputs;
    }

    private sealed class Budget : IConvolutionWorkspace
    {
        public long WorkspaceBytes(in ConvolutionShape shape) => CudaKernelCheckTests.WorkspaceBytes;

        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => CudaKernelCheckTests.WorkspaceBytes;

        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => CudaKernelCheckTests.WorkspaceBytes;
    }
}
