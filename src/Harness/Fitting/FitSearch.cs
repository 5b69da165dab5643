using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Fitting;

/// <summary>
/// Finds the largest size whose arena fits a room of bytes. The formulas give a size above which nothing fits; from there down, the
/// first size that fits by its formula and by its plan is the answer, so no larger one fits, whatever the bytes do in between.
/// </summary>
/// <remarks>
/// The search for that first size needs a function that never falls. The peak of live bytes is one if the workspace of a convolution does not
/// depend on the batch: each of its moments is a sum of products of sizes with positive factors. The software GPU's workspace does
/// depend on it, and falls where the tiles of a batch no longer fit one block (docs/convolution.md): <c>mnist-cnn</c> needs less for a
/// batch of 42 than for one of 41. So there the search goes by the peak without workspace, which is never more than the one with it.
/// The sizes in between are few: what a workspace may hold, divided by what a sample adds.
/// </remarks>
internal sealed class FitSearch
{
    public const long Minimum = ModelOption.Minimum;

    private const long Growth = 16;
    private const int HalvedTurns = 3;

    private readonly Dictionary<long, long?> _leastBytes = [];
    private readonly Dictionary<long, long?> _formulaBytes = [];
    private readonly Dictionary<long, Need?> _needs = [];
    private readonly Dictionary<long, long> _largest = [];
    private readonly Lazy<long> _persistentBytes;
    private readonly bool _mayFall;

    /// <param name="configuration">the other sizes; its own of <paramref name="over"/> does not matter; in training its pass is the only one of the step</param>
    /// <param name="over">what is looked for</param>
    /// <param name="workspaceBytes">of every convolution; null: what the software GPU's takes</param>
    /// <exception cref="CallerException">the smallest size has more bytes than can be counted</exception>
    public FitSearch(Configuration configuration, Dimension over, long? workspaceBytes)
    {
        Configuration = configuration;
        Over = over;
        WorkspaceBytes = workspaceBytes;
        _persistentBytes = new Lazy<long>(ReserveBesideArena);
        AnalyticAccount smallest = At(Minimum).Account(workspaceBytes);
        FormulaPersistentBytes = Need.FormulaPersistentBytes(smallest);
        _mayFall = workspaceBytes is null && smallest.Buffers.Any(buffer => buffer.Category == AnalyticCategory.Workspace);
    }

    public Configuration Configuration { get; }

    public Dimension Over { get; }

    public long? WorkspaceBytes { get; }

    /// <summary>The model's own limit; null: as large as bytes can be counted.</summary>
    public long? Maximum => Over.Option(Configuration.Model)?.Maximum;

    /// <summary>Reserved beside the arena, for every size the same.</summary>
    public long PersistentBytes => _persistentBytes.Value;

    /// <summary>Asked for beside the arena, by the formulas.</summary>
    public long FormulaPersistentBytes { get; }

    /// <summary>The configuration with that size.</summary>
    public Configuration At(long size)
    {
        ModelSize sized = Over.Set(Configuration.Size, size);

        // The pass is its step's only one, so the step's batch is the pass's.
        return Configuration with { Size = sized, Training = Configuration.Training is { } pass ? pass with { StepBatch = sized.Batch } : null };
    }

    /// <summary>Null: no size of this model, or more bytes than 64 bits can count.</summary>
    public Need? NeedAt(long size) => Once(_needs, size, NeedOf);

    /// <summary>Asked for, by the formulas, beside the arena and at the peak of it; null: more bytes than 64 bits can count.</summary>
    public long? FormulaNeedAt(long size) => FormulaPersistentBytes + FormulaBytes(size);

    /// <summary>By the plan, in an arena of so many bytes; 0 where not even the smallest fits.</summary>
    public long Largest(long arenaBytes)
    {
        if (!_largest.TryGetValue(arenaBytes, out long largest))
        {
            largest = Down(arenaBytes, size => NeedAt(size)?.Plan.CapacityBytes <= arenaBytes);
            _largest[arenaBytes] = largest;
        }

        return largest;
    }

