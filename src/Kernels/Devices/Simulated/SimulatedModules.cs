using System.Collections.Immutable;
using Harness.Kernels.Ptx;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Kernels.Devices;

/// <summary>The device's loaded PTX: files are parsed and verified on first use, entries decoded on theirs.</summary>
internal sealed class SimulatedModules(KernelLibrary library, SimulatedMemory memory) : IDisposable
{
    private readonly List<KernelProgram> _programs = [];
    private readonly Dictionary<string, KernelHandle> _handles = new(StringComparer.Ordinal);
    private readonly Dictionary<PtxModule, Dictionary<string, ulong>> _addresses = [];
    private ImmutableArray<PtxModule> _modules;

    public KernelProgram this[KernelHandle handle] => _programs[handle.Index];

    /// <exception cref="CallerException">no such entry, or two</exception>
    public KernelHandle Find(string entry)
    {
        if (_handles.TryGetValue(entry, out KernelHandle handle))
        {
            return handle;
        }

        _modules = _modules.IsDefault ? [.. library.Sources.Select(Parse)] : _modules;
        (PtxModule Module, PtxFunction Entry)[] all =
            [.. _modules.SelectMany(module => module.Functions.Where(function => function.IsEntry).Select(function => (module, function)))];
        (PtxModule Module, PtxFunction Entry)[] found = [.. all.Where(candidate => candidate.Entry.Name == entry)];
        if (found.Length != 1)
        {
            throw new CallerException(found.Length == 0
                ? $"there is no kernel '{entry}'{NearestWord.Hint(entry, all.Select(candidate => candidate.Entry.Name))}"
                : $"kernel '{entry}' is in {found[0].Module.SourceName} and in {found[1].Module.SourceName}");
        }

        _programs.Add(Decoder.Decode(found[0].Module, found[0].Entry, Place(found[0].Module)));
        return _handles[entry] = new KernelHandle(_programs.Count - 1);
    }

    private static PtxModule Parse(PtxSource source)
    {
        PtxModule module = PtxParser.Parse(source);
        PtxVerifier.Verify(module);
        return module;
    }

    /// <summary>Gives the module's .global and .const variables their places, once.</summary>
    private Dictionary<string, ulong> Place(PtxModule module)
    {
        if (_addresses.TryGetValue(module, out Dictionary<string, ulong>? places))
        {
            return places;
        }

        places = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (PtxVariable variable in module.Variables.Where(variable => variable.Space is PtxStateSpace.Global or PtxStateSpace.Const && variable.Bytes > 0))
        {
            DevicePointer region = memory.Allocate(variable.Name, variable.Bytes);
            memory.BeginBuffer(variable.Name, region, variable.Bytes);
            memory.Write(variable.Name, region, variable.Bytes);
            Initialise(region, variable);
            places.Add(variable.Name, region.Address);
        }

        return _addresses[module] = places;
    }

    /// <summary>What has no initialiser is zero (PTX ISA, "Initializers").</summary>
    private static unsafe void Initialise(DevicePointer region, PtxVariable variable)
    {
        var bytes = new Span<byte>((void*)region.Address, (int)variable.Bytes);
        bytes.Clear();
        variable.Initializer.AsSpan().CopyTo(bytes);
    }

    public void Dispose()
    {
        foreach (KernelProgram program in _programs)
        {
            program.Dispose();
        }
    }
}
