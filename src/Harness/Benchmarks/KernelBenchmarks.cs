using BenchmarkDotNet.Attributes;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models;

namespace Harness.Benchmarks;

/// <summary>Single steps of BERT-base, batch 8, length 64, on the software GPU with all its checks.</summary>
public class KernelBenchmarks
{
    private SimulatedDevice _device = null!;
    private LaunchTable _launches = null!;
    private Step _step = null!;
    private DevicePointer[] _addresses = null!;

    [Params("attention.probs", "attention.output", "intermediate.output", "attention.query_heads")]
    public string Kernel { get; set; } = "";

    /// <summary>Lane instructions of one launch.</summary>
    public static long LaneInstructions(string kernel)
    {
        var benchmark = new KernelBenchmarks { Kernel = kernel };
        benchmark.Setup();
        try
        {
            DeviceCounters before = benchmark._device.Counters!.Value;
            benchmark.Launch();
            return (benchmark._device.Counters!.Value - before).LaneInstructions;
        }
        finally
        {
            benchmark.Cleanup();
        }
    }

    [GlobalSetup]
    public void Setup()
    {
        _device = new SimulatedDevice(KernelLibrary.Embedded);
        Model model = ModelCatalog.BertBase;
        StepProgram program = model.Program(new ModelSize(8, 64, null), _device);
        _step = program.Steps.Single(step => step.Name == $"encoder.layer.0.{Kernel}");
        _launches = new LaunchTable(_device);
        _addresses = new DevicePointer[program.Tensors.Length];
        foreach (TensorSpec tensor in _step.Reads.Concat(_step.Writes).Distinct())
        {
            DevicePointer address = _device.Allocate(tensor.Name, tensor.Bytes);
            _device.BeginBuffer(tensor.Name, address, tensor.Bytes);
            byte[] bytes = new byte[tensor.Bytes];
            model.Seeded(42).Read(tensor, bytes);
            _device.CopyToDevice(address, bytes);
            _addresses[tensor.Index] = address;
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _device.Dispose();

    [Benchmark]
    public void Launch()
    {
        _launches.Launch(_step, _addresses);
        _device.Synchronize();
    }
}
