using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>From when to when each tensor of a program lives. What is held from pass to pass has a region of its own and is left out.</summary>
public static class Lifetimes
{
    /// <summary>
    /// With N steps: inputs [0, N) and outputs [first write, N), because the caller holds both; everything else from the first
    /// step that writes it to the last that reads or writes it.
    /// </summary>
    /// <returns>one a tensor of the arena, in the order of <see cref="StepProgram.Tensors"/></returns>
    /// <exception cref="CheckFailedException">a tensor that no step writes, or that a step reads before any has written it</exception>
    public static ImmutableArray<Lifetime> Of(StepProgram program)
    {
        const int never = -1;
        int[] firstWrite = new int[program.Tensors.Length];
        int[] lastUse = new int[program.Tensors.Length];
        Array.Fill(firstWrite, never);
        Array.Fill(lastUse, never);

        for (int step = 0; step < program.Steps.Length; step++)
        {
            foreach (TensorSpec tensor in program.Steps[step].Reads)
            {
                if (firstWrite[tensor.Index] == never && !tensor.Category.IsPersistent() && tensor.Category is not TensorCategory.Input)
                {
                    throw new CheckFailedException(
                        $"step '{program.Steps[step].Name}' reads '{tensor.Name}' before any step has written it");
                }

                lastUse[tensor.Index] = step;
            }

            foreach (TensorSpec tensor in program.Steps[step].Writes)
            {
                firstWrite[tensor.Index] = firstWrite[tensor.Index] == never ? step : firstWrite[tensor.Index];
                lastUse[tensor.Index] = step;
            }
        }

        return
        [
            .. program.Tensors.Where(tensor => !tensor.Category.IsPersistent()).Select(tensor => tensor.Category switch
            {
                TensorCategory.Input => new Lifetime(tensor, 0, program.Steps.Length),
                _ when firstWrite[tensor.Index] == never =>
                    throw new CheckFailedException($"no step of '{program.Name}' writes '{tensor.Name}'"),
                TensorCategory.Output => new Lifetime(tensor, firstWrite[tensor.Index], program.Steps.Length),
                _ => new Lifetime(tensor, firstWrite[tensor.Index], lastUse[tensor.Index] + 1),
            }),
        ];
    }
}
