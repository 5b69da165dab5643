using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;

namespace Harness.Audit;

/// <summary>Every kernel that a sweep may use agreed with its double-precision reference just before: no figure comes from a kernel that is wrong.</summary>
internal sealed record KernelAgreement(int EntryCount, int ShapeCount)
{
    /// <summary>Checks them all; null on a device that computes nothing.</summary>
    /// <exception cref="CheckFailedException">a kernel is wrong; names the first</exception>
    public static KernelAgreement? Of(IDevice device)
    {
        if (!device.Computes)
        {
            return null;
        }

        ImmutableArray<KernelCheckResult> results = [.. KernelCheck.Run(device)];
        KernelCheckResult[] failed = [.. results.Where(result => !result.Passed)];
        if (failed.Length > 0)
        {
            throw new CheckFailedException(
                $"kernel '{failed[0].Entry}' at {failed[0].Shape}: {failed[0].Failure}; {failed.Length} of {results.Length} checks failed, 'harness kernels check' shows them");
        }

        return new KernelAgreement(results.DistinctBy(result => result.Entry).Count(), results.Length);
    }
}
