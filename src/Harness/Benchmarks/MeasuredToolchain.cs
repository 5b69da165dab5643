using BenchmarkDotNet.Characteristics;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using BenchmarkDotNet.Toolchains.Parameters;
using BenchmarkDotNet.Toolchains.Results;
using BenchmarkDotNet.Validators;
using Harness.Timing;
using DotNetCase = BenchmarkDotNet.Running.BenchmarkCase;

namespace Harness.Benchmarks;

/// <summary>
/// Where our protocol meets BenchmarkDotNet. Its engine times a method with the host's clock and decides by itself when to go on, so it can neither
/// flush a cache between two timings, nor read events, nor throw a throttled sample away. A toolchain is its own seam for that: the
/// executor below runs <see cref="TimingProtocol"/> and hands its samples back as measurements, in the text that a benchmark's process would
/// print. From there on jobs, statistics, columns and exporters are BenchmarkDotNet's, and their times are the device's.
/// </summary>
/// <param name="measure">times one case</param>
internal sealed class MeasuredToolchain(Func<MeasuredCase, MeasuredResult> measure) : IToolchain, IExecutor
{
    public const string CaseParameter = "case";

    public string Name => "device";

    public IGenerator Generator { get; } = new InProcessNoEmitGenerator();

    public IBuilder Builder { get; } = new InProcessNoEmitBuilder();

    public IExecutor Executor => this;

    public bool IsInProcess => true;

    /// <summary>What ended the run; BenchmarkDotNet itself would only log it.</summary>
    public Exception? Failure { get; private set; }

    public Dictionary<MeasuredCase, MeasuredResult> Results { get; } = [];

    public static MeasuredCase CaseOf(DotNetCase benchmark) => (MeasuredCase)benchmark.Parameters[CaseParameter];

    public IEnumerable<ValidationError> Validate(DotNetCase benchmarkCase, IResolver resolver) => [];

    public ExecuteResult Execute(ExecuteParameters executeParameters)
    {
        MeasuredCase measured = CaseOf(executeParameters.BenchmarkCase);
        if (Failure is null)
        {
            try
            {
                MeasuredResult result = measure(measured);
                Results.Add(measured, result);
                return Lines(result.Rated, executeParameters.LaunchIndex);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Failure = exception;
            }
        }

        return new ExecuteResult(true, exitCode: 1, null, [], [], [], executeParameters.LaunchIndex);
    }

    private static ExecuteResult Lines(Series series, int launch)
    {
        string[] lines =
        [
            .. series.Kept.Select((sample, i) => new BenchmarkDotNet.Reports.Measurement(
                launch, IterationMode.Workload, IterationStage.Result, i + 1, series.Executions, sample.Seconds * 1e9 * series.Executions).ToString()),
        ];
        return new ExecuteResult(true, exitCode: 0, null, lines, [], lines, launch);
    }
}
