using System.Collections.Immutable;
using Harness.Audit;
using Harness.CommandLine;
using Harness.Kernels.Memory;
using Harness.Passes;

namespace Harness.Reporting;

/// <summary>One cell of the sweep, run and audited.</summary>
/// <param name="Seconds">of the pass's steps, without weights, inputs and audit</param>
internal sealed record CellResult(SweepCell Cell, AuditRecord Audit, double Seconds);

/// <summary>A whole sweep on one device.</summary>
/// <param name="Kernels">what was checked before the sweep; null on a device that computes nothing</param>
/// <param name="Seconds">of everything, checks, weights and audits included</param>
internal sealed record SweepResult(
    DeviceFacts Device, KernelAgreement? Kernels, MachineDescription Machine, Placement Placement, long Seed, double Seconds,
    ImmutableArray<CellResult> Cells)
{
    public IEnumerable<string> Models => Cells.Select(cell => cell.Cell.Configuration.Model.Name).Distinct();

    /// <summary>The cells of one model along one axis, by size.</summary>
    public ImmutableArray<CellResult> Along(string model, SweepAxis axis) =>
        [.. Cells.Where(cell => cell.Cell.Axis == axis && cell.Cell.Configuration.Model.Name == model).OrderBy(cell => cell.Cell.Varied)];

    public int MismatchCount => Cells.Sum(cell => cell.Audit.Mismatches.Length);

    public int BufferCount => Cells.Sum(cell => cell.Audit.Buffers.Length);
}

/// <summary>Mean of the successive slopes over the batch sweep, as the published report takes it.</summary>
internal sealed record Growth(string Model, string Quantity, double MiBPerSample, double? PublishedMiBPerSample);

/// <summary>A least-squares polynomial through a sweep.</summary>
/// <param name="Over"><c>batch</c> or <c>seq</c></param>
/// <param name="Coefficients">MiB, highest power first</param>
/// <param name="ResidualMiB">root of the mean squared distance of the points from the polynomial</param>
internal sealed record PolynomialFit(
    string Model, string Over, string Quantity, int Degree, ImmutableArray<double> Coefficients, double ResidualMiB,
    ImmutableArray<double>? PublishedCoefficients);

/// <summary>One number over another; the published one where there is one.</summary>
/// <param name="Name"><c>a/b</c> between models, or a model's name</param>
/// <param name="Per"><c>model</c>, or <c>million parameters</c> (then MiB)</param>
internal sealed record Ratio(string Name, string Quantity, string Per, long Batch, double Value, double? Published);
