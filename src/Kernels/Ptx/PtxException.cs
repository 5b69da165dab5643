namespace Harness.Kernels.Ptx;

/// <summary>A PTX file that is wrong: syntax, types, undeclared names. The message begins with <c>file:line:</c> (exit code 2).</summary>
public sealed class PtxException(string sourceName, int line, string message)
    : CallerException($"{sourceName}:{line}: {message}")
{
    public int Line { get; } = line;
}

/// <summary>PTX that may be right, with an instruction or a feature that this interpreter does not know (exit code 3).</summary>
public sealed class PtxUnsupportedException(string sourceName, int line, string message)
    : MachineException($"{sourceName}:{line}: {message}")
{
    public int Line { get; } = line;
}
