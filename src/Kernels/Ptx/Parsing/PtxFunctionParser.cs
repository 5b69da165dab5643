using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>One <c>.entry</c> or <c>.func</c>: header, then a body of declarations, labels, instructions and nested blocks.</summary>
internal sealed class PtxFunctionParser
{
    /// <summary>Far beyond any register file; a typing error must not take the machine's memory.</summary>
    private const int MaxRegisters = 1 << 16;

    private const int MaxNesting = 200;

    private readonly PtxTokenReader _reader;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly ImmutableDictionary<string, PtxType>.Builder _registers = ImmutableDictionary.CreateBuilder<string, PtxType>(StringComparer.Ordinal);
    private readonly ImmutableArray<PtxVariable>.Builder _variables = ImmutableArray.CreateBuilder<PtxVariable>();
    private readonly ImmutableDictionary<string, int>.Builder _labels = ImmutableDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
    private readonly List<(PtxInstruction Instruction, PtxScope Scope)> _instructions = [];

    /// <summary>How many instructions stand before the declaration of a register or variable, by name in the tree.</summary>
    private readonly Dictionary<string, int> _declaredBefore = new(StringComparer.Ordinal);
    private PtxScope _scope;
    private long? _maxThreads;

    private PtxFunctionParser(PtxTokenReader reader)
    {
        _reader = reader;
        _scope = new PtxScope(null, _taken);
    }

    /// <summary>After <c>.entry</c> or <c>.func</c>. <paramref name="hasBody"/> is false for a declaration that ends in a semicolon.</summary>
    public static PtxFunction Parse(PtxTokenReader reader, bool isEntry, out bool hasBody) => new PtxFunctionParser(reader).Function(isEntry, out hasBody);

    private PtxFunction Function(bool isEntry, out bool hasBody)
    {
        int line = _reader.Line;
        SkipAttributes();
        ImmutableArray<PtxVariable> results = !isEntry && _reader.Is("(") ? Parameters() : [];
        string name = _reader.ExpectIdentifier("a function's name");
        ImmutableArray<PtxVariable> parameters = _reader.Is("(") ? Parameters() : [];
        PerformanceDirectives(isEntry);
        hasBody = !_reader.TryTake(";");
        if (hasBody)
        {
            Body();
        }

        return new PtxFunction(
            line, name, isEntry, parameters, results, _registers.ToImmutable(), _variables.DrainToImmutable(),
            [.. _instructions.Select((written, index) => Resolved(written.Instruction, written.Scope, index))], _labels.ToImmutable(), _maxThreads);
    }

    private void SkipAttributes()
    {
        while (_reader.TryTakeDotWord(".attribute"))
        {
            _reader.Expect("(");
            while (!_reader.TryTake(")"))
            {
                if (_reader.AtEnd)
                {
                    throw _reader.Error("'(' is not closed");
                }

                _reader.Take();
            }
        }

        _reader.TryTakeDotWord(".noreturn");
    }

    private ImmutableArray<PtxVariable> Parameters()
    {
        ImmutableArray<PtxVariable>.Builder parameters = ImmutableArray.CreateBuilder<PtxVariable>();
        _reader.Expect("(");
        if (_reader.TryTake(")"))
        {
            return [];
        }

        do
        {
            PtxToken space = _reader.Take();
            if (space is not { Kind: PtxTokenKind.DotWord, Text: ".param" or ".reg" })
            {
                throw new PtxException(_reader.SourceName, space.Line, $"expected .param or .reg, found {space}");
            }

            PtxDeclaredType declared = PtxDeclarations.Type(_reader);
            if (space.Text == ".reg")
            {
                int line = _reader.Line;
                string name = DeclareRegister(_reader.ExpectIdentifier("a name"), declared);
                int bytes = declared.Type == PtxType.Pred ? 1 : declared.Type.SizeBytes();
                parameters.Add(new PtxVariable(line, name, PtxStateSpace.Reg, declared.Type, declared.Lanes, bytes, false, []));
            }
            else
            {
                parameters.Add(Declared(PtxDeclarations.Variable(_reader, PtxStateSpace.Param, declared, false)));
            }
        }
        while (_reader.TryTake(","));
        _reader.Expect(")");
        return parameters.DrainToImmutable();
    }

    private void PerformanceDirectives(bool isEntry)
    {
        while (_reader.Current.Kind == PtxTokenKind.DotWord)
        {
            PtxToken directive = _reader.Take();
            if (!isEntry && directive.Text is ".maxntid" or ".reqntid" or ".minnctapersm" or ".maxnctapersm" or ".maxnreg")
            {
                throw new PtxException(_reader.SourceName, directive.Line, $"{directive.Text} is for entries, not for functions");
            }

            switch (directive.Text)
            {
                case ".maxntid" or ".reqntid":
                    _maxThreads = _maxThreads is null ? Extents() : throw new PtxException(
                        _reader.SourceName, directive.Line, $"{directive.Text}: an entry has one .maxntid or .reqntid");
                    break;
                case ".minnctapersm" or ".maxnctapersm" or ".maxnreg":
                    PtxConstantExpression.ParseInteger(_reader, directive.Text);
                    break;
                case ".pragma":
                    Pragma();
                    break;
                case ".noreturn":
                    break;
                default:
                    throw new PtxUnsupportedException(_reader.SourceName, directive.Line, $"directive '{directive.Text}' before a function's body");
            }
        }
    }

