using Harness.Models;

namespace Harness.Fitting;

/// <summary>What is made as large as it can be: how many samples, or how long their input is.</summary>
/// <param name="Word">as on the command line, without the dashes</param>
/// <param name="Noun">as sentences have it</param>
/// <param name="Option">its range in a model; null where the model has no such size</param>
/// <param name="Set">a size with another value of this one</param>
internal sealed record Dimension(
    string Word, string Noun, Func<Model, ModelOption?> Option, Func<ModelSize, long, ModelSize> Set)
{
    public static Dimension Batch { get; } = new(
        "batch", "batch", model => model.Batch, (size, value) => size with { Batch = value });

    public static Dimension Sequence { get; } = new(
        "seq", "sequence", model => model.Sequence, (size, value) => size with { Sequence = value });

    /// <summary>The first is the default.</summary>
    public static string[] Words { get; } = [Batch.Word, Sequence.Word];

    public static Dimension Of(string word) => word == Sequence.Word ? Sequence : Batch;
}
