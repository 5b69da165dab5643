using CsCheck;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Tests.Memory;

/// <summary>Random programs for property tests: up to 24 tensors of all categories over up to 12 steps.</summary>
internal static class IntervalGen
{
    private const int MaxSteps = 12;

    private static readonly Gen<Block> s_block = Gen.Select(
        Gen.Int[0, MaxSteps - 1], Gen.Int[1, MaxSteps], Gen.Long[1, 400],
        Gen.Frequency(
            (3, Gen.Const(TensorCategory.Activation)), (1, Gen.Const(TensorCategory.Workspace)), (1, Gen.Const(TensorCategory.Input)),
            (1, Gen.Const(TensorCategory.Output)), (1, Gen.Const(TensorCategory.Parameter))),
        (first, length, floats, category) => new Block(first, Math.Min(first + length, MaxSteps), floats, category));

    public static Gen<StepProgram> Program { get; } = s_block.Array[0, 24].Select(blocks => TestPrograms.Of(MaxSteps, blocks));

    public static Gen<long> AlignmentBytes { get; } = Gen.Int[0, 12].Select(shift => 1L << shift);
}
