using System.Globalization;
using Harness.Explain;
using Harness.Models;
using Harness.Models.Analytic;

namespace Harness.Exercises;

/// <summary>A question with one right answer, taken from the formulas.</summary>
/// <param name="Topic">its word on the command line</param>
/// <param name="Text">names the model, the sizes and what is counted</param>
/// <param name="Formula">of the answer, where it is a number that a formula gives</param>
/// <param name="Why">what the formula means, or how one gets there without</param>
internal sealed record Question(string Topic, Model Model, string Text, Answer Answer, Formula? Formula, string Why)
{
    /// <summary>The formula, with the numbers put in, and what comes out.</summary>
    public string Working => Formula is null || Formula.ToString() == Formula.Value.ToString(CultureInfo.InvariantCulture)
        ? $"it is {Answer.Text}"
        : $"it is {Phrases.Worked(Formula)}{(Answer is NumberAnswer number ? $" {number.Unit}" : $", so {Answer.Text}")}";
}
