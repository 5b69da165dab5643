using Harness.Kernels.Devices;

namespace Harness.Models.Tests.WholeModels;

/// <summary>What computes by definition needs no scratch.</summary>
internal sealed class NoWorkspace : IConvolutionWorkspace
{
    public long WorkspaceBytes(in ConvolutionShape shape) => 0;

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;
}
