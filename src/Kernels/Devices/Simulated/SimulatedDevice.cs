using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Harness.Kernels.Ptx;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Kernels.Devices;

/// <summary>
/// The software GPU: executes PTX on the host, all blocks on all cores, and watches every access. GEMM, convolution and pooling are host
/// code. Calls return when their work is done.
/// </summary>
public sealed unsafe class SimulatedDevice : IDevice
{
    /// <summary>Limits of compute capability 7.5 and later that a launch is held to (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").</summary>
    private const int MaxThreads = 1024;
    private const int MaxBlockZ = 64;
    private const int MaxGridYZ = 65535;
    private const int MaxStaticSharedBytes = 48 << 10;
    private const int MaxSharedBytes = 99 << 10;
    private const int MaxParameterBytes = 4096;

    private readonly SimulatedMemory _memory = new();
    private readonly SimulatedModules _modules;
    private readonly WorkerPool _pool;
    private readonly GridRunner _runner;
    private readonly SimulatedLibraries _libraries;
    private readonly byte* _parameters = (byte*)NativeMemory.AlignedAlloc(MaxParameterBytes, 64);
    private long _launches;
    private bool _disposed;

    /// <param name="library">where kernels come from</param>
    /// <param name="workers">how many cores to use; all of them where null</param>
    public SimulatedDevice(KernelLibrary library, int? workers = null)
    {
        _pool = new WorkerPool(workers ?? Environment.ProcessorCount);
        _modules = new SimulatedModules(library, _memory);
        _runner = new GridRunner(_pool);
        _libraries = new SimulatedLibraries(_memory, _pool);
        int bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        Description = new DeviceDescription("sim", $"software GPU ({_pool.Workers} {(_pool.Workers == 1 ? "worker" : "workers")}, {bits}-bit vectors)");
    }

    public DeviceDescription Description { get; }

    public bool Computes => true;

    public DeviceCounters? Counters => new DeviceCounters(
        _launches, _runner.LaneInstructions, _runner.BytesRead + _libraries.BytesRead, _runner.BytesWritten + _libraries.BytesWritten);

    public DevicePointer Allocate(string name, long bytes) => _memory.Allocate(name, bytes);

    public void Free(DevicePointer region) => _memory.Free(region);

    public int BeginBuffer(string name, DevicePointer address, long bytes) => _memory.BeginBuffer(name, address, bytes);

    public BufferTouch? EndBuffer(int buffer) => _memory.EndBuffer(buffer);

    public BufferTouch? Touch(int buffer) => _memory.Touch(buffer);

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source)
    {
        _memory.Write("a copy to the device", destination, source.Length);
        source.CopyTo(new Span<byte>((void*)destination.Address, source.Length));
    }

    public void CopyToHost(Span<byte> destination, DevicePointer source)
    {
        _memory.Read("a copy to the host", source, destination.Length);
        new ReadOnlySpan<byte>((void*)source.Address, destination.Length).CopyTo(destination);
    }

    public KernelHandle Kernel(string entry) => _modules.Find(entry);

    /// <exception cref="CallerException">extents, shared memory or arguments are not what the kernel or the device allows</exception>
    /// <exception cref="PtxViolationException">the kernel broke a rule</exception>
    public void Launch(in KernelLaunch launch)
    {
        KernelProgram program = _modules[launch.Kernel];
        CheckExtents(program, launch);
        PassArguments(program, launch.Arguments);
        var facts = new LaunchFacts
        {
            Grid = launch.Grid,
            BlockSize = launch.Block,
            SharedBytes = program.StaticSharedBytes + launch.SharedBytes,
            DynamicSharedBytes = launch.SharedBytes,
            Parameters = _parameters,
            Memory = _memory.Map,
        };
        _launches++;
        if (_runner.Run(program, facts) is { } failure)
        {
            throw FaultMessage.Of(program, failure.Fault, facts, failure.Block, failure.Warp, _memory.Near);
        }
    }

    public void Gemm(in GemmCall call)
    {
        _launches++;
        _libraries.Gemm(call);
    }

    public void Convolution(in ConvolutionCall call)
    {
        _launches++;
        _libraries.Convolution(call);
    }

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call)
    {
        _launches++;
        _libraries.ConvolutionWeightBackward(call);
    }

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call)
    {
        _launches++;
        _libraries.ConvolutionDataBackward(call);
    }

    public void MaxPool(in MaxPoolCall call)
    {
        _launches++;
        _libraries.MaxPool(call);
    }

    public long WorkspaceBytes(in ConvolutionShape shape) => HostConvolution.WorkspaceBytes(shape);

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => HostConvolutionBackward.WeightWorkspaceBytes(shape);

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => HostConvolutionBackward.DataWorkspaceBytes(shape);

    public void Synchronize()
    {
    }

    private static void CheckExtents(KernelProgram program, in KernelLaunch launch)
    {
        (Dim3 grid, Dim3 block) = (launch.Grid, launch.Block);
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || grid.Y > MaxGridYZ || grid.Z > MaxGridYZ)
        {
            throw new CallerException($"{program.Name}: grid ({grid.X},{grid.Y},{grid.Z}) is not allowed: each extent is at least 1, y and z are at most {MaxGridYZ}");
        }

        if (block.X < 1 || block.Y < 1 || block.Z < 1 || block.Z > MaxBlockZ || block.Count > MaxThreads)
        {
            throw new CallerException($"{program.Name}: block ({block.X},{block.Y},{block.Z}) is not allowed: 1 to {MaxThreads} threads, z at most {MaxBlockZ}");
        }

        if (program.MaxThreads is { } most && block.Count > most)
        {
            throw new CallerException($"{program.Name}: a block of {block.Count} threads is not allowed, the kernel says at most {most}");
        }

        if (program.StaticSharedBytes > MaxStaticSharedBytes || launch.SharedBytes < 0 || program.StaticSharedBytes + (long)launch.SharedBytes > MaxSharedBytes)
        {
            throw new CallerException(
                $"{program.Name}: {program.StaticSharedBytes} static and {launch.SharedBytes} dynamic bytes of shared memory are not allowed: at most {MaxStaticSharedBytes} static, {MaxSharedBytes} in all");
        }
    }

    private void PassArguments(KernelProgram program, ReadOnlySpan<ulong> arguments)
    {
        if (arguments.Length != program.Parameters.Length)
        {
            throw new CallerException($"{program.Name} takes {program.Parameters.Length} arguments, {arguments.Length} were given");
        }

        for (int k = 0; k < arguments.Length; k++)
        {
            KernelParameter parameter = program.Parameters[k];
            if (parameter.Bytes > sizeof(ulong) || parameter.OffsetBytes + parameter.Bytes > MaxParameterBytes)
            {
                throw new CallerException($"{program.Name}: parameter '{parameter.Name}' of {parameter.Bytes} bytes cannot be passed; at most {sizeof(ulong)}");
            }

            ulong bits = arguments[k];
            new ReadOnlySpan<byte>(&bits, parameter.Bytes).CopyTo(new Span<byte>(_parameters + parameter.OffsetBytes, parameter.Bytes));
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _pool.Dispose();
        _runner.Dispose();
        _modules.Dispose();
        _memory.Dispose();
        NativeMemory.AlignedFree(_parameters);
    }
}
