using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Harness.Kernels.Programs;

namespace Harness.Reporting;

/// <summary>An f32 output in a few numbers.</summary>
/// <param name="NotFinite">elements that are infinite or not a number; the other figures leave them out</param>
/// <param name="Minimum">null where no element is finite</param>
/// <param name="Checksum">first 16 hexadecimal digits of the bytes' SHA-256</param>
internal sealed record TensorSummary(
    string Name, Shape Shape, double? Minimum, double? Maximum, double? Mean, long NotFinite, string Checksum)
{
    private const int ChecksumDigits = 16;

    public static TensorSummary Of(TensorSpec tensor, ReadOnlySpan<byte> bytes)
    {
        float minimum = float.PositiveInfinity;
        float maximum = float.NegativeInfinity;
        double sum = 0;
        long finite = 0;
        foreach (float value in MemoryMarshal.Cast<byte, float>(bytes))
        {
            if (float.IsFinite(value))
            {
                minimum = Math.Min(minimum, value);
                maximum = Math.Max(maximum, value);
                sum += value;
                finite++;
            }
        }

        string checksum = Convert.ToHexStringLower(SHA256.HashData(bytes))[..ChecksumDigits];
        return finite == 0
            ? new TensorSummary(tensor.Name, tensor.Shape, null, null, null, tensor.Shape.Elements, checksum)
            : new TensorSummary(tensor.Name, tensor.Shape, minimum, maximum, sum / finite, tensor.Shape.Elements - finite, checksum);
    }

    public static string Text(double? value) => value?.ToString("G6", CultureInfo.InvariantCulture) ?? Quantities.Number(null, 0);
}
