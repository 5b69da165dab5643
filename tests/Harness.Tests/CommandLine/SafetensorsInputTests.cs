using System.Buffers.Binary;
using System.Text;

namespace Harness.Tests.CommandLine;

/// <summary>Files of tensors that are not what <c>run</c> needs.</summary>
public sealed class SafetensorsInputTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("this is a text of some length, and no file of tensors")]
    public void A_file_that_is_something_else_is_refused(string content)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("weights.safetensors", content);
        IsRefused(file, "--weights", "weights.safetensors", "safetensors file");
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4)]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12)]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", 8)]
    public void Truncated_overlapping_and_out_of_range_data_is_refused(string header, int dataBytes)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, header, dataBytes);
        IsRefused(file, "--weights", "tensors.safetensors");
        IsRefused(file, "--inputs", "tensors.safetensors");
    }

    [Fact]
    public void Missing_and_superfluous_tensors_are_named()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8);
        IsRefused(file, "--weights", "missing", "superfluous", "a.weight");
        IsRefused(file, "--inputs", "pixel_values", "a.weight");
    }

    [Theory]
    [InlineData("I64", "[1,3,224,224]", 8)]
    [InlineData("F32", "[1,3,224,223]", 4)]
    public void A_wrong_type_or_shape_is_named(string dtype, string shape, int elementBytes)
    {
        using var folder = new TemporaryFolder();
        long elements = shape.Trim('[', ']').Split(',').Aggregate(1L, (product, word) => product * long.Parse(word));
        int bytes = (int)(elements * elementBytes);
        string file = Write(folder, $"{{\"pixel_values\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[0,{bytes}]}}}}", bytes);
        IsRefused(file, "--inputs", "pixel_values", "F32", "[1,3,224,224]");
    }

    private static void IsRefused(string file, string option, params string[] words)
    {
        string folder = Path.GetDirectoryName(file)!;
        Cli.Run("run", "vgg16", option, file, "--save-outputs", Path.Combine(folder, "outputs")).IsOneLineError(2, words);
        Assert.Equal([file], Directory.GetFiles(folder));
    }

    private static string Write(TemporaryFolder folder, string header, int dataBytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        string file = folder.At("tensors.safetensors");
        File.WriteAllBytes(file, [.. length, .. text, .. new byte[dataBytes]]);
        return file;
    }
}
