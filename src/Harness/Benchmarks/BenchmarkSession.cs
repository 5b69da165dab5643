using Harness.Audit;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>One device, its clock and its peaks, and what of it was checked. Stays the caller's: the device.</summary>
internal sealed class BenchmarkSession : IDisposable
{
    /// <summary>Larger than the last cache of any GPU.</summary>
    private const long CopyBytes = 256L << 20;

    /// <summary>A square product of this many rows fills any GPU (137 GFLOP).</summary>
    private const long GpuProductRows = 4096;
    private const long SimulatedProductRows = 1024;

    /// <summary>The software GPU takes seconds for what a GPU does in a millisecond.</summary>
    private const long LargestSimulatedBytes = 64L << 20;

    private readonly IDevice _device;
    private readonly IGpu? _gpu;
    private readonly IGpuConditions? _conditions;
    private readonly MathMode _math;
    private readonly long _seed;
    private readonly IGpuTimer _timer;
    private readonly TimingProtocol _protocol;
    private readonly HashSet<string> _checked = [];
    private bool _allChecked;

    /// <param name="math">what the device's products and convolutions compute with: decides what passes the checks</param>
    /// <param name="conditions">null where there is no NVML</param>
    public BenchmarkSession(IDevice device, MathMode math, IGpuConditions? conditions, long seed, StoppingRule rule, TimeProvider clock)
    {
        _device = device;
        _math = math;
        _gpu = device as IGpu;
        _conditions = conditions;
        _seed = seed;
        _timer = _gpu?.CreateTimer() ?? new HostTimer(device, clock);
        _protocol = new TimingProtocol(_timer, _gpu is null ? null : _gpu.FlushL2, conditions, _gpu is null ? WarmUp.Host : WarmUp.Gpu, rule, clock);
        ResolutionSeconds = _gpu is null ? 1.0 / clock.TimestampFrequency : TimingProtocol.ResolutionSeconds;
    }

    public IDevice Device => _device;

    /// <summary>Of the clock that times.</summary>
    public double ResolutionSeconds { get; }

    /// <summary>Known once <see cref="MeasurePeaks"/> ran.</summary>
    public Peaks Peaks { get; private set; } = new(null, null);

    /// <summary>Whether a case's buffers are more than this device should be given. A pass is the published one, and the software GPU runs it too.</summary>
    public bool IsTooLarge(MeasuredCase measured) => measured.SetBytes > LargestSetBytes && (_gpu is not null || measured.Entry is not null);

    public long LargestSetBytes => _gpu is null ? LargestSimulatedBytes : _gpu.Memory.FreeBytes / 5 * 4;

    public void MeasurePeaks() => MeasurePeaks(_gpu is null ? SimulatedProductRows : GpuProductRows, CopyBytes);

    /// <param name="copyBytes">at most; a quarter of what is free where that is less</param>
    internal void MeasurePeaks(long productRows, long copyBytes)
    {
        MeasuredCase square = GemmCases.Square(productRows).Single();
        Check(square);
        double? productSeconds, copySeconds = null;
        using (IBenchmarkWork product = square.Open(_device, _seed))
        {
            productSeconds = _protocol.Measure(product).Warm.Seconds?.Median;
        }

        long bytes = 0;
        if (_gpu is not null)
        {
            bytes = Math.Min(copyBytes, _gpu.Memory.FreeBytes / 4) & -256;
            using var copy = new CopyWork(_gpu, bytes);
            copySeconds = _protocol.Measure(copy).Warm.Seconds?.Median;
        }

        Peaks = new Peaks(2 * bytes / copySeconds, square.Cost.Flops / productSeconds);
    }

    /// <exception cref="CheckFailedException">its kernel is wrong: no time without a passed check</exception>
    public MeasuredResult Measure(MeasuredCase measured)
    {
        Check(measured);
        using IBenchmarkWork work = measured.Open(_device, _seed);
        Measurement measurement = _protocol.Measure(work);
        (long? launches, DeviceCounters? counted) = Count(_device, work);
        counted ??= CountOnSoftwareGpu(measured);
        Verdict verdict = Verdict.Of(measurement, _conditions?.Limits, ResolutionSeconds);
        return new MeasuredResult(measured, measurement, verdict, Peaks, counted, launches);
    }

    public void Dispose() => _timer.Dispose();

    private void Check(MeasuredCase measured)
    {
        if (_allChecked || (measured.Entry is { } known && _checked.Contains(known)))
        {
            return;
        }

        if (measured.Entry is not { } entry)
        {
            KernelAgreement.Of(_device, _math);
            _allChecked = true;
            return;
        }

        foreach (KernelCheckResult result in KernelCheck.Run(_device, entry, _math))
        {
            if (!result.Passed)
            {
                throw new CheckFailedException($"'{entry}' is not timed, because it is wrong at {result.Shape}: {result.Failure}");
            }
        }

        _checked.Add(entry);
    }

    /// <summary>The same launch where it can be watched. Library calls count each operand once anyway, and passes take too long.</summary>
    private DeviceCounters? CountOnSoftwareGpu(MeasuredCase measured)
    {
        bool isKernel = KernelCatalog.Entries.Any(entry => entry.Name == measured.Entry && entry.File is not null);
        if (!isKernel || measured.SetBytes > LargestSimulatedBytes)
        {
            return null;
        }

        using var software = new SimulatedDevice(KernelLibrary.Embedded);
        using IBenchmarkWork work = measured.Open(software, _seed);
        return Count(software, work).Counted;
    }

    /// <summary>What one execution more costs in launches (a graph is one) and, where the device counts them, in bytes.</summary>
    private static (long? Launches, DeviceCounters? Counted) Count(IDevice device, IBenchmarkWork work)
    {
        work.Prepare(CacheState.Cold, 1);
        DeviceCounters? before = device.Counters;
        long? launched = Launches();
        work.Enqueue(CacheState.Cold, 1);
        long? launches = Launches() - launched;
        DeviceCounters? counted = device.Counters - before;
        device.Synchronize();
        work.Finish();
        return (launches, counted);

        long? Launches() => (device as IGpu)?.Launches ?? device.Counters?.Launches;
    }
}
