using System.Collections.Immutable;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Harness.Kernels;
using Harness.Reporting;

namespace Harness.Benchmarks;

/// <summary>Runs groups of benchmarks inside this process, so that a published program without an SDK can do it too.</summary>
internal static class BenchmarkRuns
{
    private const double NanosecondsPerSecond = 1e9;

    public static ImmutableArray<string> Groups { get; } = ["arena", "gemm", "kernels", "models"];

    /// <param name="folder">where the exporters write, and BenchmarkDotNet's own account goes</param>
    /// <returns>one table a group: the best of many, and the rate that follows from it</returns>
    /// <exception cref="CheckFailedException">a benchmark did not run to its end</exception>
    public static ImmutableArray<ReportTable> Run(ImmutableArray<string> groups, string folder) =>
        [.. groups.Select(group => TableOf(group, RunGroup(group, folder)))];

    private static Summary RunGroup(string group, string folder)
    {
        Type type = group switch
        {
            "arena" => typeof(ArenaBenchmarks),
            "gemm" => typeof(GemmBenchmarks),
            "kernels" => typeof(KernelBenchmarks),
            "models" => typeof(ModelBenchmarks),
            _ => throw new ArgumentException($"no group '{group}'"),
        };
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(12);
        if (group == "models")
        {
            job = job.WithStrategy(RunStrategy.Monitoring).WithInvocationCount(1).WithUnrollFactor(1);
        }

        var logger = new AccumulationLogger();
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Min)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
            .AddLogger(logger)
            .WithArtifactsPath(folder);
        Summary summary = BenchmarkRunner.Run(type, config);
        AtomicFile.WriteText(Path.Combine(folder, $"{group}.log"), logger.GetLog());
        return summary.HasCriticalValidationErrors || summary.Reports.IsEmpty || summary.Reports.Any(report => !report.Success)
            ? throw new CheckFailedException($"a benchmark of '{group}' did not run to its end; see {folder}")
            : summary;
    }

    private static ReportTable TableOf(string group, Summary summary) => new(
        $"{group} (best of {summary.Reports.Max(report => report.ResultStatistics!.N)})",
        ["benchmark", "best", "mean", "rate", "managed bytes allocated"],
        [.. summary.Reports.Select(Row)],
        group switch
        {
            "arena" => "One allocate and one free of a tensor, the ledger's rows included.",
            "gemm" => $"On {Environment.ProcessorCount} cores; a multiply-accumulate is two FLOPs.",
            "kernels" => $"Lane instructions a second and core, on {Environment.ProcessorCount} cores, with all memory checks.",
            _ => "All steps of one pass in the steady state, inputs written before and outputs read after the clock.",
        });

    private static ImmutableArray<string> Row(BenchmarkReport report)
    {
        double best = report.ResultStatistics!.Min;
        string parameters = report.BenchmarkCase.Parameters.Items[0].Value.ToString()!;
        string rate = report.BenchmarkCase.Parameters.Items[0].Value switch
        {
            GemmShape shape => $"{Quantities.Number(shape.Flops / best, 1)} GFLOP/s",
            string kernel when report.BenchmarkCase.Descriptor.Type == typeof(KernelBenchmarks) =>
                $"{Quantities.Number(MillionLaneInstructions(kernel) / (best / NanosecondsPerSecond) / Environment.ProcessorCount, 0)} million/s/core",
            _ => Quantities.Number(null, 0),
        };
        long? allocatedBytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
        return [parameters, Time(best), Time(report.ResultStatistics.Mean), rate, Quantities.Bytes(allocatedBytes)];
    }

    private static double MillionLaneInstructions(string kernel) => KernelBenchmarks.LaneInstructions(kernel) / 1e6;

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e4 => $"{Quantities.Number(nanoseconds, 1)} ns",
        < 1e7 => $"{Quantities.Number(nanoseconds / 1e3, 1)} us",
        _ => $"{Quantities.Number(nanoseconds / 1e6, 1)} ms",
    };
}
