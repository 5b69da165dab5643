namespace Harness.Kernels.Devices;

/// <summary>A device address. Arithmetic is in bytes. 0 is the null pointer.</summary>
public readonly record struct DevicePointer(ulong Address)
{
    public static DevicePointer Null => default;

    public static DevicePointer operator +(DevicePointer pointer, long bytes) => new(checked(pointer.Address + (ulong)bytes));

    public static DevicePointer Add(DevicePointer pointer, long bytes) => pointer + bytes;

    public override string ToString() => $"0x{Address:x}";
}

/// <summary>Extents of a grid or a block, x fastest.</summary>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    public long Count => (long)X * Y * Z;
}

/// <summary>A kernel that a device has loaded; valid on that device only.</summary>
public readonly record struct KernelHandle(int Index);

/// <summary>
/// A launch in the driver API's terms. Arguments are raw bits, one word each; the entry's parameter list says how many of the
/// low bytes count. Nothing here may allocate: launches happen in the steady loop.
/// </summary>
public readonly ref struct KernelLaunch
{
    public required KernelHandle Kernel { get; init; }
    public required Dim3 Grid { get; init; }
    public required Dim3 Block { get; init; }

    /// <summary>Dynamic shared memory, bytes a block.</summary>
    public int SharedBytes { get; init; }

    public required ReadOnlySpan<ulong> Arguments { get; init; }
}

/// <summary>
/// cublasGemmStridedBatchedEx in fp32: C[i] = alpha op(A[i]) op(B[i]) + beta C[i], column-major, op(A) m x k, op(B) k x n; leading
/// dimensions and strides in elements. With beta 0, C is not read.
/// </summary>
public readonly record struct GemmCall(
    bool TransposeA, bool TransposeB, long M, long N, long K, float Alpha,
    DevicePointer A, long LeadingDimensionA, long StrideA,
    DevicePointer B, long LeadingDimensionB, long StrideB, float Beta,
    DevicePointer C, long LeadingDimensionC, long StrideC, long BatchCount);

/// <summary>Geometry of an NCHW cross-correlation: x [N,C,H,W], w [K,C,R,S], y [N,K,P,Q].</summary>
public readonly record struct ConvolutionShape(long N, long C, long H, long W, long K, long R, long S, int Padding, int Stride)
{
    /// <summary>Output height.</summary>
    public long P => (H + 2L * Padding - R) / Stride + 1;

    /// <summary>Output width.</summary>
    public long Q => (W + 2L * Padding - S) / Stride + 1;
}

/// <summary>cudnnConvolutionBiasActivationForward with alpha1 1 and alpha2 0, activation ReLU or identity, workspace handed in.</summary>
public readonly record struct ConvolutionCall(
    ConvolutionShape Shape, DevicePointer X, DevicePointer Weight, DevicePointer Bias, DevicePointer Y,
    DevicePointer Workspace, long WorkspaceBytes, bool Relu);

/// <summary>
/// cudnnConvolutionBackwardFilter with alpha 1: dw[k,c,r,s] = sum over n,p,q of x[n,c,p*stride+r-pad,q*stride+s-pad] dy[n,k,p,q] + beta dw, by
/// an algorithm that gives the same bytes every time. The shape is the forward one; with beta 0, dw is not read.
/// </summary>
public readonly record struct ConvolutionWeightBackwardCall(
    ConvolutionShape Shape, DevicePointer X, DevicePointer OutputGradient, DevicePointer WeightGradient,
    DevicePointer Workspace, long WorkspaceBytes, float Beta);

/// <summary>
/// cudnnConvolutionBackwardData with alpha 1 and beta 0: dx is written whole, likewise the same bytes every time. The shape is the forward one.
/// </summary>
public readonly record struct ConvolutionDataBackwardCall(
    ConvolutionShape Shape, DevicePointer Weight, DevicePointer OutputGradient, DevicePointer InputGradient,
    DevicePointer Workspace, long WorkspaceBytes);

/// <summary>cudnnPoolingForward, CUDNN_POOLING_MAX, square window, no padding: x [N,C,H,W] to y [N,C,P,Q].</summary>
public readonly record struct MaxPoolCall(long N, long C, long H, long W, int Window, int Stride, DevicePointer X, DevicePointer Y);

