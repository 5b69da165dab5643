using System.Collections.Immutable;
using Harness.Audit;
using Harness.CommandLine;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Reporting;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.Passes;

/// <summary>
/// Whole small models through plan, arena, executor and CudaDevice on a double of the GPU: what is audited, what the driver's memory says,
/// what a check finds.
/// </summary>
public sealed class GpuPassTests
{
    private const long MiB = 1 << 20;

    private static readonly string[] s_eagerStages =
        ["context", "libraries", "modules", "staging", "parameters", "arena", "first pass", "second pass"];

    /// <summary>
    /// A pass that trains leaves other weights than it found; under checks each pass starts from the same, so that its bytes can be compared.
    /// </summary>
    [Theory]
    [InlineData("bert", false, false)]
    [InlineData("bert", true, false)]
    [InlineData("bert", false, true)]
    [InlineData("t5", false, true)]
    [InlineData("vgg16", false, false)]
    [InlineData("vgg16", true, false)]
    [InlineData("vgg16", false, true)]
    public void Every_training_pass_is_exact_eagerly_as_a_graph_and_under_checks(string model, bool graph, bool check)
    {
        using var rig = new GpuRig(graph, check, workspaceBytes: 1 << 20);
        var pass = new TrainingPass(Optimizer.Adam, StepBatch: 2, Dropout: 0.1, RecomputeBlocks: false, ContinuesGradients: false, Updates: true);
        var losses = new Dictionary<string, byte[]>();
        AuditRecord audit = rig.Audit(SmallModels.Of(model), losses, training: pass);
        Assert.Empty(audit.Mismatches);
        Assert.Equal(check ? new TouchRow(0, null, 0) : null, audit.Touch);
        Assert.True(float.IsFinite(BitConverter.ToSingle(losses["loss"])));
        Assert.Empty(rig.Gpu.Misuses);
    }

    [Theory]
    [InlineData("bert", false, false)]
    [InlineData("bert", true, false)]
    [InlineData("bert", false, true)]
    [InlineData("t5", false, false)]
    [InlineData("t5", true, false)]
    [InlineData("t5", false, true)]
    [InlineData("vgg16", false, false)]
    [InlineData("vgg16", true, false)]
    [InlineData("vgg16", false, true)]
    public void Every_model_is_exact_eagerly_as_a_graph_and_under_checks(string model, bool graph, bool check)
    {
        using var rig = new GpuRig(graph, check);
        AuditRecord audit = rig.Audit(SmallModels.Of(model));
        Assert.Empty(audit.Mismatches);
        Assert.Equal(check ? new TouchRow(0, null, 0) : null, audit.Touch);
        Assert.Equal(0, audit.Gpu!.Driver.LastStageMovedBytes);
        Assert.Equal(1, audit.Gpu.Driver.FurtherPasses);
        string[] stages = graph ? [.. s_eagerStages[..^1], "graph", s_eagerStages[^1]] : s_eagerStages;
        Assert.Equal(stages, audit.Gpu.Driver.Stages.Select(stage => stage.Name));
    }

