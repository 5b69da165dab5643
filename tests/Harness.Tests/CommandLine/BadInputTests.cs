namespace Harness.Tests.CommandLine;

/// <summary>What bad input gets: one line that names it and what is allowed, and the right exit code.</summary>
public sealed class BadInputTests
{
    private static readonly string[] s_models = ["vgg16", "bert-base", "t5-small", "mnist-mlp", "cifar-mlp", "mnist-cnn", "mlp:A-B-...-Z[:nobias]"];

    [Theory]
    [InlineData("reprot", "'reprot'", "did you mean 'report'", "audit")]
    [InlineData("", "unknown verb ''", "report", "audit")]
    [InlineData("@file", "'@file'", "report", "audit")]
    public void An_unknown_verb_is_named_with_the_known_ones(string verb, params string[] words) =>
        Cli.Run(verb).IsOneLineError(2, words);

    [Theory]
    [InlineData("audit vgg16 --batc 3", "'--batc'", "did you mean '--batch'", "--placement")]
    [InlineData("--ouy x", "'--ouy'", "did you mean '--out'", "--models")]
    [InlineData("report --batch 3", "'--batch'", "--batches", "--seqs")]
    [InlineData("audit vgg16 twice", "'twice'", "one word too many")]
    [InlineData("ptx", "needs a verb", "run")]
    [InlineData("ptx walk", "'walk'", "run")]
    [InlineData("kernels check --graph", "'--graph'", "unknown")]
    [InlineData("kernels chek", "'chek'", "did you mean 'check'")]
    public void An_unknown_word_is_named_with_the_known_ones(string line, params string[] words) =>
        Cli.Run(line.Split(' ')).IsOneLineError(2, words);

    [Fact]
    public void An_unknown_model_is_named_with_the_known_ones()
    {
        Cli.Run("audit", "vgg19").IsOneLineError(2, ["'vgg19'", "did you mean 'vgg16'", .. s_models]);
        Cli.Run("audit").IsOneLineError(2, s_models);
        Cli.Run("run", "gpt").IsOneLineError(2, ["'gpt'", .. s_models]);
        Cli.Run("report", "--models", "vgg16,bart-base").IsOneLineError(2, ["'bart-base'", .. s_models]);
    }

    [Theory]
    [InlineData("mlp", "number of sizes is 0")]
    [InlineData("mlp:784", "number of sizes is 1", "at least 2")]
    [InlineData("mlp:784-0-10", "'0'", "from 1 on")]
    [InlineData("mlp:784--10", "''", "from 1 on")]
    [InlineData("mlp:784-x-10", "'x'", "from 1 on")]
    [InlineData("mlp:784-10:nobais", "unknown suffix 'nobais'", ":nobias")]
    public void A_stack_that_cannot_be_is_named_with_what_is_allowed(string model, params string[] words)
    {
        Cli.Run("audit", model, "--device", "null").IsOneLineError(2, [$"'{model}'", "mlp:A-B-...-Z[:nobias]", .. words]);
        Cli.Run("run", model).IsOneLineError(2, [$"'{model}'", .. words]);
        Cli.Run("report", "--models", $"vgg16,{model}").IsOneLineError(2, [$"'{model}'", .. words]);
    }

    [Theory]
    [InlineData("--batch", "0")]
    [InlineData("--batch", "-3")]
    [InlineData("--batch", "2.5")]
    [InlineData("--batch", "many")]
    [InlineData("--batch", "9223372036854775808")]
    [InlineData("--seq", "0")]
    [InlineData("--seed", "-1")]
    public void A_number_out_of_range_is_named_with_the_range(string option, string value) =>
        Cli.Run("audit", "bert-base", option, value).IsOneLineError(2, option, $"'{value}'", "a whole number from");

