namespace Harness.Models.Tests.Oracles.Training;

/// <summary>The update of one parameter, in double precision, as docs/training.md gives it.</summary>
/// <param name="LearningRate">lr</param>
internal abstract record Optimizer(double LearningRate)
{
    /// <summary>The state of parameter P is called <c>P.suffix</c>.</summary>
    public abstract IReadOnlyList<string> StateSuffixes { get; }

    /// <summary>In place on weights and states.</summary>
    /// <param name="t">number of the update, from 1 on</param>
    /// <param name="states">one for each suffix, zero before the first update</param>
    public abstract void Update(int t, double[] weights, double[] gradient, IReadOnlyList<double[]> states);
}

/// <summary>w -= lr g</summary>
internal sealed record Sgd(double LearningRate) : Optimizer(LearningRate)
{
    public override IReadOnlyList<string> StateSuffixes => [];

    public override void Update(int t, double[] weights, double[] gradient, IReadOnlyList<double[]> states)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] -= LearningRate * gradient[i];
        }
    }
}

/// <summary>m = mu m + g; w -= lr m</summary>
/// <param name="Mu">0.9 as a rule</param>
internal sealed record Momentum(double LearningRate, double Mu = 0.9) : Optimizer(LearningRate)
{
    public override IReadOnlyList<string> StateSuffixes => ["momentum_buffer"];

    public override void Update(int t, double[] weights, double[] gradient, IReadOnlyList<double[]> states)
    {
        double[] m = states[0];
        for (int i = 0; i < weights.Length; i++)
        {
            m[i] = Mu * m[i] + gradient[i];
            weights[i] -= LearningRate * m[i];
        }
    }
}

/// <summary>
/// Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) where there is weight decay: w -= lr wd w; m = b1 m + (1 - b1) g;
/// v = b2 v + (1 - b2) g^2; w -= lr (m / c1) / (sqrt(v / c2) + eps) with c = 1 - b^t.
/// </summary>
/// <param name="WeightDecay">wd: 0 for Adam, 0.01 as a rule for AdamW</param>
internal sealed record Adam(
    double LearningRate, double WeightDecay = 0, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8) : Optimizer(LearningRate)
{
    public override IReadOnlyList<string> StateSuffixes => ["exp_avg", "exp_avg_sq"];

    public override void Update(int t, double[] weights, double[] gradient, IReadOnlyList<double[]> states)
    {
        double[] m = states[0], v = states[1];
        double c1 = 1 - Math.Pow(Beta1, t), c2 = 1 - Math.Pow(Beta2, t);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] -= LearningRate * WeightDecay * weights[i];
            m[i] = Beta1 * m[i] + (1 - Beta1) * gradient[i];
            v[i] = Beta2 * v[i] + (1 - Beta2) * gradient[i] * gradient[i];
            weights[i] -= LearningRate * (m[i] / c1) / (Math.Sqrt(v[i] / c2) + Epsilon);
        }
    }
}
