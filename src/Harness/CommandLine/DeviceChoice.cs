using System.CommandLine;
using System.Globalization;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>--device</c> and the options that say how it computes. One that does not apply to the device chosen is an error.</summary>
internal sealed class DeviceChoice
{
    private const string Auto = "auto";
    private const string Cuda = "cuda";
    private const string Simulated = "sim";
    private const string Null = "null";
    private const string Tf32 = "tf32";
    internal const int BytesPerMiBShift = 20;
    internal const long MostWorkspaceMiB = 1 << 20;

    private readonly Option<DeviceWord> _device = new("--device")
    {
        Description = "auto: cuda where it works, else sim; cuda:N: the N-th NVIDIA GPU, from 0; sim: the software GPU; "
            + "null: plans and accounts, computes nothing",
        HelpName = "auto|cuda[:N]|sim|null",
        DefaultValueFactory = _ => new DeviceWord(Auto, 0),
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            string[] parts = word.Split(':', 2);
            if (parts.Length == 2 && parts[0] == Cuda)
            {
                if (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                {
                    return new DeviceWord(Cuda, index);
                }

                result.AddError($"--device cuda:N takes the number of a GPU, from 0 on, not '{parts[1]}'");
                return new DeviceWord(Auto, 0);
            }

            return new DeviceWord(Values.Known(result, "--device", word, [Auto, Cuda, Simulated, Null]) ?? Auto, 0);
        },
    };

    private readonly Option<string?> _kernels = Values.Text(
        "--kernels", "run the .ptx files of this folder instead of the built-in ones (sim, cuda)", "DIR");

    private readonly Option<string?> _math = new("--math")
    {
        Description = "fp32: single precision throughout (default); tf32: products and convolutions on tensor cores, 10 bits of mantissa (cuda)",
        HelpName = "fp32|tf32",
        CustomParser = result => Values.Known(result, "--math", result.Tokens[0].Value, ["fp32", Tf32]),
    };

    private readonly Option<string?> _libraries = CommonOptions.Libraries();

    private readonly Option<long?> _workspace = Values.WholeNumber(
        "--workspace",
        "MiB of workspace of every convolution, 0 for none "
            + $"(cuda, default {CudaOptions.DefaultConvolutionWorkspaceBytes >> BytesPerMiBShift}; null: the plan of a GPU)",
        0, MostWorkspaceMiB);

    private readonly Option<bool> _graph = new("--graph") { Description = "passes after the first are one launch of a recorded CUDA graph (cuda)" };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "guard bands between buffers and poison in them: finds overruns and reads of unwritten bytes (cuda)",
    };

    private bool _forPasses;

    private Option[] Everywhere => [_device, _kernels, _math, _libraries];

    private readonly record struct DeviceWord(string Kind, int Index);

    /// <summary>For verbs that run kernels outside of whole passes.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in Everywhere)
        {
            command.Add(option);
        }
    }

    /// <summary>For verbs that run whole passes: workspace, graph and checks too.</summary>
    /// <param name="check">false for a verb that times: watching memory takes longer than most steps</param>
    public void AddForPassesTo(Command command, bool check = true)
    {
        AddTo(command);
        command.Add(_workspace);
        command.Add(_graph);
        if (check)
        {
            command.Add(_check);
        }

        _forPasses = true;
    }

    /// <summary>Whether the caller gave any of these options, for verbs that need no device.</summary>
    public bool IsAskedFor(ParseResult parsed) => Everywhere.Any(option => parsed.GetResult(option) is { Implicit: false });

    /// <exception cref="CallerException">an option does not apply, or the folder of kernels is not one</exception>
    /// <exception cref="MachineException">there is no such device here, or what it needs is missing</exception>
    public OpenedDevice Open(ParseResult parsed, CommandHost host)
    {
        DeviceWord word = parsed.GetValue(_device);
        if (_forPasses && parsed.GetValue(_graph) && parsed.GetValue(_check))
        {
            throw new CallerException("--graph and --check exclude each other: a check looks at memory after every step, a graph is one launch");
        }

        switch (word.Kind)
        {
            case Null:
                Refuse(parsed, "--device null", _kernels, _math, _libraries, _graph, _check);
                var planner = new NullDevice(WorkspaceBytes(parsed));
                return new OpenedDevice(planner, new DeviceFacts(planner.Description, WorkspaceBytes(parsed)));
            case Simulated:
                Refuse(parsed, "--device sim", _math, _libraries, _workspace, _graph, _check);
                return OpenSimulated(parsed, note: null);
            case Cuda:
                return OpenNamedCuda(parsed, host.FindLibraries(parsed.GetValue(_libraries)).Api, word.Index);
            default:
                return OpenAuto(parsed, host);
        }
    }

    /// <summary>A named folder of libraries that does not exist is an error here too: who names one means it.</summary>
    private OpenedDevice OpenAuto(ParseResult parsed, CommandHost host)
    {
        CudaApi api = host.FindLibraries(parsed.GetValue(_libraries)).Api;
        try
        {
            return OpenCuda(parsed, api, index: 0, note: "device: cuda, {0} (auto: it works here)");
        }
        catch (MachineException exception)
        {
            Refuse(parsed, $"--device sim, which auto chose ({exception.Message})", _math, _workspace, _graph, _check);
            return OpenSimulated(parsed, $"device: sim, the software GPU (auto: {exception.Message})");
        }
    }

    private OpenedDevice OpenNamedCuda(ParseResult parsed, CudaApi api, int index)
    {
        try
        {
            return OpenCuda(parsed, api, index, note: null);
        }
        catch (MachineException exception)
        {
            throw new MachineException($"--device cuda: {exception.Message}; --device sim needs no GPU", exception);
        }
    }

    private OpenedDevice OpenCuda(ParseResult parsed, CudaApi api, int index, string? note)
    {
        long workspaceBytes = WorkspaceBytes(parsed) ?? CudaOptions.DefaultConvolutionWorkspaceBytes;
        MathMode math = parsed.GetValue(_math) == Tf32 ? MathMode.Tf32 : MathMode.Fp32;
        bool check = _forPasses && parsed.GetValue(_check);
        CudaDevice gpu = CudaDevice.Open(api, Kernels(parsed), new CudaOptions(index, math, workspaceBytes));
        var facts = new DeviceFacts(
            gpu.Description, _forPasses ? workspaceBytes : null, new GpuFacts(gpu.Properties, math, _forPasses && parsed.GetValue(_graph), check));
        IDevice device = check ? new CheckedDevice(gpu, CheckedDevice.DefaultGuardBytes) : gpu;
        return new OpenedDevice(
            device, facts, gpu, api, note is null ? null : string.Format(CultureInfo.InvariantCulture, note, gpu.Properties.Name));
    }

    private OpenedDevice OpenSimulated(ParseResult parsed, string? note)
    {
        var device = new SimulatedDevice(Kernels(parsed));
        return new OpenedDevice(device, new DeviceFacts(device.Description), Note: note);
    }

    private KernelLibrary Kernels(ParseResult parsed) =>
        parsed.GetValue(_kernels) is { } folder ? KernelLibrary.FromFolder(folder) : KernelLibrary.Embedded;

    private long? WorkspaceBytes(ParseResult parsed) => _forPasses ? parsed.GetValue(_workspace) << BytesPerMiBShift : null;

    private static void Refuse(ParseResult parsed, string device, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                throw new CallerException($"{option.Name} does not apply to {device}");
            }
        }
    }
}
