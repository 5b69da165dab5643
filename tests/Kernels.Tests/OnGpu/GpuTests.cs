using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Kernels.Tests.Devices;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.OnGpu;

/// <summary>What only hardware can show.</summary>
[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class GpuTests(SharedGpu gpu) : IClassFixture<SharedGpu>
{
    public static TheoryData<string> Entries { get; } = [.. KernelCatalog.Entries.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_entry_agrees_with_its_reference_at_every_shape(string entry)
    {
        KernelCheckResult[] results = [.. KernelCheck.Run(gpu.Device, entry)];
        Assert.NotEmpty(results);
        Assert.All(results, result => Assert.True(result.Passed, $"{result.Shape}: {result.Failure}"));
    }

    [Fact]
    public void The_drivers_compiler_says_what_every_kernel_takes_and_none_spills()
    {
        CudaDevice device = gpu.Device;
        Assert.Equal(KernelCatalog.Entries.Count(entry => entry.File is not null), device.LoadedKernels.Length);
        Assert.All(device.LoadedKernels, kernel =>
        {
            Assert.InRange(kernel.Resources.Registers, 1, 255);
            Assert.True(kernel.Resources.LocalBytes == 0, $"{kernel.Name} spills {kernel.Resources.LocalBytes} bytes a thread");
        });
    }

    [Fact]
    public void Ptx_that_the_driver_refuses_is_named_with_the_compilers_words()
    {
        const string broken = ".version 6.4\n.target sm_75\n.address_size 64\n.visible .entry k()\n{\n    .reg .f32 %f<2>;\n    add.f32 %f1, %f0;\n    ret;\n}\n";
        CallerException refused = Assert.ThrowsAny<CallerException>(() => Gpu.Open(new KernelLibrary([new PtxSource("broken.ptx", broken)])).Dispose());
        Assert.Contains("broken.ptx", refused.Message);
        Assert.Contains("7", refused.Message); // the line
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void More_memory_than_there_is_is_refused_with_the_bytes_and_the_device_goes_on()
    {
        using CudaDevice device = Gpu.Open();
        long bytes = device.Properties.MemoryBytes * 2;
        string message = Assert.ThrowsAny<MachineException>(() => device.Allocate("far too large", bytes)).Message;
        Assert.Contains("far too large", message);
        Assert.DoesNotContain('\n', message);
        device.Free(device.Allocate("small", 1 << 20));
        device.Synchronize();
    }

    /// <summary>A copy of 256 MiB moves twice as many bytes: no GPU does it in 10 us (51 TB/s) or needs 1 s (0.5 GB/s).</summary>
    [Fact]
    public void The_timer_measures_what_lies_between_its_events()
    {
        CudaDevice device = gpu.Device;
        const long bytes = 256L << 20;
        DevicePointer from = device.Allocate("from", bytes), to = device.Allocate("to", bytes);
        using IGpuTimer timer = device.CreateTimer();
        double one = Time(1), ten = Time(10);
        device.Free(from);
        device.Free(to);
        Assert.InRange(one, 1e-5, 1);
        Assert.InRange(ten / one, 3, 30);

        double Time(int copies)
        {
            device.CopyOnDevice(to, from, bytes); // awake
            timer.Start();
            for (int i = 0; i < copies; i++)
            {
                device.CopyOnDevice(to, from, bytes);
            }

            timer.Stop();
            return timer.Seconds();
        }
    }

    [Fact]
    public void Opening_is_accounted_for_stage_by_stage()
    {
        using CudaDevice device = Gpu.Open();
        Assert.Equal(["context", "libraries", "modules", "staging"], device.OpeningStages.Select(stage => stage.Name));
        Assert.True(device.Memory.FreeBytes > 0 && device.Memory.FreeBytes < device.Memory.TotalBytes);
        Assert.Contains(device.OwnAllocations, allocation => allocation.Name == "cuBLAS workspace" && allocation.Bytes > 0);
    }

    [Fact]
    public void The_checking_device_finds_a_planted_overrun_on_hardware()
    {
        Assert.Empty(CheckedDeviceTests.Run(Gpu.Open(Library(16, ""))));
        Assert.Equal(
            [new(MemoryFault.Overrun, "y", 64, 1, "first"), new(MemoryFault.Overrun, "z", 64, 1, "second")],
            CheckedDeviceTests.Run(Gpu.Open(Library(16, "st.global.u8 [%rd2], %r2;"))));
    }

    [Fact]
    public void The_checking_device_finds_bytes_that_nobody_wrote_on_hardware() => Assert.Equal(
        [new(MemoryFault.Unwritten, "y", 60, 4, "first"), new(MemoryFault.Unwritten, "z", 60, 4, "second")],
        CheckedDeviceTests.Run(Gpu.Open(Library(15, ""))));

    /// <summary>For the oldest GPU that our own kernels run on.</summary>
    private static KernelLibrary Library(int words, string extra)
    {
        PtxSource source = CheckedDeviceTests.Source(words, extra);
        return new([source with { Text = source.Text.Replace(".target sm_90", ".target sm_75", StringComparison.Ordinal) }]);
    }
}
