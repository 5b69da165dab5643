namespace Harness.Tests.Fitting;

/// <summary>The verb: what it prints, and what bad input gets.</summary>
public sealed class FitCommandTests
{
    [Theory]
    [InlineData("fit-bert-base.txt", "bert-base --vram 6GiB")]
    [InlineData("fit-mnist-cnn.txt", "mnist-cnn --vram 12.5MiB")]
    public void What_a_person_reads_does_not_drift(string golden, string line)
    {
        CliResult result = Cli.Run(["fit", .. line.Split(' ')]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Golden.Is(golden, result.Out);
    }

    [Theory]
    [InlineData("6442450944", 6_442_450_944)]
    [InlineData("6291456KiB", 6_442_450_944)]
    [InlineData("6144MiB", 6_442_450_944)]
    [InlineData("6GiB", 6_442_450_944)]
    [InlineData("6.0 GiB", 6_442_450_944)]
    [InlineData("0.3GiB", 322_122_547)]
    public void Sizes_are_bytes_or_have_a_unit(string size, long bytes) =>
        Assert.Contains($"\"vram\": {bytes},", Cli.Run("fit", "mnist-mlp", "--vram", size, "--json", "-").Out, StringComparison.Ordinal);

    [Theory]
    [InlineData("bert-base --vram 1MiB", "1048576 bytes", "parameters of bert-base alone take 437928960", "436880384 are missing")]
    [InlineData("bert-base --vram 437928960", "bert-base, batch 1, sequence 64 takes 439700224", "arena 1771264", "1771264 are missing")]
    [InlineData("bert-base --over seq --vram 437928961", "bert-base, batch 1, sequence 1", "are missing")]
    [InlineData("mlp:4-3-2", "needs --vram SIZE", "6GiB")]
    [InlineData("--vram 6GiB", "needs a MODEL")]
    [InlineData("vgg19 --vram 6GiB", "'vgg19'", "did you mean 'vgg16'?")]
    [InlineData("mnist-mlp --vram 6GB", "--vram", "'6GB'", "unknown unit 'GB'", "did you mean 'GiB'?")]
    [InlineData("mnist-mlp --vram 6TiB", "'6TiB'", "KiB, MiB or GiB")]
    [InlineData("mnist-mlp --vram 6.5", "'6.5'", "whole number")]
    [InlineData("mnist-mlp --vram -1", "'-1'", "whole number")]
    [InlineData("mnist-mlp --vram -1GiB", "'-1GiB'", "no number")]
    [InlineData("mnist-mlp --vram GiB", "'GiB'", "no number")]
    [InlineData("mnist-mlp --vram 1,5GiB", "'1,5GiB'", "no number")]
    [InlineData("mnist-mlp --vram 0", "'0'", "less than a byte")]
    [InlineData("mnist-mlp --vram 0.0001KiB", "less than a byte")]
    [InlineData("mnist-mlp --vram 9000000000GiB", "64 bits")]
    [InlineData("mnist-mlp --vram 99999999999999999999999999GiB", "64 bits")]
    [InlineData("mnist-mlp --vram 9223372036854775808", "64 bits")]
    [InlineData("mnist-mlp --vram", "--vram needs a value")]
    [InlineData("mnist-mlp --over seq --vram 6GiB", "--over seq does not apply to mnist-mlp")]
    [InlineData("mnist-mlp --over sequence --vram 6GiB", "'sequence'", "batch, seq")]
    [InlineData("bert-base --batch 3 --vram 6GiB", "--batch does not apply with --over batch")]
    [InlineData("bert-base --over seq --seq 3 --vram 6GiB", "--seq does not apply with --over seq")]
    [InlineData("bert-base --seq 513 --vram 6GiB", "--seq 513", "512")]
    [InlineData("bert-base --device null --vram 6GiB", "'--device'")]
    [InlineData("mlp:9223372036854775807-1 --vram 6GiB", "64 bits")]
    public void Bad_input_is_one_line_that_names_it(string line, params string[] words) =>
        Cli.Run(["fit", .. line.Split(' ')]).IsOneLineError(2, words);

    [Fact]
    public void Memory_beyond_all_machines_has_an_answer() =>
        Assert.Contains(
            "\"largest\": 1152921504472629184,", Cli.Run("fit", "mlp:1-1", "--vram", "8589934591GiB", "--json", "-").Out, StringComparison.Ordinal);
}
