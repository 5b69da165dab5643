using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Between four registers of 32 lanes and the lanes' quadruples in memory: eight transpositions of 4 x 4.</summary>
internal static unsafe class Interleaving
{
    public static void Split4(float* memory, byte* registers, Instruction* i)
    {
        unchecked
        {
            for (int k = 0; k < Warp.Lanes; k += 4)
            {
                float* m = memory + (k * 4);
                Transpose(Vector128.Load(m), Vector128.Load(m + 4), Vector128.Load(m + 8), Vector128.Load(m + 12), out var x, out var y, out var z, out var t);
                Put(registers, i->Elements[0], k, x);
                Put(registers, i->Elements[1], k, y);
                Put(registers, i->Elements[2], k, z);
                Put(registers, i->Elements[3], k, t);
            }
        }
    }

    public static void Join4(float* memory, byte* registers, Instruction* i)
    {
        unchecked
        {
            for (int k = 0; k < Warp.Lanes; k += 4)
            {
                float* m = memory + (k * 4);
                Transpose(
                    Take(registers, i->Elements[0], k), Take(registers, i->Elements[1], k), Take(registers, i->Elements[2], k), Take(registers, i->Elements[3], k),
                    out var x, out var y, out var z, out var t);
                x.Store(m);
                y.Store(m + 4);
                z.Store(m + 8);
                t.Store(m + 12);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* registers, int offset, int lane, Vector128<float> value)
    {
        if (offset >= 0)
        {
            value.Store((float*)(registers + offset) + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Take(byte* registers, int offset, int lane) => Vector128.Load((float*)(registers + offset) + lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d,
        out Vector128<float> x, out Vector128<float> y, out Vector128<float> z, out Vector128<float> t)
    {
        Vector128<double> lowAb = Low(a, b).AsDouble();
        Vector128<double> lowCd = Low(c, d).AsDouble();
        Vector128<double> highAb = High(a, b).AsDouble();
        Vector128<double> highCd = High(c, d).AsDouble();
        x = Vector128.Create(lowAb.GetLower(), lowCd.GetLower()).AsSingle();
        y = Vector128.Create(lowAb.GetUpper(), lowCd.GetUpper()).AsSingle();
        z = Vector128.Create(highAb.GetLower(), highCd.GetLower()).AsSingle();
        t = Vector128.Create(highAb.GetUpper(), highCd.GetUpper()).AsSingle();
    }

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
