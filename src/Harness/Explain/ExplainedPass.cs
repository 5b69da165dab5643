using System.Collections.Immutable;
using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Explain;

/// <summary>
/// A pass that every question is put to: the program, its plan, the ledger of a pass on the null device, and beside them the formulas,
/// joined by buffer name.
/// </summary>
/// <param name="Held">parameters, gradients and optimizer state, in the order of their region</param>
/// <param name="Buffers">of the arena, in order of birth</param>
internal sealed record ExplainedPass(
    Configuration Configuration, StepProgram Program, MemoryPlan Plan, AnalyticAccount Account, LedgerSnapshot Ledger,
    ImmutableArray<PassBuffer> Held, ImmutableArray<PassBuffer> Buffers)
{
    public int Steps => Program.Steps.Length;

    /// <summary>The model with what must be said to an audit to see this kind of pass.</summary>
    private string Audited => Configuration.Training is null
        ? Configuration.Model.Name
        : $"{Configuration.Model.Name} --pass {TrainingLabels.Training}";

    /// <param name="configuration">what to run</param>
    /// <param name="placement">how offsets are chosen</param>
    /// <param name="workspaceBytes">the workspace of every convolution; null: what the software GPU's takes</param>
    /// <exception cref="CheckFailedException">a buffer's bytes are not those of its formula, which an audit shows in full</exception>
    public static ExplainedPass Run(Configuration configuration, Placement placement, long? workspaceBytes)
    {
        using var device = new NullDevice(workspaceBytes);
        StepProgram program = configuration.Program(device);
        MemoryPlan plan = MemoryPlanner.Plan(program, placement);
        using var parameters = new ParameterRegion(program.Tensors.Where(tensor => tensor.Category.IsPersistent()), device);
        using var executor = new Executor(program, plan, parameters, device);
        executor.BeginPass();
        executor.RunSteps();
        LedgerSnapshot ledger = executor.EndPass().Ledger;

        AnalyticAccount account = configuration.Account(workspaceBytes);
        Dictionary<string, Formula> formulas = account.Buffers.ToDictionary(
            buffer => buffer.Name, buffer => buffer.Formula, StringComparer.Ordinal);
        Dictionary<string, TensorSpec> tensors = program.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        ILookup<int, int> readers = UsersOf(program, step => step.Reads);
        ILookup<int, int> writers = UsersOf(program, step => step.Writes);
        return new ExplainedPass(
            configuration, program, plan, account, ledger, [.. parameters.Rows.Select(Join)], [.. ledger.Rows.Select(Join)]);

        PassBuffer Join(LedgerRow row)
        {
            TensorSpec tensor = tensors[row.Name];
            if (!formulas.TryGetValue(row.Name, out Formula? formula) || formula.Value != row.RequestedBytes)
            {
                throw new CheckFailedException(
                    $"'{row.Name}' has {row.RequestedBytes} bytes, and by its formula "
                    + $"{formula?.Value.ToString(CultureInfo.InvariantCulture) ?? "none"}; "
                    + $"'harness audit {configuration.Model.Name}' shows every difference");
            }

            return new PassBuffer(tensor, row, formula, [.. readers[tensor.Index]], [.. writers[tensor.Index]]);
        }
    }

    /// <exception cref="CallerException">there is no such tensor</exception>
    public PassBuffer Buffer(string name) =>
        Held.Concat(Buffers).FirstOrDefault(buffer => buffer.Name == name)
            ?? throw new CallerException(
                $"{Configuration.Model.Name} has no tensor '{name}'"
                + $"{NearestWord.Hint(name, Program.Tensors.Select(tensor => tensor.Name))}; "
                + $"'harness audit {Audited} --device null --buffers' lists all {Program.Tensors.Length}");

    /// <summary>The position of a step that the caller named, or gave the number of.</summary>
    /// <exception cref="CallerException">there is no such step</exception>
    public int Step(string word)
    {
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            return number >= 0 && number < Steps
                ? (int)number
                : throw new CallerException($"--step {word} is out of range: {Configuration} has steps 0 to {Steps - 1}");
        }

        string[] names = [.. Program.Steps.Select(step => step.Name)];
        int index = Array.IndexOf(names, word);
        return index >= 0
            ? index
            : throw new CallerException(
                $"{Configuration.Model.Name} has no step '{word}'{NearestWord.Hint(word, names)}; a step is a number from 0 to {Steps - 1} "
                + $"or a name: 'harness audit {Audited} --device null --steps' lists all");
    }

    /// <summary>What the arena holds while a step runs, lowest address first.</summary>
    public ImmutableArray<PassBuffer> LiveAt(int step) =>
        [.. Buffers.Where(buffer => buffer.LivesAt(step)).OrderBy(buffer => buffer.Row.OffsetBytes)];

    private static ILookup<int, int> UsersOf(StepProgram program, Func<Step, ImmutableArray<TensorSpec>> tensors) => program.Steps
        .SelectMany((step, index) => tensors(step).Distinct().Select(tensor => (tensor.Index, Step: index)))
        .ToLookup(use => use.Index, use => use.Step);
}
