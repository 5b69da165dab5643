namespace Harness.Kernels.Devices;

/// <summary>
/// The software GPU's cuDNN: <see cref="ConvolutionCall"/> on raw addresses. docs/convolution.md says which algorithm a shape gets
/// and derives its workspace; neither depends on the machine.
/// </summary>
public static class HostConvolution
{
    [ThreadStatic]
    private static ImplicitGemmWork? t_implicit;

    [ThreadStatic]
    private static WinogradWork? t_winograd;

    /// <summary>Bytes of workspace for one call of that geometry, a function of the shape alone; 0 for none.</summary>
    public static long WorkspaceBytes(in ConvolutionShape shape) =>
        WinogradLayout.Applies(shape) ? new WinogradLayout(shape).WorkspaceBytes : 0;

    /// <summary>Shapes and addresses are the caller's to check; the workspace must have <see cref="WorkspaceBytes"/>.</summary>
    public static void Run(in ConvolutionCall call, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (WinogradLayout.Applies(call.Shape))
        {
            (t_winograd ??= new WinogradWork()).Run(call, pool);
        }
        else
        {
            (t_implicit ??= new ImplicitGemmWork()).Run(call, pool);
        }
    }
}
