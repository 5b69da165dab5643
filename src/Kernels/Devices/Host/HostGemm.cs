using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// The software GPU's cuBLAS: <see cref="GemmCall"/> on raw addresses. Every element of the result is summed in an order that
/// the shape alone fixes, so that the bytes do not depend on how many workers there are. Operands are packed into scratch of the
/// worker's own, which plays the part of a GPU kernel's shared memory.
/// </summary>
public static class HostGemm
{
    [ThreadStatic]
    private static GemmWork? t_panels;

    [ThreadStatic]
    private static DotGemmWork? t_dots;

    /// <summary>Shapes, strides and addresses are the caller's to check.</summary>
    public static void Run(in GemmCall call, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (call.M <= 0 || call.N <= 0 || call.BatchCount <= 0)
        {
            return;
        }

        if (DotGemmWork.Applies(call))
        {
            (t_dots ??= new DotGemmWork()).Run(call, pool);
        }
        else
        {
            (t_panels ??= new GemmWork()).Run(call, pool);
        }
    }
}

/// <summary>Products by packed panels: the result is cut into rectangles, one an item.</summary>
internal sealed unsafe class GemmWork : IParallelWork
{
    private GemmCall _call;
    private WorkerPool _pool = null!;
    private GemmBlocking _blocking;

    public void Run(in GemmCall call, WorkerPool pool)
    {
        // With alpha 0 the operands are not read, as if the sum were empty.
        _call = call.Alpha == 0 ? call with { K = 0 } : call;
        _pool = pool;
        _blocking = new GemmBlocking(call.M, call.N, _call.K, call.BatchCount, pool.Workers);
        pool.Run(this, checked((int)(_blocking.RowBlocks * _blocking.ColumnBlocks * call.BatchCount)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            // Neighbouring items share columns: the right operand's block stays in the shared cache.
            long rowBlock = item % _blocking.RowBlocks;
            long rest = item / _blocking.RowBlocks;
            long columnBlock = rest % _blocking.ColumnBlocks;
            long batch = rest / _blocking.ColumnBlocks;

            nint row = (nint)(rowBlock * _blocking.BlockRows);
            nint column = (nint)(columnBlock * _blocking.BlockColumns);
            nint rows = (nint)Math.Min(_blocking.BlockRows, _call.M - row);
            nint columns = (nint)Math.Min(_blocking.BlockColumns, _call.N - column);

            nint lda = (nint)_call.LeadingDimensionA, ldb = (nint)_call.LeadingDimensionB, ldc = (nint)_call.LeadingDimensionC;
            float* a = (float*)_call.A.Address + batch * _call.StrideA + (_call.TransposeA ? row * lda : row);
            float* b = (float*)_call.B.Address + batch * _call.StrideB + (_call.TransposeB ? column : column * ldb);
            float* c = (float*)_call.C.Address + batch * _call.StrideC + row + column * ldc;

            float* left = (float*)_pool.Scratch(worker, _blocking.ScratchBytes);
            float* right = left + _blocking.LeftElements;
            nint depth = (nint)_call.K;
            nint step = (nint)_blocking.BlockDepth;
            nint k = 0;
            do
            {
                nint d = Math.Min(step, depth - k);
                nint groups = PanelPacking.RoundUpDepth(d) / PanelKernel.DepthGroup;
                float* panel = left;
                for (nint i = 0; i < rows; i += PanelKernel.Lanes, panel += groups * (PanelKernel.DepthGroup * PanelKernel.Lanes))
                {
                    float* from = _call.TransposeA ? a + k + i * lda : a + i + k * lda;
                    PanelPacking.Left(from, lda, _call.TransposeA, Math.Min(PanelKernel.Lanes, rows - i), d, panel);
                }

                float beta = k == 0 ? _call.Beta : 1;
                for (nint j = 0; j < columns; j += PanelKernel.Columns)
                {
                    nint count = Math.Min(PanelKernel.Columns, columns - j);
                    float* from = _call.TransposeB ? b + j + k * ldb : b + k + j * ldb;
                    PanelPacking.Right(from, ldb, _call.TransposeB, count, d, right);
                    PanelTiles.Multiply(left, right, groups, rows, count, _call.Alpha, beta, c + j * ldc, ldc);
                }

                k += d;
            }
            while (k < depth);
        }
    }
}

/// <summary>A block of packed left panels times up to 12 packed columns, into a result of any number of rows.</summary>
internal static unsafe class PanelTiles
{
    public static void Multiply(
        float* left, float* right, nint groups, nint rows, nint columns, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            nint panelElements = groups * (PanelKernel.DepthGroup * PanelKernel.Lanes);
            nint groupStride = columns * PanelKernel.DepthGroup;
            nint whole = rows / PanelKernel.Lanes * PanelKernel.Lanes;
            for (nint i = 0; i < whole; i += PanelKernel.Lanes, left += panelElements)
            {
                PanelKernel.Multiply(left, right, groupStride, groups, (int)columns, alpha, beta, c + i, ldc);
            }

            if (whole == rows)
            {
                return;
            }

            // The last rows do not fill a tile: compute a whole one aside and keep what exists.
            float* tile = stackalloc float[PanelKernel.Lanes * PanelKernel.Columns];
            PanelKernel.Multiply(left, right, groupStride, groups, (int)columns, alpha, 0, tile, PanelKernel.Lanes);
            for (nint j = 0; j < columns; j++)
            {
                float* to = c + j * ldc + whole;
                for (nint i = 0; i < rows - whole; i++)
                {
                    float value = tile[j * PanelKernel.Lanes + i];
                    to[i] = beta == 0 ? value : float.FusedMultiplyAdd(to[i], beta, value);
                }
            }
        }
    }
}
