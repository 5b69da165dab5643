using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Devices;

namespace Harness.Passes;

/// <summary>Whether a configuration fits a GPU, said before anything of it is allocated there.</summary>
internal static class GpuPreflight
{
    /// <param name="what">the configuration</param>
    /// <param name="parameterBytes">of its region</param>
    /// <param name="arenaBytes">of the arena, convolution workspace included</param>
    /// <param name="availableBytes">free now, and what will be given back before</param>
    /// <param name="gpu">for its name, its size and what it holds already</param>
    /// <param name="largestBatch">asked only where the configuration does not fit; 0 for none</param>
    /// <exception cref="MachineException">it does not fit</exception>
    public static void Require(string what, long parameterBytes, long arenaBytes, long availableBytes, IGpu gpu, Func<long> largestBatch)
    {
        if (parameterBytes <= availableBytes - arenaBytes)
        {
            return;
        }

        long batch = largestBatch();
        string own = string.Join(", ", gpu.OwnAllocations.Select(allocation => Text($"{allocation.Bytes} for {allocation.Name}")));
        throw new MachineException(
            Text($"{what} needs {(Int128)parameterBytes + arenaBytes} bytes on {gpu.Properties.Name} ")
            + Text($"(parameters {parameterBytes}, arena with workspace {arenaBytes}) ")
            + Text($"and {availableBytes} of {gpu.Memory.TotalBytes} are free{(own.Length > 0 ? $" beside {own}" : "")}; ")
            + (batch > 0 ? Text($"the largest batch that fits is {batch}") : "not even batch 1 fits"));
    }

    /// <summary>The largest batch below <paramref name="tooLarge"/> that fits, by bisection; 0 where none does.</summary>
    /// <param name="tooLarge">does not fit</param>
    /// <param name="fits">true up to some batch and false beyond</param>
    public static long LargestBatch(long tooLarge, Func<long, bool> fits)
    {
        long fitting = 0;
        while (tooLarge - fitting > 1)
        {
            long middle = fitting + (tooLarge - fitting) / 2;
            if (fits(middle))
            {
                fitting = middle;
            }
            else
            {
                tooLarge = middle;
            }
        }

        return fitting;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
