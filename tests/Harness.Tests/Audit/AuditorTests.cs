using System.Collections.Immutable;
using Harness.Audit;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Tests.Audit;

/// <summary>An audit of a pass that is exact; then one thing is changed at a time, and the audit must name it.</summary>
public sealed class AuditorTests
{
    private static readonly Configuration s_configuration = new(ModelCatalog.BertBase, new ModelSize(2, 8, null));
    private static readonly AnalyticAccount s_account = s_configuration.Account(null);
    private static readonly ObservedPass s_pass = RunOnNullDevice();

    [Fact]
    public void A_pass_as_it_ran_is_exact()
    {
        AuditRecord audit = Audit(s_account, s_pass);
        Assert.Empty(audit.Mismatches);
        Assert.Null(audit.Touch);
        Assert.Equal(109_482_240, audit.ParameterCount.Observed);
    }

    [Fact]
    public void Touch_of_every_byte_is_exact() => Assert.Equal(new TouchRow(0, 0, 0), Audit(s_account, WithTouch((_, touch) => touch)).Touch);

    [Fact]
    public void A_changed_coefficient_is_named()
    {
        AnalyticBuffer buffer = Buffer("encoder.layer.3.attention.scores");
        AnalyticAccount changed = s_account with { Buffers = s_account.Buffers.Replace(buffer, buffer with { Formula = buffer.Formula + 1 }) };
        Names(Audit(changed, s_pass), "encoder.layer.3.attention.scores", buffer.Bytes + 1, buffer.Bytes);
    }

    [Fact]
    public void A_buffer_without_a_formula_is_named()
    {
        AnalyticBuffer buffer = Buffer("embeddings.sum");
        Names(Audit(s_account with { Buffers = s_account.Buffers.Remove(buffer) }, s_pass), "embeddings.sum", null, buffer.Bytes);
    }

    [Fact]
    public void A_formula_without_a_buffer_is_named()
    {
        var ghost = new AnalyticBuffer("encoder.ghost", AnalyticCategory.Activations, 12);
        AuditRecord audit = Audit(s_account with { Buffers = s_account.Buffers.Add(ghost) }, s_pass);
        Names(audit, "encoder.ghost", 12, null);
        Assert.Contains(audit.Buffers, row => row.Name == "encoder.ghost" && row.Bytes == new Pair(12, null));
    }

    [Fact]
    public void A_wrong_category_is_named()
    {
        AnalyticBuffer buffer = Buffer("embeddings.sum");
        AnalyticAccount changed = s_account with { Buffers = s_account.Buffers.Replace(buffer, buffer with { Category = AnalyticCategory.Workspace }) };
        Assert.Contains(Audit(changed, s_pass).Mismatches, mismatch => mismatch.Name == "embeddings.sum" && mismatch.What.Contains("workspace", StringComparison.Ordinal));
    }

    [Fact]
    public void A_changed_ledger_row_is_named()
    {
        LedgerRow row = s_pass.Ledger.Rows.First(row => row.Name == "embeddings.output");
        Names(
            Audit(s_account, WithRows(rows => rows.Replace(row, row with { RequestedBytes = row.RequestedBytes - 4 }))),
            "embeddings.output", row.RequestedBytes, row.RequestedBytes - 4);
    }

    [Fact]
    public void A_life_that_ends_a_step_early_is_seen_in_the_live_bytes()
    {
        LedgerRow row = s_pass.Ledger.Rows.First(row => row.Name == "embeddings.output");
        AuditRecord audit = Audit(s_account, WithRows(rows => rows.Replace(row, row with { LastStep = row.LastStep - 1 })));
        Assert.Contains(audit.Mismatches, mismatch => mismatch.Name == "arena" && mismatch.What.Contains($"step {row.LastStep}", StringComparison.Ordinal));
    }

    [Fact]
    public void A_buffer_handed_out_twice_is_named() => Assert.Contains(
        Audit(s_account, WithRows(rows => rows.Add(rows[5]))).Mismatches, mismatch => mismatch.What.Contains("twice", StringComparison.Ordinal));

