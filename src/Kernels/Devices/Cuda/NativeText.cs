using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>Text that comes from native libraries, and text about calls to them.</summary>
internal static unsafe class NativeText
{
    /// <summary>A null-terminated text of a library; "?" where it gave none.</summary>
    public static string Of(byte* text) => Marshal.PtrToStringUTF8((nint)text) is { Length: > 0 } known ? known : "?";

    /// <summary>The function that an expression calls: <c>cuMemFree</c> of <c>Driver.cuMemFree(region)</c>.</summary>
    /// <param name="expression">as CallerArgumentExpression gives it</param>
    public static string Call(string expression)
    {
        int arguments = expression.IndexOf('(', StringComparison.Ordinal);
        string callee = arguments < 0 ? expression : expression[..arguments];
        return callee[(callee.LastIndexOf('.') + 1)..].Trim();
    }
}