    [Fact]
    public void A_graph_gives_the_bytes_of_an_eager_pass()
    {
        using var eager = new GpuRig();
        using var graph = new GpuRig(graph: true);
        Dictionary<string, byte[]> expected = [], actual = [];
        eager.Audit(SmallModels.Of("t5"), expected);
        graph.Audit(SmallModels.Of("t5"), actual);
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, output => Assert.Equal(output.Value, actual[output.Key]));
    }

    [Fact]
    public void Every_byte_of_the_drivers_memory_is_requested_or_shown_as_unattributed()
    {
        using var rig = new GpuRig(graph: true);
        AuditRecord audit = rig.Audit(SmallModels.Of("vgg16"));
        DriverAccount driver = audit.Gpu!.Driver;
        GpuScript script = rig.Gpu.Script;
        Dictionary<string, MemoryStage> stages = driver.Stages.ToDictionary(stage => stage.Name);
        Assert.Equal(script.MemoryBytes - script.OtherProcessesBytes, driver.BeforeBytes);
        Assert.Equal("context", driver.Since);
        Assert.Equal(script.ContextBytes, stages["context"].UnattributedBytes);
        Assert.Equal(script.CublasBytes + script.CudnnBytes, stages["libraries"].UnattributedBytes);
        Assert.Equal(script.GraphBytes, stages["graph"].UnattributedBytes);
        Assert.Equal(0, stages["first pass"].TakenBytes);
        Assert.Equal(audit.Arena.CapacityBytes, stages["arena"].RequestedBytes);
        Assert.Equal(
            rig.Opened.Gpu!.OwnAllocations.Sum(own => own.Bytes) + stages["parameters"].RequestedBytes + audit.Arena.CapacityBytes,
            driver.RequestedBytes);
        Assert.Equal(driver.BeforeBytes - driver.AfterBytes - driver.RequestedBytes, driver.UnaccountedBytes);
        Assert.Equal(0, driver.BetweenStagesBytes);
        Assert.Empty(driver.Warnings);

        // What the library chose stands beside the account, which has the budget.
        Assert.NotEmpty(audit.Gpu.Convolutions);
        Assert.All(audit.Gpu.Convolutions, choice => Assert.Equal(GpuRig.WorkspaceBytes, choice.BudgetBytes));
        Assert.All(
            audit.Buffers.Where(row => row.Category == CategoryLabels.Workspace),
            row => Assert.Equal(new Pair(GpuRig.WorkspaceBytes, GpuRig.WorkspaceBytes), row.Bytes));
    }

    [Fact]
    public void Without_a_workspace_there_is_no_tensor_for_it()
    {
        using var rig = new GpuRig(workspaceBytes: 0);
        AuditRecord audit = rig.Audit(SmallModels.Of("vgg16"));
        Assert.Empty(audit.Mismatches);
        Assert.DoesNotContain(audit.Buffers, row => row.Category == CategoryLabels.Workspace);
    }

    [Fact]
    public void Free_memory_that_moves_once_is_looked_at_again()
    {
        using var rig = new GpuRig();
        AuditRecord audit = rig.Audit(SmallModels.Of("bert"), beforePass: pass => rig.Gpu.Script.OtherProcessesBytes += pass == 2 ? MiB : 0);
        Assert.Empty(audit.Mismatches);
        Assert.Equal(2, audit.Gpu!.Driver.FurtherPasses);
        Assert.Equal(MiB, audit.Gpu.Driver.BetweenStagesBytes);
    }

    [Fact]
    public void Free_memory_that_moves_in_every_pass_is_a_mismatch()
    {
        using var rig = new GpuRig();
        AuditRecord audit = rig.Audit(SmallModels.Of("bert"), beforePass: _ => rig.Gpu.Script.OtherProcessesBytes += MiB);
        Mismatch mismatch = Assert.Single(audit.Mismatches);
        Assert.Equal("driver", mismatch.Name);
        Assert.Equal(MiB, mismatch.Analytic - mismatch.Observed);
        Assert.Contains("3 times", mismatch.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_model_shows_its_own_stages_and_what_the_first_left_behind()
    {
        using var rig = new GpuRig();
        rig.Audit(SmallModels.Of("vgg16"));
        AuditRecord audit = rig.Audit(SmallModels.Of("bert"));
        Assert.Empty(audit.Mismatches);
        Assert.Equal(s_eagerStages, audit.Gpu!.Driver.Stages.Select(stage => stage.Name));
        Assert.Empty(audit.Gpu.Convolutions);
        Assert.Equal(0, audit.Gpu.Driver.BetweenStagesBytes);
    }

    [Fact]
    public void What_does_not_fit_is_refused_before_a_byte_is_allocated_and_the_largest_batch_is_named()
    {
        using var rig = new GpuRig();
        Model model = SmallModels.Of("bert");
        long[] needed = [.. Enumerable.Range(1, 9).Select(batch => rig.BytesNeeded(model, batch))];
        Assert.Equal(needed, needed.Order());
        rig.Gpu.Script.OtherProcessesBytes += rig.Gpu.FreeBytes() - (needed[5] - 1);
        int blocks = rig.Gpu.Memory.Blocks.Count;
        var error = Assert.Throws<MachineException>(() => rig.Runner.Prepare(new Configuration(model, model.Size(9))));
        Assert.Contains($"needs {needed[8]} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{needed[5] - 1} of {rig.Gpu.Script.MemoryBytes} are free", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("the largest batch that fits is 5", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);

        rig.Gpu.Script.OtherProcessesBytes += rig.Gpu.FreeBytes() - 1;
        error = Assert.Throws<MachineException>(() => rig.Runner.Prepare(new Configuration(model, model.Size(1))));
        Assert.EndsWith("not even batch 1 fits", error.Message, StringComparison.Ordinal);
        Assert.Equal(blocks, rig.Gpu.Memory.Blocks.Count);
    }

    [Fact]
    public void A_kernel_that_writes_one_element_too_many_is_found_on_a_gpu()
    {
        using var rig = new GpuRig(check: true, kernels: Broken("setp.ge.u32     %outside, %i, %count;", "setp.gt.u32     %outside, %i, %count;"));
        AuditRecord audit = rig.Audit(SmallModels.Of("bert"));
        Mismatch mismatch = Assert.Single(audit.Mismatches);
        Assert.Equal("extended_attention_mask", mismatch.Name);
        Assert.Contains("bytes written behind its end, from byte 56 on, by step extended_attention_mask", mismatch.What, StringComparison.Ordinal);
        Assert.Equal(mismatch.Observed, audit.Touch!.OutsideBytes);
        Assert.InRange(audit.Touch.OutsideBytes, 1, 4);
    }

    [Fact]
    public void A_kernel_that_forgets_the_last_element_is_found_with_all_that_was_made_of_it_and_the_cause_first()
    {
        using var rig = new GpuRig(check: true, kernels: Broken(
            "ld.param.u32    %count, [count];", "ld.param.u32    %count, [count];\n    sub.u32 %count, %count, 1;"));
        AuditRecord audit = rig.Audit(SmallModels.Of("bert"));
        Assert.Equal(
            ("extended_attention_mask", (long?)4), (audit.Mismatches[0].Name, audit.Mismatches[0].Observed));
        Assert.Contains("never written, from byte 52 on", audit.Mismatches[0].What, StringComparison.Ordinal);
        Assert.Contains(audit.Mismatches, mismatch => mismatch.Name == "last_hidden_state");

        // What is made of poison may hold it too: the cause is the first that is named.
        Assert.InRange(audit.Touch!.UnwrittenBytes, 4, 1000);
        Assert.Equal(0, audit.Touch.OutsideBytes);
    }

    [Fact]
    public void Without_cudnn_products_and_kernels_run_and_convolutions_say_what_is_missing()
    {
        using var rig = new GpuRig(change: api => api with { Cudnn = new NativePart<ICudnn>(null, "cuDNN was not found; install it") });
        Assert.Empty(rig.Audit(SmallModels.Of("bert")).Mismatches);
        Assert.Contains(
            "cuDNN was not found; install it", Assert.Throws<MachineException>(() => rig.Audit(SmallModels.Of("vgg16"))).Message, StringComparison.Ordinal);
        Assert.Contains("no cuDNN", rig.Opened.Facts.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_terminal_and_the_sweep_show_the_drivers_memory()
    {
        using var rig = new GpuRig();
        AuditRecord audit = rig.Audit(SmallModels.Of("vgg16"));
        using var text = new StringWriter();
        var host = new CommandHost(text, TextWriter.Null, false, false, TimeProvider.System, new MachineDescription(null, 1, "", ""));
        AuditView.Write(audit, host.OutConsole(), allBuffers: false, allSteps: false);
        Assert.Contains(
            "cuda (NVIDIA Double, GPU 0, compute capability 8.6, driver for CUDA 12.4, cuBLAS 12.6.4, cuDNN 9.6.0; math fp32, graph off;",
            text.ToString(), StringComparison.Ordinal);
        Assert.Contains("A second pass moved nothing.", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("Convolutions as the library chose them", text.ToString(), StringComparison.Ordinal);

        var cell = new CellResult(new SweepCell(SweepAxis.Batch, audit.Configuration), audit, 1);
        ImmutableArray<string> row = Assert.Single(DriverTables.Sweep([cell]).Rows);
        Assert.Equal(Quantities.Bytes(audit.Gpu!.Driver.UnaccountedBytes), row[4]);
        Assert.Equal(["0", "1"], row[5..]);
    }

    private static KernelLibrary Broken(string line, string instead)
    {
        PtxSource good = KernelLibrary.Embedded.Sources.Single(source => source.Name.Contains("attention_mask", StringComparison.Ordinal));
        Assert.Contains(line, good.Text, StringComparison.Ordinal);
        PtxSource broken = good with { Text = good.Text.Replace(line, instead, StringComparison.Ordinal) };
        return new KernelLibrary(KernelLibrary.Embedded.Sources.Replace(good, broken));
    }
}
