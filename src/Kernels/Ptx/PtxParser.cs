using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>PTX text to syntax tree. Names are resolved to one flat list a function; opcodes are not looked at (see <see cref="PtxVerifier"/>).</summary>
/// <remarks>
/// Two shapes of the tree that the text does not have: a <c>call</c> always has the operands results (vector), callee (symbol), arguments
/// (vector) and, where it goes through a register, a prototype; the label list of <c>brx.idx</c> is a vector of its labels. A vector register
/// (<c>.reg .v4 .f32 %v</c>) becomes the registers <c>%v.x</c> to <c>%v.w</c>.
/// </remarks>
public sealed class PtxParser
{
    private readonly PtxTokenReader _reader;
    private readonly List<PtxVariable> _variables = [];
    private readonly ImmutableArray<PtxFunction>.Builder _functions = ImmutableArray.CreateBuilder<PtxFunction>();
    private readonly Dictionary<string, int> _definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _declarations = new(StringComparer.Ordinal);
    private string? _version;
    private string? _target;

    // The PTX ISA's default where a file does not say.
    private int _addressSize = 32;

    private PtxParser(PtxSource source) => _reader = new PtxTokenReader(source);

    /// <exception cref="PtxException">the text is not PTX; the message has the line</exception>
    /// <exception cref="PtxUnsupportedException">a feature of PTX that has no place in the tree (textures, initialisers with addresses)</exception>
    public static PtxModule Parse(PtxSource source) => new PtxParser(source).Module();

    private PtxModule Module()
    {
        while (!_reader.AtEnd)
        {
            if (!_reader.TryTake(";"))
            {
                Directive();
            }
        }

        if (_version is null || _target is null)
        {
            throw new PtxException(_reader.SourceName, 1, $"the file has no {(_version is null ? ".version" : ".target")} directive");
        }

        return new PtxModule(_reader.SourceName, _version, _target, _addressSize, [.. _variables], _functions.DrainToImmutable())
        {
            ExternFunctions = [.. _declarations.Keys.Where(name => !_definitions.ContainsKey(name))],
            DeclaredLines = _declarations.ToFrozenDictionary(StringComparer.Ordinal),
        };
    }

    private void Directive()
    {
        PtxToken directive = _reader.Current;
        if (directive.Kind != PtxTokenKind.DotWord)
        {
            // Compilers that emit debug information leave labels (Lfunc_begin0:) between functions.
            if (directive.Kind == PtxTokenKind.Identifier && _reader.Following is { Kind: PtxTokenKind.Punctuation, Text: ":" })
            {
                _reader.Take();
                _reader.Take();
                return;
            }

            throw _reader.Error($"expected a directive, found {directive}");
        }

        _reader.Take();
        if (directive.Text != ".version" && _version is null)
        {
            throw new PtxException(_reader.SourceName, directive.Line, $"a PTX file begins with .version, not {directive}");
        }

        switch (directive.Text)
        {
            case ".version" when _version is not null:
                throw new PtxException(_reader.SourceName, directive.Line, ".version stands once, at the beginning");
            case ".version":
                _version = Version();
                break;
            case ".target":
                Target(directive.Line);
                break;
            case ".address_size":
                AddressSize();
                break;
            case ".file" or ".loc":
                _reader.SkipLine(directive.Line);
                break;
            case ".section":
                _reader.Take();
                _reader.SkipBraces();
                break;
            case ".pragma":
                _reader.SkipLine(directive.Line);
                break;
            default:
                Definition(directive);
                break;
        }
    }

    private string Version()
    {
        PtxToken number = _reader.Take();
        return number.Kind == PtxTokenKind.Number && number.Text.Split('.') is [var major, var minor] && int.TryParse(major, out _) && int.TryParse(minor, out _)
            ? number.Text
            : throw new PtxException(_reader.SourceName, number.Line, $".version takes a number such as 7.8, not {number}");
    }

    private void Target(int line)
    {
        do
        {
            string word = _reader.ExpectIdentifier("a target such as sm_75");
            if (word.StartsWith("sm_", StringComparison.Ordinal) || word.StartsWith("compute_", StringComparison.Ordinal))
            {
                _target = word;
            }
        }
        while (_reader.TryTake(","));
        if (_target is null)
        {
            throw new PtxException(_reader.SourceName, line, ".target names no architecture such as sm_75");
        }
    }

    private void AddressSize()
    {
        PtxToken size = _reader.Take();
        _addressSize = size.Text switch
        {
            "32" => 32,
            "64" => 64,
            _ => throw new PtxException(_reader.SourceName, size.Line, $".address_size is 32 or 64, not {size}"),
        };
    }

    /// <summary>A function or variables, with their linkage.</summary>
    private void Definition(PtxToken directive)
    {
        if (_target is null)
        {
            throw new PtxException(_reader.SourceName, directive.Line, $".target stands before {directive}");
        }

        bool isExtern = false;
        while (directive.Text is ".visible" or ".weak" or ".extern" or ".common")
        {
            isExtern |= directive.Text == ".extern";
            directive = _reader.Take();
        }

        switch (directive.Text)
        {
            case ".entry" or ".func":
                Function(directive.Text == ".entry");
                return;
            case ".global" or ".const" or ".shared":
                PtxStateSpace space = PtxTypeNames.Space(directive.Text[1..])!.Value;
                PtxDeclaredType declared = PtxDeclarations.Type(_reader);
                do
                {
                    Add(PtxDeclarations.Variable(_reader, space, declared, isExtern));
                }
                while (_reader.TryTake(","));
                _reader.Expect(";");
                return;
            case ".local" or ".reg" or ".param":
                throw new PtxException(_reader.SourceName, directive.Line, $"{directive.Text} is declared inside a function");
            case ".tex" or ".alias":
                throw new PtxUnsupportedException(_reader.SourceName, directive.Line, $"directive '{directive.Text}'");
            default:
                string hint = NearestWord.Hint(
                    directive.Text,
                    [".version", ".target", ".address_size", ".visible", ".weak", ".extern", ".common", ".entry", ".func", ".global", ".const", ".shared", ".file", ".section"]);
                throw new PtxException(_reader.SourceName, directive.Line, $"unknown directive {directive}{hint}");
        }
    }

    private void Function(bool isEntry)
    {
        PtxFunction function = PtxFunctionParser.Parse(_reader, isEntry, out bool hasBody);
        if (!hasBody)
        {
            _declarations.TryAdd(function.Name, function.Line);
            return;
        }

        Define(function.Name, function.Line);
        _functions.Add(function);
    }

    private void Add(PtxVariable variable)
    {
        // An .extern declaration may be repeated, and yields to the definition.
        int before = _variables.FindIndex(other => other.Name == variable.Name);
        if (before >= 0 && (variable.IsExtern || _variables[before].IsExtern))
        {
            _variables[before] = variable.IsExtern ? _variables[before] : variable with { Line = _variables[before].Line };
            return;
        }

        Define(variable.Name, variable.Line);
        _variables.Add(variable);
    }

    private void Define(string name, int line)
    {
        if (!_definitions.TryAdd(name, line))
        {
            throw new PtxException(_reader.SourceName, line, $"'{name}' is already defined in line {_definitions[name]}");
        }
    }
}
