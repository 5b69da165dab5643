using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Harness.Kernels;
using Harness.Kernels.Programs;
using Harness.Models.Weights;
using Xunit;

namespace Harness.Models.Tests.Weights;

/// <summary>Round trips and every flaw of a file. A flaw is a <see cref="CallerException"/> of one line and never anything else.</summary>
public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("harness-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string Raw(string header, int dataBytes) => Raw(Encoding.UTF8.GetBytes(header), dataBytes);

    private string Raw(byte[] header, int dataBytes)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        return Raw(bytes);
    }

    private string Raw(byte[] bytes)
    {
        string path = PathOf("raw.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The message of opening the file, without the file's name; null where it opens.</summary>
    private static string? Flaw(string path)
    {
        try
        {
            SafetensorsFile.Open(path).Dispose();
            return null;
        }
        catch (CallerException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.Contains($"'{path}'", e.Message, StringComparison.Ordinal);
            return e.Message.Replace($"'{path}': ", "", StringComparison.Ordinal).Replace($"'{path}' ", "", StringComparison.Ordinal);
        }
    }

    private static TensorSpec[] Tensors(params (string Name, DType DType, long[] Shape)[] tensors)
    {
        var b = new ProgramBuilder("file");
        return [.. tensors.Select(tensor => b.Declare(tensor.Name, new Shape(tensor.Shape), tensor.DType, TensorCategory.Parameter))];
    }

    private static void Counting(TensorSpec tensor, Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = unchecked((byte)(tensor.Name[0] + i));
        }
    }

    private static void Zeros(TensorSpec tensor, Span<byte> bytes) => bytes.Clear();

    [Fact]
    public void What_is_written_is_read_back_and_lies_as_the_format_says()
    {
        TensorSpec[] tensors = Tensors(("b.weight", DType.F32, [2, 3]), ("ids", DType.I64, [3]), ("a", DType.F32, [1]));
        string path = PathOf("x.safetensors");
        SafetensorsWriter.Write(path, tensors, Counting);
        Assert.Equal([path], Directory.GetFiles(_folder));

        byte[] bytes = File.ReadAllBytes(path);
        int headerBytes = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, headerBytes % 8);
        Assert.Equal(
            """{"__metadata__":{"format":"pt"},"ids":{"dtype":"I64","shape":[3],"data_offsets":[0,24]},"a":{"dtype":"F32","shape":[1],"data_offsets":[24,28]},"b.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[28,52]}}""",
            Encoding.UTF8.GetString(bytes, 8, headerBytes).TrimEnd(' '));
        Assert.Equal(8 + headerBytes + 52, bytes.Length);

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Checkpoint checkpoint = Checkpoint.Match(file, tensors, CheckpointNames.Exact);
        Assert.Empty(checkpoint.Unused);
        foreach (TensorSpec tensor in tensors)
        {
            var (read, expected) = (new byte[tensor.Bytes], new byte[tensor.Bytes]);
            checkpoint.Read(tensor, read);
            Counting(tensor, expected);
            Assert.Equal(expected, read);
        }
    }

    [Fact]
    public void Any_set_of_tensors_comes_back()
    {
        Gen<(DType, long[])> tensor = Gen.Select(Gen.Bool.Select(wide => wide ? DType.I64 : DType.F32), Gen.Long[1, 5].Array[1, 4]);
        tensor.Array[0, 12].Sample(
            drawn =>
            {
                TensorSpec[] tensors = Tensors([.. drawn.Select((pair, i) => ($"{(char)('z' - i)}.\"quoted\\{i}é", pair.Item1, pair.Item2))]);
                string path = PathOf(Guid.NewGuid().ToString("N"));
                SafetensorsWriter.Write(path, tensors, Counting);
                using SafetensorsFile file = SafetensorsFile.Open(path);
                Checkpoint checkpoint = Checkpoint.Match(file, tensors, CheckpointNames.Exact);
                return tensors.All(one =>
                {
                    var (read, expected) = (new byte[one.Bytes], new byte[one.Bytes]);
                    checkpoint.Read(one, read);
                    Counting(one, expected);
                    return read.AsSpan().SequenceEqual(expected);
                });
            },
            iter: 100);
    }

    [Fact]
    public void A_failed_write_leaves_nothing_behind_and_an_old_file_alone()
    {
        string path = PathOf("x.safetensors");
        File.WriteAllText(path, "old");
        TensorSpec[] tensors = Tensors(("a", DType.F32, [4]));
        Assert.Throws<CheckFailedException>(() => SafetensorsWriter.Write(path, tensors, (_, _) => throw new CheckFailedException("kernel")));
        Assert.Equal([path], Directory.GetFiles(_folder));
        Assert.Equal("old", File.ReadAllText(path));

        string nowhere = PathOf("no/such/folder/x.safetensors");
        Assert.StartsWith($"cannot write '{nowhere}': ", Assert.Throws<CallerException>(() => SafetensorsWriter.Write(nowhere, tensors, Zeros)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"cannot write '{_folder}': ", Assert.Throws<CallerException>(() => SafetensorsWriter.Write(_folder, tensors, Zeros)).Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_tensor_too_large_for_a_buffer_is_refused_before_anything_is_written()
    {
        TensorSpec[] tensors = Tensors(("huge", DType.F32, [1 << 30]));
        Assert.Equal(
            $"cannot write '{PathOf("x")}': huge f32[1073741824] has 4294967296 bytes, at most {Array.MaxLength} can be saved",
            Assert.Throws<CallerException>(() => SafetensorsWriter.Write(PathOf("x"), tensors, Zeros)).Message);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Files_that_are_not_there_or_not_files_are_named()
    {
        Assert.StartsWith("cannot read ", Flaw(PathOf("missing")), StringComparison.Ordinal);
        Assert.StartsWith("cannot read ", Flaw(_folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_files_are_named()
    {
        SafetensorsWriter.Write(PathOf("whole"), Tensors(("a", DType.F32, [4])), Zeros);
        byte[] whole = File.ReadAllBytes(PathOf("whole"));
        for (int length = 0; length < whole.Length; length++)
        {
            string? flaw = Flaw(Raw(whole[..length]));
            Assert.True(flaw is not null, $"cut to {length} bytes it still opened");
            Assert.Contains("truncated", flaw, StringComparison.Ordinal);
        }

        Assert.Equal("is truncated: 5 bytes, a safetensors file starts with 8 bytes of header length", Flaw(Raw(whole[..5])));
    }

    [Theory]
    [InlineData("", 0, "the header is not JSON: ")]
    [InlineData("nonsense", 0, "the header is not JSON: ")]
    [InlineData("[]", 0, "the header is not a JSON object")]
    [InlineData("{} x", 0, "the header is not JSON: ")]
    [InlineData("""{"a":3}""", 0, "entry 'a' is not a JSON object")]
    [InlineData("""{"a":{}}""", 0, "tensor 'a' must have a dtype, a shape and two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 8, "tensor 'a' must have a dtype, a shape and two data_offsets")]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "tensor 'a' must have one dtype, a string")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "tensor 'a' must have one dtype, a string")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "tensor 'a' has two shapes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}""", 4, "tensor 'a' has data_offsets twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":1}}""", 4, "tensor 'a' has the unknown key 'stride', known are dtype, shape and data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "tensor 'a': shape must be a list of whole numbers from 0 to 9223372036854775807")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "tensor 'a': shape must be a list of whole numbers from 0 to 9223372036854775807")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "tensor 'a': shape must be a list of whole numbers from 0 to 9223372036854775807")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4, "tensor 'a': data_offsets must be a list of whole numbers from 0 to 9223372036854775807")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "tensor 'a' ends before it begins: data_offsets [4,0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}""", 4, "tensor 'a' F32[3] needs 12 bytes, but its data_offsets span 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", 4, "tensor 'a' F32[4611686018427387904,4] has more bytes than 64 bits can count")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "tensor 'a' ends at byte 8, but there are only 4 bytes of data (is the file truncated?)")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "bytes 4 to 5 belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "bytes 0 to 4 belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "tensors 'a' and 'b' overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "two tensors are named 'a'")]
    [InlineData("""{"a\nb":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "a name in the header has control characters")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "two entries are named '__metadata__'")]
    public void Flaws_of_the_header_are_named(string header, int dataBytes, string message) =>
        Assert.StartsWith(message, Flaw(Raw(header, dataBytes)), StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("""{"__metadata__":{"format":"pt","deep":"x"}}       """, 0)]
    [InlineData("""{"b":{"dtype":"BF16","shape":[3],"data_offsets":[4,10]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 10)]
    [InlineData("""{"e":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},"f":{"dtype":"F6_NEW","shape":[4],"data_offsets":[0,3]}}""", 3)]
    public void What_the_format_allows_is_opened(string header, int dataBytes) => Assert.Null(Flaw(Raw(header, dataBytes)));

    [Fact]
    public void A_header_that_is_not_utf8_is_named() =>
        Assert.StartsWith("the header is not JSON", Flaw(Raw([(byte)'{', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)':', (byte)'{', (byte)'}', (byte)'}'], 0)), StringComparison.Ordinal);

    [Fact]
    public void A_header_longer_than_the_format_allows_is_named()
    {
        var bytes = new byte[16];
        bytes.AsSpan(0, 8).Fill(0xFF);
        Assert.Equal("is not a safetensors file: its header would have 18446744073709551615 bytes, at most 100000000 are allowed", Flaw(Raw(bytes)));
    }

    [Fact]
    public void Whatever_is_done_to_a_file_it_opens_or_the_caller_is_told_why()
    {
        SafetensorsWriter.Write(PathOf("whole"), Tensors(("a", DType.F32, [4]), ("layer.bias", DType.I64, [2, 3])), Zeros);
        byte[] whole = File.ReadAllBytes(PathOf("whole"));
        byte[] json = "{}[]\",:0123456789.eE-ntf\\u /"u8.ToArray();
        Gen<byte> octet = Gen.OneOf(Gen.Byte, Gen.Int[0, json.Length - 1].Select(i => json[i]));
        Gen<(int, int, byte)> edit = Gen.Select(Gen.Int[0, 2], Gen.Int[0, whole.Length - 1], octet);
        edit.Array[1, 6].Sample(
            edits =>
            {
                List<byte> bytes = [.. whole];
                foreach ((int kind, int place, byte value) in edits)
                {
                    int at = Math.Min(place, bytes.Count - 1);
                    switch (kind)
                    {
                        case 0: bytes[at] = value; break;
                        case 1: bytes.Insert(at, value); break;
                        default: bytes.RemoveAt(at); break;
                    }
                }

                Flaw(Raw([.. bytes]));
            },
            iter: 3000, threads: 1);
    }
}
