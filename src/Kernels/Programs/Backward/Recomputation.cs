using System.Collections.Immutable;

namespace Harness.Kernels.Programs.Backward;

/// <summary>Steps whose results are not kept for the backward pass, but computed again just before their own backward steps.</summary>
/// <param name="FirstStep">of the forward pass</param>
/// <param name="EndStep">the first behind the block</param>
/// <param name="Input">kept although a step of the block itself writes it; null for none</param>
public readonly record struct RecomputedBlock(int FirstStep, int EndStep, TensorSpec? Input);

/// <summary>
/// Which forward steps run again, and what the backward rules read instead of what was not kept. Of a block are kept what backward rules outside
/// of it read, and its input. A norm whose sum was kept runs again as a norm of that sum. Masks of dropout are drawn again wherever they are needed.
/// </summary>
internal sealed class Recomputation
{
    private readonly ProgramBuilder _builder;
    private readonly Step[] _forward;
    private readonly ILookup<int, TensorSpec> _readsOfRules;
    private readonly IReadOnlyList<RecomputedBlock> _blocks;
    private readonly Dictionary<TensorSpec, TensorSpec> _again = [];

    /// <param name="readsOfRules">by forward step: what its backward rule reads of the forward pass</param>
    public Recomputation(
        ProgramBuilder builder, Step[] forward, ILookup<int, TensorSpec> readsOfRules, IReadOnlyList<RecomputedBlock> blocks)
    {
        _builder = builder;
        _forward = forward;
        _readsOfRules = readsOfRules;
        _blocks = blocks;
    }

    /// <summary>Itself where it was kept.</summary>
    public TensorSpec Kept(TensorSpec tensor) => _again.GetValueOrDefault(tensor, tensor);

    /// <summary>Where this step is the last of a block, its steps run again here.</summary>
    public void BeforeBackwardOf(int step)
    {
        foreach (RecomputedBlock block in _blocks)
        {
            if (block.EndStep - 1 == step)
            {
                Run(block);
            }
        }
    }

    private void Run(RecomputedBlock block)
    {
        Step[] steps = _forward[block.FirstStep..block.EndStep];
        HashSet<TensorSpec> kept = KeptOf(block, steps);
        HashSet<TensorSpec> wanted = WantedOf(block, steps, kept);
        foreach (Step step in steps)
        {
            if (step.Writes.Any(wanted.Contains))
            {
                _builder.Add(Again(step, kept));
            }
        }
    }

    /// <summary>What the block reads from outside, or what rules outside read of it: it lives anyway.</summary>
    private HashSet<TensorSpec> KeptOf(RecomputedBlock block, Step[] steps)
    {
        var written = steps.SelectMany(step => step.Writes).ToHashSet();
        var kept = steps.SelectMany(step => step.Reads).Where(tensor => !written.Contains(tensor)).ToHashSet();
        for (int step = 0; step < _forward.Length; step++)
        {
            if (step < block.FirstStep || step >= block.EndStep)
            {
                kept.UnionWith(_readsOfRules[step].Where(written.Contains));
            }
        }

        if (block.Input is not null)
        {
            kept.Add(block.Input);
        }

        return kept;
    }

    /// <summary>What backward rules read and was not kept, and what the steps that make it read, from the last step to the first.</summary>
    private HashSet<TensorSpec> WantedOf(RecomputedBlock block, Step[] steps, HashSet<TensorSpec> kept)
    {
        var wanted = Enumerable.Range(block.FirstStep, steps.Length).SelectMany(step => _readsOfRules[step])
            .Where(tensor => !kept.Contains(tensor)).ToHashSet();
        foreach (Step step in steps.Reverse())
        {
            if (step.Writes.Any(wanted.Contains))
            {
                wanted.UnionWith(ReadsAgain(step, kept).Where(tensor => !kept.Contains(tensor) && tensor.Category is TensorCategory.Activation));
            }
        }

        return wanted;
    }

    private static ImmutableArray<TensorSpec> ReadsAgain(Step step, HashSet<TensorSpec> kept) =>
        step is RmsNormStep { Sum: { } sum } && kept.Contains(sum) ? [sum] : step.Reads;

    private Step Again(Step step, HashSet<TensorSpec> kept)
    {
        TensorSpec R(TensorSpec tensor) => kept.Contains(tensor) ? tensor : Kept(tensor);
        TensorSpec? RIf(TensorSpec? tensor) => tensor is null ? null : R(tensor);
        TensorSpec W(TensorSpec tensor) => _again.TryGetValue(tensor, out TensorSpec? again) ? again : _again[tensor] =
            _builder.Declare($"{tensor.Name}.recomputed", tensor.Shape, tensor.DType, TensorCategory.Activation);

        switch (step)
        {
            case GemmStep s:
                TensorSpec c = W(s.C);
                return new GemmStep(c.Name, R(s.A), s.LayoutA, R(s.B), s.LayoutB, c, s.LayoutC, s.Batch, s.M, s.N, s.K, s.Alpha);
            case SplitHeadsStep s:
                TensorSpec heads = W(s.Y);
                return new SplitHeadsStep(heads.Name, R(s.X), s.Bias, heads);
            case MergeHeadsStep s:
                TensorSpec merged = W(s.Y);
                return new MergeHeadsStep(merged.Name, R(s.X), merged);
            case SoftmaxStep s:
                TensorSpec probabilities = W(s.Y);
                return new SoftmaxStep(probabilities.Name, R(s.X), RIf(s.PositionBias), RIf(s.Mask), probabilities, s.Scale);
            case BiasActivationStep s:
                TensorSpec activated = W(s.Y);
                return new BiasActivationStep(NameAgain(s, s.Y, activated), R(s.X), s.Bias, activated, s.Activation);
            case DropoutStep s:
                TensorSpec dropped = W(s.Y);
                return new DropoutStep(NameAgain(s, s.Y, dropped), R(s.X), s.Bias, s.Seed, dropped, Mask: null, s.Stream, s.Probability);
            case LayerNormStep s:
                TensorSpec normed = W(s.Y);
                return new LayerNormStep(normed.Name, R(s.X), s.Bias, RIf(s.Residual), s.Gamma, s.Beta, normed, s.Epsilon);
            case RmsNormStep { Sum: { } sum } s when kept.Contains(sum):
                TensorSpec ofSum = W(s.Y);
                return new RmsNormStep(ofSum.Name, sum, Residual: null, s.Gamma, Sum: null, ofSum, s.Epsilon);
            case RmsNormStep s:
                TensorSpec? sumAgain = s.Sum is null ? null : W(s.Sum);
                TensorSpec y = W(s.Y);
                return new RmsNormStep((sumAgain ?? y).Name, R(s.X), RIf(s.Residual), s.Gamma, sumAgain, y, s.Epsilon);
            default:
                throw new CheckFailedException($"{step.GetType().Name} '{step.Name}' cannot run again");
        }
    }

    /// <summary><c>T:relu</c> becomes <c>T.recomputed:relu</c>; a step named after its result follows that.</summary>
    private static string NameAgain(Step step, TensorSpec result, TensorSpec again) => again.Name + step.Name[result.Name.Length..];
}
