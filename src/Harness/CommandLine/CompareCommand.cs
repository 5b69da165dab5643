using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Comparison;
using Harness.Kernels;
using Harness.Models.Weights;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary><c>harness compare FILE FILE</c>: two safetensors files, tensor by tensor; the first is the reference.</summary>
internal static class CompareCommand
{
    public static Command Create(CommandHost host)
    {
        var files = new Argument<string[]>("FILE FILE") { Description = "the reference, and what is compared with it", Arity = new ArgumentArity(0, 2) };
        Option<double> tolerance = Values.Number(
            "--tolerance", "largest error that passes, in units of the reference tensor's root mean square", TensorFileComparison.DefaultTolerance);
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command(
            "compare", "Compares two safetensors files tensor by tensor; exit 1 beyond the tolerance, 2 where names, types or shapes differ.");
        command.Add(files);
        command.Add(tolerance);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetValue(files)!;
            if (paths.Length != 2)
            {
                throw new CallerException("'compare' needs two safetensors files: the reference, and what is compared with it");
            }

            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            using SafetensorsFile reference = SafetensorsFile.Open(paths[0]);
            using SafetensorsFile other = SafetensorsFile.Open(paths[1]);
            double allowed = parsed.GetValue(tolerance);
            var comparison = new TensorFileComparison(reference, other, allowed);
            string[] differences = [.. comparison.Differences()];
            foreach (string difference in differences)
            {
                host.Error.WriteLine($"harness: {difference}");
            }

            return differences.Length > 0 ? HarnessProgram.ExitCallersMistake : Report(comparison.Compare(), allowed, paths, host, json);
        });
        return command;
    }

    private static int Report(ImmutableArray<TensorComparison> tensors, double tolerance, string[] paths, CommandHost host, JsonOutput json)
    {
        int failures = tensors.Count(tensor => !tensor.Passed);
        if (!json.OwnsStandardOutput)
        {
            Print(tensors, tolerance, failures, host.OutConsole());
        }

        json.Write(new JsonObject
        {
            ["schema"] = "harness.compare/1",
            ["reference"] = paths[0],
            ["file"] = paths[1],
            ["tolerance"] = tolerance,
            ["tensors"] = new JsonArray([.. tensors.Select(TensorJson)]),
            ["maxRelativeError"] = Finite(LargestRelativeError(tensors)),
            ["failures"] = failures,
        });
        return failures == 0 ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
    }

    private static void Print(ImmutableArray<TensorComparison> tensors, double tolerance, int failures, IAnsiConsole console)
    {
        new ReportTable(
            "Tensors against their reference",
            ["tensor", "shape", "result", "elements", "differing", "largest error", "relative"],
            [.. tensors.Select(tensor => ImmutableArray.Create(
                tensor.Tensor.Name, tensor.Tensor.ToString(), tensor.Passed ? "pass" : "FAIL", Quantities.Count(tensor.Elements),
                Quantities.Count(tensor.DifferingElements), Error(tensor.MaxAbsoluteError), Error(tensor.MaxRelativeError)))],
            "Relative to the root mean square of the reference tensor.",
            TextColumns: 3).WriteTo(console);
        foreach (TensorComparison tensor in tensors)
        {
            if (tensor.FirstBeyond is { } beyond)
            {
                console.WriteLine(
                    $"FAIL {tensor.Tensor.Name}[{Place(tensor.Tensor.Shape, beyond.Index)}] is {Exact(beyond.Value)}, the reference has {Exact(beyond.Reference)}");
            }
        }

        console.WriteLine(failures == 0
            ? $"{tensors.Length} tensors, largest relative error {Error(LargestRelativeError(tensors))}, tolerance {Error(tolerance)}"
            : $"{failures} of {tensors.Length} tensors are beyond the tolerance of {Error(tolerance)}");
    }

    /// <summary>NaN where any is.</summary>
    private static double LargestRelativeError(ImmutableArray<TensorComparison> tensors) =>
        tensors.Aggregate(0.0, (largest, tensor) => Math.Max(largest, tensor.MaxRelativeError));

    /// <summary>Indices of a row-major element, such as <c>0,3,17</c>.</summary>
    private static string Place(ImmutableArray<long> shape, long index)
    {
        long[] indices = new long[shape.Length];
        for (int dimension = shape.Length - 1; dimension >= 0; dimension--)
        {
            (index, indices[dimension]) = Math.DivRem(index, shape[dimension]);
        }

        return string.Join(',', indices);
    }

    private static JsonObject TensorJson(TensorComparison tensor) => new()
    {
        ["name"] = tensor.Tensor.Name,
        ["dtype"] = tensor.Tensor.DType,
        ["shape"] = new JsonArray([.. tensor.Tensor.Shape.Select(dimension => JsonValue.Create(dimension))]),
        ["passed"] = tensor.Passed,
        ["elements"] = tensor.Elements,
        ["differing"] = tensor.DifferingElements,
        ["referenceRms"] = Finite(tensor.ReferenceRms),
        ["maxAbsoluteError"] = Finite(tensor.MaxAbsoluteError),
        ["maxRelativeError"] = Finite(tensor.MaxRelativeError),
        ["firstDiffering"] = PairJson(tensor.FirstDiffering),
        ["firstBeyond"] = PairJson(tensor.FirstBeyond),
    };

    private static JsonObject? PairJson(ElementPair? pair) => pair is not { } known ? null : new JsonObject
    {
        ["index"] = known.Index,
        ["reference"] = Finite(known.Reference),
        ["value"] = Finite(known.Value),
    };

    private static string Error(double error) => error.ToString("0.0e+00", CultureInfo.InvariantCulture);

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>JSON has no NaN and no infinity: null.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
