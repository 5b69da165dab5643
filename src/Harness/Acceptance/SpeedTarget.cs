namespace Harness.Acceptance;

/// <summary>One speed that is wanted on a GPU.</summary>
/// <param name="Measured">null where nothing was measured</param>
/// <param name="IsMet">null where nothing was measured, or nothing to compare it with</param>
/// <param name="Doubt">why what was measured may not be quoted, and so neither meets nor misses the target; null where it may</param>
internal sealed record SpeedTarget(string What, string Target, string? Measured, bool? IsMet, string? Doubt = null)
{
    /// <summary>A figure that is not valid decides nothing.</summary>
    public bool? IsMet { get; } = Doubt is null ? IsMet : null;

    /// <summary>For the table: what was measured, and the doubt beside it.</summary>
    public string MeasuredWords => Measured is null ? "not measured" : Doubt is null ? Measured : $"{Measured}; NOT VALID: {Doubt}";

    /// <summary>For the table.</summary>
    public string MetWords => Doubt is not null ? "not valid" : IsMet switch { true => "yes", false => "NO", null => "-" };
}
