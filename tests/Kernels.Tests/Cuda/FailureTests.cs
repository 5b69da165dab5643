using System.Globalization;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>Every native call of a run fails once: the first error is seen, with the call's and the status's names, and nothing is left on the GPU.</summary>
public sealed class FailureTests
{
    /// <summary>
    /// Failures that stop nothing: memory figures that may be unknown, texts of errors, and an algorithm whose workspace cuDNN does not know is one
    /// less to choose from.
    /// </summary>
    private static readonly string[] s_optional =
    [
        "cudnnGetConvolutionForwardWorkspaceSize", "cudnnGetConvolutionBackwardFilterWorkspaceSize", "cudnnGetConvolutionBackwardDataWorkspaceSize", "nvmlInit", "nvmlShutdown", "nvmlDeviceGetHandleByPciBusId", "nvmlDeviceGetMemoryInfo", "cuGetErrorName", "cuGetErrorString", "cudnnGetVersion",
    ];

    [Fact]
    public void Any_call_that_fails_is_named_and_nothing_is_left()
    {
        (string Name, int Nth, bool Releases)[] calls = GoodRun();
        Assert.True(calls.Length > 100, $"{calls.Length} calls are few");
        foreach ((string name, int nth, bool releases) in calls)
        {
            using var gpu = new FakeGpu();
            (int status, string statusName) = StatusOf(name);
            gpu.Log.Fail(name, nth, status);
            Exception? failure = FailureOf(gpu);
            string what = string.Create(CultureInfo.InvariantCulture, $"{name} #{nth}");
            if (releases || s_optional.Contains(name))
            {
                // What releases may be silent; where it is not (a region that the caller frees), it names itself.
                Assert.True(failure is null || (failure is MachineException && failure.Message.Contains(name, StringComparison.Ordinal)), $"{what}: {failure}");
            }
            else
            {
                Assert.True(failure is MachineException, $"{what}: {failure}");
                Assert.Contains(name, failure.Message);
                Assert.Contains(statusName, failure.Message);
                Assert.DoesNotContain('\n', failure.Message);
            }

            Assert.True(gpu.Misuses.Count == 0, $"{what}: {string.Join("; ", gpu.Misuses)}");
            Assert.True(gpu.Leftovers().Count == 0, $"{what} leaves {string.Join(", ", gpu.Leftovers())}");
        }
    }

    /// <summary>A trap in a kernel: the copy that waits for it gets the error, every later call the same, and disposing shows no other.</summary>
    [Fact]
    public void A_lost_device_is_named_where_it_is_first_seen_and_disposing_hides_nothing()
    {
        var trap = new KernelLibrary([new PtxSource("trap.ptx", ".version 6.4\n.target sm_75\n.address_size 64\n.visible .entry trap_now()\n{\n    trap;\n    ret;\n}\n")]);
        using var gpu = new FakeGpu();
        DevicePointer region = default;
        MachineException first = Assert.Throws<MachineException>(() =>
        {
            using CudaDevice device = CudaDevice.Open(gpu.Api, trap, CudaOptions.Default);
            region = device.Allocate("bytes", 64);
            try
            {
                device.CopyToDevice(region, new byte[64]);
                device.Launch(new KernelLaunch { Kernel = device.Kernel("trap_now"), Grid = new(1), Block = new(32), Arguments = [] });
                device.CopyToHost(new byte[64], region);
            }
            finally
            {
                Assert.Contains(
                    "CUDA_ERROR_LAUNCH_FAILED",
                    Assert.Throws<MachineException>(() => device.Gemm(new GemmCall(false, false, 1, 1, 1, 1, region, 1, 0, region, 1, 0, 0, region, 1, 0, 1))).Message);
                device.Free(region);
            }
        });
        Assert.Contains("cuEventSynchronize failed: CUDA_ERROR_LAUNCH_FAILED", first.Message);
        Assert.Contains("the CUDA context is lost", first.Message);
        CudaRig.AssertNothingIsLeft(gpu);
    }

    /// <summary>A pass that is steady makes no garbage: what the thread allocated, less what the double did.</summary>
    [Fact]
    public void Steady_work_allocates_no_managed_memory()
    {
        using var gpu = new FakeGpu();
        using var everything = new EverythingOnce(gpu);
        everything.Prepare();
        long least = long.MaxValue;
        for (int k = 0; k < ManagedAllocation.Tries; k++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), ownBefore = gpu.Log.OwnManagedBytes;
            everything.Work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before - (gpu.Log.OwnManagedBytes - ownBefore));
        }

        Assert.Equal(0, least);
    }

    /// <summary>The first failure; what releasing throws after it is none that a user would see.</summary>
    private static Exception? FailureOf(FakeGpu gpu)
    {
        EverythingOnce? everything = null;
        Exception? working = Record.Exception(() =>
        {
            everything = new EverythingOnce(gpu);
            everything.Prepare();
        });
        Exception? releasing = Record.Exception(() => everything?.Dispose());
        return working ?? releasing;
    }

    private static (string Name, int Nth, bool Releases)[] GoodRun()
    {
        using var gpu = new FakeGpu();
        using (var everything = new EverythingOnce(gpu))
        {
            everything.Prepare();
        }

        CudaRig.AssertNothingIsLeft(gpu);
        var counts = new Dictionary<string, int>();
        var calls = new List<(string, int, bool)>();
        int lastWork = gpu.Log.Names.ToList().LastIndexOf("cuEventElapsedTime");
        foreach ((NativeCall call, int index) in gpu.Log.Calls.Select((call, index) => (call, index)))
        {
            int nth = counts[call.Name] = counts.GetValueOrDefault(call.Name) + 1;
            calls.Add((call.Name, nth, index > lastWork || call.Name is "cuGraphDestroy"));
        }

        return [.. calls];
    }

    private static (int Status, string Name) StatusOf(string call) =>
        call.StartsWith("cublas", StringComparison.Ordinal) ? ((int)Status.CublasInternalError, "CUBLAS_STATUS_INTERNAL_ERROR")
        : call.StartsWith("cudnn", StringComparison.Ordinal) ? ((int)Status.CudnnInternalError, "CUDNN_STATUS_INTERNAL_ERROR")
        : call.StartsWith("nvml", StringComparison.Ordinal) ? (999, "Unknown Error")
        : ((int)Status.NotSupported, "CUDA_ERROR_NOT_SUPPORTED");
}
