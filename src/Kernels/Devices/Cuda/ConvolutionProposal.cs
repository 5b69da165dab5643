using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>
/// An algorithm that cuDNN proposes for a convolution or one of its gradients, out of whichever of the three lists; each list numbers its
/// algorithms by itself.
/// </summary>
/// <param name="Status">of the proposal: not every one that is listed works for the shape</param>
/// <param name="WorkspaceBytes">what it needs</param>
/// <param name="IsDeterministic">gives the same bytes every time</param>
internal readonly record struct ConvolutionProposal(
    int Algorithm, cudnnStatus_t Status, long WorkspaceBytes, cudnnMathType_t MathType, bool IsDeterministic);

/// <summary>What an algorithm must be like.</summary>
/// <param name="Math">what may be computed with</param>
/// <param name="ComputeMajor">of the GPU</param>
/// <param name="OnlyAlgorithm">the one that the call takes, null where it takes any</param>
/// <param name="Deterministic">it must be: sums of a gradient may otherwise be added by atomics, in any order</param>
internal readonly record struct ConvolutionDemand(MathMode Math, int ComputeMajor, int? OnlyAlgorithm, bool Deterministic);
