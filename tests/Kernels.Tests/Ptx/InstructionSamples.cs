using System.Collections.Immutable;
using System.Text;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>A well-formed instruction for every word of every line of <see cref="PtxInstructionTable"/>, each in an entry of its own.</summary>
internal static class InstructionSamples
{
    private static readonly PtxType[] s_registerTypes =
    [
        PtxType.Pred, PtxType.B16, PtxType.B32, PtxType.B64, PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S16, PtxType.S32, PtxType.S64, PtxType.F32, PtxType.F64,
    ];

    /// <summary>Entry name and the instruction in it.</summary>
    public static ImmutableArray<(string Entry, string Text)> All { get; } =
    [
        .. PtxInstructionTable.Forms.Values.SelectMany(forms => forms).Where(form => form.LastSm == int.MaxValue).SelectMany(form => Spellings(form).Select(modifiers => Instruction(form, modifiers)))
            .Distinct().Order(StringComparer.Ordinal).Select((text, i) => ($"sample{i}", text)),
    ];

    public static PtxSource Source { get; } = new("samples.ptx", Module());

    /// <summary>The first alternative everywhere, with one slot at a time taking each of its words, and with and without what is optional.</summary>
    private static IEnumerable<ImmutableArray<string>> Spellings(PtxInstructionForm form)
    {
        for (int varied = 0; varied < Math.Max(1, form.Slots.Length); varied++)
        {
            foreach (string word in form.Slots.IsEmpty ? [""] : form.Slots[varied].Words)
            {
                yield return [.. form.Slots.Select((slot, i) => i == varied ? word : slot.Words[0]).Where((_, i) => i == varied || !form.Slots[i].IsOptional)];
            }
        }
    }

    private static string Instruction(PtxInstructionForm form, ImmutableArray<string> modifiers)
    {
        PtxChosenTypes types = form.Match(modifiers)!.Value;
        int lanes = modifiers.Contains("v2") ? 2 : modifiers.Contains("v4") ? 4 : 1;
        IEnumerable<string> operands = form.Operands.Select((rule, i) => Operand(rule, i, types, lanes, modifiers));
        return $"{string.Join('.', [form.Opcode, .. modifiers])} {string.Join(", ", operands)};";
    }

    private static string Operand(PtxOperandRule rule, int index, PtxChosenTypes types, int lanes, ImmutableArray<string> modifiers) => rule.Kind switch
    {
        PtxOperandKind.Label => "end",
        PtxOperandKind.Labels => "targets",
        PtxOperandKind.Call => "callee",
        PtxOperandKind.Immediate => "0x96",
        PtxOperandKind.Address => modifiers.Any(word => word.StartsWith("param", StringComparison.Ordinal)) ? "[p]" : "[%b64_0]",
        _ => Value(rule, rule.Type(types), index * 4, lanes),
    };

    private static string Value(PtxOperandRule rule, PtxType type, int first, int lanes)
    {
        string name = type switch
        {
            PtxType.B8 or PtxType.U8 or PtxType.S8 or PtxType.F16 or PtxType.BF16 => "b16",
            PtxType.F16X2 or PtxType.BF16X2 => "b32",
            _ => type.Spelling(),
        };
        return rule.TakesVector && lanes > 1 ? $"{{{string.Join(", ", Enumerable.Range(first, lanes).Select(i => $"%{name}_{i}"))}}}" : $"%{name}_{first}";
    }

    private static string Module()
    {
        var text = new StringBuilder(".version 8.3\n.target sm_90\n.address_size 64\n.func callee() { ret; }\n");
        foreach ((string entry, string instruction) in All)
        {
            bool isStore = instruction.StartsWith("st.", StringComparison.Ordinal);
            text.Append($".entry {entry}({(isStore ? "" : ".param .align 16 .b8 p[16]")}) {{ ");
            text.Append(isStore ? ".param .align 16 .b8 p[16]; " : "");
            foreach (string type in s_registerTypes.Select(type => type.Spelling()).Where(type => instruction.Contains($"%{type}_", StringComparison.Ordinal)))
            {
                text.Append($".reg .{type} %{type}_<24>; ");
            }

            text.Append(instruction.StartsWith("brx", StringComparison.Ordinal) ? "targets: .branchtargets end; " : "");
            text.Append($"{instruction} end: ret; }}\n");
        }

        return text.ToString();
    }
}
