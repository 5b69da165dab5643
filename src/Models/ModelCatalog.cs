using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
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
        ModelValues.ReluNetwork, CheckpointNames.Exact,
        size => ImageSummaries.Of(Vgg16Config.Published(size.Batch)),
        new ModelTraining(
            Dropout: 0.5, HasBlocks: false, Vgg16Config.Published(1).Classes,
            (size, pass, device) => Vgg16Program.BuildTraining(Vgg16Config.Published(size.Batch), pass, device),
            (size, pass, budgetBytes) => Vgg16TrainingFormulas.Of(Vgg16Config.Published(size.Batch), pass, budgetBytes),
            dropout => ImageKept.Of(Vgg16Config.Published(1), dropout)));

    public static Model BertBase { get; } = new(
        "bert-base", s_batch, new ModelOption("seq", Default: 64, BertConfig.Base(1, 1).MaxPositions), DecoderSequence: null,
        (size, _) => BertProgram.Build(BertConfig.Base(size.Batch, size.Sequence!.Value)),
        (size, _) => BertFormulas.Of(BertConfig.Base(size.Batch, size.Sequence!.Value)),
        ModelValues.Bert(BertConfig.Base(1, 1)), CheckpointNames.Bert,
        size => TransformerSummaries.Of(BertConfig.Base(size.Batch, size.Sequence!.Value)),
        new ModelTraining(
            Dropout: 0.1, HasBlocks: true, BertConfig.Classes,
            (size, pass, device) => BertProgram.BuildTraining(BertConfig.Base(size.Batch, size.Sequence!.Value), pass, device),
            (size, pass, _) => BertTrainingFormulas.Of(BertConfig.Base(size.Batch, size.Sequence!.Value), pass),
            dropout => BertKept.Of(BertConfig.Base(1, 1), dropout))
        {
            Peak = (size, pass, _) => BertTrainingFormulas.Peak(BertConfig.Base(size.Batch, size.Sequence!.Value), pass),
            Published = (size, pass) => BertConvention.Of(BertConfig.Base(size.Batch, size.Sequence!.Value), pass),
        })
    {
        Peak = (size, _) => BertFormulas.Peak(BertConfig.Base(size.Batch, size.Sequence!.Value)),
    };

    public static Model T5Small { get; } = new(
        "t5-small", s_batch, new ModelOption("seq", Default: 64), s_decoderSequence,
        (size, _) => T5Program.Build(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
        (size, _) => T5Formulas.Of(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
        ModelValues.T5(T5Config.Small(1, 1)), CheckpointNames.T5,
        size => TransformerSummaries.Of(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
        new ModelTraining(
            Dropout: 0.1, HasBlocks: true, T5Config.Small(1, 1).Vocabulary,
            (size, pass, device) => T5Program.BuildTraining(
                T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value), pass, device),
            (size, pass, _) => T5TrainingFormulas.Of(
                T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value), pass),
            dropout => T5Kept.Of(T5Config.Small(1, 1), dropout))
        {
            Peak = (size, pass, _) => T5TrainingFormulas.Peak(
                T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value), pass),
            Published = (size, pass) => T5Convention.Of(
                T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value), pass),
        })
    {
        Peak = (size, _) => T5Formulas.Peak(T5Config.Small(size.Batch, size.Sequence!.Value, size.DecoderSequence!.Value)),
    };

    public static Model MnistMlp { get; } = Mlp("mnist-mlp", MlpConfig.Mnist);

    public static Model CifarMlp { get; } = Mlp("cifar-mlp", MlpConfig.Cifar);

    public static Model MnistCnn { get; } = new(
        "mnist-cnn", s_batch, Sequence: null, DecoderSequence: null,
        (size, device) => MnistCnnProgram.Build(MnistCnnConfig.Mnist(size.Batch), device),
        (size, convolutionBudgetBytes) => MnistCnnFormulas.Of(MnistCnnConfig.Mnist(size.Batch), convolutionBudgetBytes),
        ModelValues.ReluNetwork, CheckpointNames.Exact, size => ImageSummaries.Of(MnistCnnConfig.Mnist(size.Batch)),
        new ModelTraining(
            Dropout: null, HasBlocks: false, MnistCnnConfig.Mnist(1).Classes,
            (size, pass, device) => MnistCnnProgram.BuildTraining(MnistCnnConfig.Mnist(size.Batch), pass, device),
            (size, pass, budgetBytes) => MnistCnnTrainingFormulas.Of(MnistCnnConfig.Mnist(size.Batch), pass, budgetBytes),
            _ => ImageKept.OfMnistCnn));

    /// <summary>The models that have a name of their own; beside them there are stacks of any sizes (<see cref="MlpName"/>).</summary>
    public static ImmutableArray<Model> All { get; } = [Vgg16, BertBase, T5Small, MnistMlp, CifarMlp, MnistCnn];

    /// <summary>What may be written for a model, as help and messages give it.</summary>
    public static ImmutableArray<string> Names { get; } = [.. All.Select(model => model.Name), MlpName.Pattern];

    /// <param name="name">one of <see cref="All"/>'s, or a stack's</param>
    /// <exception cref="CallerException">no such model, which names those there are; or a stack that cannot be</exception>
    public static Model Find(string name)
    {
        if (MlpName.IsOne(name))
        {
            (ImmutableArray<long> sizes, bool bias) = MlpName.Parse(name);
            return Mlp(name, batch => MlpConfig.Stack(batch, sizes, bias));
        }

        return All.FirstOrDefault(model => model.Name == name)
            ?? throw new CallerException(
                $"unknown model '{name}'{NearestWord.Hint(name, All.Select(model => model.Name))}; known: {string.Join(", ", Names)}");
    }

    private static Model Mlp(string name, Func<long, MlpConfig> config) => new(
        name, s_batch, Sequence: null, DecoderSequence: null,
        (size, _) => MlpProgram.Build(config(size.Batch)), (size, _) => MlpFormulas.Of(config(size.Batch)),
        ModelValues.ReluNetwork, CheckpointNames.Exact, size => ImageSummaries.Of(config(size.Batch)),
        new ModelTraining(
            Dropout: null, HasBlocks: false, config(1).Sizes[^1],
            (size, pass, device) => MlpProgram.BuildTraining(config(size.Batch), pass, device),
            (size, pass, _) => MlpTrainingFormulas.Of(config(size.Batch), pass), _ => ImageKept.Of(config(1))));
}
