using System.Collections.Immutable;
using Harness.Models.Training;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Gathers the account of a training pass: a model's forward steps as in inference, then the backward steps, and the updates at the end. It
/// keeps the books that are alike in every model (docs/training.md): which gradient has a contribution already, and so whether a step writes
/// or adds and what it is called; what belongs to every parameter; the loss; dropout.
/// </summary>
internal sealed class TrainingAccountBuilder(string model, TrainingPass pass) : AccountBuilder(model)
{
    private readonly List<(string Name, Formula Elements)> _parameters = [];
    private readonly HashSet<string> _parameterNames = [];
    private readonly HashSet<string> _contributedTo = [];

    /// <summary>A gradient that a backward step writes or adds to: of a parameter or of an activation.</summary>
    public readonly record struct Target(string Of, Formula Elements);

    public static Formula MaskBytes(Formula elements) => elements;

    /// <summary>The optimizer's input, where the pass updates.</summary>
    private static bool HasBiasCorrections(TrainingPass pass) => pass.Updates && pass.Optimizer is Optimizer.Adam or Optimizer.AdamW;

    public bool HasDropout => pass.Dropout > 0;

    // Where blocks are computed again, so are masks, forward and backward: from the seed, and none is kept.
    private bool KeepsMasks => !pass.RecomputeBlocks;

    public override void Parameter(string name, Formula elements)
    {
        base.Parameter(name, elements);
        _parameters.Add((name, elements));
        _parameterNames.Add(name);
    }

    /// <summary>Declares what the caller gives beside the model's own inputs. Returns its bytes.</summary>
    /// <inheritdoc cref="Given"/>
    public Formula TrainingInputs(Formula rows, bool hasDropout)
    {
        foreach ((string name, Formula bytes) in Given(pass, rows, hasDropout))
        {
            Input(name, bytes);
        }

        return TrainingInputBytes(pass, rows, hasDropout);
    }

    /// <summary>Bytes of what the caller gives beside the model's own inputs.</summary>
    /// <inheritdoc cref="Given"/>
    public static Formula TrainingInputBytes(TrainingPass pass, Formula rows, bool hasDropout) =>
        Given(pass, rows, hasDropout).Aggregate(Zero, (sum, input) => sum + input.Bytes);

    /// <param name="rows">of the logits, a label each</param>
    /// <param name="hasDropout">whether the model has any; whether it is used is the pass's choice</param>
    private static IEnumerable<(string Name, Formula Bytes)> Given(TrainingPass pass, Formula rows, bool hasDropout)
    {
        yield return ("labels", IdBytes(rows));
        if (hasDropout && pass.Dropout > 0)
        {
            yield return ("dropout_seed", IdBytes(1));
        }

        if (HasBiasCorrections(pass))
        {
            yield return ("bias_corrections", FloatBytes(2));
        }
    }

    /// <summary>Dropout in place on <paramref name="tensor"/>; nothing where the pass has none. The mask, if it is kept, is an activation, a byte an element.</summary>
    /// <param name="bias">elements of the bias added first; null: none</param>
    /// <param name="again">what the names end in where the step runs again</param>
    public void Dropout(string tensor, Formula elements, Formula? bias = null, string again = "")
    {
        if (HasDropout)
        {
            Formula mask = Mask(tensor, elements);
            Step(bias is null ? $"{tensor}{again}:dropout" : $"{tensor}{again}:bias_dropout", TrainingWork.Dropout(elements, bias is not null),
                reads: FloatBytes(elements) + (bias is null ? Zero : FloatBytes(bias)) + IdBytes(1), writes: FloatBytes(elements) + mask);
        }
    }

    /// <summary>Dropout of <paramref name="tensor"/> to another; the pass has dropout. The mask is named after what is read.</summary>
    /// <param name="again">what the names end in where the step runs again</param>
    public void DropoutTo(string tensor, string result, Formula elements, string again = "")
    {
        Formula mask = Mask(tensor, elements);
        Activation($"{result}{again}", elements);
        Step($"{result}{again}", TrainingWork.Dropout(elements, bias: false),
            reads: FloatBytes(elements) + IdBytes(1), writes: FloatBytes(elements) + mask);
    }

