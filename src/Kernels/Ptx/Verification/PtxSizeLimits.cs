namespace Harness.Kernels.Ptx;

/// <summary>Sizes that the assembler refuses: static shared memory, an entry's parameters, barriers.</summary>
internal static class PtxSizeLimits
{
    /// <summary>More is to be had dynamically only (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").</summary>
    private const long MaxStaticSharedBytes = 48 << 10;

    /// <summary>PTX ISA, "Kernel Function Parameters"; with .version 8.1 and sm_70 the limit was raised.</summary>
    private const long MaxParameterBytes = 4352;

    private const long RaisedMaxParameterBytes = 32764;
    private const int RaisedSm = 70;

    private static readonly Version s_raisedVersion = new(8, 1);

    private const ulong Barriers = 16;
    private const ulong WarpThreads = 32;

    /// <exception cref="PtxException">a size beyond its limit, or a parameter without one</exception>
    public static void Verify(PtxModule module, PtxFunction function, PtxTarget target)
    {
        long shared = function.Variables.Where(variable => variable is { Space: PtxStateSpace.Shared, IsExtern: false }).Sum(variable => variable.Bytes);
        if (shared > MaxStaticSharedBytes)
        {
            throw new PtxException(
                module.SourceName, function.Line, $"'{function.Name}' declares {shared} bytes of shared memory; {MaxStaticSharedBytes} are allowed, more only as .extern");
        }

        if (function.IsEntry)
        {
            Parameters(module, function, target.Sm >= RaisedSm && target.Version >= s_raisedVersion ? RaisedMaxParameterBytes : MaxParameterBytes);
        }
    }

    /// <summary>The number of a barrier, and how many threads it waits for, where they are constants (PTX ISA, section "bar").</summary>
    public static string? BarrierRefusal(PtxInstruction instruction)
    {
        if (instruction.Opcode is not ("bar" or "barrier") || instruction.Modifiers.Contains("warp"))
        {
            return null;
        }

        int first = instruction.Modifiers.Contains("red") ? 1 : 0;
        if (Constant(instruction, first) is >= Barriers)
        {
            return $"'{instruction.FullName}': barriers are numbered 0 to {Barriers - 1}";
        }

        return Constant(instruction, first + 1) is { } threads && (threads == 0 || threads % WarpThreads != 0)
            ? $"'{instruction.FullName}' waits for {threads} threads; a multiple of {WarpThreads} is allowed"
            : null;
    }

    private static ulong? Constant(PtxInstruction instruction, int index) =>
        index < instruction.Operands.Length && instruction.Operands[index] is PtxImmediateOperand { Kind: PtxImmediateKind.Integer } constant ? constant.Bits : null;

    private static void Parameters(PtxModule module, PtxFunction function, long most)
    {
        long bytes = 0;
        foreach (PtxVariable parameter in function.Parameters)
        {
            if (parameter.Space == PtxStateSpace.Reg || parameter.Elements == 0)
            {
                throw new PtxException(
                    module.SourceName, parameter.Line,
                    $"parameter '{parameter.Name}' of the entry '{function.Name}' {(parameter.Elements == 0 ? "has no size" : "must be a .param")}");
            }

            bytes = (bytes + parameter.Alignment - 1) / parameter.Alignment * parameter.Alignment + parameter.Bytes;
        }

        if (bytes > most)
        {
            throw new PtxException(module.SourceName, function.Line, $"'{function.Name}' has {bytes} bytes of parameters; {most} are allowed");
        }
    }
}
