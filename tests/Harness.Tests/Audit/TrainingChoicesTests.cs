using Harness.Audit;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;
using Xunit;

namespace Harness.Tests.Audit;

/// <summary>The peak against the micro-batch and what recomputation saves, by hand.</summary>
public sealed class TrainingChoicesTests
{
    [Fact]
    public void Mnist_mlps_peak_shrinks_with_the_micro_batch()
    {
        // A sample: 3136 of image, 8 of label, two times 512 of the hidden layer and 40 of the logits' error signal; 12 for corrections and loss.
        var choices = TrainingChoices.MicroBatches(Of(ModelCatalog.MnistMlp, 8), convolutionBudgetBytes: null);
        Assert.Equal([(8L, (8 * 4208L) + 12), (4, (4 * 4208) + 12), (2, (2 * 4208) + 12), (1, 4208 + 12)], choices.Select(choice => (choice.MicroBatch, choice.Peak.Bytes)));
        Assert.Null(TrainingChoices.Recomputation(Of(ModelCatalog.MnistMlp, 8)));
    }

    [Fact]
    public void A_single_sample_has_no_choice() => Assert.Empty(TrainingChoices.MicroBatches(Of(ModelCatalog.MnistMlp, 1), null));

    [Fact]
    public void Bert_computes_its_layers_again()
    {
        Recomputing recomputing = TrainingChoices.Recomputation(Of(ModelCatalog.BertBase, 8, recompute: true))!;
        Assert.Equal((361_771_092, 53_491_796), (recomputing.KeptPeakBytes, recomputing.RecomputedPeakBytes));

        // Of each of the 12 layers all products run again, two FLOPs a multiply-accumulate, and not much beside them.
        long products = 2 * 12 * ((512L * ((4 * 768 * 768) + (2 * 768 * 3072))) + (2L * 8 * 12 * 64 * 64 * 64));
        Assert.InRange(recomputing.RecomputedFlops - recomputing.KeptFlops, products, products + (products / 50));
    }

    private static Configuration Of(Model model, long batch, bool recompute = false) => new(
        model, model.Size(batch),
        new TrainingPass(Optimizer.Adam, batch, model.Training.Dropout ?? 0, recompute, ContinuesGradients: false, Updates: true));
}
