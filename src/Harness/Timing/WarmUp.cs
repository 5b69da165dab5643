namespace Harness.Timing;

/// <summary>How long work runs before it is timed: at least three samples, then until the time or the samples are spent.</summary>
internal sealed record WarmUp(double Seconds, int MostSamples)
{
    public const int LeastSamples = 3;

    /// <summary>A GPU takes some tens of milliseconds to raise its clocks.</summary>
    public static WarmUp Gpu { get; } = new(Seconds: 0.1, MostSamples: 100);

    /// <summary>
    /// What runs on the host is compiled while it runs: code that was called often is compiled again, twice, each time once nothing new has
    /// been compiled for 100 ms (.NET's tiered compilation). A step of mnist-mlp timed after 100 ms was five times too slow.
    /// </summary>
    public static WarmUp Host { get; } = new(Seconds: 1, MostSamples: int.MaxValue);
}