    private long Extents()
    {
        Int128 product = 1;
        int extents = 0;
        do
        {
            int line = _reader.Line;
            if (++extents > 3)
            {
                throw _reader.Error("a block has three extents at most");
            }

            long extent = PtxConstantExpression.ParseInteger(_reader, "a number of threads");
            if (extent is <= 0 or > 1 << 20)
            {
                throw new PtxException(_reader.SourceName, line, $"{extent} threads; 1 to {1 << 20} are allowed");
            }

            product = Int128.Min(product * extent, long.MaxValue);
        }
        while (_reader.TryTake(","));
        return (long)product;
    }

    private void Pragma()
    {
        do
        {
            if (_reader.Take() is not { Kind: PtxTokenKind.String })
            {
                throw _reader.Error(".pragma takes strings");
            }
        }
        while (_reader.TryTake(","));
        _reader.Expect(";");
    }

    private void Body()
    {
        int opened = _reader.Line;
        _reader.Expect("{");
        for (int depth = 1; depth > 0;)
        {
            if (_reader.AtEnd)
            {
                throw new PtxException(_reader.SourceName, opened, "'{' is not closed");
            }

            if (_reader.Is("{"))
            {
                _reader.Take();
                _scope = ++depth <= MaxNesting ? new PtxScope(_scope, _taken) : throw _reader.Error("blocks are nested too deeply");
            }
            else if (_reader.Is("}"))
            {
                _reader.Take();
                depth--;
                _scope = _scope.Outer ?? _scope;
            }
            else
            {
                Statement();
            }
        }
    }

    private void Statement()
    {
        if (_reader.TryTake(";"))
        {
            return;
        }

        if (_reader.Current.Kind == PtxTokenKind.DotWord)
        {
            Directive();
        }
        else if (_reader.Current.Kind == PtxTokenKind.Identifier && _reader.Following is { Kind: PtxTokenKind.Punctuation, Text: ":" })
        {
            Label();
        }
        else
        {
            Instruction();
        }
    }

    private void Directive()
    {
        PtxToken directive = _reader.Take();
        switch (directive.Text)
        {
            case ".loc" or ".file":
                _reader.SkipLine(directive.Line);
                return;
            case ".pragma":
                Pragma();
                return;
            case ".reg":
                Registers();
                return;
            case ".shared" or ".local" or ".param":
                PtxStateSpace space = PtxTypeNames.Space(directive.Text[1..])!.Value;
                PtxDeclaredType declared = PtxDeclarations.Type(_reader);
                do
                {
                    _variables.Add(Declared(PtxDeclarations.Variable(_reader, space, declared, false)));
                }
                while (_reader.TryTake(","));
                _reader.Expect(";");
                return;
            case ".global" or ".const" or ".extern":
                throw new PtxException(_reader.SourceName, directive.Line, $"{directive.Text} variables are declared outside functions");
            default:
                string hint = NearestWord.Hint(directive.Text, [".reg", ".shared", ".local", ".param", ".loc", ".pragma"]);
                throw new PtxException(_reader.SourceName, directive.Line, $"unknown directive '{directive.Text}' in a function{hint}");
        }
    }

    private void Registers()
    {
        PtxDeclaredType declared = PtxDeclarations.Type(_reader);
        do
        {
            int line = _reader.Line;
            string name = _reader.ExpectIdentifier("a register's name");
            if (!_reader.TryTake("<"))
            {
                DeclareRegister(name, declared);
                continue;
            }

            // Not a constant expression: its '>' would be the end of the range.
            PtxToken number = _reader.Take();
            if (number.Kind != PtxTokenKind.Number || !int.TryParse(number.Text, out int count) || count > MaxRegisters)
            {
                throw new PtxException(_reader.SourceName, line, $"a register range takes a count up to {MaxRegisters}, not {number}");
            }

            _reader.Expect(">");
            for (int i = 0; i < count; i++)
            {
                DeclareRegister($"{name}{i}", declared);
            }
        }
        while (_reader.TryTake(","));
        _reader.Expect(";");
    }

