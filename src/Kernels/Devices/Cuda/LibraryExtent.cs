namespace Harness.Kernels.Devices;

/// <summary>cuBLAS (its interface without _64) and cuDNN count extents, leading dimensions and batches in 32 bits.</summary>
internal static class LibraryExtent
{
    /// <param name="value">at least 0</param>
    /// <param name="what">the call and the extent's name, for the message</param>
    /// <exception cref="CallerException">negative, or 2^31 and beyond</exception>
    public static int Of(long value, string what) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw new CallerException($"{what} is {value}, the library's limit is {int.MaxValue}: take a smaller batch or length");
}
