namespace Harness.Kernels.Native;

/// <summary>A library that may be missing.</summary>
/// <param name="Value">null where it is missing</param>
/// <param name="WhyNot">where it is missing: one line that says what was looked for and what to install</param>
public readonly record struct NativePart<T>(T? Value, string? WhyNot)
    where T : class
{
    /// <exception cref="MachineException">it is missing</exception>
    public T Required => Value ?? throw new MachineException(WhyNot ?? $"{typeof(T).Name} is missing");
}

/// <summary>What of NVIDIA's software this machine has. A test puts a recording double here.</summary>
public sealed record CudaApi(NativePart<ICudaDriver> Driver, NativePart<ICublas> Cublas, NativePart<ICudnn> Cudnn, NativePart<INvml> Nvml);
