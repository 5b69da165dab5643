using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>What was counted of a step.</summary>
/// <param name="OtherFlops">that no multiply-accumulate covers</param>
internal readonly record struct CountedStep(string Name, long Macs, long OtherFlops)
{
    public long Flops => 2 * Macs + OtherFlops;

    /// <summary>Fails unless the formulas have the same steps with the same work.</summary>
    public static void AreThoseOf(AnalyticAccount account, IEnumerable<CountedStep> counted) => Assert.Equal(
        account.Steps.Select(step => $"{step.Name}: {step.Macs.Value} MACs, {step.Flops.Value} FLOPs"),
        counted.Select(step => $"{step.Name}: {step.Macs} MACs, {step.Flops} FLOPs"));
}
