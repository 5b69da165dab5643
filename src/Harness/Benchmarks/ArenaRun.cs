using System.Collections.Immutable;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Harness.Kernels;

namespace Harness.Benchmarks;

/// <param name="ManagedBytes">of the whole process, an allocate and a free</param>
internal sealed record ArenaResult(string Placement, double BestSeconds, double MeanSeconds, long? ManagedBytes);

/// <summary>The arena alone, which is host code: BenchmarkDotNet's own loop, inside this process, so that a published program can do it too.</summary>
internal static class ArenaRun
{
    private const double NanosecondsPerSecond = 1e9;

    /// <param name="folder">where the exporters write</param>
    /// <exception cref="CheckFailedException">a benchmark did not run to its end</exception>
    public static ImmutableArray<ArenaResult> Run(string folder)
    {
        var logger = new AccumulationLogger();
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(12))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Min)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
            .AddLogger(logger)
            .WithArtifactsPath(folder);
        Summary summary = BenchmarkRunner.Run<ArenaBenchmarks>(config);
        AtomicFile.WriteText(Path.Combine(folder, "log.txt"), logger.GetLog());
        return summary.HasCriticalValidationErrors || summary.Reports.IsEmpty || summary.Reports.Any(report => !report.Success)
            ? throw new CheckFailedException($"a benchmark of 'arena' did not run to its end; see {folder}")
            : [.. summary.Reports.Select(Result)];
    }

    private static ArenaResult Result(BenchmarkReport report) => new(
        report.BenchmarkCase.Parameters.Items[0].Value.ToString()!,
        report.ResultStatistics!.Min / NanosecondsPerSecond, report.ResultStatistics.Mean / NanosecondsPerSecond,
        report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase));
}
