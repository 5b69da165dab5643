using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>Layers add up to the account, and single rows to what is worked out by hand.</summary>
public class SummaryTests
{
    public static TheoryData<string> Models => ["vgg16", "vgg16-odd", "bert", "t5", "mnist-mlp", "cifar-mlp", "mlp", "mlp-nobias", "mnist-cnn", "mnist-cnn-odd"];

    private static (ModelSummary Summary, AnalyticAccount Account) Of(string name)
    {
        Vgg16Config vgg = Vgg16Config.Published(3), oddVgg = vgg with { ImageSize = 75, Widths = [[3, 5], [5], [7, 7, 5], [9], [7, 5, 5]] };
        MlpConfig stack = MlpConfig.Stack(3, [7, 30, 2, 40, 5]);
        MnistCnnConfig oddCnn = new(Batch: 3, ImageSize: 11, Filters1: 5, Filters2: 7, HiddenUnits: 13, Classes: 3);
        return name switch
        {
            "vgg16" => (ImageSummaries.Of(vgg), Vgg16Formulas.Of(vgg)),
            "vgg16-odd" => (ImageSummaries.Of(oddVgg), Vgg16Formulas.Of(oddVgg)),
            "bert" => (TransformerSummaries.Of(BertConfig.Base(3, 37)), BertFormulas.Of(BertConfig.Base(3, 37))),
            "t5" => (TransformerSummaries.Of(T5Config.Small(3, 37, 5)), T5Formulas.Of(T5Config.Small(3, 37, 5))),
            "mnist-mlp" => (ImageSummaries.Of(MlpConfig.Mnist(64)), MlpFormulas.Of(MlpConfig.Mnist(64))),
            "cifar-mlp" => (ImageSummaries.Of(MlpConfig.Cifar(2)), MlpFormulas.Of(MlpConfig.Cifar(2))),
            "mlp" => (ImageSummaries.Of(stack), MlpFormulas.Of(stack)),
            "mlp-nobias" => (ImageSummaries.Of(stack with { Bias = false }), MlpFormulas.Of(stack with { Bias = false })),
            "mnist-cnn" => (ImageSummaries.Of(MnistCnnConfig.Mnist(2)), MnistCnnFormulas.Of(MnistCnnConfig.Mnist(2))),
            _ => (ImageSummaries.Of(oddCnn), MnistCnnFormulas.Of(oddCnn)),
        };
    }

    private static LayerSummary Row(ModelSummary summary, string name) => Assert.Single(summary.Layers, layer => layer.Name == name);

    [Theory]
    [MemberData(nameof(Models))]
    public void Layers_add_up_to_the_account(string name)
    {
        (ModelSummary summary, AnalyticAccount account) = Of(name);
        Assert.Equal(account.ParameterCount.Value, summary.Parameters);
        Assert.Equal(account.Bytes(AnalyticCategory.Parameters), summary.ParameterBytes);
        Assert.Equal(account.Bytes(AnalyticCategory.Inputs), summary.InputBytes);
        Assert.Equal(account.Bytes(AnalyticCategory.Activations) + account.Bytes(AnalyticCategory.Outputs), summary.OutputBytes);
        Assert.Equal(account.Steps.Sum(step => step.Macs.Value), summary.Macs);
        Assert.Equal(account.Steps.Sum(step => step.Flops.Value), summary.Flops);
        Assert.Equal(account.Steps.Sum(step => step.BytesRead.Value + step.BytesWritten.Value), summary.BytesMoved);
        Assert.All(summary.Layers, layer => Assert.True(layer is { Macs: >= 0, Parameters: >= 0 } && layer.Flops >= 2 * layer.Macs, $"{layer}"));
        Assert.All(summary.Layers.Where(layer => layer.Kind is "ReLU" or "Tanh"), layer => Assert.Equal(layer.OutputElements, layer.Flops));
        Assert.Equal(summary.Layers.Length, summary.Layers.DistinctBy(layer => layer.Name).Count());
    }