    /// <summary>By the formulas alone, with so many bytes live at once; 0 where not even the smallest fits.</summary>
    public long LargestByFormulas(long liveBytes) => Down(liveBytes, _ => true);

    /// <summary>The largest that fits by its formula and by <paramref name="also"/>.</summary>
    private long Down(long roomBytes, Func<long, bool> also)
    {
        long size = UpTo(roomBytes);
        while (size >= Minimum && !(FormulaBytes(size) <= roomBytes && also(size)))
        {
            size--;
        }

        return Math.Max(size, 0);
    }

    /// <summary>
    /// Above it nothing fits. What was looked at before brackets it, else growing by a factor; then the straight line through two sizes,
    /// which for a batch is mostly the curve itself, gives the next ones; some turns halve the bracket, so that it shrinks whatever the
    /// curve does.
    /// </summary>
    private long UpTo(long roomBytes)
    {
        long limit = Maximum ?? long.MaxValue;
        if (!Fits(Minimum))
        {
            return 0;
        }

        long fits = _leastBytes.Where(known => known.Value <= roomBytes).Max(known => known.Key);
        long? bound = _leastBytes.Where(known => !(known.Value <= roomBytes)).Select(known => (long?)known.Key).Min();
        while (bound is null && fits < limit)
        {
            long next = fits <= limit / Growth ? fits * Growth : limit;
            (fits, bound) = Fits(next) ? (next, (long?)null) : (fits, next);
        }

        long tooLarge = bound ?? fits + 1;
        for (int turn = 1; tooLarge - fits > 1; turn++)
        {
            long before = fits;
            Look(turn % HalvedTurns == 0 ? null : OnTheLine(fits, tooLarge, roomBytes));
            if (fits > before && tooLarge - fits > 1)
            {
                // Between its ends the line lies above a curve that bends up, and behind them below it: that is the bound from above.
                Look(OnTheLine(before, fits, roomBytes) + 1);
            }
        }

        return fits;

        bool Fits(long size) => LeastBytes(size) <= roomBytes;

        void Look(Int128? guess)
        {
            long size = guess is { } near ? (long)Int128.Clamp(near, fits + 1, tooLarge - 1) : fits + (tooLarge - fits) / 2;
            (fits, tooLarge) = Fits(size) ? (size, tooLarge) : (fits, size);
        }
    }

    /// <summary>Where the line through the bytes of two sizes meets the room; null: a size cannot be counted, or the line never rises.</summary>
    private Int128? OnTheLine(long size, long larger, long roomBytes) =>
        LeastBytes(size) is { } low && LeastBytes(larger) is { } high && high > low
            ? size + (Int128)(roomBytes - low) * (larger - size) / (high - low)
            : null;

    /// <summary>Never falls as the size grows, and is never more than <see cref="FormulaBytes"/>; null: more than can be counted.</summary>
    private long? LeastBytes(long size) => PeakBytes(_leastBytes, size, WorkspaceBytes ?? 0);

    /// <summary>Live at the peak; null: more than can be counted.</summary>
    private long? FormulaBytes(long size) => _mayFall ? PeakBytes(_formulaBytes, size, null) : LeastBytes(size);

    private long? PeakBytes(Dictionary<long, long?> known, long size, long? workspace) =>
        Once(known, size, asked => Counted<long?>(() => At(asked).Peak(workspace).Bytes));

    private long ReserveBesideArena()
    {
        using var device = new NullDevice(WorkspaceBytes);
        return Need.PersistentBytesOf(At(Minimum).Program(device));
    }

    private Need? NeedOf(long size) => size < Minimum || size > Maximum ? null : Counted(() => new Need(At(size), WorkspaceBytes));

    /// <summary>A size is looked at by several cards.</summary>
    private static T? Once<T>(Dictionary<long, T?> known, long size, Func<long, T?> ask)
    {
        if (!known.TryGetValue(size, out T? answer))
        {
            answer = ask(size);
            known[size] = answer;
        }

        return answer;
    }

    /// <summary>Null where 64 bits cannot count the bytes.</summary>
    private static T? Counted<T>(Func<T> bytes)
    {
        try
        {
            return bytes();
        }
        catch (CallerException)
        {
            return default;
        }
    }
}