    [Theory]
    [InlineData("audit bert-base --seq 513", "--seq", "513", "512")]
    [InlineData("audit vgg16 --placement tight", "--placement", "'tight'", "planned, online, bump")]
    [InlineData("audit vgg16 --device gpu", "--device", "'gpu'", "auto, cuda, sim, null")]
    [InlineData("audit vgg16 --device cuda:", "--device", "cuda:N", "''")]
    [InlineData("audit vgg16 --device cuda:-1", "--device", "cuda:N", "'-1'")]
    [InlineData("audit vgg16 --device sim:1", "--device", "'sim:1'", "auto, cuda, sim, null")]
    [InlineData("audit vgg16 --math fp16", "--math", "'fp16'", "fp32, tf32")]
    [InlineData("audit vgg16 --device null --workspace 1048577", "--workspace", "'1048577'", "from 0 to 1048576")]
    [InlineData("audit vgg16 --device null --workspace -1", "--workspace", "'-1'", "from 0 to 1048576")]
    [InlineData("report --batches 1,,2", "--batches", "''")]
    [InlineData("report --batches 4,4", "--batches", "4 twice")]
    [InlineData("report --models vgg16,vgg16", "--models", "'vgg16' twice")]
    [InlineData("report --models mlp:3-4,mlp:3-4", "--models", "'mlp:3-4' twice")]
    [InlineData("audit mnist-mlp --pass trainnig", "--pass", "'trainnig'", "did you mean 'training'?", "inference, training")]
    [InlineData("audit mnist-mlp --pass training --optimizer adma", "--optimizer", "'adma'", "did you mean 'adam'?", "sgd, momentum, adam, adamw")]
    [InlineData("audit mnist-mlp --pass training --batch 8 --micro-batch 3", "--micro-batch 3", "divide", "8")]
    [InlineData("audit mnist-mlp --pass training --micro-batch 0", "--micro-batch", "'0'", "from 1")]
    [InlineData("audit bert-base --pass training --dropout 1", "--dropout", "'1'", "below 1")]
    [InlineData("audit bert-base --pass training --dropout -0.1", "--dropout", "'-0.1'", "below 1")]
    [InlineData("audit bert-base --pass training --recompute blocks", "--recompute", "'blocks'", "did you mean 'block'?", "none, block")]
    [InlineData("audit vgg16 --batch", "--batch", "needs a value")]
    [InlineData("audit vgg16 --batch 1 --batch 2", "--batch", "2 times")]
    public void A_bad_value_is_named_with_what_is_allowed(string line, params string[] words) =>
        Cli.Run(line.Split(' ')).IsOneLineError(2, words);

    [Theory]
    [InlineData("audit vgg16 --seq 64", "--seq", "vgg16")]
    [InlineData("audit vgg16 --decoder-seq 1", "--decoder-seq", "vgg16")]
    [InlineData("audit mnist-cnn --seq 64", "--seq", "mnist-cnn")]
    [InlineData("run mlp:100-50:nobias --decoder-seq 1", "--decoder-seq", "mlp:100-50:nobias")]
    [InlineData("audit bert-base --decoder-seq 5", "--decoder-seq", "bert-base")]
    [InlineData("report --models vgg16 --seqs 16", "--seqs", "vgg16")]
    [InlineData("report --models mnist-mlp,mlp:3-4 --seqs 16", "--seqs", "mnist-mlp and mlp:3-4")]
    [InlineData("audit vgg16 --device null --kernels .", "--kernels", "null")]
    [InlineData("audit vgg16 --device null --math tf32", "--math", "--device null")]
    [InlineData("audit vgg16 --device null --libraries .", "--libraries", "--device null")]
    [InlineData("audit vgg16 --device null --graph", "--graph", "--device null")]
    [InlineData("report --device null --check", "--check", "--device null")]
    [InlineData("audit vgg16 --device sim --math fp32", "--math", "--device sim")]
    [InlineData("audit vgg16 --device sim --workspace 64", "--workspace", "--device sim")]
    [InlineData("run vgg16 --device sim --check", "--check", "--device sim")]
    [InlineData("kernels check --device sim --libraries .", "--libraries", "--device sim")]
    [InlineData("audit vgg16 --graph", "--graph", "auto", "no driver in tests")]
    [InlineData("audit vgg16 --device cuda --graph --check", "--graph", "--check", "exclude")]
    [InlineData("run vgg16 --device null", "--device null", "run")]
    [InlineData("audit mnist-mlp --optimizer adam", "--optimizer", "--pass training")]
    [InlineData("audit mnist-mlp --pass inference --optimizer adam", "--optimizer", "--pass training")]
    [InlineData("explain bert-base --peak --micro-batch 1", "--micro-batch", "--pass training")]
    [InlineData("fit bert-base --vram 6GiB --recompute block", "--recompute", "--pass training")]
    [InlineData("audit mnist-mlp --pass training --dropout 0.1", "--dropout", "mnist-mlp")]
    [InlineData("audit vgg16 --pass training --recompute block", "--recompute", "vgg16", "bert-base and t5-small")]
    public void An_option_that_does_not_apply_is_an_error(string line, params string[] words) =>
        Cli.Run(line.Split(' ')).IsOneLineError(2, words);