    /// <summary>A layer that writes one buffer of its own writes its output; attention and residual norms write more, the rest none.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Outputs_have_the_shapes_of_their_buffers(string name)
    {
        (ModelSummary summary, _) = Of(name);
        string[] inPlace = ["ReLU", "Dropout", "Tanh", "Flatten"];
        Assert.All(summary.Layers, layer => Assert.True(
            layer.OutputBytes == 4 * layer.OutputElements || layer.Kind is "Attention" or "T5LayerNorm"
            || (layer.Kind == "Linear" && layer.OutputBytes == 8 * layer.OutputElements) // the product, and its heads
            || (layer.OutputBytes == 0 && (inPlace.Contains(layer.Kind) || layer.Name.EndsWith("position_embeddings", StringComparison.Ordinal)
                || layer.Name.EndsWith("token_type_embeddings", StringComparison.Ordinal))),
            $"{layer}"));
    }

    [Fact]
    public void Vgg16s_rows_by_hand()
    {
        ModelSummary summary = ImageSummaries.Of(Vgg16Config.Published(1));
        LayerSummary first = Row(summary, "features.0"), relu = Row(summary, "features.1"), pool = Row(summary, "features.4");
        Assert.Equal((1_792L, 12_845_056L, 86_704_128L), (first.Parameters, first.OutputBytes, first.Macs));
        Assert.Equal((2 * 86_704_128L + 3_211_264, 3_211_264L), (first.Flops, relu.Flops));
        Assert.Equal(4 * (150_528 + 1_792 + 3_211_264), first.BytesMoved);
        Assert.Equal((0L, 0L, (double?)null), (relu.OutputBytes, relu.BytesMoved, relu.ArithmeticIntensity));
        Assert.Equal(3.0 * 802_816 / (4 * (4 * 802_816 + 802_816)), pool.ArithmeticIntensity!.Value, 12);
        Assert.Equal("Dropout", Row(summary, "classifier.5").Kind);

        // The figures of the literature: the fields of conv5_3 and pool5.
        Assert.Equal(new ReceptiveField(196, 16, 90), Row(summary, "features.28").Field);
        Assert.Equal(new ReceptiveField(212, 32, 90), Row(summary, "features.30").Field);
        Assert.Equal(Row(summary, "features.30").Field, Row(summary, "avgpool").Field);
        Assert.Equal(new ReceptiveField(224, null, null), Row(summary, "classifier.0").Field);

        // 15.2 M floats in the widely read notes, which have the image and no adaptive pool.
        Assert.Equal(15_237_608, (summary.OutputBytes - Row(summary, "avgpool").OutputBytes + summary.InputBytes) / 4);
    }

    [Fact]
    public void Cells_of_an_uneven_adaptive_pool_have_no_field_in_common()
    {
        (ModelSummary summary, _) = Of("vgg16-odd"); // 2 x 2 to 7 x 7
        Assert.Null(Row(summary, "avgpool").Field);
        Assert.Equal(75, Row(summary, "classifier.0").Field!.Size);
    }

    [Fact]
    public void The_documents_network_by_hand()
    {
        ModelSummary summary = ImageSummaries.Of(MnistCnnConfig.Mnist(1));
        Assert.Equal((320L, 9_248L, 802_944L, 1_290L),
            (Row(summary, "conv1").Parameters, Row(summary, "conv2").Parameters, Row(summary, "fc1").Parameters, Row(summary, "fc2").Parameters));
        Assert.Equal(4 * (25_088 + 25_088 + 6_272 + 128 + 10), summary.OutputBytes);
        Assert.Equal(new ReceptiveField(5, 1, 2), Row(summary, "conv2").Field);
        Assert.Equal(new ReceptiveField(6, 2, 2), Row(summary, "pool").Field);
        Assert.Equal(28, Row(summary, "fc1").Field!.Size);
    }

    [Fact]
    public void Training_adds_error_signals_gradients_and_state()
    {
        ModelSummary mlp = ImageSummaries.Of(MlpConfig.Mnist(64));
        Assert.Equal((407_080L, 35_328L, 35_328L), (mlp.GradientBytes, mlp.OutputBytes, mlp.ErrorSignalBytes));
        Assert.Equal((0L, 407_080L, 814_160L), (mlp.OptimizerStateBytes(0), mlp.OptimizerStateBytes(1), mlp.OptimizerStateBytes(2)));

        // No parameter leads to a mask.
        ModelSummary bert = TransformerSummaries.Of(BertConfig.Base(2, 16));
        Assert.Equal(bert.OutputBytes - 4 * 2 * 16, bert.ErrorSignalBytes);
    }
}
