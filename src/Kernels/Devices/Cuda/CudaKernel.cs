using System.Runtime.CompilerServices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Devices;

/// <summary>An entry that the driver has compiled.</summary>
internal sealed unsafe class CudaKernel
{
    /// <summary>Static and dynamic shared memory that a kernel may use without being asked (CUDA C++ Programming Guide, "Shared Memory").</summary>
    private const int UnaskedSharedBytes = 48 << 10;

    private readonly CudaContext _context;
    private readonly PtxFunction _entry;
    private readonly CUfunction _function;
    private readonly PtxVariable? _wideParameter;
    private int _dynamicSharedBytes;

    public CudaKernel(CudaContext context, PtxSource source, PtxFunction entry, CUfunction function)
    {
        _context = context;
        _entry = entry;
        _function = function;
        SourceName = source.Name;
        _wideParameter = entry.Parameters.FirstOrDefault(parameter => parameter.Bytes > sizeof(ulong));
        Resources = new KernelResources(
            Attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS),
            Attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES),
            Attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES),
            Attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
            Attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_BINARY_VERSION));
        _dynamicSharedBytes = Math.Max(0, UnaskedSharedBytes - Resources.StaticSharedBytes);
    }

    public string Name => _entry.Name;

    public string SourceName { get; }

    public KernelResources Resources { get; }

    /// <exception cref="CallerException">extents, shared memory or arguments are not what the kernel or the device allows</exception>
    /// <exception cref="MachineException">the driver refuses for another reason</exception>
    public void Launch(in KernelLaunch launch)
    {
        Check(launch);
        if (launch.SharedBytes > _dynamicSharedBytes)
        {
            Judge(_context.Driver.cuFuncSetAttribute(
                _function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, launch.SharedBytes), launch);
            _dynamicSharedBytes = launch.SharedBytes;
        }

        // The driver reads as many low bytes of each word as the parameter has, and has read them when the call returns.
        fixed (ulong* words = launch.Arguments)
        {
            int count = launch.Arguments.Length;
            void** parameters = stackalloc void*[count];
            for (int k = 0; k < count; k++)
            {
                parameters[k] = words + k;
            }

            (Dim3 grid, Dim3 block) = (launch.Grid, launch.Block);
            Judge(_context.Driver.cuLaunchKernel(
                _function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block.X, (uint)block.Y, (uint)block.Z, (uint)launch.SharedBytes,
                _context.Stream, parameters, null), launch);
        }

        _context.CountLaunch();
    }

    private void Check(in KernelLaunch launch)
    {
        if (launch.Arguments.Length != _entry.Parameters.Length)
        {
            throw new CallerException($"{Name} takes {_entry.Parameters.Length} arguments, {launch.Arguments.Length} were given");
        }

        if (_wideParameter is not null)
        {
            throw new CallerException(
                $"{Name}: parameter '{_wideParameter.Name}' of {_wideParameter.Bytes} bytes cannot be passed; at most {sizeof(ulong)}");
        }

        (Dim3 grid, Dim3 block) = (launch.Grid, launch.Block);
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || block.X < 1 || block.Y < 1 || block.Z < 1 || launch.SharedBytes < 0)
        {
            throw new CallerException($"{Extents(launch)} is not allowed: every extent is at least 1");
        }
    }

    /// <summary>What the driver says of the extents is the caller's mistake; everything else is the machine's.</summary>
    private void Judge(CUresult status, in KernelLaunch launch, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status is CUresult.CUDA_ERROR_INVALID_VALUE or CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)
        {
            throw new CallerException(
                $"{Extents(launch)} is not allowed: {_context.Status.Describe(status)}; "
                + $"this kernel takes at most {Resources.MaxThreads} threads a block");
        }

        if (status != CUresult.CUDA_SUCCESS)
        {
            throw _context.Status.Failure(status, Name, call);
        }
    }

    private string Extents(in KernelLaunch launch) =>
        $"{Name}: grid ({launch.Grid.X},{launch.Grid.Y},{launch.Grid.Z}), block ({launch.Block.X},{launch.Block.Y},{launch.Block.Z}), "
        + $"{launch.SharedBytes} bytes of dynamic shared memory";

    private int Attribute(CUfunction_attribute attribute)
    {
        int value;
        _context.Status.ThrowIfFailed(_context.Driver.cuFuncGetAttribute(&value, attribute, _function), Name);
        return value;
    }
}
