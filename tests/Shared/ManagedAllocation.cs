namespace Harness.Tests.Shared;

/// <summary>
/// What steady work allocates in managed memory on its thread. The least of several tries is taken: a collection that another test sets off
/// retires this thread's allocation context, and what was left of it, up to 8 KiB, then counts as allocated.
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
