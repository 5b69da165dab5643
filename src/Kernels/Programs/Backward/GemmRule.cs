namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// C = alpha A op(B), A stored as it is read: dA = alpha dC op(B)^T; dB = alpha dC^T A where B is stored transposed (a weight [out,in], the keys
/// of attention), else alpha A^T dC.
/// </summary>
internal static class GemmRule
{
    public static void Apply(Backpropagation pass, GemmStep s)
    {
        if (s.LayoutA.Transposed || s.Accumulate)
        {
            throw new CheckFailedException("a product whose first operand is stored transposed, or that adds, has no backward rule");
        }

        TensorSpec gradient = pass.GradientOf(s.C);
        if (s.B.Category is TensorCategory.Parameter)
        {
            OfB(pass, s, gradient); // parameters first
            OfA(pass, s, gradient);
        }
        else
        {
            OfA(pass, s, gradient);
            OfB(pass, s, gradient);
        }
    }

    private static void OfA(Backpropagation pass, GemmStep s, TensorSpec gradient)
    {
        if (!pass.Wants(s.A))
        {
            return;
        }

        Contribution a = pass.Contribute(s.A, s);
        bool accumulate = a.Accumulate;
        string name = a.StepName;
        if (!a.Accumulate && (Int128)s.Batch * s.M * s.K < s.A.Shape.Elements)
        {
            // The product reads a part of A (the first tokens): the rest of the gradient is 0.
            pass.Add(new FillZeroStep(name, a.Gradient));
            name = Backpropagation.AdditionName(a.Gradient, s);
            accumulate = true;
        }

        pass.Add(new GemmStep(
            name, gradient, s.LayoutC, pass.Kept(s.B), s.LayoutB with { Transposed = !s.LayoutB.Transposed },
            a.Gradient, s.LayoutA, s.Batch, M: s.M, N: s.K, K: s.N, s.Alpha, accumulate));
    }

    private static void OfB(Backpropagation pass, GemmStep s, TensorSpec gradient)
    {
        if (!pass.Wants(s.B))
        {
            return;
        }

        Contribution b = pass.Contribute(s.B, s);
        TensorSpec first = pass.Kept(s.A);
        MatrixLayout stored = s.LayoutB with { Transposed = false };
        pass.Add(s.LayoutB.Transposed
            ? new GemmStep(
                b.StepName, gradient, s.LayoutC with { Transposed = true }, first, s.LayoutA,
                b.Gradient, stored, s.Batch, M: s.N, N: s.K, K: s.M, s.Alpha, b.Accumulate)
            : new GemmStep(
                b.StepName, first, s.LayoutA with { Transposed = true }, gradient, s.LayoutC,
                b.Gradient, stored, s.Batch, M: s.K, N: s.N, K: s.M, s.Alpha, b.Accumulate));
    }
}
