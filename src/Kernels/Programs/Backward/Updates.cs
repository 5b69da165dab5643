namespace Harness.Kernels.Programs.Backward;

/// <summary>What is left of a step once all gradients are there: one update a parameter, in the order of their declaration.</summary>
public static class Updates
{
    /// <summary>w -= learningRate g.</summary>
    public static void AppendSgd(ProgramBuilder builder, float learningRate)
    {
        foreach ((TensorSpec weight, TensorSpec gradient) in Pairs(builder))
        {
            builder.Add(new SgdStep($"{weight.Name}:sgd", weight, gradient, learningRate));
        }
    }

    /// <summary>SGD with momentum; state <c>P.momentum_buffer</c>.</summary>
    public static void AppendMomentum(ProgramBuilder builder, float learningRate, float momentum)
    {
        foreach ((TensorSpec weight, TensorSpec gradient) in Pairs(builder))
        {
            TensorSpec buffer = State(builder, weight, "momentum_buffer");
            builder.Add(new MomentumStep($"{weight.Name}:momentum", weight, gradient, buffer, learningRate, momentum));
        }
    }

    /// <summary>Adam or AdamW; states <c>P.exp_avg</c> and <c>P.exp_avg_sq</c>.</summary>
    /// <param name="name">of the optimizer, in the steps' names</param>
    /// <param name="corrections">f32 [2], 1 - beta1^t and 1 - beta2^t</param>
    public static void AppendAdam(
        ProgramBuilder builder, string name, TensorSpec corrections, float learningRate, float beta1, float beta2, float epsilon, float weightDecay)
    {
        foreach ((TensorSpec weight, TensorSpec gradient) in Pairs(builder))
        {
            TensorSpec first = State(builder, weight, "exp_avg"), second = State(builder, weight, "exp_avg_sq");
            builder.Add(new AdamStep(
                $"{weight.Name}:{name}", weight, gradient, first, second, corrections, learningRate, beta1, beta2, epsilon, weightDecay));
        }
    }

    private static TensorSpec State(ProgramBuilder builder, TensorSpec weight, string what) =>
        builder.Declare($"{weight.Name}.{what}", weight.Shape, DType.F32, TensorCategory.OptimizerState);

    private static (TensorSpec Weight, TensorSpec Gradient)[] Pairs(ProgramBuilder builder)
    {
        Dictionary<string, TensorSpec> gradients =
            builder.Tensors.Where(tensor => tensor.Category is TensorCategory.Gradient).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        return
        [
            .. builder.Tensors.Where(tensor => tensor.Category is TensorCategory.Parameter)
                .Select(weight => (weight, gradients.TryGetValue($"{weight.Name}.grad", out TensorSpec? gradient)
                    ? gradient
                    : throw new CheckFailedException($"parameter '{weight.Name}' has no gradient"))),
        ];
    }
}
