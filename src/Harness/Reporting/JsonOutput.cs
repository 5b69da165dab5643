using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harness.CommandLine;
using Harness.Kernels;

namespace Harness.Reporting;

/// <summary>Where <c>--json</c> sends a result: nowhere, to a file, or to standard output, which then carries nothing else.</summary>
internal sealed partial class JsonOutput
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // formulas and names hold '+' and quotes; nothing here goes into HTML
    };

    private readonly string? _target;
    private readonly CommandHost _host;

    /// <exception cref="CallerException">the file could not be written later</exception>
    public JsonOutput(string? target, CommandHost host)
    {
        _target = target;
        _host = host;
        if (_target is not null && !OwnsStandardOutput)
        {
            AtomicFile.RequireWritable("--json", _target);
        }
    }

    /// <summary>True where tables and sentences must stay away from standard output.</summary>
    public bool OwnsStandardOutput => _target == "-";

    public void Write(JsonObject json)
    {
        if (OwnsStandardOutput)
        {
            _host.Out.Write(Text(json));
        }
        else if (_target is not null)
        {
            AtomicFile.WriteText(_target, Text(json));
        }
    }

    /// <summary>Asks for the result only where somebody wants it as JSON.</summary>
    public void Write(Func<JsonObject> json)
    {
        if (_target is not null)
        {
            Write(json());
        }
    }

    /// <summary>Indented, but a list of numbers (a shape, a polynomial) on one line.</summary>
    public static string Text(JsonObject json) =>
        NumberList().Replace(json.ToJsonString(s_options).ReplaceLineEndings("\n"), list => Whitespace().Replace(list.Value, "")) + "\n";

    /// <summary>Inside a JSON string there is no line break, so this cannot match there.</summary>
    [GeneratedRegex(@"\[\n[-+.,eE0-9\s]+\n\s*\]")]
    private static partial Regex NumberList();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
