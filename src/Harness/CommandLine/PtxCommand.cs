using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness ptx run FILE</c>: anybody's PTX on the software GPU, with all its checks, or on a real one.</summary>
internal static class PtxCommand
{
    private const string Simulated = "sim";
    private const string Cuda = "cuda";
    private const int MaximumGridX = int.MaxValue;
    private const int MaximumGridYz = 65535;
    private const int MaximumBlockXy = 1024;
    private const int MaximumBlockZ = 64;
    private const int MaximumBlockThreads = 1024;

    public static Command Create(CommandHost host)
    {
        var command = new Command("ptx", "Works on PTX files.");
        command.Add(CreateRun(host));
        return command;
    }

    private static Command CreateRun(CommandHost host)
    {
        var file = new Argument<string?>("FILE") { Description = "a .ptx file", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> entry = Values.Text("--entry", "name of the .entry to launch", "NAME");
        Option<string?> grid = Values.Text("--grid", "blocks: X[,Y[,Z]]", "X[,Y[,Z]]");
        Option<string?> block = Values.Text("--block", "threads a block: X[,Y[,Z]]", "X[,Y[,Z]]");
        Option<long?> shared = Values.WholeNumber("--shared", "dynamic shared memory, bytes a block (default 0)", 0, int.MaxValue);
        var arguments = new Option<string[]>("--arg")
        {
            Description = "one for each parameter: u32:N, s32:N, u64:N, f32:X, in:FILE, out:FILE:BYTES, inout:FILE, zeros:BYTES",
            HelpName = "ARG",
            AllowMultipleArgumentsPerToken = false,
        };
        Option<string> device = Values.OneOf("--device", "sim: the software GPU; cuda: the first NVIDIA GPU", Simulated, Cuda);
        Option<string?> libraries = CommonOptions.Libraries();
        Option<string?> jsonTarget = CommonOptions.Json();

        var command = new Command("run", "Launches one entry of a PTX file once and prints what it executed, read and wrote.");
        command.Add(file);
        command.Add(entry);
        command.Add(grid);
        command.Add(block);
        command.Add(shared);
        command.Add(arguments);
        command.Add(device);
        command.Add(libraries);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file) ?? throw new CallerException("'ptx run' needs a FILE: a .ptx file");
            string entryName = parsed.GetValue(entry) ?? throw new CallerException("'ptx run' needs --entry NAME");
            Dim3 gridDim = Extents("--grid", parsed.GetValue(grid), MaximumGridX, MaximumGridYz, MaximumGridYz);
            Dim3 blockDim = Extents("--block", parsed.GetValue(block), MaximumBlockXy, MaximumBlockXy, MaximumBlockZ);
            if (blockDim.Count > MaximumBlockThreads)
            {
                throw new CallerException($"--block has {blockDim.Count} threads; at most {MaximumBlockThreads} are allowed");
            }

            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            var source = new PtxSource(Path.GetFileName(path), InputFile.ReadText("PTX file", path));
            PtxFunction function = Entry(source, entryName);
            ImmutableArray<PtxArgument> values = [.. (parsed.GetValue(arguments) ?? []).Select(PtxArgument.Parse)];
            RequireFit(function, values);
            using IDevice opened = Open(parsed.GetValue(device)!, parsed.GetValue(libraries), new KernelLibrary([source]), host);
            DeviceCounters? cost = PtxLaunch.Run(opened, entryName, gridDim, blockDim, (int)(parsed.GetValue(shared) ?? 0), values);
            if (!json.OwnsStandardOutput)
            {
                host.Out.WriteLine(cost is null
                    ? $"{entryName}: done on {opened.Description.Kind} ({opened.Description.Name}), which counts no instructions and no bytes"
                    : $"{entryName}: {Quantities.Count(cost.Value.LaneInstructions)} lane instructions, "
                        + $"{Quantities.Bytes(cost.Value.BytesRead)} bytes read, {Quantities.Bytes(cost.Value.BytesWritten)} bytes written");
            }

            json.Write(new JsonObject
            {
                ["schema"] = "harness.ptx/1",
                ["file"] = path,
                ["entry"] = entryName,
                ["laneInstructions"] = cost?.LaneInstructions,
                ["bytesRead"] = cost?.BytesRead,
                ["bytesWritten"] = cost?.BytesWritten,
            });
            return HarnessProgram.ExitDone;
        });
        return command;
    }

    private static IDevice Open(string device, string? libraries, KernelLibrary kernels, CommandHost host)
    {
        if (device == Cuda)
        {
            return CudaDevice.Open(host.FindLibraries(libraries).Api, kernels, CudaOptions.Default);
        }

        return libraries is null
            ? new SimulatedDevice(kernels)
            : throw new CallerException($"{CommonOptions.Libraries().Name} does not apply to --device {Simulated}");
    }

    private static PtxFunction Entry(PtxSource source, string name)
    {
        PtxModule module = PtxParser.Parse(source);
        string[] entries = [.. module.Functions.Where(function => function.IsEntry).Select(function => function.Name)];
        string known = entries.Length == 0 ? "none" : string.Join(", ", entries);
        return module.Functions.FirstOrDefault(function => function.IsEntry && function.Name == name)
            ?? throw new CallerException($"{source.Name} has no entry '{name}'{NearestWord.Hint(name, entries)}; it has {known}");
    }

    private static void RequireFit(PtxFunction function, ImmutableArray<PtxArgument> arguments)
    {
        if (arguments.Length != function.Parameters.Length)
        {
            string parameters = string.Join(", ", function.Parameters.Select(Declaration));
            throw new CallerException(
                $"'{function.Name}' takes {function.Parameters.Length} arguments ({parameters}) and {arguments.Length} are given");
        }

        for (int i = 0; i < arguments.Length; i++)
        {
            PtxVariable parameter = function.Parameters[i];
            if (parameter.Bytes != arguments[i].SizeBytes)
            {
                throw new CallerException(
                    $"--arg '{arguments[i].Text}' has {arguments[i].SizeBytes} bytes, "
                    + $"parameter {i} of '{function.Name}' ({Declaration(parameter)}) has {parameter.Bytes}");
            }
        }
    }

    private static string Declaration(PtxVariable parameter) => $".{parameter.Type.ToString().ToLowerInvariant()} {parameter.Name}";

    private static Dim3 Extents(string option, string? text, params ReadOnlySpan<int> maxima)
    {
        if (text is null)
        {
            throw new CallerException($"'ptx run' needs {option} X[,Y[,Z]]");
        }

        string[] words = text.Split(',');
        Span<int> extents = [1, 1, 1];
        bool isValid = words.Length <= extents.Length;
        for (int i = 0; isValid && i < words.Length; i++)
        {
            isValid = int.TryParse(words[i], CultureInfo.InvariantCulture, out extents[i]) && extents[i] >= 1 && extents[i] <= maxima[i];
        }

        return isValid
            ? new Dim3(extents[0], extents[1], extents[2])
            : throw new CallerException($"{option} takes X[,Y[,Z]] with X from 1 to {maxima[0]}, Y to {maxima[1]}, Z to {maxima[2]}, not '{text}'");
    }
}
