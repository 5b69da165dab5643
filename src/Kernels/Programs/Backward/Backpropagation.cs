namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// Reverse-mode differentiation of a program: every forward step, last one first, is replaced by the steps of its rule (docs/training.md),
/// which land in the same program. So a training step is a program like any other: its lifetimes, plan, ledger and audit need nothing new.
/// <para>An activation T has one error signal <c>T.grad</c>, a parameter P one gradient <c>P.grad</c>. Several readers of a tensor contribute in
/// turn: the last reader's rule comes first and writes, the others add.</para>
/// </summary>
public sealed class Backpropagation
{
    private readonly ProgramBuilder _builder;
    private readonly bool _continuesGradients;
    private readonly HashSet<TensorSpec> _wanted = [];
    private readonly Dictionary<TensorSpec, TensorSpec> _gradients = [];
    private readonly Dictionary<TensorSpec, float> _lossScales = [];
    private readonly List<(int ForwardStep, TensorSpec Tensor)> _kept = [];
    private Recomputation? _recomputation;
    private int _forwardStep;

    private Backpropagation(ProgramBuilder builder, Devices.IConvolutionWorkspace device, bool continuesGradients)
    {
        _builder = builder;
        _continuesGradients = continuesGradients;
        Device = device;
    }

    /// <summary>Says how much workspace convolutions take.</summary>
    internal Devices.IConvolutionWorkspace Device { get; }

    /// <summary>Appends the backward pass of all steps so far, which must end in a loss.</summary>
    /// <param name="builder">has the forward pass</param>
    /// <param name="device">says how much workspace convolutions take</param>
    /// <param name="continuesGradients">gradients of parameters hold what an earlier pass left, and are added to</param>
    /// <param name="blocks">what is not kept, but computed again; null: everything is kept</param>
    /// <exception cref="CheckFailedException">a step without a rule, or in a form that its rule does not know</exception>
    public static void Append(
        ProgramBuilder builder, Devices.IConvolutionWorkspace device, bool continuesGradients, IReadOnlyList<RecomputedBlock>? blocks = null)
    {
        Step[] forward = [.. builder.Steps];
        var pass = new Backpropagation(builder, device, continuesGradients);
        if (blocks is not null)
        {
            // What rules read decides what must run again, before the rules run: a rehearsal on a program that is thrown away tells.
            var rehearsal = new Backpropagation(new ProgramBuilder("rehearsal"), device, continuesGradients);
            rehearsal.Run(forward);
            pass._recomputation = new Recomputation(builder, forward, rehearsal._kept.ToLookup(read => read.ForwardStep, read => read.Tensor), blocks);
        }

        pass.Run(forward);
    }

    /// <summary>Does a parameter lead to it? Inputs, masks and what is made of them alone have no gradient.</summary>
    internal bool Wants(TensorSpec tensor) => tensor.Category is TensorCategory.Parameter || _wanted.Contains(tensor);

    /// <summary>The finished gradient of a tensor, all its readers' contributions in it; null where none of them led to the loss.</summary>
    internal TensorSpec? FindGradientOf(TensorSpec tensor) => _gradients.GetValueOrDefault(tensor);

    /// <inheritdoc cref="FindGradientOf"/>
    /// <exception cref="CheckFailedException">nothing that reads the tensor leads to the loss</exception>
    internal TensorSpec GradientOf(TensorSpec tensor) =>
        FindGradientOf(tensor) ?? throw new CheckFailedException($"nothing that leads to the loss reads '{tensor.Name}'");

    /// <summary>A forward tensor as the backward pass reads it: itself, or what was computed again in its place.</summary>
    internal TensorSpec Kept(TensorSpec tensor)
    {
        _kept.Add((_forwardStep, tensor));
        return _recomputation?.Kept(tensor) ?? tensor;
    }

    /// <inheritdoc cref="Kept"/>
    internal TensorSpec? KeptIfPresent(TensorSpec? tensor) => tensor is null ? null : Kept(tensor);

