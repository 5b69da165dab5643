using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Audit;

/// <summary>What the device and the arena wrote down during one pass: the second and the third account.</summary>
/// <param name="ParameterRows">the parameters' own region</param>
/// <param name="Touches">by tensor index; null where the device cannot see</param>
/// <param name="StepCosts">by step; null where the device cannot count</param>
/// <param name="Gpu">null on devices that are not one</param>
internal sealed record ObservedPass(
    StepProgram Program, MemoryPlan Plan, ImmutableArray<LedgerRow> ParameterRows, LedgerSnapshot Ledger,
    ImmutableArray<BufferTouch?> Touches, ImmutableArray<DeviceCounters?> StepCosts, GpuPass? Gpu = null);

/// <summary>Joins the three accounts by buffer name. Every difference, down to one byte, is a mismatch with its name and numbers.</summary>
internal sealed class Auditor
{
    private readonly AnalyticAccount _account;
    private readonly ObservedPass _pass;
    private readonly bool _updates;
    private readonly List<Mismatch> _mismatches = [];

    private Auditor(AnalyticAccount account, ObservedPass pass, bool updates)
    {
        _account = account;
        _pass = pass;
        _updates = updates;
    }

    public static AuditRecord Audit(Configuration configuration, DeviceFacts device, AnalyticAccount account, ObservedPass pass) =>
        new Auditor(account, pass, configuration.Training?.Updates ?? false).Join(configuration, device);

