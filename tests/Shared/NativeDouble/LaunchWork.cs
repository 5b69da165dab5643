using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>A kernel launch: the arguments as they were when it was handed in, the memory as it is when it runs.</summary>
internal sealed unsafe class LaunchWork : Work
{
    private readonly FakeFunction _function;
    private readonly Dim3 _grid;
    private readonly Dim3 _block;
    private readonly int _sharedBytes;
    private readonly ImmutableArray<ulong> _arguments;

    public LaunchWork(FakeGpu gpu, FakeFunction function, Dim3 grid, Dim3 block, int sharedBytes, ImmutableArray<ulong> arguments)
        : base("cuLaunchKernel", UsedBy(gpu, arguments))
    {
        (_function, _grid, _block, _sharedBytes, _arguments) = (function, grid, block, sharedBytes, arguments);
    }

    /// <summary>The arguments' bits: as many bytes of each as the entry's parameter has.</summary>
    public static ImmutableArray<ulong> Read(FakeFunction function, void** parameters)
    {
        var arguments = ImmutableArray.CreateBuilder<ulong>();
        for (int k = 0; k < function.Program.Parameters.Length; k++)
        {
            ulong bits = 0;
            int bytes = function.Program.Parameters[k].Bytes;
            if (parameters[k] == null || FakeMemory.IsDevice((ulong)parameters[k]) || bytes > sizeof(ulong))
            {
                throw new MisuseException($"argument {k} of {function.Program.Name} must be the address of {bytes} bytes of host memory");
            }

            Buffer.MemoryCopy(parameters[k], &bits, sizeof(ulong), bytes);
            arguments.Add(bits);
        }

        return arguments.ToImmutable();
    }

    public override void Run(FakeGpu gpu)
    {
        KernelProgram program = _function.Program;
        byte* parameters = stackalloc byte[program.ParameterBytes + sizeof(ulong)];
        for (int k = 0; k < _arguments.Length; k++)
        {
            KernelParameter parameter = program.Parameters[k];
            ulong bits = parameter.Bytes == sizeof(ulong) ? gpu.Memory.ToHost(_arguments[k]) : _arguments[k];
            Buffer.MemoryCopy(&bits, parameters + parameter.OffsetBytes, sizeof(ulong), parameter.Bytes);
        }

        var facts = new LaunchFacts
        {
            Grid = _grid,
            BlockSize = _block,
            SharedBytes = program.StaticSharedBytes + _sharedBytes,
            DynamicSharedBytes = _sharedBytes,
            Parameters = parameters,
            Memory = gpu.Memory.Bytes.Map,
        };
        if (gpu.Runner.Run(program, facts) is { } failure)
        {
            string message = FaultMessage.Of(program, failure.Fault, facts, failure.Block, failure.Warp, gpu.Memory.Bytes.Near).Message;
            throw failure.Fault.Kind switch
            {
                FaultKind.OutOfBounds or FaultKind.SharedOutOfBounds or FaultKind.LocalOutOfBounds => new DeviceFault(Status.IllegalAddress, message),
                FaultKind.Misaligned => new DeviceFault(Status.MisalignedAddress, message),
                FaultKind.Trap => new DeviceFault(Status.LaunchFailed, message),
                _ => gpu.Misuse(message),
            };
        }
    }

    /// <summary>Whole allocations: which of their bytes a kernel touches is its own affair.</summary>
    private static ImmutableArray<AddressRange> UsedBy(FakeGpu gpu, ImmutableArray<ulong> arguments) =>
        [.. arguments.Select(argument => gpu.Memory.Find(argument)).OfType<DeviceBlock>().Select(block => new AddressRange(block.Start, block.Bytes))];
}
