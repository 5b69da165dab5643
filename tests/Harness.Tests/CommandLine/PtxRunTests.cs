namespace Harness.Tests.CommandLine;

/// <summary><c>ptx run</c> on PTX written here.</summary>
public sealed class PtxRunTests
{
    /// <summary>y[i] = 2 x[i] for i below n; thread i of block 0.</summary>
    private const string Doubling = """
        .version 7.0
        .target sm_75
        .address_size 64

        .visible .entry doubling(.param .u64 x, .param .u64 y, .param .u32 n)
        {
            .reg .pred %p<2>;
            .reg .f32 %f<3>;
            .reg .b32 %r<3>;
            .reg .b64 %rd<6>;

            mov.u32 %r1, %tid.x;
            ld.param.u32 %r2, [n];
            setp.ge.u32 %p1, %r1, %r2;
            @%p1 bra done;
            ld.param.u64 %rd1, [x];
            ld.param.u64 %rd2, [y];
            mul.wide.u32 %rd3, %r1, 4;
            add.u64 %rd4, %rd1, %rd3;
            add.u64 %rd5, %rd2, %rd3;
            ld.global.f32 %f1, [%rd4];
            add.f32 %f2, %f1, %f1;
            st.global.f32 [%rd5], %f2;
        done:
            ret;
        }
        """;

    [Fact]
    public void A_launch_prints_its_counts_and_writes_its_buffers()
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        float[] x = [1, -2, 0.5f, 1e20f];
        File.WriteAllBytes(folder.At("x"), [.. x.SelectMany(BitConverter.GetBytes)]);
        CliResult result = Cli.Run(
            "ptx", "run", ptx, "--entry", "doubling", "--grid", "1", "--block", "32",
            "--arg", $"in:{folder.At("x")}", "--arg", $"out:{folder.At("y")}:16", "--arg", "u32:4");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("lane instructions, 16 bytes read, 16 bytes written", result.Out, StringComparison.Ordinal);
        Assert.Equal([.. x.SelectMany(value => BitConverter.GetBytes(2 * value))], File.ReadAllBytes(folder.At("y")));
    }

    [Fact]
    public void An_access_outside_every_buffer_names_line_and_thread_and_writes_nothing()
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        CliResult result = Launch(ptx, "--arg", "zeros:16", "--arg", $"out:{folder.At("y")}:16", "--arg", "u32:5");
        result.IsOneLineError(1, "doubling.ptx:21:", "thread");
        Assert.False(File.Exists(folder.At("y")));
    }

    [Fact]
    public void An_output_that_was_not_written_whole_is_refused()
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        Launch(ptx, "--arg", "zeros:16", "--arg", $"out:{folder.At("y")}:16", "--arg", "u32:3").IsOneLineError(1, "12 of 16 bytes");
        Assert.False(File.Exists(folder.At("y")));
    }

    [Theory]
    [InlineData("zeros:16", "zeros:16", null, "3 arguments", "2 are given")]
    [InlineData("zeros:16", "u32:1", "u32:4", "u32:1", "8")]
    [InlineData("zeros:16", "zeros:16", "u32:-1", "u32:-1")]
    [InlineData("zeros:16", "zeros:0", "u32:1", "zeros:0", "at least 1 byte")]
    [InlineData("zeros:16", "zero:16", "u32:1", "zero:16", "did you mean 'zeros'")]
    [InlineData("in:/no/such/file", "zeros:16", "u32:1", "/no/such/file", "no such file")]
    [InlineData("zeros:16", "out:16", "u32:1", "out:FILE:BYTES")]
    public void Arguments_that_do_not_fit_are_named(string first, string second, string? third, params string[] words)
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        string[] given = third is null ? [first, second] : [first, second, third];
        Launch(ptx, [.. given.SelectMany(argument => new[] { "--arg", argument })]).IsOneLineError(2, words);
    }

    [Theory]
    [InlineData("--grid", "0")]
    [InlineData("--grid", "1,2,3,4")]
    [InlineData("--grid", "1,65536")]
    [InlineData("--block", "1025")]
    [InlineData("--block", "64,64")]
    [InlineData("--block", "x")]
    public void Extents_out_of_range_are_named(string option, string value)
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        string[] other = option == "--grid" ? ["--block", "32"] : ["--grid", "1"];
        Cli.Run(["ptx", "run", ptx, "--entry", "doubling", option, value, .. other]).IsOneLineError(2, option);
    }

    [Fact]
    public void A_missing_file_entry_or_option_is_named()
    {
        using var folder = new TemporaryFolder();
        string ptx = folder.Write("doubling.ptx", Doubling);
        Cli.Run("ptx", "run").IsOneLineError(2, "FILE");
        Cli.Run("ptx", "run", ptx, "--grid", "1", "--block", "1").IsOneLineError(2, "--entry");
        Cli.Run("ptx", "run", ptx, "--entry", "doubling", "--block", "1").IsOneLineError(2, "--grid");
        Cli.Run("ptx", "run", folder.At("no.ptx"), "--entry", "doubling", "--grid", "1", "--block", "1").IsOneLineError(2, "no.ptx", "no such file");
        Cli.Run("ptx", "run", ptx, "--entry", "dubling", "--grid", "1", "--block", "1").IsOneLineError(2, "'dubling'", "did you mean 'doubling'");
    }

    [Fact]
    public void Syntax_errors_are_the_callers_mistake_and_unknown_instructions_the_machines_lack()
    {
        using var folder = new TemporaryFolder();
        string broken = folder.Write("broken.ptx", Doubling.Replace("ret;", "ret", StringComparison.Ordinal));
        Launch(broken, "--arg", "zeros:16", "--arg", "zeros:16", "--arg", "u32:4").IsOneLineError(2, "broken.ptx:");
        string unknown = folder.Write("unknown.ptx", Doubling.Replace("add.f32 %f2, %f1, %f1;", "frobnicate.f32 %f2, %f1;", StringComparison.Ordinal));
        Launch(unknown, "--arg", "zeros:16", "--arg", "zeros:16", "--arg", "u32:4").IsOneLineError(3, "unknown.ptx:22", "frobnicate");
    }

    private static CliResult Launch(string ptx, params string[] arguments) =>
        Cli.Run(["ptx", "run", ptx, "--entry", "doubling", "--grid", "1", "--block", "32", .. arguments]);
}
