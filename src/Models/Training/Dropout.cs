using Harness.Kernels.Programs;

namespace Harness.Models.Training;

/// <summary>
/// Where a forward pass drops elements. With probability 0, and outside of training, nothing is added to the program: no step, no mask, no seed.
/// Steps count from 0 in the order of the program: the number picks a step's random numbers.
/// </summary>
internal sealed class Dropout
{
    private readonly ProgramBuilder _builder;
    private readonly double _probability;
    private TensorSpec? _seed;
    private int _steps;

    private Dropout(ProgramBuilder builder, double probability)
    {
        _builder = builder;
        _probability = probability;
    }

    public static Dropout None(ProgramBuilder builder) => new(builder, 0);

    public static Dropout With(ProgramBuilder builder, double probability) => new(builder, probability);

    /// <summary>x = x + bias, with elements dropped.</summary>
    /// <returns>the bias that is left for the next step to add: null where it was added here</returns>
    public TensorSpec? InPlace(TensorSpec x, TensorSpec? bias = null)
    {
        if (_probability == 0)
        {
            return bias;
        }

        _builder.DropoutInPlace(x, bias, Seed(), _steps++, _probability);
        return null;
    }

    /// <summary>x with elements dropped; x itself where none are.</summary>
    public TensorSpec To(string output, TensorSpec x) =>
        _probability == 0 ? x : _builder.Dropout(output, x, Seed(), _steps++, _probability);

    private TensorSpec Seed() => _seed ??= _builder.Input("dropout_seed", DType.I64, 1);
}
