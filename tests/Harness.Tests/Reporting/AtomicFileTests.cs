using Harness.Kernels;

namespace Harness.Tests.Reporting;

/// <summary>A file appears whole or not at all.</summary>
public sealed class AtomicFileTests
{
    [Fact]
    public void A_writer_that_fails_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("report.md", "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(file, stream =>
        {
            stream.Write("half of the n"u8);
            throw new InvalidOperationException("interrupted");
        }));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_success_replaces_the_old_file_and_leaves_nothing_else()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("report.md", "a longer old text");
        AtomicFile.WriteText(file, "new");
        Assert.Equal("new", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void While_a_file_is_written_an_interruption_can_delete_what_there_is()
    {
        using var folder = new TemporaryFolder();
        string file = folder.At("report.md");
        Assert.Throws<CallerException>(() => AtomicFile.Write(file, stream =>
        {
            stream.Write("half"u8);
            Assert.False(File.Exists(file));
            AtomicFile.DeleteUnfinished();
            Assert.Empty(Directory.GetFiles(folder.Path));
        }));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_the_callers_mistake() =>
        Assert.Throws<CallerException>(() => AtomicFile.WriteText(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString(), "file"), "text"));
}
