using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Exercises;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Tests.Exercises;

/// <summary>The answers of questions about training, found again in the tensors, lifetimes and steps of the programs of its passes.</summary>
internal static class TrainingConfirmation
{
    private const string FirstBackward = "logits.grad";

    /// <summary>
    /// The step at which a moment is, where it makes the peak of a published model: the formulas give moments their names, and docs/formulas.md says
    /// what happens there.
    /// </summary>
    private static readonly Dictionary<string, string> s_moments = new()
    {
        ["hidden_layers"] = @"layer\d+\.output\.grad",
        ["logits"] = @"logits\.grad",
        ["pool"] = @"conv2\.output\.grad",
        ["stage5.pool"] = @"features\.29\.output\.grad",
        ["gelu_backward"] = @"encoder\.layer\.11\.intermediate\.dense\.grad",
        ["softmax_backward"] = @"encoder\.layer\.11\.attention\.scores\.grad",
        ["cross_values"] = @"decoder\.block\.5\.layer\.1\.v\.grad",
    };

    public static bool Of(Question question)
    {
        long value = (question.Answer as NumberAnswer)?.Value ?? -1;
        ModelSize size = ProgramFacts.SizeIn(question);
        StepProgram program = LastPass(question, size);
        return question.Topic switch
        {
            "training-state" => State(question, program) == value,
            "training-bytes" => IsWhatItIsCalled(question, program) && program.Find(ProgramFacts.NameIn(question))!.Bytes == value,
            "training-kept" when question.Answer is NumberAnswer => Kept(program) == value,
            "training-kept" => LastReader(question, program) == question.Answer.Text && AllRunBackward(program, (WordAnswer)question.Answer),
            "training-peak" when question.Answer is NumberAnswer => ProgramFacts.Peak(program) == value,
            "training-peak" => IsAtTheMoment(program, question.Answer.Text),
            "training-fit" => Taken(value) <= ProgramFacts.MemoryIn(question) && ProgramFacts.MemoryIn(question) < Taken(value + 1),
            "training-micro-batch" when question.Answer is WordAnswer word => OnlyOneStays(program, AtOnce(), word),
            "training-micro-batch" when Says(question, "by how many bytes") => ProgramFacts.Peak(AtOnce()) - ProgramFacts.Peak(program) == value,
            "training-micro-batch" => ProgramFacts.Peak(program) == value,
            "training-recompute" when Says(question, "MACs") => Macs(Recomputing()) - Macs(program) == value,
            "training-recompute" => ProgramFacts.Peak(program) - ProgramFacts.Peak(Recomputing()) == value,
            _ => throw new InvalidOperationException(question.Topic),
        };

        long Taken(long batch)
        {
            StepProgram of = LastPass(question, size with { Batch = batch });
            return of.Tensors.Where(tensor => tensor.Category.IsPersistent()).Sum(tensor => tensor.Bytes) + ProgramFacts.Peak(of);
        }

        StepProgram AtOnce() => LastPass(question, size, inMicroBatches: false);

        StepProgram Recomputing() => LastPass(question, size, recomputes: true);
    }

    /// <summary>The last pass of the step that the text describes.</summary>
    private static StepProgram LastPass(Question question, ModelSize size, bool inMicroBatches = true, bool recomputes = false)
    {
        string optimizer = Regex.Match(question.Text, @"(training with|the optimizer) (\w+)").Groups[2].Value;
        double dropout = Regex.Match(question.Text, @", dropout ([\d.]+)") is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;
        long micro = (inMicroBatches ? ProgramFacts.Number(question, @"in micro-batches of (\d+)") : null) ?? size.Batch;
        var pass = new TrainingPass(
            optimizer.Length == 0 ? Optimizer.Sgd : TrainingLabels.Parse(optimizer), StepBatch: size.Batch, dropout, recomputes,
            ContinuesGradients: micro < size.Batch, Updates: true);
        using var device = new NullDevice(convolutionWorkspaceBytes: 0);
        return question.Model.Training.Program(size with { Batch = micro }, pass, device);
    }

    private static bool Says(Question question, string words) => question.Text.Contains(words, StringComparison.Ordinal);

    private static long State(Question question, StepProgram program)
    {
        long Bytes(TensorCategory category) => program.Of(category).Sum(tensor => tensor.Bytes);
        return Says(question, "together") ? Bytes(TensorCategory.Parameter) + Bytes(TensorCategory.Gradient) + Bytes(TensorCategory.OptimizerState)
            : Bytes(Says(question, "gradients") ? TensorCategory.Gradient : TensorCategory.OptimizerState);
    }

    private static bool IsWhatItIsCalled(Question question, StepProgram program)
    {
        TensorSpec tensor = program.Find(ProgramFacts.NameIn(question))!;
        return Says(question, "the error signal") ? tensor.Category == TensorCategory.ErrorSignal
            : Says(question, "the dropout mask") ? tensor.Bytes == tensor.Shape.Elements && IsKept(program, tensor)
            : tensor.Category == TensorCategory.Activation && IsKept(program, tensor);
    }

    private static int Turn(StepProgram program) => program.Steps.ToList().FindIndex(step => step.Name == FirstBackward);

    private static bool IsKept(StepProgram program, TensorSpec tensor) =>
        Lifetimes.Of(program).Single(life => life.Tensor == tensor) is var life && life.FirstStep < Turn(program) && Turn(program) < life.EndStep;

    private static long Kept(StepProgram program) => Lifetimes.Of(program)
        .Where(life => life.Tensor.Category == TensorCategory.Activation && life.FirstStep <= Turn(program) && Turn(program) < life.EndStep)
        .Sum(life => life.Tensor.Bytes);

    private static string LastReader(Question question, StepProgram program) =>
        program.Steps.Skip(Turn(program)).LastOrDefault(step => step.Reads.Contains(program.Find(ProgramFacts.NameIn(question))!))?.Name ?? "none";

    private static bool AllRunBackward(StepProgram program, WordAnswer answer)
    {
        HashSet<string> steps = [.. program.Steps.Skip(Turn(program)).Select(step => step.Name)];
        return answer.Choices.Length >= 3 && answer.Choices.Distinct().Count() == answer.Choices.Length
            && answer.Choices.All(choice => choice == "none" || steps.Contains(choice));
    }

    private static bool IsAtTheMoment(StepProgram program, string moment)
    {
        long[] live = ProgramFacts.Live(program);
        string step = program.Steps[Array.IndexOf(live, live.Max())].Name;
        Assert.True(s_moments.ContainsKey(moment), $"{moment} is at '{step}' of {program.Name}: say so in the table");
        return Regex.IsMatch(step, $"^({s_moments[moment]})$");
    }

    private static bool OnlyOneStays(StepProgram program, StepProgram atOnce, WordAnswer answer)
    {
        return answer.Choices.Single(choice => Bytes(program, choice) == Bytes(atOnce, choice)) == answer.Word && Bytes(program, answer.Word) > 0;

        static long Bytes(StepProgram of, string category) => of.Of(category switch
        {
            "parameters" => TensorCategory.Parameter,
            "gradients" => TensorCategory.Gradient,
            "optimizerState" => TensorCategory.OptimizerState,
            "inputs" => TensorCategory.Input,
            "activations" => TensorCategory.Activation,
            "errorSignals" => TensorCategory.ErrorSignal,
            _ => throw new InvalidOperationException(category),
        }).Sum(tensor => tensor.Bytes);
    }

    private static long Macs(StepProgram program) => program.Steps.Sum(ProgramFacts.Macs);
}
