namespace Harness.Kernels.Programs;

/// <summary>Element type of a tensor.</summary>
public enum DType
{
    F32,
    I64,
    U8,
}

public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeBytes(this DType dtype) => dtype switch
    {
        DType.F32 => 4,
        DType.I64 => 8,
        DType.U8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
    };

    /// <summary>The short name that reports use: <c>f32</c>, <c>i64</c>, <c>u8</c>.</summary>
    public static string Label(this DType dtype) => dtype switch
    {
        DType.F32 => "f32",
        DType.I64 => "i64",
        DType.U8 => "u8",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
    };
}
