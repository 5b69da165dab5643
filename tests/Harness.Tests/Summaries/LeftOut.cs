using System.Text.RegularExpressions;

namespace Harness.Tests.Summaries;

/// <summary>Something that a training pass has and the summary's totals do not count.</summary>
/// <param name="Total">the total that it is missing in: <c>parameterBytes</c>, ...</param>
/// <param name="Buffers">a pattern of the names of its buffers in that total's categories</param>
/// <param name="Bytes">by hand</param>
internal sealed record LeftOut(string Total, string Name, string Buffers, long Bytes)
{
    public const string Parameters = "parameterBytes", Gradients = "gradientBytes", State = "optimizerStateBytes", Inputs = "inputBytes",
        Results = "outputBytes", Signals = "errorSignalBytes", Workspace = "workspace";

    /// <summary>The categories of the audit that a total of the summary is about; workspace is one that it has not.</summary>
    public static IReadOnlyDictionary<string, string[]> Categories { get; } = new Dictionary<string, string[]>
    {
        [Parameters] = ["parameters"], [Gradients] = ["gradients"], [State] = ["optimizerState"], [Inputs] = ["inputs"],
        [Results] = ["activations", "outputs"], [Signals] = ["errorSignals"], [Workspace] = ["workspace"],
    };

    public bool Has(string buffer) => Regex.IsMatch(buffer, $"^({Buffers})$");

    /// <summary>All of it, by arithmetic on the published sizes; nothing here asks a formula or a program.</summary>
    /// <param name="model">its name</param>
    /// <param name="b">batch</param>
    /// <param name="s">sequence; 0 where there is none</param>
    /// <param name="d">decoder sequence</param>
    /// <param name="optimizer">its name</param>
    /// <param name="hasDropout">whether the pass drops anything</param>
    public static LeftOut[] Of(string model, long b, long s, long d, string optimizer, bool hasDropout)
    {
        long rows = model == "t5-small" ? b * d : b;
        List<LeftOut> left =
        [
            new(Inputs, "labels", "labels", 8 * rows), new(Results, "loss of every row", @"loss\.rows", 4 * rows), new(Results, "loss", "loss", 4),
        ];
        if (optimizer is "adam" or "adamw")
        {
            left.Add(new(Inputs, "Adam's bias corrections", "bias_corrections", 2 * 4));
        }

        if (hasDropout)
        {
            left.Add(new(Inputs, "dropout's seed", "dropout_seed", 8));
        }

        left.AddRange(model switch
        {
            "vgg16" => Vgg16(b, hasDropout),
            "bert-base" => Bert(b, s, optimizer, hasDropout),
            "t5-small" => T5(b, s, d, hasDropout),
            _ => [],
        });
        return [.. left];
    }

    private static IEnumerable<LeftOut> Vgg16(long b, bool hasDropout) =>
        hasDropout ? [new(Results, "dropout's masks", @".*\.dropout_mask", 2 * 4096 * b)] : [];

    private static IEnumerable<LeftOut> Bert(long b, long s, string optimizer, bool hasDropout)
    {
        const long hidden = 768, heads = 12, layers = 12, classes = 2;
        (long states, long scores) = (b * s * hidden, b * heads * s * s);
        long head = 4 * (classes * hidden + classes), moments = optimizer switch { "sgd" => 0, "momentum" => 1, _ => 2 };
        yield return new(Parameters, "the head's parameters", @"classifier\.(weight|bias)", head);
        yield return new(Gradients, "the head's gradients", @"classifier\.(weight|bias)\.grad", head);
        yield return new(State, "the head's state", @"classifier\.(weight|bias)\.(momentum_buffer|exp_avg|exp_avg_sq)", moments * head);
        yield return new(Results, "the head's result", "logits", 4 * classes * b);
        yield return new(Signals, "its error signal", @"logits\.grad", 4 * classes * b);

        // Mean and reciprocal root of a row, for both norms of a layer and that of the embeddings.
        yield return new(Workspace, "statistics of norms", @".*\.statistics", (2 * layers + 1) * 8 * b * s);
        if (hasDropout)
        {
            yield return new(Results, "dropout's masks", @".*\.dropout_mask", layers * (scores + 2 * states) + states + b * hidden);
            yield return new(Results, "what dropout leaves", @".*_dropped", 4 * (layers * scores + b * hidden));
            yield return new(Signals, "its error signals", @".*_dropped\.grad", 4 * (layers * scores + b * hidden));
        }
    }

    private static IEnumerable<LeftOut> T5(long b, long s, long d, bool hasDropout)
    {
        const long hidden = 512, heads = 8, layers = 6, wide = 2048;

        // Self attention of both stacks, and the cross attention.
        long scores = layers * heads * b * (s * s + d * d + d * s);

        // Reciprocal root of a row: two norms of an encoder block and three of a decoder block, and one more for each stack.
        yield return new(Workspace, "statistics of norms", @".*\.statistics", 4 * b * ((2 * layers + 1) * s + (3 * layers + 1) * d));
        if (hasDropout)
        {
            // Behind the embeddings, each sub-layer and the last norm; inside the feed-forward parts.
            long states = b * hidden * ((2 * layers + 2) * s + (3 * layers + 2) * d), widths = b * wide * layers * (s + d);
            yield return new(Results, "dropout's masks", @".*\.dropout_mask", scores + states + widths);
            yield return new(Results, "what dropout leaves", @".*\.probs_dropped", 4 * scores);
            yield return new(Signals, "its error signals", @".*\.probs_dropped\.grad", 4 * scores);
        }
    }
}
