using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Harness.Tests.Comparison;

/// <summary><c>harness compare</c> on files written here byte by byte.</summary>
public sealed class CompareTests
{
    [Fact]
    public void Equal_files_pass_with_error_zero()
    {
        using var folder = new TemporaryFolder();
        string a = Floats(folder, "a", 1, -2, 3, float.PositiveInfinity);
        JsonNode tensor = Compare(0, a, a)["tensors"]![0]!;
        Assert.Equal(0, (double)tensor["maxAbsoluteError"]!);
        Assert.Equal(0, (double)tensor["maxRelativeError"]!);
        Assert.Equal(0, (long)tensor["differing"]!);
        Assert.Null(tensor["firstDiffering"]);
    }

    [Fact]
    public void Errors_are_relative_to_the_references_root_mean_square()
    {
        using var folder = new TemporaryFolder();
        string reference = Floats(folder, "a", 3, 4, 3, 4);  // root mean square: sqrt(50 / 4)
        string other = Floats(folder, "b", 3, 4.5f, 3, 3);
        JsonNode result = Compare(1, reference, other);
        JsonNode tensor = result["tensors"]![0]!;
        Assert.Equal(Math.Sqrt(12.5), (double)tensor["referenceRms"]!, 12);
        Assert.Equal(1, (double)tensor["maxAbsoluteError"]!);
        Assert.Equal(1 / Math.Sqrt(12.5), (double)tensor["maxRelativeError"]!, 12);
        Assert.Equal(2, (long)tensor["differing"]!);
        Assert.Equal("""{"index":1,"reference":4,"value":4.5}""", tensor["firstDiffering"]!.ToJsonString());
        Assert.Equal(1, (int)result["failures"]!);
    }

    [Fact]
    public void The_tolerance_decides_and_the_first_element_beyond_it_is_named()
    {
        using var folder = new TemporaryFolder();
        string reference = Floats(folder, "a", 1, 1, 1, 1);
        string other = Floats(folder, "b", 1, 1.125f, 1.25f, 1);
        Assert.Equal(0, Cli.Run("compare", reference, other, "--tolerance", "0.25").ExitCode);
        CliResult beyond = Cli.Run("compare", reference, other, "--tolerance", "0.2");
        Assert.Equal(1, beyond.ExitCode);
        Assert.Contains("FAIL t[1,0] is 1.25, the reference has 1", beyond.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.NaN)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(1, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity)]
    public void Nan_never_passes_and_an_infinity_only_for_itself(float reference, float value)
    {
        using var folder = new TemporaryFolder();
        string a = Floats(folder, "a", 1, 1, reference, 1), b = Floats(folder, "b", 1, 1, value, 1);
        CliResult result = Cli.Run("compare", a, b, "--tolerance", "1e30");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("FAIL t[1,0]", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_reference_is_all_zeros_only_zeros_pass()
    {
        using var folder = new TemporaryFolder();
        string zeros = Floats(folder, "a", 0, 0, 0, 0);
        Assert.Equal(0, Cli.Run("compare", zeros, Floats(folder, "b", 0, -0f, 0, 0)).ExitCode);
        Assert.Equal(1, Cli.Run("compare", zeros, Floats(folder, "c", 0, 0, 0, 1e-30f), "--tolerance", "1e30").ExitCode);
    }

    [Fact]
    public void Every_type_that_compare_reads_is_read()
    {
        using var folder = new TemporaryFolder();
        foreach ((string dtype, byte[] one, byte[] two) in new (string, byte[], byte[])[]
        {
            ("F64", BitConverter.GetBytes(1.0), BitConverter.GetBytes(2.0)),
            ("F32", BitConverter.GetBytes(1f), BitConverter.GetBytes(2f)),
            ("F16", BitConverter.GetBytes((Half)1), BitConverter.GetBytes((Half)2)),
            ("BF16", [0x80, 0x3f], [0x00, 0x40]),
            ("I64", BitConverter.GetBytes(1L), BitConverter.GetBytes(2L)),
            ("I32", BitConverter.GetBytes(1), BitConverter.GetBytes(2)),
        })
        {
            string a = Write(folder, "a", "t", dtype, "1", one), b = Write(folder, "b", "t", dtype, "1", two);
            Assert.Equal("""{"index":0,"reference":1,"value":2}""", Compare(1, a, b)["tensors"]![0]!["firstBeyond"]!.ToJsonString());
        }

        string unread = Write(folder, "a", "t", "U8", "1", [1]);
        Cli.Run("compare", unread, unread).IsOneLineError(2, "'t'", "U8", "F32");
    }

    [Fact]
    public void Other_names_shapes_and_types_are_each_said_in_a_line()
    {
        using var folder = new TemporaryFolder();
        string reference = Write(folder, "a", "t", "F32", "2,1", new byte[8]);
        Cli.Run("compare", reference, Write(folder, "b", "t", "F32", "1,2", new byte[8])).IsOneLineError(2, "'t'", "F32[2,1]", "F32[1,2]");
        Cli.Run("compare", reference, Write(folder, "b", "t", "I64", "1", new byte[8])).IsOneLineError(2, "'t'", "F32[2,1]", "I64[1]");
        CliResult names = Cli.Run("compare", reference, Write(folder, "b", "u", "F32", "2,1", new byte[8]));
        Assert.Equal(2, names.ExitCode);
        Assert.Equal(2, names.Error.Count(character => character == '\n'));
        Assert.Contains("no tensor 't'", names.Error, StringComparison.Ordinal);
        Assert.Contains("no tensor 'u'", names.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_cannot_be_compared_are_the_callers_mistake()
    {
        using var folder = new TemporaryFolder();
        string file = Floats(folder, "a", 1, 2, 3, 4);
        Cli.Run("compare", file).IsOneLineError(2, "two safetensors files");
        Cli.Run("compare", file, folder.At("none")).IsOneLineError(2, "none");
        Cli.Run("compare", file, folder.Write("text", "a text that is no file of tensors")).IsOneLineError(2, "text");
        Cli.Run("compare", file, file, "--tolerance", "nan").IsOneLineError(2, "--tolerance", "nan");
    }

    private static JsonNode Compare(int exitCode, string reference, string other)
    {
        CliResult result = Cli.Run("compare", reference, other, "--json", "-");
        Assert.Equal(("", exitCode), (result.Error, result.ExitCode));
        return JsonNode.Parse(result.Out)!;
    }

    /// <summary>One f32 tensor <c>t</c> of shape [2,2].</summary>
    private static string Floats(TemporaryFolder folder, string name, params float[] values) =>
        Write(folder, name, "t", "F32", "2,2", MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static string Write(TemporaryFolder folder, string file, string tensor, string dtype, string shape, byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(
            $"{{\"{tensor}\":{{\"dtype\":\"{dtype}\",\"shape\":[{shape}],\"data_offsets\":[0,{data.Length}]}}}}");
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        File.WriteAllBytes(folder.At(file), [.. length, .. header, .. data]);
        return folder.At(file);
    }
}
