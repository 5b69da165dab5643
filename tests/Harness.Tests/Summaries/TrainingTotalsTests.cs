using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harness.Models;
using Harness.Passes;
using Harness.Tests.CommandLine;

namespace Harness.Tests.Summaries;

/// <summary>
/// What <c>summary</c> says of training beside what a training pass is by the formulas and in the ledger. The summary deals out the forward
/// pass of inference; what else training has is named, counted by hand, found in the audit by name, and makes up the difference exactly.
/// </summary>
public sealed class TrainingTotalsTests
{
    // The workspace of convolutions depends on the device, or the caller.
    private static readonly (string Model, string Size, string Audit)[] s_cases =
    [
        ("vgg16", "--batch 2", "--workspace 0"), ("bert-base", "--batch 2 --seq 9", ""), ("t5-small", "--batch 2 --seq 9 --decoder-seq 4", ""),
        ("mnist-mlp", "--batch 3", ""), ("cifar-mlp", "--batch 3", ""), ("mnist-cnn", "--batch 3", "--workspace 0"), ("mlp:7-5-4", "--batch 3", ""),
        ("mlp:7-5-4:nobias", "--batch 3", ""),
    ];

    public static TheoryData<string, string, string, string, bool> Passes
    {
        get
        {
            var passes = new TheoryData<string, string, string, string, bool>();
            foreach ((string model, string size, string audit) in s_cases)
            {
                bool canDrop = ModelCatalog.Find(model).Training.Dropout is not null;
                foreach (string optimizer in TrainingLabels.Optimizers)
                {
                    passes.Add(model, size, audit, optimizer, canDrop);
                    if (canDrop)
                    {
                        passes.Add(model, size, audit, optimizer, false);
                    }
                }
            }

            return passes;
        }
    }

    [Fact]
    public void Every_model_with_a_name_is_there() => Assert.All(ModelCatalog.All, model => Assert.Contains(s_cases, one => one.Model == model.Name));

    [Theory]
    [MemberData(nameof(Passes))]
    public void The_summary_and_what_it_leaves_out_are_the_training_pass(string model, string size, string options, string optimizer, bool drops)
    {
        JsonNode totals = Json($"summary {model} {size}")["totals"]!;
        JsonNode audit = Json($"audit {model} {size} --pass training --optimizer {optimizer} --device null {options}"
            + (!drops && ModelCatalog.Find(model).Training.Dropout is not null ? " --dropout 0" : ""));
        Assert.Equal(0, (int)audit["mismatches"]!);

        LeftOut[] left = LeftOut.Of(model, Number(size, "batch"), Number(size, "seq"), Number(size, "decoder-seq"), optimizer, drops);
        long counted = 0, leftOut = 0;
        foreach ((string total, string[] categories) in LeftOut.Categories)
        {
            LeftOut[] terms = [.. left.Where(term => term.Total == total)];
            foreach (LeftOut term in terms)
            {
                JsonNode?[] named = [.. audit["buffers"]!.AsArray().Where(buffer =>
                    categories.Contains((string)buffer!["category"]!) && term.Has((string)buffer["name"]!))];
                Assert.Equal((term.Name, term.Bytes, term.Bytes),
                    (term.Name, named.Sum(buffer => (long)buffer!["analytic"]!), named.Sum(buffer => (long)buffer!["observed"]!)));
            }

            long ofSummary = OfSummary(totals, total, optimizer), more = terms.Sum(term => term.Bytes);
            Assert.Equal((total, ofSummary + more), (total, categories.Sum(category => (long)audit["bytes"]![category]!["analytic"]!)));
            Assert.Equal((total, ofSummary + more), (total, categories.Sum(category => (long)audit["bytes"]![category]!["observed"]!)));
            counted += ofSummary;
            leftOut += more;
        }

        Assert.Equal(left.Sum(term => term.Bytes), leftOut);
        Assert.Equal(counted, PrintedTotal($"summary {model} {size}", optimizer));
    }

    /// <summary>The page's example: each term, the sum that is printed, and that of the pass.</summary>
    [Fact]
    public void The_page_counts_what_is_left_out_of_one_pass()
    {
        string page = string.Join('\n', DocumentedPage.Of("summary.md").Lines);
        long counted = PrintedTotal("summary bert-base --batch 8 --seq 64", "adam");
        LeftOut[] left = LeftOut.Of("bert-base", 8, 64, 0, "adam", hasDropout: true);
        long all = Json("audit bert-base --batch 8 --seq 64 --pass training --optimizer adam --device null")["bytes"]!.AsObject()
            .Sum(category => (long)category.Value!["observed"]!);
        Assert.Equal(all, counted + left.Sum(term => term.Bytes));
        Assert.Contains($"\n{Bytes(all - counted)} bytes, 2 % of the pass.", page, StringComparison.Ordinal);
        Assert.Equal("2", (100.0 * (all - counted) / all).ToString("N0", CultureInfo.InvariantCulture));
        Assert.All(left, term => Assert.Matches(
            $@"\| {Regex.Escape(term.Name)}(, [^|]*)? \| .*\| {Regex.Escape(Bytes(term.Bytes))} \|", page));
        Assert.Contains($"| training with adam or adamw, as printed | | {Bytes(counted)} |", page, StringComparison.Ordinal);
        Assert.Contains($"| all buffers of the pass | | {Bytes(all)} |", page, StringComparison.Ordinal);
    }

    private static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);

    private static long OfSummary(JsonNode totals, string total, string optimizer) => total switch
    {
        LeftOut.Workspace => 0,
        LeftOut.State => (long)totals[total]![optimizer]!,
        _ => (long)totals[total]!,
    };

    /// <summary>The line <c>training with OPTIMIZER</c> of the table that people read.</summary>
    private static long PrintedTotal(string command, string optimizer) => long.Parse(
        Regex.Match(Cli.Run(command.Split(' ')).Out, $@"training with (adam or )?{optimizer}( or adamw)? +([\d,]+) ").Groups[3].Value,
        NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static long Number(string options, string name) =>
        Regex.Match(options, $@"--{name} (\d+)") is { Success: true } found ? long.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    private static JsonNode Json(string line)
    {
        CliResult result = Cli.Run([.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json", "-"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonNode.Parse(result.Out)!;
    }
}
