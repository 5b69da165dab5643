using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>optimizers.ptx: a thread updates 16 (sgd) or 8 elements.</summary>
internal static class OptimizerLauncher
{
    private const int BlockThreads = 128;

    public static void Launch(LaunchTable table, SgdStep step, ReadOnlySpan<DevicePointer> addresses) => Launch(
        table, step, "sgd", step.Weight, elementsPerThread: 16,
        [Pointer(addresses, step.Weight), Pointer(addresses, step.Gradient), Elements(step.Weight), Float(step.LearningRate)]);

    public static void Launch(LaunchTable table, MomentumStep step, ReadOnlySpan<DevicePointer> addresses) => Launch(
        table, step, "momentum", step.Weight, elementsPerThread: 8,
        [
            Pointer(addresses, step.Weight), Pointer(addresses, step.Gradient), Pointer(addresses, step.Buffer), Elements(step.Weight),
            Float(step.LearningRate), Float(step.Momentum),
        ]);

    public static void Launch(LaunchTable table, AdamStep step, ReadOnlySpan<DevicePointer> addresses) => Launch(
        table, step, "adam", step.Weight, elementsPerThread: 8,
        [
            Pointer(addresses, step.Weight), Pointer(addresses, step.Gradient), Pointer(addresses, step.FirstMoment),
            Pointer(addresses, step.SecondMoment), Pointer(addresses, step.Corrections), Elements(step.Weight), Float(step.LearningRate),
            Float(step.Beta1), Float(step.Beta2), Float(step.Epsilon), Float(step.WeightDecay),
        ]);

    private static void Launch(
        LaunchTable table, Step step, string entry, TensorSpec weight, int elementsPerThread, ReadOnlySpan<ulong> arguments)
    {
        int blocks = Extent(step, CeilingDivide(weight.Shape.Elements, BlockThreads * elementsPerThread));
        table.Launch(entry, new Dim3(blocks), new Dim3(BlockThreads), arguments);
    }

    private static ulong Elements(TensorSpec tensor) => (ulong)tensor.Shape.Elements;
}
