using System.Collections.Immutable;
using System.Reflection;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Harness.Kernels;
using Harness.Kernels.Devices;
using DotNetCase = BenchmarkDotNet.Running.BenchmarkCase;

namespace Harness.Benchmarks;

/// <summary>BenchmarkDotNet names a benchmark after a method of a public class; <see cref="MeasuredToolchain"/> does its work.</summary>
public class OnDevice
{
    public void Measure() => throw new InvalidOperationException("the toolchain measures");
}

/// <summary>Runs cases through BenchmarkDotNet on <see cref="MeasuredToolchain"/>; its exporters write Markdown and JSON.</summary>
internal static class MeasuredRun
{
    /// <param name="folder">where the files of this group go: BenchmarkDotNet names them after the class</param>
    /// <returns>in the order of the cases</returns>
    /// <exception cref="CheckFailedException">BenchmarkDotNet did not run a case</exception>
    public static ImmutableArray<MeasuredResult> Run(
        IReadOnlyList<MeasuredCase> cases, IDevice device, string folder, Func<MeasuredCase, MeasuredResult> measure)
    {
        var toolchain = new MeasuredToolchain(measure);
        var logger = new AccumulationLogger();
        ImmutableArray<MeasuredColumn> columns = MeasuredColumn.Of(device is IGpu);
        ManualConfig manual = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(toolchain))
            .AddColumn([.. columns.Select((column, i) => column.ForBenchmarkDotNet(
                benchmark => toolchain.Results.GetValueOrDefault(MeasuredToolchain.CaseOf(benchmark)), i))])
            .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
            .AddLogger(logger)
            .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
            .WithArtifactsPath(folder);
        ImmutableConfig config = ImmutableConfigBuilder.Create(manual);
        MethodInfo method = ((Action)new OnDevice().Measure).Method;
        var descriptor = new Descriptor(typeof(OnDevice), method, null, null, null, null, null, null, false, null, 1, 0);
        var parameter = new ParameterDefinition(MeasuredToolchain.CaseParameter, false, [.. cases], false, typeof(MeasuredCase), 0);
        DotNetCase[] benchmarks =
        [
            .. cases.Select(measured => DotNetCase.Create(
                descriptor, manual.GetJobs().Single(),
                new ParameterInstances([new ParameterInstance(parameter, measured, SummaryStyle.Default)]), config)),
        ];
        Summary summary = BenchmarkRunner.Run(new BenchmarkRunInfo(benchmarks, typeof(OnDevice), config));
        AtomicFile.WriteText(Path.Combine(folder, "log.txt"), logger.GetLog());
        if (toolchain.Failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        return summary.HasCriticalValidationErrors || cases.Any(measured => !toolchain.Results.ContainsKey(measured))
            ? throw new CheckFailedException($"a benchmark did not run to its end; see {folder}")
            : [.. cases.Select(measured => toolchain.Results[measured])];
    }
}