    private string DeclareRegister(string name, PtxDeclaredType declared)
    {
        string unique = DeclareValue(name);
        if (declared.Lanes == 1)
        {
            _registers.Add(unique, declared.Type);
            return unique;
        }

        _scope.VectorLanes.Add(unique, declared.Lanes);
        foreach (char lane in "xyzw".AsSpan(0, declared.Lanes))
        {
            _registers.Add($"{unique}.{lane}", declared.Type);
        }

        return unique;
    }

    private PtxVariable Declared(PtxVariable variable) => variable with { Name = DeclareValue(variable.Name) };

    /// <summary>A register or a variable: unlike a label, it may be named only after it is declared.</summary>
    private string DeclareValue(string name)
    {
        if (name is "_" or "$" or "WARP_SZ" || PtxSpecialRegisters.Names.Contains(name))
        {
            throw _reader.Error($"'{name}' is a name of the language and cannot be declared");
        }

        string unique = Declare(name);
        _declaredBefore.Add(unique, _instructions.Count);
        return unique;
    }

    private string Declare(string name) =>
        _scope.Declare(name) ?? throw _reader.Error($"'{name}' is declared twice in this block");

    private void Label()
    {
        string name = _reader.Take().Text;
        _reader.Expect(":");
        string unique = Declare(name);
        switch (_reader.Current.Text)
        {
            case ".branchtargets":
                _reader.Take();
                ImmutableArray<string>.Builder targets = ImmutableArray.CreateBuilder<string>();
                do
                {
                    targets.Add(_reader.ExpectIdentifier("a label"));
                }
                while (_reader.TryTake(","));
                _reader.Expect(";");
                _scope.BranchTargets.Add(unique, targets.DrainToImmutable());
                return;
            case ".callprototype" or ".calltargets":
                while (!_reader.TryTake(";"))
                {
                    if (_reader.AtEnd)
                    {
                        throw _reader.Error($"'{name}:' is not closed with ';'");
                    }

                    _reader.Take();
                }

                return;
            default:
                _labels.Add(unique, _instructions.Count);
                return;
        }
    }

    private void Instruction()
    {
        PtxGuard? guard = null;
        if (_reader.TryTake("@"))
        {
            bool negated = _reader.TryTake("!");
            guard = new PtxGuard(_reader.ExpectIdentifier("a predicate"), negated);
        }

        int line = _reader.Line;
        string opcode = _reader.ExpectIdentifier("an instruction");
        ImmutableArray<string>.Builder modifiers = ImmutableArray.CreateBuilder<string>();
        while (_reader.Current.Kind == PtxTokenKind.DotWord)
        {
            modifiers.Add(_reader.Take().Text[1..]);
        }

        ImmutableArray<PtxOperand> operands = PtxOperandParser.List(_reader, opcode == "call");
        _reader.Expect(";");
        var instruction = new PtxInstruction(line, guard, opcode, modifiers.DrainToImmutable(), operands);
        _instructions.Add((opcode == "call" ? WithCallShape(instruction) : instruction, _scope));
    }

    /// <summary>Results and arguments are lists even where the text leaves them out, so that the callee is always operand 1.</summary>
    private PtxInstruction WithCallShape(PtxInstruction call)
    {
        ImmutableArray<PtxOperand> written = call.Operands;
        PtxOperand none = new PtxVectorOperand([]);
        written = written is [PtxVectorOperand, ..] ? written : written.Insert(0, none);
        written = written.Length == 2 ? written.Add(none) : written;
        return written is [PtxVectorOperand, PtxSymbolOperand, PtxVectorOperand] or [PtxVectorOperand, PtxSymbolOperand, PtxVectorOperand, PtxSymbolOperand]
            ? call with { Operands = written }
            : throw new PtxException(_reader.SourceName, call.Line, "a call is written 'call (result), function, (arguments);'");
    }

    private PtxInstruction Resolved(PtxInstruction written, PtxScope scope, int index)
    {
        PtxInstruction instruction = written with
        {
            Guard = written.Guard is { } guard ? guard with { Register = scope.Find(guard.Register) ?? guard.Register } : null,
            Operands = [.. written.Operands.Select(operand => new PtxNameResolver(scope, _registers).Operand(operand))],
        };
        foreach (string name in instruction.Operands.SelectMany(Names).Append(instruction.Guard?.Register ?? ""))
        {
            if (_declaredBefore.TryGetValue(name.Split('.')[0], out int before) && before > index)
            {
                throw new PtxException(_reader.SourceName, instruction.Line, $"'{name}' is declared further down; a declaration stands before its use");
            }
        }

        return instruction;
    }

    private static IEnumerable<string> Names(PtxOperand operand) => operand switch
    {
        PtxRegisterOperand register => [register.Name],
        PtxSymbolOperand symbol => [symbol.Name],
        PtxAddressOperand address => [address.Base],
        PtxVectorOperand vector => vector.Elements.SelectMany(Names),
        PtxPairOperand pair => Names(pair.First).Concat(Names(pair.Second)),
        _ => [],
    };
}
