using System.CommandLine;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>--device</c> and <c>--kernels</c>.</summary>
internal sealed class DeviceChoice
{
    private const string Auto = "auto";
    private const string Cuda = "cuda";
    private const string Simulated = "sim";
    private const string Null = "null";

    private readonly Option<string> _device = Values.OneOf(
        "--device", "auto: cuda where it works, else sim; sim: the software GPU; null: plans and accounts, computes nothing",
        Auto, Cuda, Simulated, Null);

    private readonly Option<string?> _kernels = Values.Text(
        "--kernels", "run the .ptx files of this folder instead of the built-in ones (sim)", "DIR");

    public void AddTo(Command command)
    {
        command.Add(_device);
        command.Add(_kernels);
    }

    /// <exception cref="CallerException"><c>--kernels</c> does not apply, or the folder is not one of kernels</exception>
    /// <exception cref="MachineException">there is no such device here</exception>
    public IDevice Open(ParseResult parsed)
    {
        string? folder = parsed.GetValue(_kernels);
        switch (parsed.GetValue(_device))
        {
            case Null:
                return folder is null
                    ? new NullDevice()
                    : throw new CallerException("--kernels does not apply to --device null, which runs no kernel");
            case Cuda:
                throw new MachineException("--device cuda: this version has no CUDA device; use --device sim or --device null");
            default:
                return new SimulatedDevice(folder is null ? KernelLibrary.Embedded : KernelLibrary.FromFolder(folder));
        }
    }

    /// <summary>The one line that says what <c>auto</c> chose and why; nothing where the caller chose.</summary>
    public void WriteNote(ParseResult parsed, CommandHost host, JsonOutput json)
    {
        if (parsed.GetValue(_device) == Auto)
        {
            TextWriter writer = json.OwnsStandardOutput ? host.Error : host.Out;
            writer.WriteLine("device: sim, the software GPU (auto: this version has no CUDA device)");
        }
    }
}
