using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Where a training pass of VGG16 has the most bytes. Forward every map stays, but the last pool's: its rule is an average, which needs no operand.
/// So all maps but that one are there when the backward pass begins at the classifier, and from there they go one by one, each once its own
/// ReLU is undone (a convolution's) or the gradient of the next weights is made (a pool's). Early stages have the large maps and late stages
/// stand on all that came before them: on the published network the peak is behind the middle, at the turn.
/// <para>
/// The maps of a stage have one size, I1, I2, ... in height and width, and I6 is what the last pool leaves; M1, M2, ... are the maps of that size that a
/// stage keeps of an image: the pool before it and its convolutions. m are those of them in front of the convolution in question.
/// </para>
/// </summary>
internal static class Vgg16TrainingPeak
{
    public static IEnumerable<PeakMoment> Moments(
        Vgg16Layer[] features, Formula b, Formula given, Formula masks, Formula flattened, Formula units, Formula classes)
    {
        // The loss is there from the turn on.
        Formula kept = given, loss = FloatBytes(1), maps, size = Symbol("I1", features[0].Size);
        int last = features[^1].Stage;
        for (int stage = 1; stage <= last; stage++)
        {
            Vgg16Layer[] convolutions = [.. features.Where(layer => layer.Stage == stage && !layer.IsPool)];
            long before = stage == 1 ? 0 : convolutions[0].Channels;
            Formula square = size * size, next = Symbol($"I{stage + 1}", convolutions[0].Size / 2);
            yield return Convolution(convolutions, b, square, kept, loss, before, stage);

            maps = FloatBytes(b * Symbol($"M{stage}", before + convolutions.Sum(layer => layer.Filters)) * square);
            kept += maps;
            Formula pool = FloatBytes(b * Symbol("K", convolutions[^1].Filters) * square) + FloatBytes(b * Symbol("K", convolutions[^1].Filters) * next * next);
            yield return new($"stage{stage}.pool", kept + loss + pool,
                "the pool passes its error signal on to the maps in front of it, beside all maps up to those; the largest maps of a stage whose convolutions have little workspace");
            size = next;
        }

        Formula everything = kept + loss + FloatBytes(b * flattened) + 2 * FloatBytes(b * units) + masks;
        yield return new("adaptive_pool", kept + loss + FloatBytes(b * flattened) + FloatBytes(b * Symbol("K", features[^1].Filters) * size * size),
            "the adaptive pool passes its error signal on to the last pool, beside the maps of all stages; needs small images and few units");
        yield return new("classifier", everything + FloatBytes(b * classes) + FloatBytes(b * units),
            "the last product passes its error signal on to the second hidden layer, beside all that the forward pass has kept");
        yield return new("logits", everything + 2 * FloatBytes(b * classes),
            "the loss's error signal is written while all that the forward pass has kept is there; needs more classes than hidden units");
    }

    /// <summary>
    /// The hungriest of a stage's convolutions in its hungriest direction. Forward and for the weights there are its two ends, of which one is an
    /// error signal then; for the data both ends as error signals, and its input too, if that is a convolution's, whose ReLU is still to be undone.
    /// </summary>
    /// <param name="before">maps of a pool in front of the stage</param>
    private static PeakMoment Convolution(
        Vgg16Layer[] convolutions, Formula b, Formula square, Formula kept, Formula loss, long before, int stage)
    {
        PeakMoment? hungriest = null;
        long maps = before;
        foreach (Vgg16Layer layer in convolutions)
        {
            // A pool's maps are gone once the weights behind them have their gradient.
            bool readsPool = layer == convolutions[0];
            Formula ends = (maps == 0 ? Zero : FloatBytes(b * Symbol("m", maps) * square)) + FloatBytes(b * layer.K * square);
            (string What, Formula Live)[] directions =
            [
                ("computes its maps", kept + ends + layer.Workspaces.Forward),
                ("gives its weights their gradient", kept + loss + ends + layer.Workspaces.WeightBackward),
                ("passes its error signal on", kept + loss + (readsPool ? FloatBytes(b * layer.K * square) : ends) + FloatBytes(b * layer.C * square) + layer.Workspaces.DataBackward),
            ];
            foreach ((string what, Formula live) in layer.Input is null ? directions[..2] : directions)
            {
                if (hungriest is null || live.Value > hungriest.Bytes)
                {
                    hungriest = new($"stage{stage}.convolution", live,
                        $"features.{layer.Index} {what}, beside all maps in front of it and its workspace; a stage that has large maps itself or many in front of it");
                }
            }

            maps += layer.Filters;
        }

        return hungriest!;
    }
}
