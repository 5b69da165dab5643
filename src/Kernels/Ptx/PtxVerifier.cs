using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>
/// Judges a parsed module before it may run: every instruction is one of <see cref="PtxInstructionTable"/>, every name is declared, every operand
/// has the type that its instruction wants, every instruction can be reached and no path runs off the end.
/// </summary>
public static class PtxVerifier
{
    /// <exception cref="PtxException">the file is wrong; the message has the line</exception>
    /// <exception cref="PtxUnsupportedException">an instruction, a modifier or a feature that is not in the table</exception>
    public static void Verify(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (module.AddressSize != 64)
        {
            throw new PtxUnsupportedException(module.SourceName, 1, ".address_size 32 (the default); add '.address_size 64'");
        }

        var target = PtxTarget.Of(module);
        VerifyVariables(module, module.Variables);
        foreach (PtxFunction function in module.Functions)
        {
            VerifyVariables(module, function.Variables);
            PtxSizeLimits.Verify(module, function, target);
            var operands = new PtxOperandChecker(module, function);
            foreach (PtxInstruction instruction in function.Instructions)
            {
                VerifyInstruction(module, function, instruction, operands, target);
            }

            PtxReachability.Verify(module, function);
        }
    }

    private static void VerifyVariables(PtxModule module, ImmutableArray<PtxVariable> variables)
    {
        foreach (PtxVariable variable in variables)
        {
            if (variable.Elements == 0 && !variable.IsExtern)
            {
                throw new PtxException(module.SourceName, variable.Line, $"'{variable.Name}' has no size; only .extern arrays may have none");
            }

            if (variable.IsExtern && variable.Space != PtxStateSpace.Shared)
            {
                throw new PtxUnsupportedException(module.SourceName, variable.Line, $".extern '{variable.Name}' that another module would define");
            }
        }
    }

    private static void VerifyInstruction(PtxModule module, PtxFunction function, PtxInstruction instruction, PtxOperandChecker operands, PtxTarget target)
    {
        if (instruction.Guard is { } guard)
        {
            PtxType type = operands.RegisterType(instruction, guard.Register);
            if (type != PtxType.Pred)
            {
                throw new PtxException(module.SourceName, instruction.Line, $"the guard '{guard.Register}' is .{type.Spelling()}, not .pred");
            }
        }

        ImmutableArray<(PtxInstructionForm Form, PtxChosenTypes Types)> matches = Matches(module, instruction);
        if (matches.All(match => target.Refusal(instruction, match.Form) is not null))
        {
            throw operands.Error(instruction, target.Refusal(instruction, matches[0].Form)!);
        }

        if (PtxSizeLimits.BarrierRefusal(instruction) is { } refusal)
        {
            throw operands.Error(instruction, refusal);
        }

        int count = instruction.Operands.Length;
        foreach ((PtxInstructionForm form, PtxChosenTypes types) in matches.Where(match => target.Refusal(instruction, match.Form) is null))
        {
            int required = form.Operands.Count(rule => !rule.IsOptional);
            bool isCall = form.Operands is [{ Kind: PtxOperandKind.Call }];
            if (isCall || (count >= required && count <= form.Operands.Length))
            {
                operands.Verify(instruction, form, types);
                return;
            }
        }

        string allowed = string.Join(" or ", matches.SelectMany(match => Counts(match.Form)).Distinct().Order());
        throw new PtxException(module.SourceName, instruction.Line, $"'{instruction.FullName}' takes {allowed} operands, not {count}");

        static IEnumerable<int> Counts(PtxInstructionForm form) =>
            Enumerable.Range(0, form.Operands.Length + 1).Where(n => n >= form.Operands.Count(rule => !rule.IsOptional));
    }

    private static ImmutableArray<(PtxInstructionForm Form, PtxChosenTypes Types)> Matches(PtxModule module, PtxInstruction instruction)
    {
        if (!PtxInstructionTable.Forms.TryGetValue(instruction.Opcode, out ImmutableArray<PtxInstructionForm> forms))
        {
            string hint = NearestWord.Hint(instruction.Opcode, PtxInstructionTable.Forms.Keys);
            throw new PtxUnsupportedException(module.SourceName, instruction.Line, $"unknown instruction '{instruction.FullName}'{hint}");
        }

        ImmutableArray<(PtxInstructionForm, PtxChosenTypes)> matches =
            [.. forms.Select(form => (form, types: form.Match(instruction.Modifiers))).Where(m => m.types is not null).Select(m => (m.form, m.types!.Value))];
        if (!matches.IsEmpty)
        {
            return matches;
        }

        string[] known = [.. forms.SelectMany(form => form.Slots).SelectMany(slot => slot.Words).Distinct()];
        foreach (string modifier in instruction.Modifiers.Where(modifier => !known.Contains(modifier)))
        {
            throw new PtxUnsupportedException(
                module.SourceName, instruction.Line,
                $"unknown modifier '.{modifier}' in '{instruction.FullName}'{NearestWord.Hint(modifier, known, ".")}");
        }

        throw new PtxUnsupportedException(
            module.SourceName, instruction.Line, $"'{instruction.Opcode}' has no such combination of modifiers: '{instruction.FullName}'");
    }
}
