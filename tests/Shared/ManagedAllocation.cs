namespace Harness.Tests.Shared;

/// <summary>
/// What steady work allocates in managed memory on its thread, time after time: the least of several tries. An allocation that belongs to
/// the work recurs in each. A single one that does not (7,816 bytes, once, on a loaded machine) was seen and its cause was not found;
/// collections set off by other threads were tried and do not move the counter.
/// </summary>
internal sealed class ManagedAllocation
{
    public const int Tries = 5;

    private long _before;

    /// <summary>Of the try that allocated least; unknown before the first.</summary>
    public long? LeastBytes { get; private set; }

    public static long LeastBytesOf(Action steady)
    {
        var allocation = new ManagedAllocation();
        for (int k = 0; k < Tries; k++)
        {
            allocation.Begin();
            steady();
            allocation.End();
        }

        return allocation.LeastBytes!.Value;
    }

    public void Begin() => _before = GC.GetAllocatedBytesForCurrentThread();

    public void End()
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread() - _before;
        LeastBytes = LeastBytes is { } least ? Math.Min(least, bytes) : bytes;
    }
}
