namespace Harness.Kernels;

/// <summary>The caller's mistake: a bad shape, a missing file, an option out of range. The message is one line (exit code 2).</summary>
public class CallerException : Exception
{
    public CallerException(string message) : base(message) { }
    public CallerException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The machine or a library cannot do what was asked: no device, an unknown instruction, a failed native call (exit code 3).</summary>
public class MachineException : Exception
{
    public MachineException(string message) : base(message) { }
    public MachineException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>No room: says how many bytes were asked for, how many are free, and the largest free block where it is known (exit code 3).</summary>
public sealed class OutOfMemoryBytesException(string what, long requestedBytes, long freeBytes, long? largestFreeBlockBytes)
    : MachineException(
        $"{what}: {requestedBytes} bytes do not fit ({freeBytes} free{(largestFreeBlockBytes is { } largest ? $", largest free block {largest}" : "")})")
{
    public long RequestedBytes { get; } = requestedBytes;
    public long FreeBytes { get; } = freeBytes;
    public long? LargestFreeBlockBytes { get; } = largestFreeBlockBytes;
}

/// <summary>A check that the product makes about itself failed: memory misuse, a race, a broken conservation law (exit code 1).</summary>
public class CheckFailedException : Exception
{
    public CheckFailedException(string message) : base(message) { }
    public CheckFailedException(string message, Exception inner) : base(message, inner) { }
}
