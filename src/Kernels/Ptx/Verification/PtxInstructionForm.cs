using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>One place for a modifier. <paramref name="Variable"/> is <c>T</c> or <c>U</c> where it chooses a type, else null.</summary>
public readonly record struct PtxModifierSlot(char? Variable, ImmutableArray<string> Words, bool IsOptional);

/// <summary>The types that an instruction's modifiers chose.</summary>
public readonly record struct PtxChosenTypes(PtxType? T, PtxType? U);

/// <summary>One line of <see cref="PtxInstructionTable"/>.</summary>
/// <param name="MinimumSm">75 for sm_75; 0 where every target has it</param>
/// <param name="LastSm">69 where sm_70 and later have lost it (with <c>.version</c> 6.4)</param>
/// <param name="MinimumVersion">of the PTX ISA; null where every version has it, or the version is the minimum target's own</param>
public sealed record PtxInstructionForm(
    string Opcode, ImmutableArray<PtxModifierSlot> Slots, ImmutableArray<PtxOperandRule> Operands, int MinimumSm, int LastSm, Version? MinimumVersion)
{
    internal static PtxInstructionForm Parse(string line, IReadOnlyDictionary<string, string> lists)
    {
        string[] halves = line.Split(" :");
        string[] words = halves[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] operands = halves[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int minimumSm = 0, lastSm = int.MaxValue;
        Version? minimumVersion = null;
        foreach (string mark in operands.Where(IsMark))
        {
            switch (mark)
            {
                case ['@', '.', '.', .. var last]:
                    lastSm = int.Parse(last);
                    break;
                case ['@', .. var first]:
                    minimumSm = int.Parse(first);
                    break;
                default:
                    minimumVersion = Version.Parse(mark[1..]);
                    break;
            }
        }

        return new PtxInstructionForm(
            words[0],
            [.. words.Skip(1).Select(Slot)],
            [.. operands.Where(operand => !IsMark(operand)).Select(PtxOperandRule.Parse)],
            minimumSm, lastSm, minimumVersion);

        static bool IsMark(string word) => word[0] is '@' or '^';

        PtxModifierSlot Slot(string text)
        {
            bool isOptional = text.EndsWith('?');
            text = text.TrimEnd('?');
            char? variable = text is [_, '=', ..] ? text[0] : null;
            text = variable is null ? text : text[2..];
            IEnumerable<string> alternatives = text.Split('|').SelectMany(word => lists.TryGetValue(word, out string? list) ? list.Split('|') : [word]);
            return new PtxModifierSlot(variable, [.. alternatives], isOptional);
        }
    }

    /// <summary>The types chosen by these modifiers, or null where they are not of this form.</summary>
    public PtxChosenTypes? Match(ImmutableArray<string> modifiers) => Match(modifiers.AsSpan(), 0, default);

    /// <summary>Every sequence of modifiers that this form allows.</summary>
    public IEnumerable<ImmutableArray<string>> Spellings()
    {
        IEnumerable<ImmutableArray<string>> all = [[]];
        foreach (PtxModifierSlot slot in Slots)
        {
            all = all.SelectMany(prefix => slot.Words.Select(word => prefix.Add(word)).Concat(slot.IsOptional ? [prefix] : []));
        }

        return all;
    }

    private PtxChosenTypes? Match(ReadOnlySpan<string> modifiers, int slotIndex, PtxChosenTypes types)
    {
        if (slotIndex == Slots.Length)
        {
            return modifiers.IsEmpty ? types : null;
        }

        PtxModifierSlot slot = Slots[slotIndex];
        if (!modifiers.IsEmpty && slot.Words.Contains(modifiers[0]) && Match(modifiers[1..], slotIndex + 1, Chosen(slot, modifiers[0], types)) is { } found)
        {
            return found;
        }

        return slot.IsOptional ? Match(modifiers, slotIndex + 1, types) : null;
    }

    private static PtxChosenTypes Chosen(PtxModifierSlot slot, string word, PtxChosenTypes types)
    {
        if (slot.Variable is null || !PtxTypeNames.TryParse(word, out PtxType type))
        {
            return types;
        }

        return slot.Variable == 'T' ? types with { T = type } : types with { U = type };
    }
}