    private AuditRecord Join(Configuration configuration, DeviceFacts device)
    {
        ImmutableArray<BufferRow> buffers = JoinBuffers();
        var parameterCount = new Pair(
            _account.ParameterCount.Value, _pass.Program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements));
        Expect("parameters", "count", parameterCount);
        ImmutableArray<CategoryBytes> categories = [.. CategoryLabels.Of(configuration).Select(label => SumOf(label, buffers))];
        PeakRow peak = JoinPeak();
        ArenaRow arena = CheckArena();
        TouchRow? touch = _pass.Gpu?.Findings is { } findings ? CheckFindings(findings) : CheckTouch();
        CheckHeld();
        CheckDriver();
        ImmutableArray<StepRow> steps = JoinSteps();
        PublishedComparison? published = configuration.Published() is { } formulas ? PublishedComparison.Of(formulas, buffers, steps) : null;
        _mismatches.AddRange(published?.Mismatches() ?? []);
        return new AuditRecord(
            configuration, device, _pass.Plan.Placement, parameterCount, categories, peak, arena, touch, _pass.Gpu,
            buffers, steps, published, [.. _mismatches]);
    }

    private ImmutableArray<BufferRow> JoinBuffers()
    {
        Dictionary<string, AnalyticBuffer> formulas = ByName(_account.Buffers, buffer => buffer.Name, "named twice by the formulas");
        LedgerRow[] ledger = [.. _pass.ParameterRows, .. _pass.Ledger.Rows];
        Dictionary<string, LedgerRow> observed = ByName(ledger, row => row.Name, "named twice by the ledger");

        var rows = ImmutableArray.CreateBuilder<BufferRow>(ledger.Length);
        foreach (LedgerRow row in ledger)
        {
            rows.Add(Row(formulas.GetValueOrDefault(row.Name), row));
        }

        foreach (AnalyticBuffer buffer in _account.Buffers.Where(buffer => !observed.ContainsKey(buffer.Name)))
        {
            rows.Add(Row(buffer, null));
        }

        foreach (BufferRow row in rows)
        {
            Expect(row.Name, "bytes", row.Bytes);
        }

        return rows.ToImmutable();
    }

    private BufferRow Row(AnalyticBuffer? formula, LedgerRow? observed)
    {
        string? analyticLabel = formula is null ? null : CategoryLabels.Of(formula.Category);
        string? observedLabel = observed is { } o ? CategoryLabels.Of(o.Category) : null;
        string name = formula?.Name ?? observed!.Name;
        if (analyticLabel is not null && observedLabel is not null && analyticLabel != observedLabel)
        {
            _mismatches.Add(new Mismatch(
                name, $"is {analyticLabel} by the formula and {observedLabel} in the ledger", formula!.Bytes, observed!.RequestedBytes));
        }

        TensorSpec? tensor = _pass.Program.Find(name);
        BufferTouch? touch = tensor is null ? null : _pass.Touches[tensor.Index];
        bool isHeld = observed?.Category.IsPersistent() ?? false;
        return new BufferRow(
            name, analyticLabel ?? observedLabel!, tensor?.DType.Label(), tensor?.Shape, formula?.Formula.ToString(),
            new Pair(formula?.Bytes, observed?.RequestedBytes), observed?.ReservedBytes, observed?.OffsetBytes,
            isHeld ? null : observed?.FirstStep, isHeld ? null : observed?.LastStep, touch?.WrittenBytes, touch?.ReadBytes);
    }

    private CategoryBytes SumOf(string label, ImmutableArray<BufferRow> buffers)
    {
        long analytic = _account.Buffers.Where(buffer => CategoryLabels.Of(buffer.Category) == label).Sum(buffer => buffer.Bytes);
        long observed = _pass.ParameterRows.Concat(_pass.Ledger.Rows)
            .Where(row => CategoryLabels.Of(row.Category) == label).Sum(row => row.RequestedBytes);
        var bytes = new Pair(analytic, observed);
        Expect(label, "sum of bytes", bytes);
        return new CategoryBytes(label, bytes, buffers.Count(row => row.Category == label));
    }

    private PeakRow JoinPeak()
    {
        LedgerSnapshot ledger = _pass.Ledger;
        var bytes = new Pair(_account.Peak.Bytes, ledger.PeakLiveBytes);
        Expect("peak of live bytes", "bytes", bytes);
        PeakMoment winner = _account.Peak.Winner;
        return new PeakRow(bytes, winner.Name, winner.Formula.ToString(), winner.Why, _pass.Program.Steps[ledger.PeakStep].Name);
    }

    private ArenaRow CheckArena()
    {
        LedgerSnapshot ledger = _pass.Ledger;
        Expect("arena", "capacity against the plan", new Pair(_pass.Plan.CapacityBytes, ledger.CapacityBytes));
        Expect("arena", "moments against steps", new Pair(_pass.Program.Steps.Length, ledger.Moments.Length));
        foreach (ArenaMoment moment in ledger.Moments)
        {
            Expect("arena", $"conservation at step {moment.Step}", new Pair(ledger.CapacityBytes, moment.TotalBytes));
            long liveByRows = ledger.Rows
                .Where(row => row.FirstStep <= moment.Step && moment.Step <= row.LastStep).Sum(row => row.RequestedBytes);
            Expect("arena", $"live bytes at step {moment.Step} against the ledger's rows", new Pair(liveByRows, moment.LiveBytes));
        }

        if (ledger.HighWaterBytes > ledger.CapacityBytes)
        {
            _mismatches.Add(new Mismatch("arena", "high water above capacity", ledger.CapacityBytes, ledger.HighWaterBytes));
        }

        ArenaMoment peak = ledger.Moments.MaxBy(moment => moment.LiveBytes);
        return new ArenaRow(ledger.CapacityBytes, ledger.HighWaterBytes, peak.PaddingBytes, _pass.Plan.LowerBoundBytes);
    }

    private TouchRow? CheckTouch()
    {
        TensorSpec[] tensors = [.. _pass.Program.Tensors.Where(tensor => !tensor.Category.IsPersistent())];
        if (tensors.All(tensor => _pass.Touches[tensor.Index] is null))
        {
            return null;
        }

        long unwritten = 0;
        long unread = 0;
        Dictionary<string, long> readInPart = _account.Buffers.Where(buffer => buffer.ReadFormula is not null)
            .ToDictionary(buffer => buffer.Name, buffer => buffer.ReadBytes, StringComparer.Ordinal);
        foreach (TensorSpec tensor in tensors)
        {
            long readBytes = readInPart.GetValueOrDefault(tensor.Name, tensor.Bytes);
            BufferTouch touch = _pass.Touches[tensor.Index] ?? default;
            Expect(tensor.Name, "bytes written", new Pair(tensor.Bytes, touch.WrittenBytes));
            Expect(tensor.Name, "bytes read", new Pair(readBytes, touch.ReadBytes));
            unwritten += tensor.Bytes - touch.WrittenBytes;
            unread += readBytes - touch.ReadBytes;
        }

        // The device ends a pass at its first access outside of a live buffer (exit 1, with line and thread): one that came to its end had none.
        return new TouchRow(unwritten, unread, OutsideBytes: 0);
    }

    /// <summary>
    /// The touch of what is held from pass to pass, since it was made: a gradient is written whole, and in a pass that updates read whole, like
    /// the optimizer's state.
    /// </summary>
    private void CheckHeld()
    {
        foreach (TensorSpec tensor in _pass.Program.Tensors.Where(tensor => tensor.Category is TensorCategory.Gradient or TensorCategory.OptimizerState))
        {
            if (_pass.Touches[tensor.Index] is not { } touch)
            {
                continue;
            }

            Expect(tensor.Name, "bytes written", new Pair(tensor.Bytes, touch.WrittenBytes));
            if (_updates)
            {
                Expect(tensor.Name, "bytes read", new Pair(tensor.Bytes, touch.ReadBytes));
            }
        }
    }

    /// <summary>The touch as guard bands and poison show it. What a library leaves of its workspace is its own business.</summary>
    private TouchRow CheckFindings(ImmutableArray<MemoryFinding> findings)
    {
        long unwritten = 0;
        long outside = 0;
        foreach (MemoryFinding finding in findings)
        {
            if (finding.Fault != MemoryFault.Overrun && _pass.Program.Find(finding.Buffer)?.Category == TensorCategory.Workspace)
            {
                continue;
            }

            unwritten += finding.Fault == MemoryFault.Unwritten ? finding.Bytes : 0;
            outside += finding.Fault == MemoryFault.Overrun ? finding.Bytes : 0;
            string what = finding.Fault switch
            {
                MemoryFault.Overrun => $"bytes written behind its end, from byte {finding.OffsetBytes} on, by step {finding.Step}",
                MemoryFault.Unwritten => $"bytes never written, from byte {finding.OffsetBytes} on; step {finding.Step} writes it first",
                _ => "bytes that are not the same in two passes (made from unwritten memory, or not reproducible), "
                    + $"from byte {finding.OffsetBytes} on; step {finding.Step} writes it first",
            };
            _mismatches.Add(new Mismatch(finding.Buffer, what, 0, finding.Bytes));
        }

        return new TouchRow(unwritten, UnreadBytes: null, outside);
    }

    /// <summary>A pass over memory that is already there must ask the driver for nothing, and do with its buffers what the first one did.</summary>
    private void CheckDriver()
    {
        if (_pass.Gpu is not { } gpu)
        {
            return;
        }

        if (gpu.Driver.LastStageMovedBytes is { } moved && moved != 0)
        {
            MemoryStage last = gpu.Driver.Stages[^1];
            _mismatches.Add(new Mismatch(
                "driver", $"free bytes before and after a pass over memory that was already there, each of {gpu.Driver.FurtherPasses} times",
                last.FreeBeforeBytes, last.FreeAfterBytes));
        }

        if (!gpu.Again.Rows.SequenceEqual(_pass.Ledger.Rows) || !gpu.Again.Moments.SequenceEqual(_pass.Ledger.Moments))
        {
            _mismatches.Add(new Mismatch("arena", "the latest pass placed its buffers in another way than the first", null, null));
        }
    }

    private ImmutableArray<StepRow> JoinSteps()
    {
        Dictionary<string, AnalyticStep> formulas = ByName(_account.Steps, step => step.Name, "step named twice by the formulas");
        var rows = ImmutableArray.CreateBuilder<StepRow>(_pass.Program.Steps.Length);
        for (int i = 0; i < _pass.Program.Steps.Length; i++)
        {
            string name = _pass.Program.Steps[i].Name;
            DeviceCounters? counted = _pass.StepCosts[i];
            if (!formulas.Remove(name, out AnalyticStep? formula))
            {
                _mismatches.Add(new Mismatch(name, "a step without a formula", null, null));
            }

            rows.Add(new StepRow(
                name, formula?.Macs.Value, formula?.Flops.Value, new Pair(formula?.BytesRead.Value, counted?.BytesRead),
                new Pair(formula?.BytesWritten.Value, counted?.BytesWritten), counted?.LaneInstructions));
        }

        foreach (string name in formulas.Keys)
        {
            _mismatches.Add(new Mismatch(name, "a formula for a step that did not run", null, null));
        }

        return rows.ToImmutable();
    }

    private Dictionary<string, T> ByName<T>(IEnumerable<T> items, Func<T, string> name, string whatIfTwice)
    {
        var named = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (T item in items)
        {
            if (!named.TryAdd(name(item), item))
            {
                _mismatches.Add(new Mismatch(name(item), whatIfTwice, null, null));
            }
        }

        return named;
    }

    private void Expect(string name, string what, Pair pair)
    {
        if (!pair.IsEqual)
        {
            _mismatches.Add(new Mismatch(name, what, pair.Analytic, pair.Observed));
        }
    }
}
