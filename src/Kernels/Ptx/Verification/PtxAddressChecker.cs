namespace Harness.Kernels.Ptx;

/// <summary>Address operands: what the base is, and whether the named variable lies in the instruction's state space.</summary>
internal static class PtxAddressChecker
{
    public static void Verify(
        PtxModule module, PtxFunction function, PtxOperandChecker operands, PtxInstruction instruction, PtxAddressOperand address, int accessBytes)
    {
        PtxStateSpace space = Space(instruction);
        if (address.Base.Length == 0)
        {
            return;
        }

        if (function.Registers.ContainsKey(address.Base) || address.Base[0] == '%')
        {
            PtxType type = operands.RegisterType(instruction, address.Base);
            bool isInteger = type is PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.B32 or PtxType.U32 or PtxType.S32;
            if (!isInteger)
            {
                throw operands.Error(instruction, $"'{address.Base}' is .{type.Spelling()}; an address is an integer of 32 or 64 bits");
            }

            return;
        }

        PtxVariable variable = operands.Variable(instruction, address.Base);
        if (variable.Space != space)
        {
            throw operands.Error(
                instruction, $"'{address.Base}' lies in .{Name(variable.Space)}, '{instruction.FullName}' accesses {(space == PtxStateSpace.Generic ? "generic addresses" : "." + Name(space))}");
        }

        if (space == PtxStateSpace.Param)
        {
            Parameter(function, operands, instruction, address, variable, accessBytes);
        }
    }

    private static PtxStateSpace Space(PtxInstruction instruction)
    {
        foreach (string modifier in instruction.Modifiers)
        {
            int colons = modifier.IndexOf("::", StringComparison.Ordinal);
            if (PtxTypeNames.Space(colons < 0 ? modifier : modifier[..colons]) is { } space)
            {
                return space;
            }
        }

        return PtxStateSpace.Generic;
    }

    private static void Parameter(
        PtxFunction function, PtxOperandChecker operands, PtxInstruction instruction, PtxAddressOperand address, PtxVariable variable, int accessBytes)
    {
        bool isOwn = function.Parameters.Contains(variable);
        if (instruction.Opcode == "st" && isOwn)
        {
            throw operands.Error(instruction, $"the parameter '{address.Base}' cannot be written");
        }

        if (address.Offset < 0 || address.Offset > variable.Bytes - accessBytes)
        {
            throw operands.Error(
                instruction, $"'{instruction.FullName}' accesses {accessBytes} bytes at offset {address.Offset} of '{address.Base}', which has {variable.Bytes}");
        }
    }

    private static string Name(PtxStateSpace space) => space switch
    {
        PtxStateSpace.Generic => "generic",
        PtxStateSpace.Reg => "reg",
        PtxStateSpace.Param => "param",
        PtxStateSpace.Global => "global",
        PtxStateSpace.Shared => "shared",
        PtxStateSpace.Local => "local",
        PtxStateSpace.Const => "const",
        _ => throw new ArgumentOutOfRangeException(nameof(space), space, null),
    };
}
