using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

public sealed class JitLogTests
{
    [Fact]
    public void The_first_error_is_found_with_its_line()
    {
        JitLog log = JitLog.FirstError(
            "ptxas application ptx input, line 12; warning : Unused label\n"
            + "ptxas application ptx input, line 40; error   : Unknown symbol 'foo'\n"
            + "ptxas application ptx input, line 41; error   : Arguments mismatch for instruction 'add'\nptxas fatal   : Ptx assembly aborted due to errors\n");
        Assert.Equal((40, "Unknown symbol 'foo'"), (log.Line, log.Message));
    }

    [Theory]
    [InlineData("ptxas fatal   : Unresolved extern function 'vprintf'", "ptxas fatal   : Unresolved extern function 'vprintf'")]
    [InlineData("\r\ninfo    : 0 bytes gmem\r\nerror   : Undefined reference to 'f' in ''\r\n", "error   : Undefined reference to 'f' in ''")]
    [InlineData("\n  something else  \nmore", "something else")]
    [InlineData("\n", "its log is empty")]
    public void An_error_without_a_line_is_one_line_still(string text, string message)
    {
        JitLog log = JitLog.FirstError(text);
        Assert.Null(log.Line);
        Assert.Equal(message, log.Message);
    }
}
