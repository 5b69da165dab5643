using Harness.Kernels;
using Xunit;

namespace Harness.Models.Tests;

public sealed class ModelCatalogTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        Assert.Equal(new ModelSize(1, null, null), ModelCatalog.Find("vgg16").Size(null));
        Assert.Equal(new ModelSize(1, 64, null), ModelCatalog.Find("bert-base").Size(null));
        Assert.Equal(new ModelSize(1, 64, 1), ModelCatalog.Find("t5-small").Size(null));
        Assert.Equal(new ModelSize(3, 37, 5), ModelCatalog.Find("t5-small").Size(3, 37, 5));
    }

    [Fact]
    public void What_does_not_apply_or_is_out_of_range_is_named()
    {
        static string Message(string model, long? batch, long? sequence, long? decoderSequence) =>
            Assert.Throws<CallerException>(() => ModelCatalog.Find(model).Size(batch, sequence, decoderSequence)).Message;

        Assert.Equal("--seq does not apply to vgg16", Message("vgg16", 1, 64, null));
        Assert.Equal("--decoder-seq does not apply to bert-base", Message("bert-base", 1, 64, 1));
        Assert.Equal("--batch 0 is out of range: vgg16 takes at least 1", Message("vgg16", 0, null, null));
        Assert.Equal("--seq 513 is out of range: bert-base takes from 1 to 512", Message("bert-base", 1, 513, null));
        Assert.Equal("--decoder-seq -1 is out of range: t5-small takes at least 1", Message("t5-small", 1, 1, -1));
        Assert.Equal("unknown model 'bert', known are vgg16, bert-base, t5-small", Assert.Throws<CallerException>(() => ModelCatalog.Find("bert")).Message);
    }
}
