using Harness.Kernels.Devices;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class WorkerPoolTests
{
    private sealed class Counting(int items, int workers) : IParallelWork
    {
        public int[] Executions { get; } = new int[items];

        public int[] Occupied { get; } = new int[workers];

        public int Clashes;

        public void Execute(int item, int worker)
        {
            if (Interlocked.Increment(ref Occupied[worker]) != 1)
            {
                Interlocked.Increment(ref Clashes);
            }

            Interlocked.Increment(ref Executions[item]);
            Interlocked.Decrement(ref Occupied[worker]);
        }
    }

    private sealed class Failing(int failingItem) : IParallelWork
    {
        public void Execute(int item, int worker)
        {
            if (item == failingItem)
            {
                throw new CheckFailedException($"item {item}");
            }
        }
    }

    private sealed class Nested(WorkerPool pool) : IParallelWork
    {
        public void Execute(int item, int worker) => pool.Run(this, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_is_executed_once_and_a_worker_does_one_at_a_time(int workers)
    {
        using var pool = new WorkerPool(workers);
        Assert.Equal(workers, pool.Workers);
        foreach (int items in new[] { 0, 1, 2, 7, 1000 })
        {
            for (int repeat = 0; repeat < 50; repeat++)
            {
                var work = new Counting(items, workers);
                pool.Run(work, items);
                Assert.All(work.Executions, count => Assert.Equal(1, count));
                Assert.Equal(0, work.Clashes);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_failure_is_rethrown_and_the_pool_goes_on_working(int workers)
    {
        using var pool = new WorkerPool(workers);
        for (int repeat = 0; repeat < 20; repeat++)
        {
            var error = Assert.Throws<CheckFailedException>(() => pool.Run(new Failing(17), 40));
            Assert.Equal("item 17", error.Message);
            var work = new Counting(30, workers);
            pool.Run(work, 30);
            Assert.All(work.Executions, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Work_that_finds_its_helpers_asleep_is_done_too()
    {
        using var pool = new WorkerPool(3);
        for (int repeat = 0; repeat < 5; repeat++)
        {
            Thread.Sleep(5);
            var work = new Counting(100, 3);
            pool.Run(work, 100);
            Assert.All(work.Executions, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Work_inside_work_is_refused()
    {
        using var pool = new WorkerPool(2);
        Assert.Throws<InvalidOperationException>(() => pool.Run(new Nested(pool), 3));
    }

    [Fact]
    public void Running_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var work = new Counting(100, 2);
        pool.Run(work, 100);
        Assert.Equal(0, ManagedAllocation.LeastBytesOf(() =>
        {
            for (int repeat = 0; repeat < 100; repeat++)
            {
                pool.Run(work, 100);
            }
        }));
    }

    [Fact]
    public void A_disposed_pool_says_so()
    {
        var pool = new WorkerPool(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(1, 2), 1));
    }
}
