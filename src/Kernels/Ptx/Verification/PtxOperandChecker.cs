using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>Operands of one function's instructions against the rules of their form.</summary>
internal sealed class PtxOperandChecker(PtxModule module, PtxFunction function)
{
    private const int MaxVectorBytes = 16;

    private readonly Dictionary<string, PtxVariable> _variables = Visible(module, function);

    public void Verify(PtxInstruction instruction, PtxInstructionForm form, PtxChosenTypes types)
    {
        if (form.Operands is [{ Kind: PtxOperandKind.Call }])
        {
            PtxCallChecker.Verify(module, this, instruction);
            return;
        }

        for (int i = 0; i < instruction.Operands.Length; i++)
        {
            Operand(instruction, i, form.Operands[i], types);
        }
    }

    /// <summary>The declared type of a register, special ones included.</summary>
    public PtxType RegisterType(PtxInstruction instruction, string name)
    {
        if (function.Registers.TryGetValue(name, out PtxType type) || PtxSpecialRegisters.Types.TryGetValue(name, out type))
        {
            return type;
        }

        string hint = name.StartsWith('%')
            ? NearestWord.Hint(name, function.Registers.Keys.Concat(PtxSpecialRegisters.Types.Keys))
            : NearestWord.Hint(name, function.Registers.Keys);
        throw Error(instruction, $"undeclared register '{name}'{hint}");
    }

    public PtxVariable Variable(PtxInstruction instruction, string name)
    {
        if (_variables.TryGetValue(name, out PtxVariable? variable))
        {
            if (variable.Line > instruction.Line)
            {
                throw Error(instruction, $"'{name}' is declared further down; a declaration stands before its use");
            }

            return variable;
        }

        if (function.Registers.ContainsKey(name) || function.Labels.ContainsKey(name))
        {
            throw Error(instruction, $"'{name}' is a {(function.Labels.ContainsKey(name) ? "label" : "register")}, not a variable");
        }

        throw Error(instruction, $"undeclared name '{name}'{NearestWord.Hint(name, _variables.Keys.Concat(function.Registers.Keys))}");
    }

    public PtxException Error(PtxInstruction instruction, string message) => new(module.SourceName, instruction.Line, message);

    private static Dictionary<string, PtxVariable> Visible(PtxModule module, PtxFunction function)
    {
        var variables = new Dictionary<string, PtxVariable>(StringComparer.Ordinal);
        foreach (PtxVariable variable in module.Variables.Concat(function.Parameters).Concat(function.Results).Concat(function.Variables))
        {
            if (variable.Space != PtxStateSpace.Reg)
            {
                variables[variable.Name] = variable;
            }
        }

        return variables;
    }

    private void Operand(PtxInstruction instruction, int index, PtxOperandRule rule, PtxChosenTypes types)
    {
        PtxOperand operand = instruction.Operands[index];
        switch (rule.Kind)
        {
            case PtxOperandKind.Label:
                Label(instruction, operand);
                break;
            case PtxOperandKind.Labels:
                foreach (PtxOperand label in operand is PtxVectorOperand list ? list.Elements : throw Wants(instruction, index, "a list of labels (.branchtargets)"))
                {
                    Label(instruction, label);
                }

                break;
            case PtxOperandKind.Immediate:
                if (operand is not PtxImmediateOperand { Kind: PtxImmediateKind.Integer, Bits: <= 255 })
                {
                    throw Wants(instruction, index, "a constant from 0 to 255");
                }

                break;
            case PtxOperandKind.Address:
                PtxAddressOperand address = operand as PtxAddressOperand ?? throw Wants(instruction, index, "an address [register+offset]");
                PtxAddressChecker.Verify(module, function, this, instruction, address, rule.Type(types).SizeBytes() * Lanes(instruction));
                break;
            case PtxOperandKind.Pack:
                Pack(instruction, index, rule, rule.Type(types));
                break;
            case PtxOperandKind.Pointer when operand is PtxSymbolOperand symbol:
                Variable(instruction, symbol.Name);
                break;
            default:
                Value(instruction, index, rule, rule.Type(types));
                break;
        }
    }

    private void Label(PtxInstruction instruction, PtxOperand operand)
    {
        string name = operand switch
        {
            PtxSymbolOperand { Offset: 0 } symbol => symbol.Name,
            PtxRegisterOperand { Negated: false } register => register.Name,
            _ => throw Error(instruction, $"'{instruction.FullName}' wants a label"),
        };
        if (!function.Labels.ContainsKey(name))
        {
            throw Error(instruction, $"unknown label '{name}'{NearestWord.Hint(name, function.Labels.Keys)}");
        }
    }

    /// <summary>1, or the width of <c>.v2</c> and <c>.v4</c>.</summary>
    private static int Lanes(PtxInstruction instruction) =>
        instruction.Modifiers.Contains("v2") ? 2 : instruction.Modifiers.Contains("v4") ? 4 : 1;

