namespace Harness.Kernels.Ptx;

/// <summary>
/// A kernel broke a rule that the software GPU watches. The one-line message names file and line of the PTX instruction, the instruction,
/// block and thread, and the address with the buffer nearest to it (exit code 1).
/// </summary>
public sealed class PtxViolationException(string sourceName, int line, string message)
    : CheckFailedException($"{sourceName}:{line}: {message}")
{
    public int Line { get; } = line;
}
