using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Fitting;

/// <summary>What one size needs, by two accounts that meet here and nowhere before: the program with its plan, and the formulas.</summary>
internal sealed class Need
{
    private readonly Lazy<AnalyticAccount> _account;

    /// <exception cref="CallerException">more bytes than can be counted</exception>
    public Need(Configuration configuration, long? workspaceBytes)
    {
        using var device = new NullDevice(workspaceBytes);
        Configuration = configuration;
        Program = configuration.Program(device);
        Plan = MemoryPlanner.Plan(Program, Placement.Planned);
        PersistentBytes = PersistentBytesOf(Program);
        _account = new Lazy<AnalyticAccount>(() => configuration.Account(workspaceBytes));
    }

    public Configuration Configuration { get; }

    public StepProgram Program { get; }

    public MemoryPlan Plan { get; }

    /// <summary>Of the region that outlives a pass, alignment included.</summary>
    public long PersistentBytes { get; }

    /// <summary>Reserved: what the two regions take.</summary>
    public long Bytes => PersistentBytes + Plan.CapacityBytes;

    public AnalyticAccount Account => _account.Value;

    /// <summary>What is asked for, by the formulas: no alignment, no fragmentation.</summary>
    public long FormulaBytes => FormulaPersistentBytes(Account) + Account.Peak.Bytes;

    /// <summary>What lies beside the arena from pass to pass: the weights, and in training their gradients and the optimizer's state.</summary>
    public static long PersistentBytesOf(StepProgram program) =>
        ParameterRegion.CapacityFor(program.Tensors.Where(tensor => tensor.Category.IsPersistent()));

    /// <summary>The same by the formulas.</summary>
    public static long FormulaPersistentBytes(AnalyticAccount account) => account.Bytes(AnalyticCategory.Parameters)
        + account.Bytes(AnalyticCategory.Gradients) + account.Bytes(AnalyticCategory.OptimizerState);

    /// <summary>The same in words: <c>parameters</c>, or <c>parameters, gradients and optimizer state</c>.</summary>
    public static string PersistentWords(Configuration configuration) => configuration.Training switch
    {
        null => "parameters",
        { Optimizer: Optimizer.Sgd } => "parameters and gradients",
        _ => "parameters, gradients and optimizer state",
    };
}