    [Fact]
    public void A_changed_peak_is_named()
    {
        AnalyticAccount changed = s_account with { Peak = new AnalyticPeak([new PeakMoment("elsewhere", s_account.Peak.Bytes - 4, "made up")]) };
        Names(Audit(changed, s_pass), "peak of live bytes", s_account.Peak.Bytes - 4, s_account.Peak.Bytes);
    }

    [Fact]
    public void A_changed_parameter_count_is_named() =>
        Names(Audit(s_account with { ParameterCount = s_account.ParameterCount + 1 }, s_pass), "parameters", 109_482_241, 109_482_240);

    [Fact]
    public void Bytes_that_are_not_conserved_are_named()
    {
        ArenaMoment moment = s_pass.Ledger.Moments[7];
        ObservedPass leaking = s_pass with { Ledger = s_pass.Ledger with { Moments = s_pass.Ledger.Moments.SetItem(7, moment with { FreeBytes = moment.FreeBytes - 256 }) } };
        Names(Audit(s_account, leaking), "arena", leaking.Ledger.CapacityBytes, leaking.Ledger.CapacityBytes - 256);
    }

    [Fact]
    public void A_step_without_a_formula_is_named()
    {
        AuditRecord audit = Audit(s_account with { Steps = s_account.Steps.RemoveAt(4) }, s_pass);
        Assert.Equal([s_account.Steps[4].Name], audit.Mismatches.Select(mismatch => mismatch.Name));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(0, 4)]
    public void Bytes_never_written_or_never_read_are_named(long unwritten, long unread)
    {
        AuditRecord audit = Audit(s_account, WithTouch((tensor, touch) => tensor.Name == "encoder.layer.0.attention.probs"
            ? new BufferTouch(touch.WrittenBytes - unwritten, touch.ReadBytes - unread)
            : touch));
        Assert.Equal(new TouchRow(unwritten, unread, 0), audit.Touch);
        Assert.Equal(["encoder.layer.0.attention.probs"], audit.Mismatches.Select(mismatch => mismatch.Name));
    }

    [Fact]
    public void Parameters_may_stay_unread()
    {
        AuditRecord audit = Audit(s_account, WithTouch((tensor, touch) => tensor.Category == TensorCategory.Parameter ? touch with { ReadBytes = 0 } : touch));
        Assert.Empty(audit.Mismatches);
    }

    private static AuditRecord Audit(AnalyticAccount account, ObservedPass pass) =>
        Auditor.Audit(s_configuration, new DeviceFacts(new DeviceDescription("null", "test")), account, pass);

    private static void Names(AuditRecord audit, string name, long? analytic, long? observed) =>
        Assert.Contains(audit.Mismatches, mismatch => mismatch.Name == name && mismatch.Analytic == analytic && mismatch.Observed == observed);

    private static AnalyticBuffer Buffer(string name) => s_account.Buffers.Single(buffer => buffer.Name == name);

    private static ObservedPass WithRows(Func<ImmutableArray<LedgerRow>, ImmutableArray<LedgerRow>> change) =>
        s_pass with { Ledger = s_pass.Ledger with { Rows = change(s_pass.Ledger.Rows) } };

    private static ObservedPass WithTouch(Func<TensorSpec, BufferTouch, BufferTouch> change) => s_pass with
    {
        Touches = [.. s_pass.Program.Tensors.Select(tensor => (BufferTouch?)change(tensor, new BufferTouch(tensor.Bytes, tensor.Bytes)))],
    };

    private static ObservedPass RunOnNullDevice()
    {
        using var device = new NullDevice();
        StepProgram program = s_configuration.Program(device);
        MemoryPlan plan = MemoryPlanner.Plan(program, Placement.Planned);
        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), device);
        using var executor = new Executor(program, plan, parameters, device);
        executor.BeginPass();
        executor.RunSteps();
        PassRecord record = executor.EndPass();
        return new ObservedPass(program, plan, parameters.Rows, record.Ledger, record.Touches, record.StepCosts);
    }
}
