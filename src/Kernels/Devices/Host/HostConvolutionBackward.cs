namespace Harness.Kernels.Devices;

/// <summary>
/// The gradients of the software GPU's convolution, on raw addresses. docs/convolution.md says which algorithm a shape gets and derives its
/// workspace; neither depends on the machine.
/// </summary>
public static class HostConvolutionBackward
{
    [ThreadStatic]
    private static WeightGemmWork? t_weightGemm;

    [ThreadStatic]
    private static WinogradWeightWork? t_winogradWeight;

    [ThreadStatic]
    private static DataGemmWork? t_dataGemm;

    [ThreadStatic]
    private static WinogradWork? t_winogradData;

    /// <summary>Bytes of workspace for one <see cref="Weight"/> of that geometry, a function of the shape alone; 0 for none.</summary>
    public static long WeightWorkspaceBytes(in ConvolutionShape shape) =>
        WinogradLayout.Applies(shape) ? new WinogradWeightLayout(shape).WorkspaceBytes : 0;

    /// <summary>Likewise for <see cref="Data"/>.</summary>
    public static long DataWorkspaceBytes(in ConvolutionShape shape) =>
        IsMirrored(shape) ? new WinogradLayout(Mirrored(shape)).WorkspaceBytes : 0;

    /// <summary>Shapes and addresses are the caller's to check; the workspace must have <see cref="WeightWorkspaceBytes"/>.</summary>
    public static void Weight(in ConvolutionWeightBackwardCall call, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (WinogradLayout.Applies(call.Shape))
        {
            (t_winogradWeight ??= new WinogradWeightWork()).Run(call, pool);
        }
        else
        {
            (t_weightGemm ??= new WeightGemmWork()).Run(call, pool);
        }
    }

    /// <summary>Shapes and addresses are the caller's to check; the workspace must have <see cref="DataWorkspaceBytes"/>.</summary>
    public static void Data(in ConvolutionDataBackwardCall call, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (IsMirrored(call.Shape))
        {
            var forward = new ConvolutionCall(
                Mirrored(call.Shape), call.OutputGradient, call.Weight, DevicePointer.Null, call.InputGradient, call.Workspace,
                call.WorkspaceBytes, Relu: false);
            (t_winogradData ??= new WinogradWork()).Run(forward, pool, mirrored: true);
        }
        else
        {
            (t_dataGemm ??= new DataGemmWork()).Run(call, pool);
        }
    }

    /// <summary>Is the data gradient a Winograd convolution? Its padding 2 - padding must not be negative.</summary>
    private static bool IsMirrored(in ConvolutionShape shape) => WinogradLayout.Applies(shape) && shape.Padding <= 2;

    /// <summary>With stride 1, dx is the convolution of dy with every filter turned by half a turn and the channels of both sides exchanged.</summary>
    private static ConvolutionShape Mirrored(in ConvolutionShape s) => new(s.N, s.K, s.P, s.Q, s.C, s.R, s.S, (int)s.R - 1 - s.Padding, 1);
}