    [Theory]
    [InlineData("vgg16", "9223372036854775807")]
    [InlineData("vgg16", "30000000000000")]
    [InlineData("bert-base", "900000000000000")]
    [InlineData("t5-small", "900000000000000")]
    [InlineData("mnist-mlp", "9223372036854775807")]
    [InlineData("mnist-cnn", "900000000000000")]
    [InlineData("mlp:3037000500-3037000500", "1")]
    [InlineData("mlp:9223372036854775807-1", "1")]
    public void More_bytes_than_64_bits_can_count_are_the_callers_mistake(string model, string batch) =>
        Cli.Run("audit", model, "--batch", batch, "--device", "null").IsOneLineError(2, "64 bits");

    [Theory]
    [InlineData("audit vgg16 --batch 1000000 --device sim")]
    [InlineData("run bert-base --batch 10000000 --device sim")]
    [InlineData("report --models t5-small --batches 100000000 --device sim")]
    public void Memory_that_this_machine_lacks_is_named_before_it_is_asked_for(string line)
    {
        using var folder = new TemporaryFolder();
        string[] args = line.Split(' ');
        Cli.Run(args[0] == "report" ? [.. args, "--out", folder.Path] : args).IsOneLineError(3, "needs", "bytes", "are available");
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("audit vgg16 --device cuda")]
    [InlineData("report --device cuda")]
    [InlineData("run vgg16 --device cuda")]
    public void A_device_that_is_not_here_is_the_machines_lack(string line)
    {
        using var folder = new TemporaryFolder();
        string[] args = line.Split(' ');
        Cli.Run(args[0] == "report" ? [.. args, "--out", folder.Path] : args).IsOneLineError(3, "cuda", "no driver in tests", "--device sim");
    }

    [Fact]
    public void Files_that_cannot_be_are_named_before_the_work_begins()
    {
        using var folder = new TemporaryFolder();
        string missing = Path.Combine(folder.Path, "missing", "file");
        string file = folder.Write("file", "");
        Cli.Run("audit", "vgg16", "--device", "null", "--json", missing).IsOneLineError(2, "--json", missing);
        Cli.Run("audit", "vgg16", "--device", "null", "--json", folder.Path).IsOneLineError(2, "--json", "is a folder");
        Cli.Run("report", "--device", "null", "--out", file).IsOneLineError(2, "--out", file);
        Cli.Run("audit", "vgg16", "--kernels", missing).IsOneLineError(2, missing);
        Cli.Run("audit", "vgg16", "--kernels", folder.Path).IsOneLineError(2, folder.Path, ".ptx");
        Cli.Run("run", "vgg16", "--weights", missing).IsOneLineError(2, missing);
        Cli.Run("run", "vgg16", "--save-outputs", missing).IsOneLineError(2, "--save-outputs", missing);
    }

    [Fact]
    public void Help_and_version_stand_everywhere()
    {
        foreach (string[] args in new string[][] { ["--help"], ["--version"], ["report", "--help"], ["audit", "--help"], ["run", "--help"], ["summary", "--help"], ["fit", "--help"], ["exercise", "--help"], ["kernels", "check", "--help"], ["ptx", "run", "--help"], ["bench", "--help"] })
        {
            CliResult result = Cli.Run(args);
            Assert.Equal(0, result.ExitCode);
            Assert.NotEqual("", result.Out);
            Assert.Equal("", result.Error);
        }
    }
}