    private void Value(PtxInstruction instruction, int index, PtxOperandRule rule, PtxType type)
    {
        PtxOperand operand = instruction.Operands[index];
        int lanes = rule.TakesVector ? Lanes(instruction) : 1;
        if (lanes == 1)
        {
            if (rule.TakesPredicateToo && operand is PtxPairOperand pair)
            {
                Single(instruction, index, pair.Second, rule, PtxType.Pred);
                operand = pair.First;
            }

            Single(instruction, index, operand, rule, type);
            return;
        }

        if (operand is not PtxVectorOperand vector || vector.Elements.Length != lanes)
        {
            throw Wants(instruction, index, $"a vector of {lanes} elements");
        }

        if (lanes * type.SizeBytes() > MaxVectorBytes)
        {
            throw Error(instruction, $"'{instruction.FullName}' moves {lanes * type.SizeBytes()} bytes; a vector has {MaxVectorBytes} at most");
        }

        Elements(instruction, index, vector, rule, type);
    }

    /// <summary><c>mov</c>: an address, a packed or unpacked vector, or an ordinary value.</summary>
    private void Pack(PtxInstruction instruction, int index, PtxOperandRule rule, PtxType type)
    {
        switch (instruction.Operands[index])
        {
            case PtxSymbolOperand symbol when !rule.IsDestination:
                PtxVariable variable = Variable(instruction, symbol.Name);
                bool isShort = type is PtxType.U32 or PtxType.B32 or PtxType.S32 && variable.Space == PtxStateSpace.Shared;
                if (!isShort && type is not (PtxType.U64 or PtxType.B64 or PtxType.S64))
                {
                    throw Error(instruction, $"the address of '{symbol.Name}' has 64 bits, '{instruction.FullName}' moves .{type.Spelling()}");
                }

                break;
            case PtxVectorOperand vector:
                PtxType? element = (type.IsFloat() || type == PtxType.Pred ? 0 : type.SizeBytes() / Math.Max(1, vector.Elements.Length)) switch
                {
                    1 => PtxType.B8,
                    2 => PtxType.B16,
                    4 => PtxType.B32,
                    _ => null,
                };
                if (element is null || vector.Elements.Length is not (2 or 4) || instruction.Operands[1 - index] is PtxVectorOperand)
                {
                    throw Error(instruction, $"'{instruction.FullName}' cannot pack or unpack {vector.Elements.Length} elements");
                }

                Elements(instruction, index, vector, rule, element.Value);
                break;
            default:
                Single(instruction, index, instruction.Operands[index], rule, type);
                break;
        }
    }

    private void Elements(PtxInstruction instruction, int index, PtxVectorOperand vector, PtxOperandRule rule, PtxType type)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (PtxOperand element in vector.Elements)
        {
            bool isSink = element is PtxRegisterOperand { Name: "_" } && rule.IsDestination;
            if (!isSink)
            {
                Single(instruction, index, element, rule, type);
            }

            if (rule.IsDestination && !isSink && element is PtxRegisterOperand register && !written.Add(register.Name))
            {
                throw Error(instruction, $"'{register.Name}' is written twice by one instruction");
            }
        }
    }

    private void Single(PtxInstruction instruction, int index, PtxOperand operand, PtxOperandRule rule, PtxType type)
    {
        switch (operand)
        {
            case PtxRegisterOperand { Name: "_", Negated: false } when rule.IsDestination && instruction.Opcode is "atom" or "setp" or "shfl" or "match":
                return;
            case PtxRegisterOperand register:
                Register(instruction, register, rule, type);
                return;
            case PtxImmediateOperand immediate when !rule.IsDestination:
                if (!PtxTypeRules.Agree(immediate.Kind, type))
                {
                    string found = immediate.Kind == PtxImmediateKind.Integer ? "an integer" : "a floating-point constant";
                    throw Error(instruction, $"operand {index + 1} of '{instruction.FullName}' is {found}, wanted is .{type.Spelling()}");
                }

                return;
            case PtxSymbolOperand symbol:
                throw function.Labels.ContainsKey(symbol.Name) || _variables.ContainsKey(symbol.Name)
                    ? Wants(instruction, index, rule.IsDestination ? "a register" : "a register or a constant")
                    : Error(instruction, $"undeclared register '{symbol.Name}'{NearestWord.Hint(symbol.Name, function.Registers.Keys)}");
            default:
                throw Wants(instruction, index, rule.IsDestination ? "a register" : "a register or a constant");
        }
    }

    private void Register(PtxInstruction instruction, PtxRegisterOperand register, PtxOperandRule rule, PtxType wanted)
    {
        PtxType declared = RegisterType(instruction, register.Name);
        if (rule.IsDestination && PtxSpecialRegisters.Types.ContainsKey(register.Name))
        {
            throw Error(instruction, $"the special register '{register.Name}' cannot be written");
        }

        if (register.Negated && !(rule.TakesNegated && wanted == PtxType.Pred))
        {
            throw Error(instruction, $"'!{register.Name}': operand of '{instruction.FullName}' cannot be negated");
        }

        if (!(rule.TakesWider ? PtxTypeRules.AgreeOrWider(declared, wanted) : PtxTypeRules.Agree(declared, wanted)))
        {
            throw Error(instruction, $"'{register.Name}' is .{declared.Spelling()}, '{instruction.FullName}' wants .{wanted.Spelling()}");
        }
    }

    private PtxException Wants(PtxInstruction instruction, int index, string what) =>
        Error(instruction, $"operand {index + 1} of '{instruction.FullName}' must be {what}");
}