    /// <summary>A further contribution to the tensor's gradient.</summary>
    /// <param name="tensor">read by the forward step</param>
    /// <param name="from">the forward step</param>
    internal Contribution Contribute(TensorSpec tensor, Step from)
    {
        bool isFirst = !_gradients.ContainsKey(tensor);
        TensorSpec gradient = isFirst ? DeclareGradient(tensor) : _gradients[tensor];
        bool adds = !isFirst || (tensor.Category is TensorCategory.Parameter && _continuesGradients);
        return new Contribution(gradient, adds ? AdditionName(gradient, from) : gradient.Name, adds);
    }

    /// <summary>A contribution by a kernel that cannot add: it must be the only one.</summary>
    /// <inheritdoc cref="Contribute"/>
    /// <exception cref="CheckFailedException">it is not the first</exception>
    internal Contribution ContributeAlone(TensorSpec tensor, Step from)
    {
        Contribution contribution = Contribute(tensor, from);
        return !contribution.Accumulate
            ? contribution
            : throw new CheckFailedException($"'{tensor.Name}' has another reader, and this rule cannot add to its gradient");
    }

    /// <summary>The name of a step that adds to a gradient.</summary>
    internal static string AdditionName(TensorSpec gradient, Step from) => $"{gradient.Name}:from:{from.Writes[0].Name}";

    internal void Add(Step step) => _builder.Add(step);

    /// <summary>Scratch of one step; null for no bytes.</summary>
    internal TensorSpec? Workspace(string name, long bytes) =>
        bytes == 0 ? null : _builder.Declare(name, new Shape((bytes + 3) / 4), DType.F32, TensorCategory.Workspace);

    /// <summary>Workspace for the row statistics of the norm that gives y: so many numbers a row.</summary>
    internal TensorSpec Statistics(TensorSpec y, params ReadOnlySpan<long> shape) =>
        _builder.Declare($"{y.Name}.statistics", new Shape(shape), DType.F32, TensorCategory.Workspace);

    /// <summary>The sum over x's rows is the gradient of a bias that was added to each of them.</summary>
    internal void AddBiasGradient(TensorSpec? bias, TensorSpec x, Step from)
    {
        if (bias is not null)
        {
            Contribution b = Contribute(bias, from);
            Add(new RowSumStep(b.StepName, x, b.Gradient, b.Accumulate));
        }
    }

    /// <summary>What the loss multiplies the elements of x by: the gradient of x, a constant, needs no buffer.</summary>
    internal void SetLossScale(TensorSpec x, float scale) => _lossScales.Add(x, scale);

    /// <exception cref="CheckFailedException">x is not what the loss is a sum of</exception>
    internal float LossScaleOf(TensorSpec x) => _lossScales.TryGetValue(x, out float scale)
        ? scale
        : throw new CheckFailedException($"no loss is a sum of '{x.Name}'");

    private void Run(Step[] forward)
    {
        FindWanted(forward);
        for (_forwardStep = forward.Length - 1; _forwardStep >= 0; _forwardStep--)
        {
            _recomputation?.BeforeBackwardOf(_forwardStep);
            try
            {
                BackwardRules.Apply(this, forward[_forwardStep]);
            }
            catch (CheckFailedException e)
            {
                throw new CheckFailedException($"the backward pass of '{forward[_forwardStep].Name}': {e.Message}");
            }
        }
    }

    private TensorSpec DeclareGradient(TensorSpec tensor)
    {
        TensorCategory category = tensor.Category is TensorCategory.Parameter ? TensorCategory.Gradient : TensorCategory.ErrorSignal;
        TensorSpec gradient = _builder.Declare($"{tensor.Name}.grad", tensor.Shape, DType.F32, category);
        _gradients.Add(tensor, gradient);
        return gradient;
    }

    private void FindWanted(Step[] forward)
    {
        foreach (Step step in forward)
        {
            if (step.Reads.Any(Wants))
            {
                _wanted.UnionWith(step.Writes);
            }
        }
    }
}

/// <summary>Where a rule writes a gradient.</summary>
/// <param name="Gradient">the tensor</param>
/// <param name="StepName">of the step that writes it</param>
/// <param name="Accumulate">it holds other contributions, of this pass or of an earlier one of the step: add to them</param>
internal readonly record struct Contribution(TensorSpec Gradient, string StepName, bool Accumulate);
