using System.Collections.Immutable;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Devices;

/// <summary>
/// An NVIDIA GPU: PTX through the driver, products through cuBLAS, convolutions and poolings through cuDNN, all in one stream. It may be
/// used from any thread, by one at a time. It sees no buffers: <see cref="EndBuffer"/>, <see cref="Touch"/> and <see cref="Counters"/>
/// are unknown here.
/// </summary>
public sealed class CudaDevice : IGpu
{
    private readonly CudaOptions _options;
    private readonly CudaContext _context;
    private readonly CudaMemory _memory;
    private readonly CudaBlas _blas;
    private readonly CudaDnn? _dnn;
    private readonly string? _whyNoDnn;
    private readonly CudaModules _modules;
    private readonly CudaStaging _staging;
    private CudaL2Scratch? _l2Scratch;
    private bool _disposed;

    private CudaDevice(
        CudaOptions options, GpuProperties properties, CudaContext context, CudaMemory memory, CudaBlas blas, CudaDnn? dnn, string? whyNoDnn,
        CudaModules modules, CudaStaging staging, ImmutableArray<MemoryStage> openingStages)
    {
        _options = options;
        _context = context;
        _memory = memory;
        _blas = blas;
        _dnn = dnn;
        _whyNoDnn = whyNoDnn;
        _modules = modules;
        _staging = staging;
        Properties = properties;
        OpeningStages = openingStages;
        Description = new DeviceDescription("cuda", options.Math == MathMode.Tf32 ? $"{properties.Name}, TF32" : properties.Name);
    }

    public DeviceDescription Description { get; }

    public bool Computes => true;

    public GpuProperties Properties { get; }

    public ImmutableArray<MemoryStage> OpeningStages { get; }

    public IReadOnlyList<DeviceAllocation> OwnAllocations => _l2Scratch is null
        ? [new DeviceAllocation("cuBLAS workspace", _blas.WorkspaceBytes)]
        : [new DeviceAllocation("cuBLAS workspace", _blas.WorkspaceBytes), new DeviceAllocation("L2 scratch", _l2Scratch.Bytes)];

    public IReadOnlyList<ConvolutionChoice> ConvolutionChoices => _dnn?.Choices ?? [];

    public long Launches => _context.Launches;

    /// <summary>Unknown: the hardware counts no bytes for us.</summary>
    public DeviceCounters? Counters => null;

    public GpuMemory Memory
    {
        get
        {
            _context.MakeCurrent();
            return _context.Memory();
        }
    }

    /// <param name="api">what of NVIDIA's software there is; without cuDNN the device opens, and convolutions and poolings fail</param>
    /// <param name="kernels">all of them are loaded now</param>
    /// <param name="options">which GPU, and what it computes with</param>
    /// <exception cref="MachineException">no driver, no such GPU, a driver that is too old, no cuBLAS, no memory: one line with what to do</exception>
    /// <exception cref="CallerException">a PTX file of the caller's is wrong</exception>
    public static CudaDevice Open(CudaApi api, KernelLibrary kernels, CudaOptions options)
    {
        ICudaDriver driver = api.Driver.Required;
        var status = new CudaStatus(driver);
        CudaSelection gpu = CudaSelection.Find(driver, status, options);
        ICublas cublas = api.Cublas.Required;
        var opened = new Stack<IDisposable?>();
        try
        {
            var stages = ImmutableArray.CreateBuilder<MemoryStage>();
            long? freeBeforeContextBytes = NvmlFreeMemory.Bytes(api.Nvml.Value, gpu.Properties.PciBusId);
            CudaContext context = Opened(new CudaContext(driver, status, gpu.Device));
            long? freeAfterContextBytes = NvmlFreeMemory.Bytes(api.Nvml.Value, gpu.Properties.PciBusId);
            stages.Add(new MemoryStage("context", freeBeforeContextBytes, freeAfterContextBytes, 0));

            long freeBytes = context.Memory().FreeBytes;
            var memory = new CudaMemory(context);
            CudaBlas blas = Opened(new CudaBlas(cublas, context, memory, gpu.Properties, options.Math));
            (CudaDnn? dnn, string? whyNoDnn) = CudaDnn.TryOpen(api.Cudnn, context, gpu.Properties, options.Math);
            opened.Push(dnn);
            Passed("libraries", blas.WorkspaceBytes);
            CudaModules modules = Opened(new CudaModules(context, gpu.Properties, kernels));
            Passed("modules", 0);
            CudaStaging staging = Opened(new CudaStaging(context));
            Passed("staging", 0);
            GpuProperties properties = gpu.Properties with { CublasVersion = blas.Version, CudnnVersion = dnn?.Version };
            return new CudaDevice(options, properties, context, memory, blas, dnn, whyNoDnn, modules, staging, stages.ToImmutable());

            void Passed(string stage, long requestedBytes)
            {
                long freeAfterBytes = context.Memory().FreeBytes;
                stages.Add(new MemoryStage(stage, freeBytes, freeAfterBytes, requestedBytes));
                freeBytes = freeAfterBytes;
            }
        }
        catch
        {
            while (opened.TryPop(out IDisposable? part))
            {
                part?.Dispose();
            }

            throw;
        }

        T Opened<T>(T part)
            where T : IDisposable
        {
            opened.Push(part);
            return part;
        }
    }

