using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>What makes two convolutions the same to cuDNN; a gradient has no ReLU.</summary>
internal readonly record struct ConvolutionKey(ConvolutionShape Shape, bool Relu, long WorkspaceBytes);

/// <summary>What every convolution of a device is made with.</summary>
internal sealed record CudnnSetting(ICudnn Cudnn, CudnnStatus Status, cudnnHandle_t Handle, MathMode Math, int ComputeMajor);

/// <summary>
/// One distinct convolution, or gradient of one: its descriptors and its algorithm, made and tried once and used by every later call.
/// </summary>
internal abstract unsafe class CudnnConvolution<TCall> : IDisposable
    where TCall : struct
{
    /// <summary>There are 8 algorithms (CUDNN_CONVOLUTION_FWD_ALGO_COUNT) and fewer for the gradients, some with two math types.</summary>
    protected const int MostProposals = 16;

    private readonly ConvolutionKey _key;
    private readonly ConvolutionPass _pass;
    private readonly ConvolutionDemand _demand;
    private int _algorithm;

    /// <param name="setting">of the device</param>
    /// <param name="key">what this one is</param>
    /// <param name="pass">forward or which gradient</param>
    /// <param name="onlyAlgorithm">the one that the call takes, null where it takes any</param>
    /// <exception cref="CallerException">an extent beyond 32 bits</exception>
    /// <exception cref="MachineException">cuDNN does not take the shape</exception>
    protected CudnnConvolution(CudnnSetting setting, ConvolutionKey key, ConvolutionPass pass, int? onlyAlgorithm)
    {
        Cudnn = setting.Cudnn;
        Status = setting.Status;
        Handle = setting.Handle;
        _key = key;
        _pass = pass;
        _demand = new ConvolutionDemand(setting.Math, setting.ComputeMajor, onlyAlgorithm, Deterministic: pass != ConvolutionPass.Forward);
        ConvolutionShape shape = key.Shape;
        string gradient = pass switch
        {
            ConvolutionPass.WeightBackward => "weight gradient of ",
            ConvolutionPass.DataBackward => "data gradient of ",
            _ => "",
        };
        What = $"{gradient}convolution [{shape.N},{shape.C},{shape.H},{shape.W}] * [{shape.K},{shape.C},{shape.R},{shape.S}]";
        int n = Extent(shape.N, "n"), c = Extent(shape.C, "c"), k = Extent(shape.K, "k");
        Descriptors = new CudnnDescriptors(Cudnn, Status, What);
        try
        {
            X = Descriptors.Tensor(n, c, Extent(shape.H, "h"), Extent(shape.W, "w"));
            Weight = Descriptors.Filter(k, c, Extent(shape.R, "r"), Extent(shape.S, "s"));
            Y = Descriptors.Tensor(n, k, Extent(shape.P, "p"), Extent(shape.Q, "q"));
            Convolution = Descriptors.Convolution(
                shape.Padding, shape.Stride, setting.Math == MathMode.Tf32 ? cudnnMathType_t.CUDNN_DEFAULT_MATH : cudnnMathType_t.CUDNN_FMA_MATH);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected ICudnn Cudnn { get; }

    protected CudnnStatus Status { get; }

    protected cudnnHandle_t Handle { get; }

    protected CudnnDescriptors Descriptors { get; }

    /// <summary>For messages.</summary>
    protected string What { get; }

    /// <summary>Of x and of its gradient.</summary>
    protected cudnnTensorDescriptor_t X { get; }

    /// <summary>Of the weights and of their gradient.</summary>
    protected cudnnFilterDescriptor_t Weight { get; }

    /// <summary>Of y and of its gradient.</summary>
    protected cudnnTensorDescriptor_t Y { get; }

    protected cudnnConvolutionDescriptor_t Convolution { get; }

    /// <summary>The function that <see cref="Enqueue"/> calls.</summary>
    protected abstract string Function { get; }

    /// <summary>
    /// The first call: proposals are tried in cuDNN's order until the call takes one. What it takes and the bytes it needs are
    /// kept; <see cref="Run"/> then uses them.
    /// </summary>
    /// <exception cref="MachineException">no algorithm fits the workspace and is taken</exception>
    public ConvolutionChoice First(in TCall call)
    {
        Span<ConvolutionProposal> proposals = stackalloc ConvolutionProposal[MostProposals];
        proposals = proposals[..Propose(proposals)];
        foreach (ref ConvolutionProposal proposal in proposals)
        {
            AskForWorkspace(ref proposal);
        }

        for (int from = 0; ConvolutionAlgorithm.Next(proposals, from, _key.WorkspaceBytes, _demand) is { } k; from = k + 1)
        {
            Take(proposals[k]);
            cudnnStatus_t status = Enqueue(_algorithm, call);
            if (!ConvolutionAlgorithm.IsNotSupported(status))
            {
                Status.ThrowIfFailed(status, What, Function);
                return new ConvolutionChoice(_key.Shape, _key.Relu, NameOf(_algorithm), proposals[k].WorkspaceBytes, _key.WorkspaceBytes, _pass);
            }
        }

        long? least = ConvolutionAlgorithm.LeastWorkspaceBytes(proposals, _demand);
        throw new MachineException(least > _key.WorkspaceBytes
            ? $"{What}: no algorithm of cuDNN does with {_key.WorkspaceBytes} bytes of workspace, the least is {least}: "
                + $"give --workspace {(least.Value + (1 << 20) - 1) >> 20} (MiB) or more"
            : $"{What}: cuDNN has no algorithm for it in {_demand.Math} with {_key.WorkspaceBytes} bytes of workspace: "
                + "give a larger --workspace, or use --device sim");
    }

    public void Run(in TCall call) => Status.ThrowIfFailed(Enqueue(_algorithm, call), What, Function);

    public void Dispose() => Descriptors.Dispose();

    /// <summary>The heuristic's list, fastest first.</summary>
    /// <returns>how many there are</returns>
    protected abstract int Propose(Span<ConvolutionProposal> proposals);

    protected abstract cudnnStatus_t WorkspaceSize(int algorithm, nuint* bytes);

    protected abstract cudnnStatus_t Enqueue(int algorithm, in TCall call);

    /// <summary>cuDNN's name, without the prefix that all of the list have.</summary>
    protected abstract string NameOf(int algorithm);

    protected static string WithoutPrefix(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;

    /// <summary>Algorithm and math type are one pair: the descriptor gets what the proposal was made for.</summary>
    private void Take(in ConvolutionProposal proposal)
    {
        Status.ThrowIfFailed(Cudnn.cudnnSetConvolutionMathType(Convolution, proposal.MathType), What);
        _algorithm = proposal.Algorithm;
    }

    /// <summary>The list's own figure is the heuristic's; this is what the call will hold the workspace against.</summary>
    private void AskForWorkspace(ref ConvolutionProposal proposal)
    {
        if (ConvolutionAlgorithm.MayRun(proposal, _demand))
        {
            nuint bytes = 0;
            Take(proposal);
            cudnnStatus_t status = WorkspaceSize(_algorithm, &bytes);
            proposal = proposal with { Status = status, WorkspaceBytes = (long)bytes };
        }
    }

    private int Extent(long value, string name) => LibraryExtent.Of(value, $"{What}: {name}");
}
