using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Checks;

/// <summary>One entry at one shape.</summary>
/// <param name="MaxError">of the element with the largest error in units of its own tolerance</param>
/// <param name="Tolerance">that element's</param>
/// <param name="Failure">one line that says what is wrong, null where <paramref name="Passed"/></param>
/// <param name="Cost">what the device counted for the launch, null where it cannot</param>
public sealed record KernelCheckResult(
    string Entry, string Shape, long Elements, double MaxError, double Tolerance, bool Passed, string? Failure, DeviceCounters? Cost);

/// <summary>Every entry against its reference on a table of awkward shapes.</summary>
public static class KernelCheck
{
    /// <summary>Entries that the device lacks the library for (a GPU without cuDNN). Named by the caller, they are run all the same.</summary>
    public static ImmutableArray<string> LeftOut(IDevice device) =>
        device is IGpu { Properties.CudnnVersion: null } ? 
        [
            LibraryCases.ConvolutionEntry, LibraryCases.ConvolutionWeightBackwardEntry, LibraryCases.ConvolutionDataBackwardEntry,
            LibraryCases.MaxPoolEntry,
        ] : [];

    /// <summary>Runs while it is enumerated, one result a shape.</summary>
    /// <param name="device">computes them</param>
    /// <param name="name">one entry, or null for all but those <see cref="LeftOut"/></param>
    /// <param name="math">what the device's products and convolutions compute with: decides their tolerance</param>
    /// <exception cref="CallerException">no such entry, or a device that does not compute</exception>
    public static IEnumerable<KernelCheckResult> Run(IDevice device, string? name = null, MathMode math = MathMode.Fp32)
    {
        if (name is not null)
        {
            KernelCatalog.Find(name);
        }

        if (!device.Computes)
        {
            throw new CallerException($"device '{device.Description.Kind}' computes nothing, so there is nothing to check; choose another");
        }

        ImmutableArray<string> leftOut = LeftOut(device);
        return Cases(device, math).Where(check => name is null ? !leftOut.Contains(check.Entry) : check.Entry == name)
            .Select(check => Run(device, check));
    }

    /// <summary>All cases, in the order of the catalog.</summary>
    internal static IEnumerable<CheckCase> Cases(IConvolutionWorkspace workspace, MathMode math = MathMode.Fp32) =>
        ElementwiseCases.All().Concat(ActivationBackwardCases.All()).Concat(CrossEntropyCases.All()).Concat(DropoutCases.All())
            .Concat(EmbeddingCases.All()).Concat(HeadsCases.All()).Concat(MaxPoolBackwardCases.All()).Concat(NormCases.All())
            .Concat(LayerNormBackwardCases.All()).Concat(RmsNormBackwardCases.All())
            .Concat(OptimizerCases.All()).Concat(RelativePositionBiasCases.All()).Concat(SoftmaxCases.All()).Concat(SoftmaxBackwardCases.All())
            .Concat(SumCases.All()).Concat(LibraryCases.All(workspace, math))
            .OrderBy(check => KernelCatalog.Entries.IndexOf(KernelCatalog.Find(check.Entry)));

    internal static KernelCheckResult Run(IDevice device, CheckCase check)
    {
        var regions = new DevicePointer[check.Tensors.Length];
        var addresses = new DevicePointer[check.Tensors.Length];
        int[] buffers = new int[check.Tensors.Length];
        int begun = 0;
        try
        {
            foreach (TensorSpec tensor in check.Tensors)
            {
                int i = tensor.Index;
                int offsetBytes = check.OffsetBytes - check.OffsetBytes % tensor.DType.SizeBytes();
                regions[i] = device.Allocate(tensor.Name, tensor.Bytes + offsetBytes);
                addresses[i] = regions[i] + offsetBytes;
                buffers[i] = device.BeginBuffer(tensor.Name, addresses[i], tensor.Bytes);
                begun = i + 1;
                if (check.Contents[i] is { } contents)
                {
                    device.CopyToDevice(addresses[i], contents);
                }
                else if (device.Touch(buffers[i]) is null)
                {
                    // A device that cannot see unwritten bytes gets NaN in all of them: no old result can pass for a new one.
                    byte[] poison = new byte[tensor.Bytes];
                    Array.Fill(poison, (byte)0xFF);
                    device.CopyToDevice(addresses[i], poison);
                }
            }

            DeviceCounters? before = device.Counters;
            new LaunchTable(device, check.Versions).Launch(check.Step, addresses);
            device.Synchronize();
            DeviceCounters? cost = device.Counters - before;
            return Judge(device, check, addresses, buffers, cost);
        }
        catch (CheckFailedException failure)
        {
            long elements = check.Expected.Sum(expected => expected.Tensor.Shape.Elements);
            return new KernelCheckResult(check.Entry, check.Shape, elements, double.NaN, double.NaN, false, failure.Message, null);
        }
        finally
        {
            for (int i = 0; i < begun; i++)
            {
                device.EndBuffer(buffers[i]);
            }

            foreach (DevicePointer region in regions.Where(region => region != DevicePointer.Null))
            {
                device.Free(region);
            }
        }
    }

    private static KernelCheckResult Judge(
        IDevice device, CheckCase check, DevicePointer[] addresses, int[] buffers, DeviceCounters? cost)
    {
        double worst = -1, maxError = 0, tolerance = 0;
        long elements = 0;
        string? failure = null;
        foreach (Expected expected in check.Expected)
        {
            TensorSpec tensor = expected.Tensor;
            elements += tensor.Shape.Elements;
            if (device.Touch(buffers[tensor.Index]) is { } touch && touch.WrittenBytes != tensor.Bytes)
            {
                failure ??= $"{tensor.Name}: {tensor.Bytes - touch.WrittenBytes} of {tensor.Bytes} bytes were never written";
                continue;
            }

            float[] actual = Values(device, addresses[tensor.Index], tensor);
            for (int i = 0; i < actual.Length; i++)
            {
                double error = Error(actual[i], expected.Values[i]);
                double allowed = double.IsFinite(expected.Values[i]) ? expected.Tolerance[i] : 0;
                double ratio = error == 0 ? 0 : error / allowed;
                if (!(error <= allowed))
                {
                    failure ??= $"{tensor.Name}[{i}] is {actual[i]:r}, the reference says {expected.Values[i]:r} (tolerance {allowed:g3})";
                }

                if (!(ratio <= worst))
                {
                    (worst, maxError, tolerance) = (ratio, error, allowed);
                }
            }
        }

        return new KernelCheckResult(check.Entry, check.Shape, elements, maxError, tolerance, failure is null, failure, cost);
    }

    /// <summary>The tensor's elements; bytes as they count.</summary>
    private static float[] Values(IDevice device, DevicePointer address, TensorSpec tensor)
    {
        byte[] bytes = new byte[tensor.Bytes];
        device.CopyToHost(bytes, address);
        return tensor.DType switch
        {
            DType.F32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            DType.U8 => Array.ConvertAll(bytes, value => (float)value),
            _ => throw new ArgumentOutOfRangeException(nameof(tensor), tensor.DType, "no kernel writes such elements"),
        };
    }

    /// <summary>0 where both are NaN or the same infinity; NaN where only one is NaN, and no comparison lets that pass.</summary>
    private static double Error(double actual, double expected) =>
        actual.Equals(expected) || actual == expected ? 0 : Math.Abs(actual - expected);
}