    public DevicePointer Allocate(string name, long bytes)
    {
        _context.MakeCurrent();
        return _memory.Allocate(name, bytes);
    }

    public void Free(DevicePointer region)
    {
        _context.MakeCurrent();
        _memory.Free(region);
    }

    public int BeginBuffer(string name, DevicePointer address, long bytes) => 0;

    public BufferTouch? EndBuffer(int buffer) => null;

    public BufferTouch? Touch(int buffer) => null;

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source)
    {
        _context.MakeCurrent();
        _staging.CopyToDevice(destination, source);
    }

    public void CopyToHost(Span<byte> destination, DevicePointer source)
    {
        _context.MakeCurrent();
        _staging.CopyToHost(destination, source);
    }

    public unsafe void CopyOnDevice(DevicePointer destination, DevicePointer source, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _context.MakeCurrent();
        _context.Status.ThrowIfFailed(_context.Driver.cuMemcpyDtoDAsync(
            new CUdeviceptr(destination.Address), new CUdeviceptr(source.Address), (nuint)bytes, _context.Stream));
    }

    public ImmutableArray<LoadedKernel> LoadedKernels => _modules.Loaded;

    public KernelHandle Kernel(string entry) => _modules.Find(entry);

    public KernelResources Resources(KernelHandle kernel) => _modules[kernel].Resources;

    public void Launch(in KernelLaunch launch)
    {
        _context.MakeCurrent();
        _modules[launch.Kernel].Launch(launch);
    }

    public void Gemm(in GemmCall call)
    {
        _context.MakeCurrent();
        _blas.Gemm(call);
    }

    /// <exception cref="MachineException">cuDNN is missing, or no algorithm of it fits the workspace</exception>
    public void Convolution(in ConvolutionCall call)
    {
        _context.MakeCurrent();
        RequiredDnn().Convolution(call);
    }

    /// <exception cref="MachineException">cuDNN is missing, or no algorithm of it fits the workspace</exception>
    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call)
    {
        _context.MakeCurrent();
        RequiredDnn().ConvolutionWeightBackward(call);
    }

    /// <exception cref="MachineException">cuDNN is missing, or no algorithm of it fits the workspace</exception>
    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call)
    {
        _context.MakeCurrent();
        RequiredDnn().ConvolutionDataBackward(call);
    }

    /// <exception cref="MachineException">cuDNN is missing</exception>
    public void MaxPool(in MaxPoolCall call)
    {
        _context.MakeCurrent();
        RequiredDnn().MaxPool(call);
    }

    /// <summary>The caller's budget, whatever the shape.</summary>
    public long WorkspaceBytes(in ConvolutionShape shape) => _options.ConvolutionWorkspaceBytes;

    /// <inheritdoc cref="WorkspaceBytes"/>
    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => _options.ConvolutionWorkspaceBytes;

    /// <inheritdoc cref="WorkspaceBytes"/>
    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => _options.ConvolutionWorkspaceBytes;

    public void Synchronize()
    {
        _context.MakeCurrent();
        _context.RequireNotCapturing("a wait");
        _context.Synchronize();
    }

    public IGpuTimer CreateTimer() => new CudaTimer(_context);

    public void FlushL2()
    {
        _context.MakeCurrent();
        _l2Scratch ??= new CudaL2Scratch(_context, _memory, Properties);
        _l2Scratch.Overwrite();
    }

    public IGpuGraph Capture(Action enqueue)
    {
        _context.MakeCurrent();
        return CudaGraph.Capture(_context, enqueue);
    }

    /// <summary>In reverse order of creation, after the stream's work. Throws nothing: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _context.TryMakeCurrent();
        _context.Driver.cuStreamSynchronize(_context.Stream);
        _l2Scratch?.Dispose();
        _staging.Dispose();
        _modules.Dispose();
        _dnn?.Dispose();
        _blas.Dispose();
        _context.Dispose();
    }

    public void RequireConvolutions() => RequiredDnn();

    private CudaDnn RequiredDnn() => _dnn ?? throw new MachineException($"this needs cuDNN: {_whyNoDnn}");
}
