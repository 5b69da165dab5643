namespace Harness.Timing;

/// <summary>Why sampling ended.</summary>
internal enum StopReason
{
    /// <summary>Enough samples, and they agree.</summary>
    Settled,

    /// <summary>Enough samples, and no more time to wait for agreement.</summary>
    TimeSpent,

    /// <summary>As many samples as are ever taken, kept or not.</summary>
    SamplesSpent,
}

/// <summary>
/// When to stop: with <paramref name="MinimumSamples"/> kept and a relative spread within the bound, or with as many and the time spent. A
/// device that throttles for ever is left after <paramref name="MaximumSamples"/> attempts.
/// </summary>
/// <param name="MaximumSamples">kept and discarded together</param>
/// <param name="SpreadBound">of <see cref="SampleStatistics.RelativeSpread"/></param>
/// <param name="BudgetSeconds">on the host's clock, from the first sample on</param>
internal sealed record StoppingRule(int MinimumSamples, int MaximumSamples, double SpreadBound, double BudgetSeconds)
{
    /// <summary>The spread that quiet GPUs reach on kernels above 10 us is well below 2 %.</summary>
    public static StoppingRule Default { get; } = new(MinimumSamples: 12, MaximumSamples: 200, SpreadBound: 0.02, BudgetSeconds: 1);

    /// <summary>Null: go on.</summary>
    public StopReason? Decide(IReadOnlyCollection<double> kept, int discarded, double elapsedSeconds)
    {
        if (kept.Count >= MinimumSamples)
        {
            if (SampleStatistics.Of(kept)?.RelativeSpread <= SpreadBound)
            {
                return StopReason.Settled;
            }

            if (elapsedSeconds >= BudgetSeconds)
            {
                return StopReason.TimeSpent;
            }
        }

        return kept.Count + discarded >= MaximumSamples ? StopReason.SamplesSpent : null;
    }
}
