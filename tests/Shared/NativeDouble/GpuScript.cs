namespace Harness.Tests.Shared.NativeDouble;

/// <summary>What kind of machine the double plays. A test changes what it needs to, before the call that asks.</summary>
internal sealed class GpuScript
{
    public int Devices { get; set; } = 1;

    public string Name { get; set; } = "NVIDIA Double";

    public string PciBusId { get; set; } = "0000:01:00.0";

    /// <summary>1000 * major + 10 * minor.</summary>
    public int DriverVersion { get; set; } = 12040;

    public int ComputeMajor { get; set; } = 8;

    public int ComputeMinor { get; set; } = 6;

    public int Multiprocessors { get; set; } = 30;

    public int L2Bytes { get; set; } = 3 << 20;

    public int Watched { get; set; }

    public long MemoryBytes { get; set; } = 6L << 30;

    /// <summary>Held by others: may change at any time.</summary>
    public long OtherProcessesBytes { get; set; } = 200L << 20;

    public long ContextBytes { get; set; } = 300L << 20;

    public long CublasBytes { get; set; } = 66L << 20;

    public long CudnnBytes { get; set; } = 20L << 20;

    public long ModuleBytes { get; set; } = 2L << 20;

    public long GraphBytes { get; set; } = 2L << 20;

    /// <summary>MAJOR * 10000 + MINOR * 100 + PATCH.</summary>
    public int CublasVersion { get; set; } = 120604;

    /// <summary>MAJOR * 10000 + MINOR * 100 + PATCH (cuDNN 9).</summary>
    public int CudnnVersion { get; set; } = 90600;

    public int Registers { get; set; } = 32;

    /// <summary>Device time of one piece of work, by the function that handed it in.</summary>
    public Func<string, double> SecondsOf { get; set; } = call => call == "cuEventRecord" ? 0 : 1e-6;
}
