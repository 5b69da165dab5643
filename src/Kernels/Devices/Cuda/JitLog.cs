using System.Globalization;
using System.Text.RegularExpressions;

namespace Harness.Kernels.Devices;

/// <summary>What the driver's PTX compiler says is wrong.</summary>
/// <param name="Line">of the PTX file, null where the log names none</param>
internal readonly partial record struct JitLog(int? Line, string Message)
{
    /// <param name="log">such as <c>ptxas application ptx input, line 12; error   : Unknown symbol 'x'</c>, several lines</param>
    /// <returns>the first line with an error, else the first that is not blank</returns>
    public static JitLog FirstError(string log)
    {
        if (ErrorInLine().Match(log) is { Success: true } located)
        {
            int line = int.Parse(located.Groups["line"].ValueSpan, CultureInfo.InvariantCulture);
            return new JitLog(line, located.Groups["message"].Value.Trim());
        }

        string[] lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? error = lines.FirstOrDefault(
            line => line.Contains("error", StringComparison.Ordinal) || line.Contains("fatal", StringComparison.Ordinal));
        return new JitLog(null, error ?? lines.FirstOrDefault() ?? "its log is empty");
    }

    [GeneratedRegex(@"line (?<line>\d+); (error|fatal)\s*:(?<message>[^\r\n]*)")]
    private static partial Regex ErrorInLine();
}
