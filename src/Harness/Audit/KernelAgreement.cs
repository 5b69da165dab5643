using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;

namespace Harness.Audit;

/// <summary>Every kernel that a sweep may use agreed with its double-precision reference just before: no figure comes from a kernel that is wrong.</summary>
/// <param name="LeftOut">entries that this device has no library for</param>
internal sealed record KernelAgreement(int EntryCount, int ShapeCount, ImmutableArray<string> LeftOut)
{
    /// <summary>Checks them all; null on a device that computes nothing.</summary>
    /// <param name="device">runs them</param>
    /// <param name="math">what its products and convolutions compute with</param>
    /// <exception cref="CheckFailedException">a kernel is wrong; names the first</exception>
    public static KernelAgreement? Of(IDevice device, MathMode math)
    {
        if (!device.Computes)
        {
            return null;
        }

        ImmutableArray<KernelCheckResult> results = [.. KernelCheck.Run(device, math: math)];
        KernelCheckResult[] failed = [.. results.Where(result => !result.Passed)];
        if (failed.Length > 0)
        {
            throw new CheckFailedException(
                $"kernel '{failed[0].Entry}' at {failed[0].Shape}: {failed[0].Failure}; {failed.Length} of {results.Length} checks failed, 'harness kernels check' shows them");
        }

        return new KernelAgreement(results.DistinctBy(result => result.Entry).Count(), results.Length, KernelCheck.LeftOut(device));
    }
}
