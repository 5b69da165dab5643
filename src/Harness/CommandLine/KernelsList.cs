using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary><c>harness kernels [list]</c>: the catalog, and with <c>--device cuda</c> what the driver's compiler made of each entry.</summary>
internal static class KernelsList
{
    /// <summary>Gives the command its options and this action.</summary>
    public static void AddTo(Command command, CommandHost host)
    {
        var device = new DeviceChoice();
        Option<string?> jsonTarget = CommonOptions.Json();
        device.AddTo(command);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            using OpenedDevice? opened = device.IsAskedFor(parsed) ? device.Open(parsed, host) : null;
            if (opened is { Gpu: null, Note: null })
            {
                throw new CallerException(
                    $"--device {opened.Device.Description.Kind} does not apply to 'kernels list': "
                    + "only --device cuda has a compiler to ask; leave it out");
            }

            List(host, new JsonOutput(parsed.GetValue(jsonTarget), host), opened);
            return HarnessProgram.ExitDone;
        });
    }

    private static void List(CommandHost host, JsonOutput json, OpenedDevice? opened)
    {
        opened?.WriteNote(host, json);
        if (!json.OwnsStandardOutput)
        {
            Catalog().WriteTo(host.OutConsole());
            if (opened?.Gpu is { } gpu)
            {
                Compiled(gpu).WriteTo(host.OutConsole());
            }
        }

        json.Write(new JsonObject
        {
            ["schema"] = "harness.kernels/1",
            ["device"] = opened?.Gpu is null ? null : opened.Facts.ToJson(),
            ["entries"] = new JsonArray([.. KernelCatalog.Entries.Select(entry => new JsonObject
            {
                ["name"] = entry.Name,
                ["file"] = entry.File,
                ["computes"] = entry.Computes,
                ["idea"] = entry.Idea,
                ["launcher"] = entry.Launcher,
                ["reference"] = entry.Reference,
            })]),
            ["compiled"] = opened?.Gpu is null ? null : new JsonArray([.. opened.Gpu.LoadedKernels.Select(KernelJson)]),
        });
    }

    private static ReportTable Catalog() => new(
        "Kernels", ["entry", "file", "computes", "idea", "launcher", "reference"],
        [.. KernelCatalog.Entries.Select(entry => ImmutableArray.Create(
            entry.Name, entry.File ?? "library", entry.Computes, entry.Idea, entry.Launcher, entry.Reference))],
        "Numbered versions of one kernel compute the same; the launcher picks one by shape. harness kernels check runs all of them.",
        TextColumns: 6);

    private static ReportTable Compiled(IGpu gpu) => new(
        $"Compiled for {gpu.Description.Name}",
        ["entry", "file", "registers a thread", "shared bytes a block", "local bytes a thread", "most threads a block", "compute capability"],
        [.. gpu.LoadedKernels.Select(kernel => ImmutableArray.Create(
            kernel.Name, kernel.File, Quantities.Count(kernel.Resources.Registers), Quantities.Count(kernel.Resources.StaticSharedBytes),
            Quantities.Count(kernel.Resources.LocalBytes), Quantities.Count(kernel.Resources.MaxThreads), Capability(kernel.Resources)))],
        "What the driver's compiler made of the PTX. Local bytes are spilled registers and arrays; shared bytes are the static ones.",
        TextColumns: 2);

    private static string Capability(KernelResources resources) =>
        string.Create(CultureInfo.InvariantCulture, $"{resources.BinaryVersion / 10}.{resources.BinaryVersion % 10}");

    private static JsonObject KernelJson(LoadedKernel kernel) => new()
    {
        ["name"] = kernel.Name,
        ["file"] = kernel.File,
        ["registers"] = kernel.Resources.Registers,
        ["sharedBytes"] = kernel.Resources.StaticSharedBytes,
        ["localBytes"] = kernel.Resources.LocalBytes,
        ["maxThreads"] = kernel.Resources.MaxThreads,
        ["computeCapability"] = Capability(kernel.Resources),
    };
}
