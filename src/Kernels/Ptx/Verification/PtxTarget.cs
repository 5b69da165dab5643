using System.Globalization;

namespace Harness.Kernels.Ptx;

/// <summary>What <c>.target</c> and <c>.version</c> promise: which instructions a file may use.</summary>
/// <param name="Sm">90 for <c>sm_90a</c>; 0 where the target has no number and so promises nothing</param>
/// <param name="Version">of the PTX ISA</param>
internal readonly record struct PtxTarget(int Sm, Version Version)
{
    /// <summary>The first PTX ISA version that has the target (PTX ISA, section "Target ISA Notes" of the directive .target).</summary>
    private static readonly (int Sm, Version Version)[] s_since =
    [
        (70, new(6, 0)), (72, new(6, 1)), (75, new(6, 3)), (80, new(7, 0)), (86, new(7, 1)), (87, new(7, 4)), (89, new(7, 8)), (90, new(7, 8)),
        (100, new(8, 6)), (101, new(8, 6)), (103, new(8, 8)), (110, new(9, 0)), (120, new(8, 7)), (121, new(8, 8)),
    ];

    private static readonly Version s_withoutUnsynchronised = new(6, 4);

    /// <exception cref="PtxException">the version is older than the target</exception>
    public static PtxTarget Of(PtxModule module)
    {
        string digits = new([.. module.Target.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit)]);
        int sm = int.TryParse(digits, CultureInfo.InvariantCulture, out int number) ? number : 0;
        var target = new PtxTarget(sm, Version.Parse(module.Version));
        foreach ((int known, Version since) in s_since)
        {
            if (known == sm && target.Version < since)
            {
                throw new PtxException(module.SourceName, 1, $"target {module.Target} wants .version {since} or later, the file says {module.Version}");
            }
        }

        return target;
    }

    /// <summary>Null where the target has the form; else why not.</summary>
    public string? Refusal(PtxInstruction instruction, PtxInstructionForm form)
    {
        if (form.MinimumSm > Sm)
        {
            return $"'{instruction.FullName}' wants sm_{form.MinimumSm} or later, the file's target is sm_{Sm}";
        }

        if (form.LastSm < Sm && Version >= s_withoutUnsynchronised)
        {
            return $"'{instruction.FullName}' without .sync is not for sm_{form.LastSm + 1} and later";
        }

        return PtxInstructionTable.MinimumVersion(form, instruction.Modifiers) is { } since && since > Version
            ? $"'{instruction.FullName}' wants .version {since} or later, the file says {Version}"
            : null;
    }
}
