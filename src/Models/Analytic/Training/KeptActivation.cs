using System.Collections.Immutable;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// An activation that lives from the forward pass into the backward pass because a backward rule reads it (docs/training.md). All others die in
/// the forward pass. Where blocks are computed again it is their inputs that are kept; that is not counted here.
/// </summary>
/// <param name="LastReader">the backward step that reads it last, or works on it last</param>
/// <param name="Why">which rule that is</param>
public sealed record KeptActivation(string Name, string LastReader, string Why)
{
    /// <summary>What ReLU wrote in place, and reads again in place on the error signal; every other reader comes before.</summary>
    internal static KeptActivation Relu(string name) => new(name, $"{name}.grad:relu", "ReLU backward asks where its result is above 0");

    /// <summary>The operand of a product or convolution whose weights get their gradient from it; no rule behind reads it.</summary>
    internal static KeptActivation Operand(string name, string weight) =>
        new(name, $"{weight}.grad", $"the gradient of '{weight}' is a product with it, what it was multiplied with in the forward pass");

    /// <summary>The operand of a product of two activations: the other operand's error signal is a product with it.</summary>
    internal static KeptActivation Factor(string name, string other) =>
        new(name, $"{other}.grad", $"the error signal of '{other}' is a product with it, what that was multiplied with in the forward pass");

    internal static KeptActivation Softmax(string probs, string scores) =>
        new(probs, $"{scores}.grad", "the gradient of softmax is made of its result");

    /// <param name="term">of its sum, the one first that the step is named after</param>
    internal static KeptActivation NormTerm(string name, string term, string from = "") =>
        new(name, $"{term}.grad{from}", "the gradient of a norm is made of what it normed, whose statistics are computed again");

    internal static KeptActivation Logits { get; } = new("logits", "logits.grad", "cross entropy backward computes their softmax");

    /// <summary>The mask of a dropout that works in place, or the one of a dropout to another tensor.</summary>
    internal static KeptActivation Mask(string tensor, bool inPlace) => new(
        $"{tensor}.dropout_mask", $"{tensor}.grad{(inPlace ? ":dropout" : "")}", "dropout backward passes on what the mask has kept");

    /// <summary>The mask, if the pass has dropout.</summary>
    internal static ImmutableArray<KeptActivation> MaskOf(string tensor, bool dropout, bool inPlace = true) => dropout ? [Mask(tensor, inPlace)] : [];
}
