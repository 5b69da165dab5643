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
    private readonly bool _keepsMasks;
    private TensorSpec? _seed;
    private int _steps;

    private Dropout(ProgramBuilder builder, double probability, bool keepsMasks)
    {
        _builder = builder;
        _probability = probability;
        _keepsMasks = keepsMasks;
    }

    public static Dropout None(ProgramBuilder builder) => new(builder, probability: 0, keepsMasks: false);

    /// <summary>As the pass says. Where blocks are computed again, masks are drawn again, too, and none is kept.</summary>
    public static Dropout Of(TrainingPass pass, ProgramBuilder builder) => new(builder, pass.Dropout, keepsMasks: !pass.RecomputeBlocks);

    /// <summary>x = x + bias, with elements dropped.</summary>
    /// <returns>the bias that is left for the next step to add: null where it was added here</returns>
    public TensorSpec? InPlace(TensorSpec x, TensorSpec? bias = null)
    {
        if (_probability == 0)
        {
            return bias;
        }

        _builder.DropoutInPlace(x, bias, Seed(), _steps++, _probability, _keepsMasks);
        return null;
    }

    /// <summary>x with elements dropped; x itself where none are.</summary>
    public TensorSpec To(string output, TensorSpec x) =>
        _probability == 0 ? x : _builder.Dropout(output, x, Seed(), _steps++, _probability, _keepsMasks);

    private TensorSpec Seed() => _seed ??= _builder.Input("dropout_seed", DType.I64, 1);
}
