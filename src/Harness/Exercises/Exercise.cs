using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Models;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>Questions drawn from a seed. The same seed, models and topic give the same questions, and more of them begin with the fewer.</summary>
/// <param name="Topic">the word of one topic, of those about training, or of all</param>
/// <param name="Models">what the caller chose from; empty: all of them, and stacks of all sorts</param>
internal sealed record Exercise(long Seed, string Topic, ImmutableArray<Model> Models, ImmutableArray<Question> Questions)
{
    /// <summary>After so many draws that were asked before, there is nothing left to ask.</summary>
    private const int MostAttempts = 200;

    /// <summary>A topic that few models have anything for keeps its turn for so many draws.</summary>
    private const int AttemptsOfATurn = 4;

    private static readonly long[] s_batches = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64];
    private static readonly long[] s_sequences = [16, 32, 48, 64, 100, 128, 200, 256, 300, 384, 512];
    private static readonly long[] s_decoderSequences = [1, 1, 2, 4, 10, 16, 32];
    private static readonly long[] s_units = [3, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 256, 512, 784];

    /// <exception cref="CallerException">the topic has nothing to ask about these models, or not so much</exception>
    public static Exercise Of(long seed, string topic, ImmutableArray<Model> models, int count)
    {
        ImmutableArray<Topic> topics = Exercises.Topic.Of(topic);
        if (!models.IsEmpty && !topics.Any(one => models.Any(one.AppliesTo)))
        {
            throw new CallerException($"--topic {topic} does not apply to {string.Join(" and ", models.Select(model => model.Name))}");
        }

        var questions = ImmutableArray.CreateBuilder<Question>();
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (questions.Count < count)
        {
            questions.Add(Next(seed, questions.Count + 1, topics, models, asked) ?? throw new CallerException(
                $"--count {count} is too many: questions found for --topic {topic}"
                + (models.IsEmpty ? "" : $" about {string.Join(" and ", models.Select(model => model.Name))}") + $": {questions.Count}"));
        }

        return new Exercise(seed, topic, models, questions.ToImmutable());
    }

    private static Question? Next(long seed, int number, ImmutableArray<Topic> topics, ImmutableArray<Model> models, HashSet<string> asked)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            var draw = new Draw(seed, number, attempt);

            // Topics take turns, so that ten questions are of all kinds.
            Topic topic = topics[(number - 1 + attempt / AttemptsOfATurn) % topics.Length];
            Model model = models.IsEmpty ? AnyModel(draw) : draw.OneOf(models);
            if (topic.AppliesTo(model)
                && topic.Ask(draw, new Configuration(model, AnySize(draw, model))) is { } question
                && asked.Add(question.Text))
            {
                return question;
            }
        }

        return null;
    }

    /// <summary>One of those with a name, or a stack of layers.</summary>
    private static Model AnyModel(Draw draw)
    {
        int choice = draw.Below(ModelCatalog.All.Length + 1);
        if (choice < ModelCatalog.All.Length)
        {
            return ModelCatalog.All[choice];
        }

        IEnumerable<long> sizes = Enumerable.Range(0, 3 + draw.Below(3)).Select(_ => draw.OneOf(s_units)).ToArray();
        return ModelCatalog.Find($"mlp:{string.Join('-', sizes)}{(draw.Below(4) == 0 ? ":nobias" : "")}");
    }

    private static ModelSize AnySize(Draw draw, Model model) => new(
        draw.OneOf(s_batches), model.Sequence is null ? null : draw.OneOf(s_sequences),
        model.DecoderSequence is null ? null : draw.OneOf(s_decoderSequences));
}
