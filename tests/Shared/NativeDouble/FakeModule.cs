using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>A loaded module: the PTX as the software GPU's parser and verifier take it.</summary>
internal sealed partial class FakeModule : IDisposable
{
    private static readonly ConcurrentDictionary<string, PtxModule> s_parsed = new(StringComparer.Ordinal);
    private readonly PtxModule _syntax;
    private readonly Dictionary<string, FakeFunction> _functions = new(StringComparer.Ordinal);

    private FakeModule(PtxModule syntax) => _syntax = syntax;

    /// <summary>10 * major + minor, as CU_FUNC_ATTRIBUTE_PTX_VERSION gives it.</summary>
    public int PtxVersion => Number(_syntax.Version);

    /// <exception cref="CallerException">the text is no right PTX</exception>
    /// <exception cref="MachineException">the text has what the software GPU does not know</exception>
    public static FakeModule Load(string text) => new(s_parsed.GetOrAdd(text, static text =>
    {
        PtxModule syntax = PtxParser.Parse(new PtxSource("ptx input", text));
        PtxVerifier.Verify(syntax);
        return syntax.Variables.IsEmpty ? syntax : throw new MachineException("the double knows no module variables: no kernel of kernels/ has one");
    }));

    /// <summary>The version that a text asks for, before anybody has judged the text: 64 for <c>.version 6.4</c>.</summary>
    public static int VersionOf(string text) => Version().Match(text) is { Success: true } match ? Number(match.Groups[1].Value) : 0;

    /// <summary>The names of a text's entries, for the log.</summary>
    public static string EntriesOf(string text) => string.Join(' ', Entry().Matches(text).Select(match => match.Groups[1].Value));

    public FakeFunction? Function(string name)
    {
        PtxFunction? entry = _syntax.Functions.FirstOrDefault(function => function.IsEntry && function.Name == name);
        if (entry is not null && !_functions.ContainsKey(name))
        {
            _functions.Add(name, new FakeFunction(this, entry, Decoder.Decode(_syntax, entry, new Dictionary<string, ulong>())));
        }

        return _functions.GetValueOrDefault(name);
    }

    public void Dispose()
    {
        foreach (FakeFunction function in _functions.Values)
        {
            function.Program.Dispose();
        }
    }

    private static int Number(string version) => int.Parse(version.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*\.version\s+(\d+\.\d)", RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"\.entry\s+([\w$]+)")]
    private static partial Regex Entry();
}

internal sealed class FakeFunction(FakeModule module, PtxFunction syntax, KernelProgram program)
{
    public FakeModule Module { get; } = module;

    public PtxFunction Syntax { get; } = syntax;

    public KernelProgram Program { get; } = program;

    public nint Handle { get; set; }

    /// <summary>CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: 48 KiB less the static part until it is raised.</summary>
    public int MaxDynamicSharedBytes { get; set; } = (48 << 10) - program.StaticSharedBytes;
}
