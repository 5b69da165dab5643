using Harness.Models.Tests.Oracles;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>What was done with <see cref="Counted"/> numbers.</summary>
internal sealed class Tally
{
    /// <summary>Multiply-accumulates.</summary>
    public long Macs { get; set; }

    /// <summary>Everything else, one each.</summary>
    public long Operations { get; set; }
}

/// <summary>A double that counts what is done with it, so that an ordinary computation says itself how much work it is.</summary>
internal readonly struct Counted(double value, Tally tally)
{
    public double Value { get; } = value;

    public static Counted operator +(Counted a, Counted b) => a.Done(a.Value + b.Value);

    public static Counted operator -(Counted a, Counted b) => a.Done(a.Value - b.Value);

    public static Counted operator *(Counted a, Counted b) => a.Done(a.Value * b.Value);

    public static Counted operator /(Counted a, Counted b) => a.Done(a.Value / b.Value);

    /// <summary>this + a * b.</summary>
    public Counted MultiplyAccumulate(Counted a, Counted b)
    {
        tally.Macs++;
        return new(Value + a.Value * b.Value, tally);
    }

    /// <summary>The larger of the two, by one comparison.</summary>
    public Counted Or(Counted other) => Done(Math.Max(Value, other.Value));

    /// <summary>By one comparison.</summary>
    public bool Exceeds(Counted other) => Done(Value).Value > other.Value;

    public Counted Exp() => Done(Math.Exp(Value));

    public Counted Tanh() => Done(Math.Tanh(Value));

    public Counted Erf() => Done(OracleMath.Erf(Value));

    public Counted Log() => Done(Math.Log(Value));

    public Counted Root() => Done(Math.Sqrt(Value));

    public Counted ReciprocalRoot() => Done(1 / Math.Sqrt(Value));

    private Counted Done(double result)
    {
        tally.Operations++;
        return new(result, tally);
    }
}
