using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary>One launch with buffers made for it: filled before, written to their files after.</summary>
internal static class PtxLaunch
{
    /// <returns>what the launch alone cost; null where the device cannot count</returns>
    /// <exception cref="CheckFailedException">a violation, or an out buffer that was not written whole</exception>
    public static DeviceCounters? Run(
        IDevice device, string entry, Dim3 grid, Dim3 block, int sharedBytes, ImmutableArray<PtxArgument> arguments)
    {
        ulong[] words = new ulong[arguments.Length];
        var live = new List<LiveBuffer>();
        for (int i = 0; i < arguments.Length; i++)
        {
            words[i] = arguments[i] switch
            {
                PtxScalar scalar => scalar.Bits,
                PtxBuffer buffer => Allocate(device, buffer, live).Address,
                _ => throw new ArgumentException($"unknown argument {arguments[i]}"),
            };
        }

        KernelHandle kernel = device.Kernel(entry);
        DeviceCounters? before = device.Counters;
        device.Launch(new KernelLaunch { Kernel = kernel, Grid = grid, Block = block, SharedBytes = sharedBytes, Arguments = words });
        device.Synchronize();
        DeviceCounters? cost = device.Counters - before;
        foreach (LiveBuffer buffer in live.Where(buffer => buffer.Argument.Target is not null))
        {
            Save(device, buffer);
        }

        foreach (LiveBuffer buffer in live)
        {
            device.EndBuffer(buffer.Id);
            device.Free(buffer.Address);
        }

        return cost;
    }

    private sealed record LiveBuffer(PtxBuffer Argument, DevicePointer Address, int Id);

    private static DevicePointer Allocate(IDevice device, PtxBuffer buffer, List<LiveBuffer> live)
    {
        DevicePointer address = device.Allocate(buffer.Text, buffer.Bytes);
        int id = device.BeginBuffer(buffer.Text, address, buffer.Bytes);
        live.Add(new LiveBuffer(buffer, address, id));
        if (buffer.Initial is { } initial)
        {
            device.CopyToDevice(address, initial);
        }
        else if (device.Touch(id) is null)
        {
            // A device that cannot see unwritten bytes gets zeros in them, so that a file is the same in every run.
            device.CopyToDevice(address, new byte[buffer.Bytes]);
        }

        return address;
    }

    private static void Save(IDevice device, LiveBuffer buffer)
    {
        long written = device.Touch(buffer.Id)?.WrittenBytes ?? buffer.Argument.Bytes;
        if (written != buffer.Argument.Bytes)
        {
            throw new CheckFailedException(
                $"--arg '{buffer.Argument.Text}': the launch wrote {written} of {buffer.Argument.Bytes} bytes, the others are undefined; "
                + "use inout:FILE to start from a file");
        }

        byte[] bytes = new byte[buffer.Argument.Bytes];
        device.CopyToHost(bytes, buffer.Address);
        AtomicFile.Write(buffer.Argument.Target!, stream => stream.Write(bytes));
    }
}
