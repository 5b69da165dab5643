using System.Runtime.CompilerServices;
using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Runs one instruction over every combination of awkward operands, with all lanes and with some, and compares bits with a formula in C#.</summary>
internal static class InstructionOracle
{
    public static readonly uint[] Integers = [0, 1, 2, 3, 5, 7, 8, 16, 31, 32, 33, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x12345678, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF];

    public static readonly float[] Floats =
    [
        0f, -0f, 1f, -1f, 0.5f, 1.5f, -2.5f, 3.1415927f, 1e-40f, -1e-45f, 1.1754944e-38f, -1.1754942e-38f, float.MaxValue, float.MinValue, 16777217f, 0.33333334f,
        1e20f, -1e-20f, 2147483648f, -2147483904f, 4294967296f, 65504f, 65520f, 5.9604645e-8f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    public static readonly ulong[] Longs = [.. Integers.Select(v => (ulong)v), .. Integers.Select(v => unchecked((ulong)(int)v)), 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0x123456789ABCDEF0, 0x100000000, 0xFFFFFFFF00000000];

    public static readonly double[] Doubles = [.. Floats.Select(v => (double)v), 4.9e-324, -2.2e-308, 1.7976931348623157e308, 0.1, 9007199254740993.0, -9.3e18, 1.9e19, 1e-200];

    public static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(float.IsNaN(value) ? BitConverter.UInt32BitsToSingle(0x7FFFFFFF) : value);

    public static ulong Bits(double value) => double.IsNaN(value) ? 0x7FF8000000000000 : BitConverter.DoubleToUInt64Bits(value);

    /// <param name="instruction">with <c>D A B C</c> for the operands</param>
    /// <param name="types">register types of D, A, B and C, such as <c>b32</c></param>
    public static void Check<TA, TB, TC>(string instruction, string[] types, TA[] a, TB[] b, TC[] c, Func<TA, TB, TC, ulong> expected)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
    {
        (TA A, TB B, TC C)[] rows = [.. from x in a from y in b from z in c select (x, y, z)];
        int size = types[0].EndsWith("64", StringComparison.Ordinal) ? 8 : 4;
        foreach (bool guarded in new[] { false, true })
        {
            using var kernel = new OneKernel(
                ".param .u64 d, .param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n",
                $$"""
                .reg .b32 %i<9>; .reg .b64 %q<9>; .reg .pred %g<3>; .reg .{{types[0]}} D; .reg .{{types[1]}} A; .reg .{{types[2]}} B; .reg .{{types[3]}} C;
                ld.param.u64 %q1, [d]; ld.param.u64 %q2, [a]; ld.param.u64 %q3, [b]; ld.param.u64 %q4, [c]; ld.param.u32 %i6, [n];
                mov.u32 %i1, %tid.x; mov.u32 %i2, %ctaid.x; mad.lo.u32 %i3, %i2, 64, %i1; setp.ge.u32 %g2, %i3, %i6; @%g2 ret; mul.wide.u32 %q5, %i3, 8;
                add.u64 %q1, %q1, %q5; add.u64 %q2, %q2, %q5; add.u64 %q3, %q3, %q5; add.u64 %q4, %q4, %q5;
                ld.global.{{types[1]}} A, [%q2]; ld.global.{{types[2]}} B, [%q3]; ld.global.{{types[3]}} C, [%q4]; mov.{{types[0]}} D, 77;
                rem.u32 %i4, %i3, 3; setp.ne.u32 %g1, %i4, 0;
                {{Guarded(instruction, guarded)}}
                st.global.{{types[0]}} [%q1], D;
                """);
            ulong d = kernel.Buffer("d", rows.Length * 8);
            ulong[] arguments =
                [d, kernel.In("a", [.. rows.Select(row => Word(row.A))]), kernel.In("b", [.. rows.Select(row => Word(row.B))]), kernel.In("c", [.. rows.Select(row => Word(row.C))]), (ulong)rows.Length];
            kernel.Device.CopyToDevice(new DevicePointer(d), new byte[rows.Length * 8]);
            kernel.Launch(new Dim3((rows.Length + 63) / 64), new Dim3(64), arguments);
            ulong[] words = kernel.Read<ulong>(d, rows.Length);
            for (int k = 0; k < rows.Length; k++)
            {
                ulong want = guarded && k % 3 == 0 ? 77 : expected(rows[k].A, rows[k].B, rows[k].C);
                want = size == 8 ? want : want & 0xFFFFFFFF;
                Assert.True(words[k] == want, $"{instruction}: A {rows[k].A}, B {rows[k].B}, C {rows[k].C}: 0x{words[k]:x}, expected 0x{want:x}");
            }
        }
    }

    /// <summary>The guard stands before the instruction, or before every one between braces.</summary>
    private static string Guarded(string instruction, bool guarded)
    {
        if (!instruction.StartsWith('{'))
        {
            return (guarded ? "@%g1 " : "") + instruction + ";";
        }

        IEnumerable<string> parts = instruction.Trim('{', '}', ' ').Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return "{ " + string.Concat(parts.Select(part => part[0] is '.' or '@' || !guarded ? $"{part}; " : $"@%g1 {part}; ")) + "}";
    }

    private static ulong Word<T>(T value)
        where T : unmanaged
    {
        ulong word = 0;
        Unsafe.WriteUnaligned(ref Unsafe.As<ulong, byte>(ref word), value);
        return word;
    }
}
