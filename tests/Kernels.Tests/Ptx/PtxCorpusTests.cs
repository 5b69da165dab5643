using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

public sealed class PtxCorpusTests
{
    public static TheoryData<string> Files => [.. Corpus.Names];

    [Fact]
    public void The_corpus_is_there() => Assert.True(Corpus.Names.Count() >= 18);

    [Theory]
    [MemberData(nameof(Files))]
    public void Compiled_kernels_parse_and_verify(string name)
    {
        PtxModule module = PtxParser.Parse(Corpus.Read(name));
        Assert.NotEmpty(module.Functions);
        Assert.All(module.Functions, function => Assert.NotEmpty(function.Instructions));
        PtxVerifier.Verify(module);
    }
}
