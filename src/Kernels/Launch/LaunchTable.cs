using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

/// <summary>
/// Turns a step into device calls: one launcher a family, each of which picks grid, block and arguments. Kernel handles are looked
/// up on first use and kept, so that the steady loop allocates no managed memory.
/// </summary>
public sealed class LaunchTable(IDevice device, KernelVersions? versions = null)
{
    private readonly Dictionary<string, KernelHandle> _handles = new(StringComparer.Ordinal);

    internal KernelVersions Versions { get; } = versions ?? KernelVersions.Default;

    internal IDevice Device { get; } = device;

    /// <summary>Hands the step's work to the device, in stream order.</summary>
    /// <param name="addresses">by <see cref="TensorSpec.Index"/>; those of tensors that the step does not name are not looked at</param>
    /// <exception cref="CallerException">an extent does not fit the kernels' 32-bit counts</exception>
    public void Launch(Step step, ReadOnlySpan<DevicePointer> addresses)
    {
        switch (step)
        {
            case GemmStep gemm:
                GemmLauncher.Launch(Device, gemm, addresses);
                break;
            case ConvolutionStep convolution:
                ConvolutionLauncher.Launch(Device, convolution, addresses);
                break;
            case ConvolutionWeightBackwardStep backward:
                ConvolutionLauncher.Launch(Device, backward, addresses);
                break;
            case ConvolutionDataBackwardStep backward:
                ConvolutionLauncher.Launch(Device, backward, addresses);
                break;
            case MaxPoolStep pool:
                MaxPoolLauncher.Launch(Device, pool, addresses);
                break;
            case AdaptiveAveragePoolStep pool:
                AdaptiveAveragePoolLauncher.Launch(this, pool, addresses);
                break;
            case BiasActivationStep bias:
                BiasActivationLauncher.Launch(this, bias, addresses);
                break;
            case AddStep add:
                AddLauncher.Launch(this, add, addresses);
                break;
            case SplitHeadsStep split:
                HeadsLauncher.Launch(this, split, addresses);
                break;
            case MergeHeadsStep merge:
                HeadsLauncher.Launch(this, merge, addresses);
                break;
            case SoftmaxStep softmax:
                SoftmaxLauncher.Launch(this, softmax, addresses);
                break;
            case LayerNormStep norm:
                LayerNormLauncher.Launch(this, norm, addresses);
                break;
            case RmsNormStep norm:
                RmsNormLauncher.Launch(this, norm, addresses);
                break;
            case EmbeddingStep embedding:
                EmbeddingLauncher.Launch(this, embedding, addresses);
                break;
            case BertEmbeddingStep embedding:
                EmbeddingLauncher.Launch(this, embedding, addresses);
                break;
            case AttentionMaskStep mask:
                AttentionMaskLauncher.Launch(this, mask, addresses);
                break;
            case RelativePositionBiasStep bias:
                RelativePositionBiasLauncher.Launch(this, bias, addresses);
                break;
            case MaxPoolBackwardStep backward:
                MaxPoolBackwardLauncher.Launch(this, backward, addresses);
                break;
            case FillZeroStep zero:
                SumLauncher.Launch(this, zero, addresses);
                break;
            case RowSumStep sum:
                SumLauncher.Launch(this, sum, addresses);
                break;
            case ChannelSumStep sum:
                SumLauncher.Launch(this, sum, addresses);
                break;
            case BatchSumStep sum:
                SumLauncher.Launch(this, sum, addresses);
                break;
            case ActivationBackwardStep backward:
                ActivationBackwardLauncher.Launch(this, backward, addresses);
                break;
            case GeluBackwardStep backward:
                ActivationBackwardLauncher.Launch(this, backward, addresses);
                break;
            case EmbeddingBackwardStep backward:
                EmbeddingBackwardLauncher.Launch(this, backward, addresses);
                break;
            case RelativePositionBiasBackwardStep backward:
                RelativePositionBiasLauncher.Launch(this, backward, addresses);
                break;
            case AdaptiveAveragePoolBackwardStep backward:
                AdaptiveAveragePoolLauncher.Launch(this, backward, addresses);
                break;
            case CrossEntropyStep loss:
                CrossEntropyLauncher.Launch(this, loss, addresses);
                break;
            case CrossEntropyBackwardStep backward:
                CrossEntropyLauncher.Launch(this, backward, addresses);
                break;
            case ScaledSumStep sum:
                SumLauncher.Launch(this, sum, addresses);
                break;
            case DropoutStep dropout:
                DropoutLauncher.Launch(this, dropout, addresses);
                break;
            case DropoutBackwardStep backward:
                DropoutLauncher.Launch(this, backward, addresses);
                break;
            case SoftmaxBackwardStep backward:
                SoftmaxBackwardLauncher.Launch(this, backward, addresses);
                break;
            case LayerNormParametersBackwardStep backward:
                LayerNormBackwardLauncher.Launch(this, backward, addresses);
                break;
            case LayerNormBackwardStep backward:
                LayerNormBackwardLauncher.Launch(this, backward, addresses);
                break;
            case RmsNormParametersBackwardStep backward:
                RmsNormBackwardLauncher.Launch(this, backward, addresses);
                break;
            case RmsNormBackwardStep backward:
                RmsNormBackwardLauncher.Launch(this, backward, addresses);
                break;
            case SgdStep update:
                OptimizerLauncher.Launch(this, update, addresses);
                break;
            case MomentumStep update:
                OptimizerLauncher.Launch(this, update, addresses);
                break;
            case AdamStep update:
                OptimizerLauncher.Launch(this, update, addresses);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step, "no launcher for this step");
        }
    }

    internal void Launch(string entry, Dim3 grid, Dim3 block, ReadOnlySpan<ulong> arguments)
    {
        if (!_handles.TryGetValue(entry, out KernelHandle kernel))
        {
            kernel = Device.Kernel(entry);
            _handles.Add(entry, kernel);
        }

        Device.Launch(new KernelLaunch { Kernel = kernel, Grid = grid, Block = block, Arguments = arguments });
    }
}