    /// <summary>Declares the mask of a dropout step, if one is kept. Returns its bytes.</summary>
    private Formula Mask(string tensor, Formula elements)
    {
        if (KeepsMasks)
        {
            Buffer($"{tensor}.dropout_mask", AnalyticCategory.Activations, MaskBytes(elements));
        }

        return KeepsMasks ? MaskBytes(elements) : Zero;
    }

    // Bytes: the mask, or the seed to draw it from again.
    private Formula DropoutReads(Formula elements) => KeepsMasks ? MaskBytes(elements) : IdBytes(1);

    /// <summary>Cross entropy of every row of <c>logits</c>, their sum over the rows of the whole batch, and the first error signal.</summary>
    public void Loss(Formula rows, Formula classes)
    {
        Formula logits = rows * classes, reads = FloatBytes(logits) + IdBytes(rows);
        Activation("loss.rows", rows, TrainingWork.CrossEntropy(rows, classes), reads);
        Output("loss", 1, TrainingWork.Mean(rows), reads: FloatBytes(rows));
        Backward(TrainingWork.CrossEntropyBackward(logits), reads, from: "loss", new Target("logits", logits));
    }

    /// <summary>
    /// A backward step, named after the first gradient it goes to. Gradients without a contribution yet are written, others added to, which
    /// reads them and costs an addition an element; in a pass that continues gradients, those of parameters always have one.
    /// </summary>
    /// <param name="work">without what adding costs</param>
    /// <param name="reads">bytes, without those of the gradients that are added to</param>
    /// <param name="from">the tensor that the forward step wrote first</param>
    public void Backward(Work work, Formula reads, string from, params ReadOnlySpan<Target> targets)
    {
        string? name = null;
        Formula additions = Zero, writes = Zero;
        foreach (Target target in targets)
        {
            bool adds = Contribute(target);
            name ??= adds ? $"{target.Of}.grad:from:{from}" : $"{target.Of}.grad";
            additions += adds ? target.Elements : Zero;
            reads += adds ? FloatBytes(target.Elements) : Zero;
            writes += FloatBytes(target.Elements);
        }

        Step(name!, work with { OtherFlops = work.OtherFlops + additions }, reads, writes);
    }

    /// <summary>A backward step in place on the error signal of <paramref name="tensor"/>.</summary>
    /// <param name="what"><c>relu</c>, <c>tanh</c> or <c>dropout</c></param>
    /// <param name="reads">bytes, without those of the error signal</param>
    public void BackwardInPlace(string tensor, string what, Formula elements, Work work, Formula reads) =>
        Step($"{tensor}.grad:{what}", work, reads + FloatBytes(elements), FloatBytes(elements));

    /// <summary>
    /// Backward through a scatter-add into parts of a gradient: first a step that zeroes the whole of it, unless it has a contribution; then one
    /// that adds to what is touched.
    /// </summary>
    /// <param name="touched">elements, each counted once</param>
    /// <param name="reads">bytes, without those of the gradient</param>
    public void BackwardIntoParts(Work work, Formula reads, string from, Target target, Formula touched)
    {
        if (!Contribute(target))
        {
            Step($"{target.Of}.grad", Work.None, reads: Zero, writes: FloatBytes(target.Elements));
        }

        Step($"{target.Of}.grad:from:{from}", work, reads + FloatBytes(touched), FloatBytes(touched));
    }

    /// <summary>
    /// Product C = A W^T backward: W's gradient C.grad^T A, then A's error signal C.grad W, unless A leads from no parameter.
    /// </summary>
    /// <param name="scaled">whether the product has a factor, one multiplication an element of the result</param>
    public void LinearBackward(
        string weight, string? x, string output, Formula rows, Formula inputs, Formula outputs, bool scaled = false)
    {
        Formula signal = FloatBytes(rows * outputs), weights = outputs * inputs;
        Backward(Work.Product(outputs, inputs, rows) with { OtherFlops = scaled ? weights : Zero },
            reads: signal + FloatBytes(rows * inputs), from: output, new Target(weight, weights));
        if (x is not null)
        {
            Backward(Work.Product(rows, inputs, outputs) with { OtherFlops = scaled ? rows * inputs : Zero },
                reads: signal + FloatBytes(weights), from: output, new Target(x, rows * inputs));
        }
    }

