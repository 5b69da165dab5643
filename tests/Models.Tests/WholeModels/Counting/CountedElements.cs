using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Steps of which an element of the result needs one element of each operand.</summary>
internal static class CountedElements
{
    public static void BiasActivation(CountedTensors t, BiasActivationStep s) => t.Write(s.Y, Biased(t.Read(s.X), t.ReadIfAny(s.Bias)).Select(v =>
        s.Activation switch
        {
            Activation.Relu => v.Or(t.Number(0)),
            Activation.Gelu => (t.Number(1) + (v / t.Number(Math.Sqrt(2))).Erf()) * v * t.Number(0.5),
            Activation.Tanh => v.Tanh(),
            _ => v,
        }));

    public static void ActivationBackward(CountedTensors t, ActivationBackwardStep s) => t.Write(
        s.Gradient,
        t.Read(s.Y).Zip(t.Read(s.Gradient), (y, dy) => s.Activation switch
        {
            Activation.Relu => y.Exceeds(t.Number(0)) ? dy : t.Number(0),
            Activation.Tanh => dy * (t.Number(1) - y * y),
            _ => throw new InvalidOperationException($"no slope of {s.Activation} by its result"),
        }));

    /// <summary>dy times (Phi(v) + v phi(v)), v = x + bias.</summary>
    public static void GeluBackward(CountedTensors t, GeluBackwardStep s) => t.Write(
        s.Gradient,
        Biased(t.Read(s.X), t.Read(s.Bias)).Zip(t.Read(s.OutputGradient), (v, dy) =>
        {
            Counted distribution = (t.Number(1) + (v / t.Number(Math.Sqrt(2))).Erf()) * t.Number(0.5);
            Counted density = (v * v * t.Number(-0.5)).Exp() * t.Number(1 / Math.Sqrt(2 * Math.PI));
            return dy * (distribution + v * density);
        }));

    public static void AttentionMask(CountedTensors t, AttentionMaskStep s) =>
        t.Write(s.Y, t.Ids(s.Mask).Select(mask => (t.Number(1) - t.Number(mask)) * t.Number(float.MinValue)));

    public static void SplitHeads(CountedTensors t, SplitHeadsStep s)
    {
        double[] biased = [.. Biased(t.Read(s.X), t.ReadIfAny(s.Bias)).Select(element => element.Value)];
        t.Set(s.Y, HeadsReference.Split(biased, null, s.Y.Shape[0], s.Y.Shape[2], s.Y.Shape[1], s.Y.Shape[3]));
    }

    /// <summary>Moves, computes nothing.</summary>
    public static void MergeHeads(CountedTensors t, MergeHeadsStep s) =>
        t.Set(s.Y, HeadsReference.Merge(t.Values(s.X), s.X.Shape[0], s.X.Shape[2], s.X.Shape[1], s.X.Shape[3]));

    /// <summary>(x + bias) mask / (1 - p). Drawing is arithmetic on integers.</summary>
    public static void Dropout(CountedTensors t, DropoutStep s)
    {
        double[] mask = [.. DropoutReference.Mask(s.X.Shape.Elements, t.Ids(s.Seed)[0], s.Stream, s.Probability).Select(kept => (double)kept)];
        if (s.Mask is not null)
        {
            t.Set(s.Mask, mask);
        }

        t.Write(s.Y, Kept(t, Biased(t.Read(s.X), t.ReadIfAny(s.Bias)), mask, s.Probability));
    }

    public static void DropoutBackward(CountedTensors t, DropoutBackwardStep s) =>
        t.Write(s.Gradient, Kept(t, t.Read(s.OutputGradient), t.Values(s.Mask), s.Probability));

    private static IEnumerable<Counted> Kept(CountedTensors t, IEnumerable<Counted> x, double[] mask, double probability) =>
        x.Zip(mask, (element, kept) => element * t.Number(kept) / t.Number(1 - probability));

    private static IEnumerable<Counted> Biased(Counted[] x, Counted[]? bias) =>
        bias is null ? x : x.Select((element, i) => element + bias[i % bias.Length]);
}
