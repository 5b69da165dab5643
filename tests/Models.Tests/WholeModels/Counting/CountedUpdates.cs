using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>The optimizers' updates (docs/training.md). What depends on no element, such as 1 - b1, is a plain number.</summary>
internal static class CountedUpdates
{
    public static void Sgd(CountedTensors t, SgdStep s) =>
        t.Write(s.Weight, t.Read(s.Weight).Zip(t.Read(s.Gradient), (w, g) => w - t.Number(s.LearningRate) * g));

    public static void Momentum(CountedTensors t, MomentumStep s)
    {
        Counted[] m = [.. t.Read(s.Buffer).Zip(t.Read(s.Gradient), (earlier, g) => t.Number(s.Momentum) * earlier + g)];
        t.Write(s.Buffer, m);
        t.Write(s.Weight, t.Read(s.Weight).Zip(m, (w, step) => w - t.Number(s.LearningRate) * step));
    }

    public static void Adam(CountedTensors t, AdamStep s)
    {
        Counted[] w = t.Read(s.Weight), g = t.Read(s.Gradient), m = t.Read(s.FirstMoment), v = t.Read(s.SecondMoment);
        (double b1, double b2, double rate) = (s.Beta1, s.Beta2, s.LearningRate);
        (double c1, double c2) = (t.Values(s.Corrections)[0], t.Values(s.Corrections)[1]);
        for (int i = 0; i < w.Length; i++)
        {
            m[i] = t.Number(b1) * m[i] + t.Number(1 - b1) * g[i];
            v[i] = t.Number(b2) * v[i] + t.Number(1 - b2) * (g[i] * g[i]);
            w[i] = s.WeightDecay == 0 ? w[i] : w[i] * t.Number(1 - rate * s.WeightDecay);
            w[i] -= t.Number(rate) * (m[i] / t.Number(c1) / ((v[i] / t.Number(c2)).Root() + t.Number(s.Epsilon)));
        }

        t.Write(s.Weight, w);
        t.Write(s.FirstMoment, m);
        t.Write(s.SecondMoment, v);
    }
}