    /// <summary>A bias's gradient: the sum of <paramref name="signal"/>'s error signal over its rows, or over images and pixels.</summary>
    /// <param name="elements">of the error signal</param>
    /// <param name="from">the tensor that the forward step wrote first; null: the one whose error signal is summed</param>
    public void BiasBackward(string bias, Formula size, string signal, Formula elements, string? from = null) =>
        Backward(TrainingWork.Sum(elements), reads: FloatBytes(elements), from ?? signal, new Target(bias, size));

    /// <summary>ReLU backward, in place, of a step that worked in place, and the bias added with it.</summary>
    /// <param name="bias">null: none</param>
    public void ReluBackward(string tensor, Formula elements, string? bias, Formula size)
    {
        BackwardInPlace(tensor, "relu", elements, TrainingWork.ReluBackward(elements), reads: FloatBytes(elements));
        if (bias is not null)
        {
            BiasBackward(bias, size, tensor, elements);
        }
    }

    /// <summary>Dropout backward, in place; nothing where the pass has none.</summary>
    public void DropoutBackward(string tensor, Formula elements)
    {
        if (HasDropout)
        {
            BackwardInPlace(tensor, "dropout", elements, TrainingWork.Dropout(elements, bias: false), reads: DropoutReads(elements));
        }
    }

    /// <summary>Backward from the tensor that dropout wrote to the one it read; nothing where the pass has none.</summary>
    public void DropoutToBackward(string tensor, string result, Formula elements)
    {
        if (HasDropout)
        {
            Backward(TrainingWork.Dropout(elements, bias: false), reads: FloatBytes(elements) + DropoutReads(elements), from: result, new Target(tensor, elements));
        }
    }

    /// <summary>The account, with gradients, optimizer state and updates of all parameters.</summary>
    /// <exception cref="InvalidOperationException">a parameter has no gradient</exception>
    public override AnalyticAccount Build(Formula parameterCount, params ReadOnlySpan<PeakMoment> moments)
    {
        foreach ((string name, Formula elements) in _parameters)
        {
            if (!_contributedTo.Contains(name))
            {
                throw new InvalidOperationException($"parameter '{name}' has no gradient");
            }

            Buffer($"{name}.grad", AnalyticCategory.Gradients, FloatBytes(elements));
            if (pass.Updates)
            {
                Update(name, elements);
            }
        }

        return base.Build(parameterCount, moments);
    }

    /// <summary>Reads gradient, parameter and state, and writes the latter two in place. Without an update a pass touches no state and has none.</summary>
    private void Update(string parameter, Formula elements)
    {
        (string name, ImmutableArray<string> states, Work work) = pass.Optimizer switch
        {
            Optimizer.Sgd => ("sgd", [], TrainingWork.Sgd(elements)),
            Optimizer.Momentum => ("momentum", ["momentum_buffer"], TrainingWork.Momentum(elements)),
            Optimizer.Adam => ("adam", ["exp_avg", "exp_avg_sq"], TrainingWork.Adam(elements, weightDecay: false)),
            Optimizer.AdamW => ("adamw", ImmutableArray.Create("exp_avg", "exp_avg_sq"), TrainingWork.Adam(elements, weightDecay: true)),
            _ => throw new ArgumentOutOfRangeException(nameof(parameter), pass.Optimizer, null),
        };
        foreach (string state in states)
        {
            Buffer($"{parameter}.{state}", AnalyticCategory.OptimizerState, FloatBytes(elements));
        }

        Step($"{parameter}:{name}", work,
            reads: FloatBytes((2 + states.Length) * elements) + (HasBiasCorrections(pass) ? FloatBytes(2) : Zero),
            writes: FloatBytes((1 + states.Length) * elements));
    }

    /// <summary>Notes a contribution, and declares an activation's error signal with the first. Returns whether there is something to add to.</summary>
    private bool Contribute(Target target)
    {
        bool isFirst = _contributedTo.Add(target.Of), isParameter = _parameterNames.Contains(target.Of);
        if (isFirst && !isParameter)
        {
            Buffer($"{target.Of}.grad", AnalyticCategory.ErrorSignals, FloatBytes(target.Elements));
        }

        return !isFirst || (isParameter && pass.ContinuesGradients);
    }
}
