using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Models.Analytic;
using Harness.Models.Weights;

namespace Harness.Models;

/// <summary>The models by name.</summary>
public static class ModelCatalog
{
    private static readonly ModelOption s_batch = new("batch", Default: 1);
    private static readonly ModelOption s_decoderSequence = new("decoder-seq", Default: 1);

    public static Model Vgg16 { get; } = new(
        "vgg16", s_batch, Sequence: null, DecoderSequence: null,
        (size, device) => Vgg16Program.Build(Vgg16Config.Published(size.Batch), device),
        (size, convolutionBudgetBytes) => Vgg16Formulas.Of(Vgg16Config.Published(size.Batch), convolutionBudgetBytes),
        ModelValues.ReluNetwork, CheckpointNames.Exact);

    public static Model BertBase { get; } = new(
        "bert-base", s_batch, new ModelOption("seq", Default: 64, BertConfig.Base(1, 1).MaxPositions), DecoderSequence: null,
        (size, _) => BertProgram.Build(BertConfig.Base(size.Batch, size.Sequence!.Value)),
        (size, _) => BertFormulas.Of(BertConfig.Base(size.Batch, size.Sequence!.Value)),
        ModelValues.Bert(BertConfig.Base(1, 1)), CheckpointNames.Bert);

    public static Model T5Small { get; } = new(
        "t5-small", s_batch, new ModelOption("seq", Default: 64), s_decoderSequence,
        (size, _) => T5Program.Build(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
        (size, _) => T5Formulas.Of(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
        ModelValues.T5(T5Config.Small(1, 1)), CheckpointNames.T5);

    public static ImmutableArray<Model> All { get; } = [Vgg16, BertBase, T5Small];

    /// <exception cref="CallerException">no such model; names those there are</exception>
    public static Model Find(string name) => All.FirstOrDefault(model => model.Name == name)
        ?? throw new CallerException($"unknown model '{name}', known are {string.Join(", ", All.Select(model => model.Name))}");
}
