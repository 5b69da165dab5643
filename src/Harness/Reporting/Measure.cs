using System.Collections.Immutable;
using Harness.Audit;

namespace Harness.Reporting;

/// <summary>A quantity of one configuration that is followed through the sweep, in observed bytes.</summary>
internal sealed record Measure(string Name, Func<AuditRecord, long> ObservedBytes)
{
    public const string ParametersName = "parameters";
    public const string RetainedName = "retained";

    public static Measure Activations { get; } = new("activations", audit => audit.BytesOf(CategoryLabels.Activations).Observed!.Value);
    public static Measure PeakLive { get; } = new("peakLive", audit => audit.Peak.Bytes.Observed!.Value);
    public static Measure Arena { get; } = new("arena", audit => audit.Arena.CapacityBytes);
    public static Measure Retained { get; } = new(RetainedName, audit => audit.Retained.Observed!.Value);

    public static ImmutableArray<Measure> All { get; } = [Activations, PeakLive, Arena, Retained];

    public double MiB(AuditRecord audit) => ObservedBytes(audit) / Quantities.BytesPerMiB;
}
