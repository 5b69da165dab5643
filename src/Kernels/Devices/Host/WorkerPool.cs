using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// The cores of the software GPU: persistent threads that take the items of one piece of work as they become free. The calling
/// thread is worker 0. Nothing is allocated per <see cref="Run"/>. One thread at a time may call it.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    // Long enough to bridge the gap between two launches, short enough not to be seen in a load average.
    private static readonly long s_spinTicks = Stopwatch.Frequency / 1_000_000 * 30;

    private readonly object _gate = new();
    private readonly Thread[] _helpers;
    private readonly nint[] _scratch;
    private readonly long[] _scratchBytes;

    private IParallelWork? _work;
    private int _items;
    private int _next;
    private int _active;
    private bool _open;
    private bool _running;
    private bool _disposed;
    private int _sleepers;
    private Exception? _error;
    private int _generation;

    /// <param name="workers">how many items run at a time, the caller's included; 1 runs everything on the caller</param>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _scratch = new nint[workers];
        _scratchBytes = new long[workers];
        _helpers = new Thread[workers - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            int worker = i + 1;
            _helpers[i] = new Thread(() => Help(worker)) { IsBackground = true, Name = $"worker {worker}" };
            _helpers[i].Start();
        }
    }

    public int Workers => _helpers.Length + 1;

    /// <summary>
    /// Executes items 0 .. <paramref name="items"/> - 1 and returns when all are done. The first exception stops the handing out of
    /// further items and is rethrown here.
    /// </summary>
    public void Run(IParallelWork work, int items)
    {
        ArgumentNullException.ThrowIfNull(work);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Volatile.Read(ref _running))
        {
            throw new InvalidOperationException("a worker pool runs one piece of work at a time");
        }

        Volatile.Write(ref _running, true);
        try
        {
            if (_helpers.Length == 0 || items <= 1)
            {
                for (int item = 0; item < items; item++)
                {
                    work.Execute(item, 0);
                }

                return;
            }

            Publish(work, items);
            TakeItems(0);
            CloseAndWait();
            if (_error is { } error)
            {
                _error = null;
                ExceptionDispatchInfo.Throw(error);
            }
        }
        finally
        {
            _work = null;
            Volatile.Write(ref _running, false);
        }
    }

    /// <summary>
    /// At least that many bytes that belong to one worker, 64-byte aligned, contents undefined, valid until that worker asks for
    /// more. Grows and never shrinks, so a steady loop allocates nothing.
    /// </summary>
    public unsafe nint Scratch(int worker, long bytes)
    {
        if (_scratchBytes[worker] < bytes)
        {
            NativeMemory.AlignedFree((void*)_scratch[worker]);
            _scratch[worker] = 0;
            _scratchBytes[worker] = 0;
            _scratch[worker] = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            _scratchBytes[worker] = bytes;
        }

        return _scratch[worker];
    }

    public unsafe void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _generation = unchecked(_generation + 1);
            Monitor.PulseAll(_gate);
        }

        foreach (Thread helper in _helpers)
        {
            helper.Join();
        }

        for (int i = 0; i < _scratch.Length; i++)
        {
            NativeMemory.AlignedFree((void*)_scratch[i]);
            _scratch[i] = 0;
        }
    }

    private void Publish(IParallelWork work, int items)
    {
        lock (_gate)
        {
            _work = work;
            _items = items;
            _next = 0;
            _open = true;
            Volatile.Write(ref _generation, unchecked(_generation + 1));
            if (_sleepers > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    // A helper that has not woken up by now is not waited for: it finds the work closed and goes back to sleep.
    private void CloseAndWait()
    {
        lock (_gate)
        {
            _open = false;
        }

        long deadline = Stopwatch.GetTimestamp() + s_spinTicks;
        while (Volatile.Read(ref _active) > 0 && Stopwatch.GetTimestamp() < deadline)
        {
            Thread.SpinWait(10);
        }

        lock (_gate)
        {
            while (_active > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    private void Help(int worker)
    {
        int seen = 0;
        while (true)
        {
            long deadline = Stopwatch.GetTimestamp() + s_spinTicks;
            while (Volatile.Read(ref _generation) == seen && Stopwatch.GetTimestamp() < deadline)
            {
                Thread.SpinWait(10);
            }

            lock (_gate)
            {
                _sleepers++;
                while (_generation == seen)
                {
                    Monitor.Wait(_gate);
                }

                _sleepers--;
                seen = _generation;
                if (_disposed)
                {
                    return;
                }

                if (!_open)
                {
                    continue;
                }

                _active++;
            }

            TakeItems(worker);
            lock (_gate)
            {
                _active--;
                if (_active == 0 && !_open)
                {
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    private void TakeItems(int worker)
    {
        IParallelWork work = _work!;
        int items = _items;
        try
        {
            while (true)
            {
                // The counter may run past the number of items by one a worker, never by more.
                int item = Interlocked.Increment(ref _next) - 1;
                if (item >= items)
                {
                    return;
                }

                work.Execute(item, worker);
            }
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _error, error, null);
            Interlocked.Exchange(ref _next, items);
        }
    }
}
