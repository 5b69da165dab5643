using System.Collections.Immutable;
using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;

namespace Harness.Tests.Shared.NativeDouble;

/// <content>Modules, functions, launches.</content>
internal sealed unsafe partial class FakeDriver
{
    /// <summary>Limits of compute capability 7.5 and later (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").</summary>
    private const int MaxThreads = 1024;
    private const int MaxSharedBytes = 99 << 10;

    public CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint optionCount, CUjit_option* options, void** optionValues)
    {
        string text = NativeText.Read((byte*)image);
        using CallLog.Entry entry = _gpu.Enter($"cuModuleLoadDataEx({FakeModule.EntriesOf(text)})");
        *module = default;
        if (ReadyOutsideCapture(entry) is not Success and var status)
        {
            return status;
        }

        if (FakeModule.VersionOf(text) > NewestPtx(Script.DriverVersion))
        {
            Say(options, optionValues, optionCount, CUjit_option.CU_JIT_ERROR_LOG_BUFFER, $"ptxas fatal   : Unsupported .version in a driver of CUDA {Script.DriverVersion}");
            return Status.UnsupportedPtxVersion;
        }

        try
        {
            *module = new CUmodule(_gpu.Handles.Add("module", FakeModule.Load(text)));
            Say(options, optionValues, optionCount, CUjit_option.CU_JIT_INFO_LOG_BUFFER, "ptxas info    : the double's");
            return Success;
        }
        catch (Exception failure) when (failure is PtxException or PtxUnsupportedException)
        {
            Say(options, optionValues, optionCount, CUjit_option.CU_JIT_ERROR_LOG_BUFFER, failure.Message);
            return Status.InvalidPtx;
        }
    }

    public CUresult cuModuleUnload(CUmodule module)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuModuleUnload({module})");
        if (ReadyOutsideCapture(entry) is (Status.CaptureUnsupported or Status.InvalidContext or Status.ContextIsDestroyed) and var status)
        {
            return status;
        }

        if (_gpu.Handles.All<FakeStream>().Any(stream => stream.Value.Pending.Any(work => work is LaunchWork or GraphWork)))
        {
            throw _gpu.Misuse("a module is unloaded while launches wait");
        }

        if (_gpu.Handles.Remove<FakeModule>(module.Handle) is not { } unloaded)
        {
            return Status.InvalidHandle;
        }

        foreach ((nint handle, FakeFunction function) in _gpu.Handles.All<FakeFunction>().Where(pair => pair.Value.Module == unloaded).ToArray())
        {
            _gpu.Handles.Remove<FakeFunction>(handle);
        }

        unloaded.Dispose();
        return Ready(entry);
    }

    public CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, byte* name)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuModuleGetFunction({module}, {name})");
        *function = default;
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeModule>(module.Handle) is not { } loaded)
        {
            return Status.InvalidHandle;
        }

        if (loaded.Function(NativeText.Read(name)) is not { } found)
        {
            return Status.NotFound;
        }

        found.Handle = found.Handle == 0 ? _gpu.Handles.Add(found.Program.Name, found, numbered: false) : found.Handle;
        *function = new CUfunction(found.Handle);
        return Success;
    }

    public CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuFuncGetAttribute({(int)attribute}, {function})");
        *value = 0;
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeFunction>(function.Handle) is not { } found)
        {
            return Status.InvalidHandle;
        }

        int? known = (int)attribute switch
        {
            0 => (int)(found.Program.MaxThreads ?? MaxThreads),
            1 => found.Program.StaticSharedBytes,
            3 => found.Program.LocalBytes,
            4 => Script.Registers,
            5 => found.Module.PtxVersion,
            6 => (10 * Script.ComputeMajor) + Script.ComputeMinor,
            8 => found.MaxDynamicSharedBytes,
            _ => null,
        };
        *value = known ?? 0;
        return known is null ? Status.InvalidValue : Success;
    }

    public CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuFuncSetAttribute({function}, {(int)attribute}, {value})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeFunction>(function.Handle) is not { } found)
        {
            return Status.InvalidHandle;
        }

        if ((int)attribute != 8 || value < 0 || value > MaxSharedBytes - found.Program.StaticSharedBytes)
        {
            return Status.InvalidValue;
        }

        found.MaxDynamicSharedBytes = value;
        return Success;
    }

    public CUresult cuLaunchKernel(
        CUfunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, CUstream stream,
        void** kernelParameters, void** extra)
    {
        FakeFunction? found = _gpu.Handles.Find<FakeFunction>(function.Handle);
        using CallLog.Entry entry = _gpu.Enter(
            $"cuLaunchKernel({function}, grid {gridX} {gridY} {gridZ}, block {blockX} {blockY} {blockZ}, {sharedBytes}, {stream}, [{Arguments(found, kernelParameters)}])");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (found is null || (stream.Handle != 0 && _gpu.Handles.Find<FakeStream>(stream.Handle) is null))
        {
            return Status.InvalidHandle;
        }

        if (extra != null)
        {
            throw _gpu.Misuse("cuLaunchKernel: parameters are given as kernelParams, extra must be null");
        }

        bool extentsFit = gridX is >= 1 and <= int.MaxValue && gridY is >= 1 and <= 65535 && gridZ is >= 1 and <= 65535
            && blockX is >= 1 and <= MaxThreads && blockY is >= 1 and <= MaxThreads && blockZ is >= 1 and <= 64
            && blockX * blockY * blockZ <= (found.Program.MaxThreads ?? MaxThreads);
        if (!extentsFit || sharedBytes > found.MaxDynamicSharedBytes)
        {
            return Status.InvalidValue;
        }

        var work = new LaunchWork(
            _gpu, found, new Dim3((int)gridX, (int)gridY, (int)gridZ), new Dim3((int)blockX, (int)blockY, (int)blockZ), (int)sharedBytes,
            LaunchWork.Read(found, kernelParameters));
        _gpu.Enqueue(stream, work);
        return Success;
    }

    /// <summary>The newest PTX that a driver takes, 10 * major + minor: CUDA 11.x takes 7.x, 12.x takes 8.x, 13.x takes 9.x (PTX ISA, "Release Notes").</summary>
    private static int NewestPtx(int driverVersion) => ((driverVersion / 1000) - 4) * 10 + (driverVersion / 10 % 100);

    private string Arguments(FakeFunction? function, void** parameters)
    {
        if (function is null || parameters == null)
        {
            return "";
        }

        ImmutableArray<ulong> bits = LaunchWork.Read(function, parameters);
        return string.Join(", ", bits.Select((argument, k) => function.Syntax.Parameters[k].Type switch
        {
            PtxType.F32 => BitConverter.UInt32BitsToSingle((uint)argument).ToString("r", CultureInfo.InvariantCulture),
            PtxType.U64 or PtxType.B64 or PtxType.S64 when FakeMemory.IsDevice(argument) => _gpu.Label(argument),
            _ => argument.ToString(CultureInfo.InvariantCulture),
        }));
    }

    /// <summary>Fills a log that was asked for; the driver puts the length of what it wrote over the size.</summary>
    private static void Say(CUjit_option* options, void** values, uint count, CUjit_option buffer, string text)
    {
        int at = Index(options, count, buffer);
        int size = Index(options, count, buffer + 1);
        if (at < 0 || size < 0 || (nuint)values[size] == 0)
        {
            return;
        }

        int length = (int)(nuint)values[size];
        NativeText.Write(text, (byte*)values[at], length);
        values[size] = (void*)(nuint)Math.Min(text.Length + 1, length);
    }

    private static int Index(CUjit_option* options, uint count, CUjit_option wanted)
    {
        for (int k = 0; k < count; k++)
        {
            if (options[k] == wanted)
            {
                return k;
            }
        }

        return -1;
    }
}
