using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

/// <summary>Kernel arguments as the driver takes them: raw bits, one word each.</summary>
internal static class Arguments
{
    /// <summary>The tensor's address, or 0 where the tensor is absent.</summary>
    public static ulong Pointer(ReadOnlySpan<DevicePointer> addresses, TensorSpec? tensor) =>
        tensor is null ? 0 : addresses[tensor.Index].Address;

    public static ulong Float(float value) => BitConverter.SingleToUInt32Bits(value);

    public static ulong Flag(bool value) => value ? 1UL : 0;

    /// <summary>A count as the kernels take it: below 2^31, so that sums of two stay in 32 bits.</summary>
    /// <exception cref="CallerException">larger</exception>
    public static ulong Count(Step step, long value) => (ulong)Extent(step, value);

    /// <summary>A grid extent.</summary>
    /// <exception cref="CallerException">2^31 or more</exception>
    public static int Extent(Step step, long value)
    {
        if (value > int.MaxValue)
        {
            throw new CallerException($"step {step.Name}: an extent of {value} is beyond the kernels' limit of {int.MaxValue}");
        }

        return (int)value;
    }

    public static long CeilingDivide(long value, long divisor) => (value + divisor - 1) / divisor;
}
