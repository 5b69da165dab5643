using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary>The device of a verb, open, with what the caller chose.</summary>
/// <param name="Device">what passes run on; with <c>--check</c> it watches memory</param>
/// <param name="Gpu">the GPU itself; null on other devices</param>
/// <param name="Api">NVIDIA's software; null on other devices</param>
/// <param name="Note">the one line that says what <c>auto</c> chose and why; null where the caller chose</param>
internal sealed record OpenedDevice(IDevice Device, DeviceFacts Facts, IGpu? Gpu = null, CudaApi? Api = null, string? Note = null) : IDisposable
{
    /// <summary>What runs kernels outside of passes, in buffers without guard bands.</summary>
    public IDevice Unchecked => Gpu ?? Device;

    /// <summary>Says <see cref="Note"/> where people look and programs do not.</summary>
    public void WriteNote(CommandHost host, JsonOutput json)
    {
        if (Note is not null)
        {
            (json.OwnsStandardOutput ? host.Error : host.Out).WriteLine(Note);
        }
    }

    public void Dispose() => Device.Dispose();
}
