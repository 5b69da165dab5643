using Harness.Kernels.Devices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Runs the blocks of one launch on all workers. The fault of the lowest block is the one that is reported.</summary>
internal sealed unsafe class GridRunner : IParallelWork, IDisposable
{
    /// <summary>Enough pieces to even out the workers, few enough not to be felt.</summary>
    private const int ItemsPerWorker = 16;

    private readonly WorkerPool _pool;
    private readonly Block[] _blocks;
    private readonly Lock _gate = new();
    private KernelProgram? _program;
    private LaunchFacts _facts;
    private long _blocksPerItem;
    private long _faultBlock;
    private int _faultWarp;
    private WarpFault? _fault;
    private long _launches;

    public GridRunner(WorkerPool pool)
    {
        _pool = pool;
        _blocks = new Block[pool.Workers];
        for (int k = 0; k < _blocks.Length; k++)
        {
            _blocks[k] = new Block();
        }
    }

    public long LaneInstructions { get; private set; }

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>Returns the fault of the lowest block, with block and warp, or null.</summary>
    public (WarpFault Fault, long Block, int Warp)? Run(KernelProgram program, in LaunchFacts facts)
    {
        _program = program;
        _facts = facts;
        _facts.Number = ++_launches;
        _facts.Workers = _blocks.Length;
        _fault = null;
        _faultBlock = long.MaxValue;
        long blocks = facts.Grid.Count;
        long items = Math.Min(blocks, (long)ItemsPerWorker * _blocks.Length);
        _blocksPerItem = (blocks + items - 1) / items;
        _pool.Run(this, (int)((blocks + _blocksPerItem - 1) / _blocksPerItem));
        foreach (Block block in _blocks)
        {
            if (block.LaunchNumber == _launches)
            {
                LaneInstructions += block.LaneInstructions;
                BytesRead += block.BytesRead;
                BytesWritten += block.BytesWritten;
            }
        }

        return _fault is null ? null : (_fault, _faultBlock, _faultWarp);
    }

    public void Execute(int item, int worker)
    {
        Block block = _blocks[worker];
        if (block.LaunchNumber != _facts.Number)
        {
            LaunchFacts mine = _facts;
            mine.Worker = worker;
            block.Prepare(_program!, mine);
        }

        long end = Math.Min(_facts.Grid.Count, (item + 1) * _blocksPerItem);
        for (long number = item * _blocksPerItem; number < end && number < Volatile.Read(ref _faultBlock); number++)
        {
            try
            {
                block.Run(Index(number, _facts.Grid));
            }
            catch (WarpFault fault)
            {
                lock (_gate)
                {
                    if (number < _faultBlock)
                    {
                        (_fault, _faultWarp) = (fault, block.FaultWarp);
                        Volatile.Write(ref _faultBlock, number);
                    }
                }

                return;
            }
        }
    }

    public static Dim3 Index(long number, Dim3 grid) => new(
        (int)(number % grid.X), (int)(number / grid.X % grid.Y), (int)(number / ((long)grid.X * grid.Y)));

    public void Dispose()
    {
        foreach (Block block in _blocks)
        {
            block.Dispose();
        }
    }
}
