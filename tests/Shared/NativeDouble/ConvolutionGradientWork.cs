using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;

namespace Harness.Tests.Shared.NativeDouble;

/// <param name="Operand">x for the gradient of the weights, w for that of the input</param>
/// <param name="Result">dw, dx</param>
internal readonly record struct GradientOperands(
    ConvolutionShape Shape, float Alpha, ulong Operand, ulong Dy, float Beta, ulong Result, ulong Workspace, long WorkspaceBytes, bool Tf32);

/// <summary>
/// result = alpha gradient + beta result by the definition, in double precision: every pair of an output and a weight that met in the forward
/// convolution. The workspace is filled with NaN, as if it were used.
/// </summary>
internal abstract class GradientWork(FakeGpu gpu, string call, GradientOperands operands, long operandFloats, long resultFloats)
    : Work(call, Ranges(gpu, operands, operandFloats, resultFloats))
{
    public override void Run(FakeGpu gpu)
    {
        GradientOperands o = operands;
        ConvolutionShape s = o.Shape;
        ReadOnlySpan<float> operand = ConvolutionWork.Read(gpu, "operand", o.Operand, operandFloats);
        ReadOnlySpan<float> dy = ConvolutionWork.Read(gpu, "dy", o.Dy, s.N * s.K * s.P * s.Q);
        operand = o.Tf32 ? TensorFloat.Round(operand) : operand;
        dy = o.Tf32 ? TensorFloat.Round(dy) : dy;
        double[] sums = new double[resultFloats];
        for (long i = 0; i < dy.Length; i++)
        {
            long q = i % s.Q, p = i / s.Q % s.P, k = i / (s.Q * s.P) % s.K, n = i / (s.Q * s.P * s.K);
            for (long j = 0; j < s.C * s.R * s.S; j++)
            {
                long row = (p * s.Stride) + (j / s.S % s.R) - s.Padding, column = (q * s.Stride) + (j % s.S) - s.Padding;
                if (row >= 0 && row < s.H && column >= 0 && column < s.W)
                {
                    long at = (((((n * s.C) + (j / (s.R * s.S))) * s.H) + row) * s.W) + column, weight = (k * s.C * s.R * s.S) + j;
                    Add(sums, operand, at, weight, dy[(int)i]);
                }
            }
        }

        if (o.WorkspaceBytes > 0)
        {
            gpu.Memory.Span(o.Workspace, o.WorkspaceBytes).Fill(0xFF);
            gpu.Memory.MarkWritten(o.Workspace, o.WorkspaceBytes);
        }

        ReadOnlySpan<float> before = o.Beta == 0 ? default : ConvolutionWork.Read(gpu, "result", o.Result, resultFloats);
        Span<float> result = MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(o.Result, 4 * resultFloats));
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)((o.Alpha * sums[i]) + (o.Beta == 0 ? 0 : o.Beta * (double)before[i]));
        }

        gpu.Memory.MarkWritten(o.Result, 4 * resultFloats);
    }

    /// <param name="sums">of the result</param>
    /// <param name="operand">the other operand</param>
    /// <param name="input">index of the input that an output was made of</param>
    /// <param name="weight">index of the weight that it was multiplied with</param>
    /// <param name="dy">the output's gradient</param>
    protected abstract void Add(double[] sums, ReadOnlySpan<float> operand, long input, long weight, float dy);

    private static ImmutableArray<AddressRange> Ranges(FakeGpu gpu, in GradientOperands o, long operandFloats, long resultFloats)
    {
        long dyFloats = o.Shape.N * o.Shape.K * o.Shape.P * o.Shape.Q;
        AddressRange[] all =
        [
            new(gpu.Operand("operand", o.Operand, 4 * operandFloats), 4 * operandFloats), new(gpu.Operand("dy", o.Dy, 4 * dyFloats), 4 * dyFloats),
            new(gpu.Operand("result", o.Result, 4 * resultFloats), 4 * resultFloats),
            .. o.WorkspaceBytes > 0 ? [new(gpu.Operand("workspace", o.Workspace, o.WorkspaceBytes, alignment: 16), o.WorkspaceBytes)] : (AddressRange[])[],
        ];
        return all[2..].Any(written => all.Count(written.Overlaps) > 1)
            ? throw gpu.Misuse("the operands of a convolution's gradient overlap")
            : [.. all];
    }
}

internal sealed class WeightGradientWork(FakeGpu gpu, GradientOperands operands) : GradientWork(
    gpu, "cudnnConvolutionBackwardFilter", operands, operands.Shape.N * operands.Shape.C * operands.Shape.H * operands.Shape.W,
    operands.Shape.K * operands.Shape.C * operands.Shape.R * operands.Shape.S)
{
    protected override void Add(double[] sums, ReadOnlySpan<float> operand, long input, long weight, float dy) =>
        sums[weight] += (double)operand[(int)input] * dy;
}

internal sealed class DataGradientWork(FakeGpu gpu, GradientOperands operands) : GradientWork(
    gpu, "cudnnConvolutionBackwardData", operands, operands.Shape.K * operands.Shape.C * operands.Shape.R * operands.Shape.S,
    operands.Shape.N * operands.Shape.C * operands.Shape.H * operands.Shape.W)
{
    protected override void Add(double[] sums, ReadOnlySpan<float> operand, long input, long weight, float dy) =>
        sums[input] += (double)operand[(int)weight] * dy;
}
