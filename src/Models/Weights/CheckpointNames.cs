namespace Harness.Models.Weights;

/// <summary>How published checkpoints of a model name its weights, where that is not simply by the parameters' names.</summary>
/// <param name="Prefix">that all of the model's weights may carry in a checkpoint with a head; what lacks it then belongs to the head, and is used where the program has one</param>
/// <param name="Renamed">endings of older checkpoints, and what they are called now</param>
/// <param name="Unused">whether an entry that is no parameter may be there all the same</param>
/// <param name="Duplicates">entries that repeat a parameter, and which one; their bytes must be the same</param>
public sealed record CheckpointNames(
    string Prefix, IReadOnlyDictionary<string, string> Renamed, Func<string, bool> Unused, IReadOnlyDictionary<string, string> Duplicates)
{
    private static readonly Dictionary<string, string> s_none = [];

    /// <summary>The parameters' names and nothing else: torchvision's VGG16, and files of inputs.</summary>
    public static CheckpointNames Exact { get; } = new("", s_none, _ => false, s_none);

    /// <summary>Hugging Face's BERT: with a head everything of ours is prefixed; the buffer of positions is no weight; TensorFlow's names of norms.</summary>
    public static CheckpointNames Bert { get; } = new(
        "bert.",
        new Dictionary<string, string> { ["LayerNorm.gamma"] = "LayerNorm.weight", ["LayerNorm.beta"] = "LayerNorm.bias" },
        name => name.StartsWith("cls.", StringComparison.Ordinal) || name == "embeddings.position_ids",
        s_none);

    /// <summary>Hugging Face's T5: the tied table under its other names, and a bias that cross attention has never read.</summary>
    public static CheckpointNames T5 { get; } = new(
        "", s_none, name => name == "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
        new Dictionary<string, string>
        {
            ["encoder.embed_tokens.weight"] = "shared.weight",
            ["decoder.embed_tokens.weight"] = "shared.weight",
            ["lm_head.weight"] = "shared.weight",
        });

    /// <summary>The parameter that an entry holds, were there one of that name.</summary>
    /// <param name="prefixed">whether the checkpoint uses <see cref="Prefix"/></param>
    internal string Parameter(string entry, bool prefixed)
    {
        string name = prefixed && entry.StartsWith(Prefix, StringComparison.Ordinal) ? entry[Prefix.Length..] : entry;
        foreach ((string old, string now) in Renamed)
        {
            if (name.EndsWith(old, StringComparison.Ordinal))
            {
                return name[..^old.Length] + now;
            }
        }

        return name;
    }
}
