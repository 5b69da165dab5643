using Harness.Kernels;

namespace Harness.Models;

/// <summary>What every model asks of its configuration.</summary>
internal static class ConfigRules
{
    /// <exception cref="CallerException"><paramref name="value"/> is below 1</exception>
    public static void AtLeastOne(string model, string what, long value)
    {
        if (value < 1)
        {
            throw new CallerException($"{model}: {what} is {value}, must be at least 1");
        }
    }
}
