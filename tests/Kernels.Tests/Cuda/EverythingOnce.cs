using System.Runtime.InteropServices;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>Everything that a <see cref="CudaDevice"/> can do, on small operands: <see cref="Prepare"/> once, <see cref="Work"/> as often as wanted.</summary>
internal sealed class EverythingOnce : IDisposable
{
    private const int Count = 300;
    private const int WorkspaceBytes = 4096;

    private readonly CudaDevice _device;
    private readonly List<DevicePointer> _regions = [];
    private readonly byte[] _host = new byte[4 * Count];
    private readonly LaunchTable _table;
    private readonly AddStep _add;
    private readonly DevicePointer[] _addresses = new DevicePointer[3];
    private GemmCall _product;
    private GemmCall _batch;
    private ConvolutionCall _convolution;
    private ConvolutionWeightBackwardCall _weightGradient;
    private ConvolutionDataBackwardCall _dataGradient;
    private MaxPoolCall _pool;
    private IGpuTimer? _timer;
    private IGpuGraph? _graph;

    public EverythingOnce(FakeGpu gpu)
    {
        _device = CudaDevice.Open(gpu.Api, Library, CudaOptions.Default with { ConvolutionWorkspaceBytes = WorkspaceBytes });
        _table = new LaunchTable(_device);
        TensorSpec a = Tensor(0), b = Tensor(1), y = Tensor(2);
        _add = new AddStep("add", a, b, y);
        MemoryMarshal.AsBytes(new SeededValues(1).Floats(Count, 1).AsSpan()).CopyTo(_host);

        static TensorSpec Tensor(int index) => new(index, $"t{index}", new Shape(Count), DType.F32, TensorCategory.Activation);
    }

    private static KernelLibrary Library { get; } = new([KernelLibrary.Embedded.Sources.Single(source => source.Name == "add.ptx")]);

    public void Prepare()
    {
        DevicePointer a = Region("a"), b = Region("b"), y = Region("y"), workspace = Region("workspace", WorkspaceBytes);
        (_addresses[0], _addresses[1], _addresses[2]) = (a, b, y);
        _product = new GemmCall(true, false, 5, 6, 7, 1, a, 7, 0, b, 7, 0, 0, y, 5, 0, 1);
        _batch = new GemmCall(false, false, 5, 6, 7, 1, a, 5, 35, b, 7, 42, 0, y, 5, 30, 3);
        _convolution = new ConvolutionCall(new ConvolutionShape(1, 2, 5, 5, 3, 3, 3, 1, 1), a, b, b, y, workspace, WorkspaceBytes, true);
        _weightGradient = new ConvolutionWeightBackwardCall(_convolution.Shape, a, b, y, workspace, WorkspaceBytes, 0);
        _dataGradient = new ConvolutionDataBackwardCall(_convolution.Shape, a, b, y, workspace, WorkspaceBytes);
        _pool = new MaxPoolCall(1, 2, 6, 6, 2, 2, a, y);
        _timer = _device.CreateTimer();
        Work();
        _graph = _device.Capture(Launch);
        Work();
    }

    public void Work()
    {
        _device.CopyToDevice(_addresses[0], _host);
        _device.CopyToDevice(_addresses[1], _host);
        _timer!.Start();
        Launch();
        _timer.Stop();
        _device.FlushL2();
        _graph?.Launch();
        _device.CopyOnDevice(_addresses[0], _addresses[2], 100);
        _device.CopyToHost(_host, _addresses[1]);
        _device.Synchronize();
        if (!(_timer.Seconds() > 0))
        {
            throw new InvalidOperationException("no time has passed");
        }
    }

    /// <summary>As a caller's using statements would, whether what came before worked or not: each part is released, the first failure is shown.</summary>
    public void Dispose()
    {
        var failures = new List<MachineException>();
        Action[] releases = [() => _graph?.Dispose(), () => _timer?.Dispose(), .. _regions.Select(region => (Action)(() => _device.Free(region))), _device.Dispose];
        foreach (Action release in releases)
        {
            try
            {
                release();
            }
            catch (MachineException failure)
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
        {
            throw failures[0];
        }
    }

    private void Launch()
    {
        _table.Launch(_add, _addresses);
        _device.Gemm(_product);
        _device.Gemm(_batch);
        _device.Convolution(_convolution);
        _device.ConvolutionWeightBackward(_weightGradient);
        _device.ConvolutionDataBackward(_dataGradient);
        _device.MaxPool(_pool);
    }

    private DevicePointer Region(string name, int bytes = 4 * Count)
    {
        DevicePointer region = _device.Allocate(name, bytes);
        _regions.Add(region);
        return region;
    }
}
