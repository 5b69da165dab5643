namespace Harness.Kernels.Devices;

/// <summary>Independent items that a <see cref="WorkerPool"/> executes in any order.</summary>
public interface IParallelWork
{
    /// <param name="item">which item, from 0</param>
    /// <param name="worker">who executes it, from 0; no two items run on one worker at a time, so it may index scratch</param>
    void Execute(int item, int worker);
}
