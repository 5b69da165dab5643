using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Work that went wrong on the device: the context is lost, every later call returns the status.</summary>
internal sealed class DeviceFault(CUresult status, string message) : Exception(message)
{
    public CUresult Status { get; } = status;
}
