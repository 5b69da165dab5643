using Harness.Kernels.Memory;

namespace Harness.Audit;

/// <summary>Placements as the command line spells them; the first is the default.</summary>
internal static class PlacementLabels
{
    public static string[] All { get; } = [.. new[] { Placement.Planned, Placement.Online, Placement.Bump }.Select(Of)];

    public static string Of(Placement placement) => placement switch
    {
        Placement.Bump => "bump",
        Placement.Online => "online",
        Placement.Planned => "planned",
        _ => throw new ArgumentOutOfRangeException(nameof(placement), placement, null),
    };

    public static Placement Parse(string label) => Enum.GetValues<Placement>().Single(placement => Of(placement) == label);
}
