namespace Harness.Kernels.Devices;

/// <summary>
/// What cuBLAS and cuDNN are to a GPU: host code on the same memory. Before it runs, every operand is checked and marked like a kernel's
/// accesses are: inside one live buffer, written before it is read.
/// </summary>
internal sealed class SimulatedLibraries(SimulatedMemory memory, WorkerPool pool)
{
    private const int FloatBytes = 4;

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    public void Gemm(in GemmCall call)
    {
        CheckLeading("A", call.LeadingDimensionA, call.TransposeA ? call.K : call.M);
        CheckLeading("B", call.LeadingDimensionB, call.TransposeB ? call.N : call.K);
        CheckLeading("C", call.LeadingDimensionC, call.M);
        Matrix("GEMM operand A", call.A, call.TransposeA ? call.K : call.M, call.TransposeA ? call.M : call.K, call.LeadingDimensionA, call.StrideA, call.BatchCount, reads: true);
        Matrix("GEMM operand B", call.B, call.TransposeB ? call.N : call.K, call.TransposeB ? call.K : call.N, call.LeadingDimensionB, call.StrideB, call.BatchCount, reads: true);
        if (call.Beta != 0)
        {
            Matrix("GEMM result C", call.C, call.M, call.N, call.LeadingDimensionC, call.StrideC, call.BatchCount, reads: true);
        }

        Matrix("GEMM result C", call.C, call.M, call.N, call.LeadingDimensionC, call.StrideC, call.BatchCount, reads: false);
        HostGemm.Run(call, pool);
    }

    public void Convolution(in ConvolutionCall call)
    {
        ConvolutionShape s = call.Shape;
        Read("convolution input x", call.X, s.N * s.C * s.H * s.W);
        Read("convolution filter w", call.Weight, s.K * s.C * s.R * s.S);
        Read("convolution bias", call.Bias, s.K);
        Write("convolution output y", call.Y, s.N * s.K * s.P * s.Q);
        Workspace("convolution workspace", HostConvolution.WorkspaceBytes(s), call.Workspace, call.WorkspaceBytes);
        HostConvolution.Run(call, pool);
    }

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call)
    {
        ConvolutionShape s = call.Shape;
        if (call.Beta is not (0 or 1))
        {
            throw new CallerException($"the weight gradient of a convolution is written or added to: beta is 0 or 1, not {call.Beta}");
        }

        Read("convolution input x", call.X, s.N * s.C * s.H * s.W);
        Read("convolution output gradient dy", call.OutputGradient, s.N * s.K * s.P * s.Q);
        if (call.Beta != 0)
        {
            Read("convolution filter gradient dw", call.WeightGradient, s.K * s.C * s.R * s.S);
        }

        Write("convolution filter gradient dw", call.WeightGradient, s.K * s.C * s.R * s.S);
        Workspace("weight gradient workspace", HostConvolutionBackward.WeightWorkspaceBytes(s), call.Workspace, call.WorkspaceBytes);
        HostConvolutionBackward.Weight(call, pool);
    }

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call)
    {
        ConvolutionShape s = call.Shape;
        Read("convolution filter w", call.Weight, s.K * s.C * s.R * s.S);
        Read("convolution output gradient dy", call.OutputGradient, s.N * s.K * s.P * s.Q);
        Write("convolution input gradient dx", call.InputGradient, s.N * s.C * s.H * s.W);
        Workspace("data gradient workspace", HostConvolutionBackward.DataWorkspaceBytes(s), call.Workspace, call.WorkspaceBytes);
        HostConvolutionBackward.Data(call, pool);
    }

    public void MaxPool(in MaxPoolCall call)
    {
        long height = ((call.H - call.Window) / call.Stride) + 1;
        long width = ((call.W - call.Window) / call.Stride) + 1;
        PooledRows(call, height, width);
        Write("max pool output y", call.Y, call.N * call.C * height * width);
        HostMaxPool.Run(call, pool);
    }

    /// <summary>Every byte of it is written and read (docs/convolution.md); tests with poisoned workspace hold the code to that.</summary>
    /// <param name="what">a text that exists already: a steady pass builds none</param>
    private void Workspace(string what, long neededBytes, DevicePointer workspace, long workspaceBytes)
    {
        if (workspaceBytes < neededBytes)
        {
            throw new CallerException($"the {what} needs {neededBytes} bytes, {workspaceBytes} were handed in");
        }

        if (neededBytes > 0)
        {
            memory.Write(what, workspace, neededBytes);
            memory.Read(what, workspace, neededBytes);
        }
    }

    /// <summary>Only what a window covers is read: rows and columns that the floor of the output size cuts off are not.</summary>
    private void PooledRows(in MaxPoolCall call, long height, long width)
    {
        long coveredRows = Covered(call.H, height, call);
        long coveredColumns = Covered(call.W, width, call);
        if (coveredRows == call.H && coveredColumns == call.W)
        {
            Read("max pool input x", call.X, call.N * call.C * call.H * call.W);
            return;
        }

        for (long plane = 0; plane < call.N * call.C; plane++)
        {
            for (long row = 0; row < call.H; row++)
            {
                // With a stride above the window, rows and columns between two windows are not read either.
                if (row / call.Stride >= height ? row >= coveredRows : call.Stride > call.Window && row % call.Stride >= call.Window)
                {
                    continue;
                }

                DevicePointer start = call.X + (((plane * call.H) + row) * call.W * FloatBytes);
                if (call.Stride <= call.Window)
                {
                    Read("max pool input x", start, coveredColumns);
                    continue;
                }

                for (long column = 0; column < width; column++)
                {
                    Read("max pool input x", start + (column * call.Stride * FloatBytes), call.Window);
                }
            }
        }
    }

    /// <summary>Where the last window ends; the whole extent only where windows leave no gaps.</summary>
    private static long Covered(long extent, long outputs, in MaxPoolCall call) =>
        call.Stride > call.Window ? Math.Min(extent - 1, ((outputs - 1) * call.Stride) + call.Window) : ((outputs - 1) * call.Stride) + call.Window;

    private static void CheckLeading(string operand, long leading, long rows)
    {
        if (leading < rows)
        {
            throw new CallerException($"GEMM: the leading dimension {leading} of {operand} is below its {rows} rows");
        }
    }

    /// <summary>A column-major matrix, or a batch of them: as few ranges as its gaps allow.</summary>
    private void Matrix(string what, DevicePointer start, long rows, long columns, long leading, long stride, long batch, bool reads)
    {
        bool dense = leading == rows;
        if (dense && stride == rows * columns)
        {
            Range(what, start, rows * columns * batch, reads);
            return;
        }

        // A stride of 0 is one matrix for all: it is touched once.
        long matrices = stride == 0 ? 1 : batch;
        for (long k = 0; k < matrices; k++)
        {
            DevicePointer matrix = start + (k * stride * FloatBytes);
            if (dense)
            {
                Range(what, matrix, rows * columns, reads);
                continue;
            }

            for (long column = 0; column < columns; column++)
            {
                Range(what, matrix + (column * leading * FloatBytes), rows, reads);
            }
        }
    }

    private void Range(string what, DevicePointer start, long elements, bool reads)
    {
        if (reads)
        {
            Read(what, start, elements);
        }
        else
        {
            Write(what, start, elements);
        }
    }

    private void Read(string what, DevicePointer start, long elements)
    {
        memory.Read(what, start, elements * FloatBytes);
        BytesRead += elements * FloatBytes;
    }

    private void Write(string what, DevicePointer start, long elements)
    {
        memory.Write(what, start, elements * FloatBytes);
        BytesWritten += elements * FloatBytes;
    }
}
