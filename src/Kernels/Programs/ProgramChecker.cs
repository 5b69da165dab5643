using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

/// <summary>
/// Judges a program before anything is planned from it. It shares no code with the builder's derivation of shapes. The rules:
/// names are unique (tensors among tensors, steps among steps); shapes and types agree at every step (<see cref="StepShapes"/>);
/// every read has an earlier write (inputs, parameters, optimizer state and, in a pass that continues them, gradients count as written); each tensor is written whole by one step, and again only
/// in place by a step type that allows it; inputs are never written, and parameters and optimizer state only by an optimizer's step; workspace belongs to one step; nothing is
/// declared and never used, and no activation or error signal is computed and never read.
/// </summary>
public static class ProgramChecker
{
    /// <exception cref="CheckFailedException">a rule is broken; the message names the step and the tensor</exception>
    public static void Check(StepProgram program)
    {
        CheckNames(program);
        var written = new bool[program.Tensors.Length];
        var read = new bool[program.Tensors.Length];
        foreach (Step step in program.Steps)
        {
            try
            {
                CheckTensorsBelong(program, step);
                StepShapes.Check(step);
                CheckReads(step, written, read, program.ContinuesGradients);
                CheckWrites(step, written);
            }
            catch (CheckFailedException e)
            {
                throw new CheckFailedException($"program '{program.Name}', step '{step.Name}': {e.Message}");
            }
        }

        CheckEverythingUsed(program, written, read);
    }

    private static void CheckNames(StepProgram program)
    {
        var tensors = new HashSet<string>(StringComparer.Ordinal);
        for (int index = 0; index < program.Tensors.Length; index++)
        {
            TensorSpec tensor = program.Tensors[index];
            if (!tensors.Add(tensor.Name))
            {
                throw new CheckFailedException($"program '{program.Name}': two tensors are named '{tensor.Name}'");
            }

            if (tensor.Index != index)
            {
                throw new CheckFailedException($"program '{program.Name}': tensor '{tensor.Name}' has index {tensor.Index} at position {index}");
            }
        }

        var steps = new HashSet<string>(StringComparer.Ordinal);
        foreach (Step step in program.Steps)
        {
            if (!steps.Add(step.Name))
            {
                throw new CheckFailedException($"program '{program.Name}': two steps are named '{step.Name}'");
            }
        }
    }

    private static void CheckTensorsBelong(StepProgram program, Step step)
    {
        foreach (TensorSpec tensor in step.Reads.Concat(step.Writes))
        {
            if (tensor.Index >= program.Tensors.Length || !ReferenceEquals(program.Tensors[tensor.Index], tensor))
            {
                throw new CheckFailedException($"tensor '{tensor.Name}' was not declared in this program");
            }
        }
    }

    private static void CheckReads(Step step, bool[] written, bool[] read, bool continuesGradients)
    {
        foreach (TensorSpec tensor in step.Reads)
        {
            if (tensor.Category is TensorCategory.Workspace)
            {
                throw new CheckFailedException($"workspace '{tensor.Name}' is read as an operand");
            }

            if (!IsGiven(tensor.Category, continuesGradients) && !written[tensor.Index])
            {
                throw new CheckFailedException($"tensor '{tensor.Name}' is read before any step has written it");
            }

            read[tensor.Index] = true;
        }
    }

    private static void CheckWrites(Step step, bool[] written)
    {
        ImmutableArray<TensorSpec> writes = step.Writes;
        for (int i = 0; i < writes.Length; i++)
        {
            TensorSpec tensor = writes[i];
            bool isKept = tensor.Category is TensorCategory.Input
                || (tensor.Category is TensorCategory.Parameter or TensorCategory.OptimizerState && !InPlace.IsUpdate(step));
            if (isKept)
            {
                throw new CheckFailedException($"{Label(tensor.Category)} '{tensor.Name}' is written");
            }

            if (writes.IndexOf(tensor) != i)
            {
                throw new CheckFailedException($"tensor '{tensor.Name}' is written twice by one step");
            }

            bool inPlace = step.Reads.Contains(tensor);
            if (inPlace && !InPlace.IsAllowed(step, tensor))
            {
                throw new CheckFailedException($"tensor '{tensor.Name}' is both read and written, which {step.GetType().Name} cannot do there");
            }

            bool isScratch = ReferenceEquals(tensor, step.Workspace);
            if (isScratch != tensor.Category is TensorCategory.Workspace)
            {
                throw new CheckFailedException(
                    isScratch ? $"{Label(tensor.Category)} '{tensor.Name}' is used as workspace" : $"workspace '{tensor.Name}' is written as a result");
            }

            if (written[tensor.Index] && !inPlace)
            {
                throw new CheckFailedException(
                    isScratch ? $"workspace '{tensor.Name}' is used by an earlier step too" : $"tensor '{tensor.Name}' was already written by an earlier step");
            }

            written[tensor.Index] = true;
        }
    }

    private static void CheckEverythingUsed(StepProgram program, bool[] written, bool[] read)
    {
        foreach (TensorSpec tensor in program.Tensors)
        {
            bool needsWrite = tensor.Category is not (TensorCategory.Parameter or TensorCategory.Input or TensorCategory.OptimizerState);
            bool needsRead = tensor.Category is not (TensorCategory.Output or TensorCategory.Workspace or TensorCategory.Gradient);
            if (needsWrite && !written[tensor.Index])
            {
                throw new CheckFailedException($"program '{program.Name}': {Label(tensor.Category)} '{tensor.Name}' is declared and never written");
            }

            if (needsRead && !read[tensor.Index])
            {
                throw new CheckFailedException($"program '{program.Name}': {Label(tensor.Category)} '{tensor.Name}' is declared and never read");
            }
        }
    }

    private static bool IsGiven(TensorCategory category, bool continuesGradients) => category switch
    {
        TensorCategory.Parameter or TensorCategory.Input or TensorCategory.OptimizerState => true,
        TensorCategory.Gradient => continuesGradients,
        _ => false,
    };

    private static string Label(TensorCategory category) => category switch
    {
        TensorCategory.Parameter => "parameter",
        TensorCategory.Input => "input",
        TensorCategory.Output => "output",
        TensorCategory.Activation => "activation",
        TensorCategory.Workspace => "workspace",
        TensorCategory.Gradient => "gradient",
        TensorCategory.OptimizerState => "optimizer state",
        TensorCategory.ErrorSignal => "error signal",
        _ => throw new ArgumentOutOfRangeException(nameof(category), category, null),
    };
}
