using System.Text.RegularExpressions;
using Harness.Exercises;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;

namespace Harness.Tests.Exercises;

/// <summary>The answers of drawn questions, found again without any formula: from the program, its lifetimes and its steps.</summary>
public sealed class ExerciseTests
{
    [Theory]
    [InlineData(42)]
    [InlineData(1)]
    [InlineData(9_000_000_000)]
    public void Answers_are_what_the_programs_say(long seed)
    {
        var exercise = Exercise.Of(seed, Topic.Any, [], 160);
        Assert.All(exercise.Questions, question => Assert.True(Confirmed(question), $"{question.Topic}: {question.Text} {question.Answer.Text}"));
        Assert.Equal(Topic.All.Length, exercise.Questions.Select(question => question.Topic).Distinct().Count());
        Assert.Equal(160, exercise.Questions.Select(question => question.Text).Distinct().Count());
    }

    private static bool Confirmed(Question question)
    {
        Model model = question.Model;
        Assert.Matches($"^{Regex.Escape(model.Name)}[:,]", question.Text);
        if (question.Topic.StartsWith(Topic.Training, StringComparison.Ordinal))
        {
            return TrainingConfirmation.Of(question);
        }

        ModelSize size = ProgramFacts.SizeIn(question);
        StepProgram program = ProgramOf(model, size);
        string named = ProgramFacts.NameIn(question);
        long parameters = program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements);
        long value = (question.Answer as NumberAnswer)?.Value ?? -1;
        switch (question.Topic)
        {
            case "bytes":
                return program.Find(named)!.Bytes == value;
            case "macs":
                return ProgramFacts.Macs(program.Steps.Single(step => step.Name == named)) == value;
            case "parameters":
                IEnumerable<TensorSpec> own = program.Of(TensorCategory.Parameter)
                    .Where(tensor => named.Length == 0 || tensor.Name == $"{named}.weight" || tensor.Name == $"{named}.bias");
                return own.Sum(tensor => tensor.Shape.Elements) == value;
            case "peak" when question.Answer is NumberAnswer:
                return ProgramFacts.Peak(program) == value;
            case "peak":
                // Which of the moments it is has a name in the formulas only; that they give the right peak is what a program can say.
                return question.Formula!.Value == ProgramFacts.Peak(program)
                    && question.Text.Contains(question.Answer.Text, StringComparison.Ordinal);
            case "fit":
                long memory = ProgramFacts.MemoryIn(question);
                long Taken(long batch) => 4 * parameters + ProgramFacts.Peak(ProgramOf(model, size with { Batch = batch }));
                return Taken(value) <= memory && memory < Taken(value + 1);
            case "shape":
                return ShapesOf(named).Contains(question.Answer.Text);
            case "receptive-field":
                return Field(model, named) is var (field, stride)
                    && value == (question.Text.EndsWith("apart?", StringComparison.Ordinal) ? stride : field);
            default:
                throw new InvalidOperationException(question.Topic);
        }

        IEnumerable<string> ShapesOf(string layer) => program.Steps
            .Where(step => step.Reads.Any(tensor => tensor.Name == $"{layer}.weight") || step.Name == layer || step.Name == $"{layer}.output"
                || (layer == "lm_head" && step.Name == "logits"))
            .SelectMany(step => step.Writes).Select(tensor => tensor.Shape.ToString());
    }

    private static StepProgram ProgramOf(Model model, ModelSize size)
    {
        using var device = new NullDevice(convolutionWorkspaceBytes: 0);
        return model.Program(size, device);
    }

    /// <summary>Backwards: one place of the layer, and how many places of each map before it that takes; two neighbours for the stride.</summary>
    private static (long Field, long Stride) Field(Model model, string layer)
    {
        StepProgram program = ProgramOf(model, model.Size(1));
        int last = program.Steps.ToList().FindIndex(step => step switch
        {
            ConvolutionStep convolution => convolution.Weight.Name == $"{layer}.weight",
            MaxPoolStep => step.Name == $"{layer}.output",
            _ => false,
        });
        (long one, long two) = (1, 2);
        foreach (Step step in program.Steps.Take(last + 1).Reverse())
        {
            (long window, long stride) = step switch
            {
                ConvolutionStep convolution => (convolution.Weight.Shape[2], (long)convolution.Stride),
                MaxPoolStep pool => (pool.Window, pool.Stride),
                _ => throw new InvalidOperationException(step.Name),
            };
            (one, two) = ((one - 1) * stride + window, (two - 1) * stride + window);
        }

        return (one, two - one);
    }

    [Fact]
    public void The_same_seed_gives_the_same_questions_and_more_begin_with_the_fewer()
    {
        string[] ten = Texts(7, 10), twenty = Texts(7, 20);
        Assert.Equal(ten, twenty[..10]);
        Assert.Equal(ten, Texts(7, 10));
        Assert.True(ten.Intersect(Texts(8, 10)).Count() < 3);

        static string[] Texts(long seed, int count) => [.. Exercise.Of(seed, Topic.Any, [], count).Questions.Select(question => question.Text)];
    }

    [Fact]
    public void Every_topic_asks_about_every_model_that_it_applies_to()
    {
        Model[] models = [.. ModelCatalog.All, ModelCatalog.Find("mlp:784-512-10"), ModelCatalog.Find("mlp:100-50:nobias")];
        foreach (Topic topic in Topic.All)
        {
            foreach (Model model in models.Where(topic.AppliesTo))
            {
                Question question = Assert.Single(Exercise.Of(3, topic.Word, [model], 1).Questions);
                Assert.Equal((topic.Word, model.Name), (question.Topic, question.Model.Name));
                Assert.StartsWith(model.Name, question.Text, StringComparison.Ordinal);
                Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, topic.Page)), topic.Page);
                Assert.Null(question.Answer.Fault(question.Answer.Text));
            }
        }
    }
}
