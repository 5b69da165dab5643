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

        // Of each of the 12 layers everything runs again but its last norm. Products, two FLOPs a multiply-accumulate: Q, K, V and what is behind the
        // attention, the wide part there and back, scores and context.
        const long State = 512 * 768, Wide = 512 * 3072, Scores = 8 * 12 * 64 * 64;
        const long Products = 2 * ((4 * State * 768) + (2 * State * 3072) + (2 * Scores * 64));

        // Three biases while heads are split; the softmax with scale and mask, and dropout; dropout with a bias, twice; a norm of two terms; GELU.
        const long Others = (3 * State) + (7 * Scores) + (2 * Scores) + (2 * 3 * State) + (8 * State) + (4 * 512) + (6 * Wide);
        Assert.Equal(12 * (Products + Others), recomputing.AddedFlops);
    }

    [Theory]
    [InlineData("bert-base")]
    [InlineData("t5-small")]
    public void What_recomputation_adds_is_counted_over_all_passes_of_a_step(string name)
    {
        Model model = ModelCatalog.Find(name);
        Recomputing alone = TrainingChoices.Recomputation(Of(model, 2, recompute: true))!;
        Configuration pass = Of(model, 2, recompute: true);
        Recomputing parts = TrainingChoices.Recomputation(
            pass with { Training = pass.Training! with { StepBatch = 8, ContinuesGradients = true } })!;
        Assert.Equal((1, 4), (alone.Passes, parts.Passes));
        Assert.Equal(4 * alone.AddedFlops, parts.AddedFlops);
        Assert.Equal((alone.KeptPeakBytes, alone.RecomputedPeakBytes), (parts.KeptPeakBytes, parts.RecomputedPeakBytes));

        // Three passes have no update, 14 FLOPs a parameter, and the last three add the gradients of parameters, one FLOP each; those of tables that
        // rows are added to have been added to before as well.
        long parameters = pass.Account(null).ParameterCount.Value;
        long four = 4 * alone.KeptFlops!.Value;
        Assert.InRange(parts.KeptFlops!.Value, four - (3 * 14 * parameters), four - (3 * 13 * parameters));
        Assert.Contains("in the step's 4 passes", parts.Words, StringComparison.Ordinal);
        Assert.Equal((4L, (long)parts.AddedFlops!), ((long)parts.ToJson()["passes"]!, (long)parts.ToJson()["addedFlops"]!));
    }

    [Fact]
    public void More_than_can_be_counted_is_unknown()
    {
        Configuration pass = Of(ModelCatalog.BertBase, 1, recompute: true);
        Recomputing recomputing = TrainingChoices.Recomputation(
            pass with { Training = pass.Training! with { StepBatch = 1L << 50, ContinuesGradients = true } })!;
        Assert.Null(recomputing.AddedFlops);
        Assert.Null(recomputing.ToJson()["addedFlops"]);
    }

    private static Configuration Of(Model model, long batch, bool recompute = false) => new(
        model, model.Size(batch),
        new TrainingPass(Optimizer.Adam, batch, model.Training.Dropout ?? 0, recompute, ContinuesGradients: false, Updates: true));
}
