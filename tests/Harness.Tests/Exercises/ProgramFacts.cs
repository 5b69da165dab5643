using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Exercises;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;

namespace Harness.Tests.Exercises;

/// <summary>What a question says, read from its text as a student reads it; and what a program says of itself, without any formula.</summary>
internal static partial class ProgramFacts
{
    public static ModelSize SizeIn(Question question) => question.Model.Size(
        Number(question, @", batch (\d+)"), Number(question, @", sequence (\d+)"), Number(question, @", decoder sequence (\d+)"));

    /// <summary>Null where the text has none.</summary>
    public static long? Number(Question question, string pattern) => Regex.Match(question.Text, pattern) is { Success: true } match
        ? long.Parse(match.Groups[1].Value.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
        : null;

    public static long MemoryIn(Question question) => Number(question, @"\(([\d,]+) bytes\)")!.Value;

    /// <summary>What stands in quotation marks, empty if nothing does.</summary>
    public static string NameIn(Question question) => Quoted().Match(question.Text).Groups["name"].Value;

    /// <summary>Most bytes live at one step.</summary>
    public static long Peak(StepProgram program) => Live(program).Max();

    /// <summary>Bytes live at each step.</summary>
    public static long[] Live(StepProgram program)
    {
        long[] live = new long[program.Steps.Length];
        foreach (Lifetime life in Lifetimes.Of(program))
        {
            for (int step = life.FirstStep; step < life.EndStep; step++)
            {
                live[step] += life.Tensor.Bytes;
            }
        }

        return live;
    }

    public static long Macs(Step step) => step switch
    {
        GemmStep gemm => gemm.Batch * gemm.M * gemm.N * gemm.K,
        ConvolutionStep convolution => convolution.Y.Shape.Elements * convolution.Weight.Shape.Elements / convolution.Weight.Shape[0],
        _ => 0,
    };

    [GeneratedRegex("'(?<name>[^']+)'")]
    private static partial Regex Quoted();
}
