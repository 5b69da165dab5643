using System.Collections.Immutable;
using CsCheck;
using Harness.Explain;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Passes;

namespace Harness.Tests.Explain;

/// <summary>What must hold of every answer about every byte, whatever the model.</summary>
public sealed class ExplainedPassTests
{
    public static TheoryData<string, int, Placement> Passes
    {
        get
        {
            var passes = new TheoryData<string, int, Placement>();
            foreach (Placement placement in Enum.GetValues<Placement>())
            {
                foreach ((string model, int batch) in ((string, int)[])
                    [("vgg16", 2), ("bert-base", 1), ("t5-small", 3), ("mnist-mlp", 7), ("mnist-cnn", 3), ("mlp:9-70-3-65-2", 5)])
                {
                    passes.Add(model, batch, placement);
                }
            }

            return passes;
        }
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void Every_byte_at_every_step_belongs_to_exactly_one(string model, int batch, Placement placement) =>
        EveryByteBelongsToOne(Run(model, batch, placement));

    [Fact]
    public void Of_any_stack_every_byte_at_every_step_belongs_to_exactly_one() =>
        Gen.Select(Gen.Int[1, 200].Array[2, 7], Gen.Int[1, 9], Gen.Enum<Placement>()).Sample(
            (sizes, batch, placement) => EveryByteBelongsToOne(Run($"mlp:{string.Join('-', sizes)}", batch, placement)), iter: 60);

    [Theory]
    [MemberData(nameof(Passes))]
    public void A_place_is_shared_out_to_the_byte_and_neighbours_in_time_name_each_other(string model, int batch, Placement placement)
    {
        ExplainedPass pass = Run(model, batch, placement);
        foreach (PassBuffer buffer in pass.Buffers)
        {
            TensorAnswer answer = TensorAnswer.Of(pass, buffer);
            foreach (PlaceHistory history in (PlaceHistory[])[answer.Before!, answer.After!])
            {
                Assert.Equal(buffer.Row.ReservedBytes, history.Shares.Sum(share => share.Bytes) + history.NobodysBytes);
                Assert.All(history.Shares, share => Assert.True(share.Bytes > 0 && share.Buffer != buffer));
                Assert.True(placement != Placement.Bump || history.Shares.IsEmpty);
            }

            // Of two that follow each other on the same bytes, the later names the earlier and the other way round, with as many bytes.
            Assert.All(answer.After!.Shares, share => Assert.Equal(
                share.Bytes, TensorAnswer.Of(pass, share.Buffer).Before!.Shares.Single(back => back.Buffer == buffer).Bytes));
        }
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void A_byte_is_whose_the_ledger_says(string model, int batch, Placement placement)
    {
        ExplainedPass pass = Run(model, batch, placement);
        var random = new Random(batch);
        for (int i = 0; i < 200; i++)
        {
            long offset = random.NextInt64(pass.Ledger.CapacityBytes);
            int step = random.Next(pass.Steps);
            ByteAnswer answer = ByteAnswer.Of(pass, offset, step);
            LedgerRow[] owners =
                [.. pass.Ledger.Rows.Where(row => row.OffsetBytes <= offset && offset < row.OffsetBytes + row.ReservedBytes)];
            LedgerRow? now = owners.SingleOrDefault(row => row.FirstStep <= step && step <= row.LastStep);
            Assert.Equal(now?.Name, answer.Extent.Buffer?.Name);
            if (now is not null)
            {
                Assert.Equal(offset - now.OffsetBytes < now.RequestedBytes ? ExtentKind.Tensor : ExtentKind.Padding, answer.Extent.Kind);
            }

            Assert.Equal(owners.Where(row => row.LastStep < step).OrderBy(row => row.LastStep).LastOrDefault()?.Name, answer.Before?.Name);
            Assert.Equal(owners.Where(row => row.FirstStep > step).OrderBy(row => row.FirstStep).FirstOrDefault()?.Name, answer.After?.Name);
            if (answer.Element is { } element)
            {
                Shape shape = answer.Extent.Buffer!.Tensor.Shape;
                Assert.Equal(element, answer.Position.Zip(shape).Aggregate(0L, (sum, at) => sum * at.Second + at.First));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void The_peak_without_a_tensor_is_what_a_count_of_all_steps_gives(string model, int batch, Placement placement)
    {
        ExplainedPass pass = Run(model, batch, placement);
        PeakAnswer peak = PeakAnswer.Of(pass);
        Assert.Equal(pass.Account.Peak.Bytes, peak.At.Moment.LiveBytes);
        Assert.Equal(
            peak.At.Live.Where(buffer => !Touches(pass.Program.Steps[peak.At.Index], buffer.Name)).Select(buffer => buffer.Name).Order(),
            peak.Reliefs.Select(relief => relief.Buffer.Name).Order());
        Assert.All(peak.Reliefs, relief => Assert.Equal(
            Counted([relief.Buffer.Name]), (relief.Without.PeakBytes, relief.Without.PeakStep)));
        Assert.Equal(
            Counted([.. peak.Reliefs.Take(3).Select(relief => relief.Buffer.Name)]),
            (peak.Together.PeakBytes, peak.Together.PeakStep));
        long[] peaks = [.. peak.Reliefs.Select(relief => relief.Without.PeakBytes)];
        Assert.Equal(peaks.Order(), peaks);

        (long Bytes, int Step) Counted(ImmutableArray<string> gone)
        {
            long[] live = new long[pass.Steps];
            foreach (Lifetime life in Lifetimes.Of(pass.Program))
            {
                for (int step = life.FirstStep; step < life.EndStep; step++)
                {
                    bool counts = !gone.Contains(life.Tensor.Name) || Touches(pass.Program.Steps[step], life.Tensor.Name);
                    live[step] += counts ? life.Tensor.Bytes : 0;
                }
            }

            return (live.Max(), Array.IndexOf(live, live.Max()));
        }
    }

    private static bool Touches(Step step, string name) => step.Reads.Concat(step.Writes).Any(tensor => tensor.Name == name);

    private static void EveryByteBelongsToOne(ExplainedPass pass)
    {
        for (int step = 0; step < pass.Steps; step++)
        {
            ImmutableArray<Extent> map = ArenaMap.At(pass, step);
            long end = 0;
            foreach (Extent extent in map)
            {
                Assert.Equal(end, extent.OffsetBytes);
                Assert.True(extent.Bytes > 0);
                Assert.Equal(extent.Kind is ExtentKind.Hole or ExtentKind.Free, extent.Buffer is null);
                end = extent.EndBytes;
            }

            Assert.Equal(pass.Plan.CapacityBytes, end);
            ArenaMoment moment = pass.Ledger.Moments[step];
            StepAnswer answer = StepAnswer.Of(pass, step);
            Assert.Equal(moment.LiveBytes, answer.Live.Sum(buffer => buffer.Bytes));
            Assert.Equal(moment.LiveBytes, answer.Live.Sum(buffer => buffer.Formula.Value));
            Assert.Equal(
                (moment.InputBytes, moment.OutputBytes, moment.ActivationBytes, moment.WorkspaceBytes),
                (Live(TensorCategory.Input), Live(TensorCategory.Output), Live(TensorCategory.Activation), Live(TensorCategory.Workspace)));

            long Live(TensorCategory category) =>
                map.Where(extent => extent.Kind == ExtentKind.Tensor && extent.Buffer!.Tensor.Category == category)
                    .Sum(extent => extent.Bytes);
        }
    }

    private static ExplainedPass Run(string name, int batch, Placement placement)
    {
        Model model = ModelCatalog.Find(name);
        return ExplainedPass.Run(new Configuration(model, model.Size(batch)), placement, workspaceBytes: null);
    }
}