/// <summary>What the device is: <c>sim</c>, <c>null</c> or <c>cuda</c>, and its own name.</summary>
public sealed record DeviceDescription(string Kind, string Name);

/// <summary>The third account of one buffer: how many of its bytes were written and read while it lived (each byte once).</summary>
public readonly record struct BufferTouch(long WrittenBytes, long ReadBytes);

/// <summary>Running totals since the device was made; differences between two readings are one launch's or one step's cost.</summary>
/// <param name="Launches">kernel launches and library calls</param>
/// <param name="LaneInstructions">PTX instructions executed, counted a lane each (library calls count none)</param>
/// <param name="BytesRead">bytes loaded from device memory, repeats counted; a library call counts each operand byte once</param>
/// <param name="BytesWritten">likewise stored</param>
public readonly record struct DeviceCounters(long Launches, long LaneInstructions, long BytesRead, long BytesWritten)
{
    public static DeviceCounters operator -(DeviceCounters a, DeviceCounters b) => new(
        a.Launches - b.Launches, a.LaneInstructions - b.LaneInstructions, a.BytesRead - b.BytesRead, a.BytesWritten - b.BytesWritten);

    public static DeviceCounters Subtract(DeviceCounters a, DeviceCounters b) => a - b;
}

/// <summary>
/// How much workspace the device's convolutions ask for; a model needs to know before it can be built. All three take the geometry of the
/// forward convolution and say the bytes of one call, 0 for none.
/// </summary>
public interface IConvolutionWorkspace
{
    /// <summary>Of <see cref="IDevice.Convolution"/>.</summary>
    long WorkspaceBytes(in ConvolutionShape shape);

    /// <summary>Of <see cref="IDevice.ConvolutionWeightBackward"/>.</summary>
    long WeightBackwardWorkspaceBytes(in ConvolutionShape shape);

    /// <summary>Of <see cref="IDevice.ConvolutionDataBackward"/>.</summary>
    long DataBackwardWorkspaceBytes(in ConvolutionShape shape);
}

/// <summary>
/// The seam: what a GPU and its libraries do for us, in the vendor's terms. Calls are in stream order; <see cref="Synchronize"/>
/// waits. A device does not know tensors, plans or ledgers; it is told which bytes are a live buffer so that it can watch them.
/// Every failure is an exception where it happens: <see cref="CheckFailedException"/> for a violation the device saw (the message
/// names kernel, PTX line, thread and buffer), <see cref="MachineException"/> for a failed call.
/// </summary>
public interface IDevice : IConvolutionWorkspace, IDisposable
{
    DeviceDescription Description { get; }

    /// <summary>False on a device that only plans: nothing is computed, contents cannot be read.</summary>
    bool Computes { get; }

    /// <summary>One driver allocation, at least 256-byte aligned, contents undefined. <paramref name="name"/> is for error messages.</summary>
    DevicePointer Allocate(string name, long bytes);

    void Free(DevicePointer region);

    /// <summary>From now on these bytes of an allocated region are one live buffer, with undefined contents. Returns an id for <see cref="EndBuffer"/>.</summary>
    int BeginBuffer(string name, DevicePointer address, long bytes);

    /// <summary>The buffer is dead: touching its bytes is a violation. Returns what was touched, or null where the device cannot see it.</summary>
    BufferTouch? EndBuffer(int buffer);

    /// <summary>What the live buffer has seen so far; null where the device cannot see it.</summary>
    BufferTouch? Touch(int buffer);

    void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source);

    void CopyToHost(Span<byte> destination, DevicePointer source);

    /// <summary>The entry of that name from the device's kernel library; loads its module on first use.</summary>
    /// <exception cref="CallerException">no such entry</exception>
    KernelHandle Kernel(string entry);

    void Launch(in KernelLaunch launch);

    void Gemm(in GemmCall call);

    void Convolution(in ConvolutionCall call);

    void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call);

    void ConvolutionDataBackward(in ConvolutionDataBackwardCall call);

    void MaxPool(in MaxPoolCall call);

    /// <summary>Waits for all work handed in so far.</summary>
    void Synchronize();

    /// <summary>Running totals; null where the device cannot count.</summary>
    DeviceCounters? Counters { get; }
}
