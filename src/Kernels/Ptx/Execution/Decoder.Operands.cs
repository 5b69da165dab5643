using static Harness.Kernels.Ptx.PtxStateSpace;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Operands to offsets in the register file, and the emission of decoded instructions.</summary>
internal sealed unsafe partial class Decoder
{
    private PtxUnsupportedException Unknown() => new(_module.SourceName, _at.Line, $"this interpreter does not know the instruction '{_at.FullName}'");

    private PtxException Wrong(string message) => new(_module.SourceName, _at.Line, $"{_at.FullName}: {message}");

    private bool Has(string modifier) => _at.Modifiers.Contains(modifier);

    private PtxOperand Operand(int index) => index < _at.Operands.Length ? _at.Operands[index] : throw Wrong($"operand {index + 1} is missing");

    /// <summary>The instruction's type: the n-th last modifier that is one.</summary>
    private PtxType TypeFromEnd(int fromEnd = 0)
    {
        for (int k = _at.Modifiers.Length - 1; k >= 0; k--)
        {
            if (PtxTypeNames.TryParse(_at.Modifiers[k], out PtxType type) && fromEnd-- == 0)
            {
                return type;
            }
        }

        throw Wrong("the type is missing");
    }

    /// <summary>Emits one decoded instruction, under the PTX instruction's guard.</summary>
    private void Emit(delegate*<Warp*, Instruction*, Instruction*> handler, int d = -1, int a = -1, int b = -1, int c = -1, long immediate = 0, int mode = 1)
    {
        Instruction instruction = New(handler, d, a, b, c, immediate, mode);
        Emit(instruction);
    }

    private Instruction New(delegate*<Warp*, Instruction*, Instruction*> handler, int d = -1, int a = -1, int b = -1, int c = -1, long immediate = 0, int mode = 1)
    {
        var instruction = new Instruction
        {
            Handler = handler, D = d, A = a, B = b, C = c, Immediate = immediate, Mode = mode, Guard = -1, Ordinal = _listing.Count,
        };
        for (int k = 0; k < 8; k++)
        {
            instruction.Elements[k] = -1;
        }

        return instruction;
    }

    private void Emit(Instruction instruction)
    {
        if (_at.Guard is { } guard)
        {
            SetGuard(ref instruction, guard);
            instruction.Inner = instruction.Handler;
            instruction.Handler = &ControlHandlers.Guarded;
            instruction.Continues = _continues;
        }

        _continues = true;
        _code.Add(instruction);
    }

    /// <summary>For handlers that look at the guard themselves.</summary>
    private void EmitControl(Instruction instruction)
    {
        if (_at.Guard is { } guard)
        {
            SetGuard(ref instruction, guard);
        }

        _code.Add(instruction);
    }

    private void SetGuard(ref Instruction instruction, PtxGuard guard)
    {
        (int offset, PtxType type) = Register(guard.Register);
        instruction.Guard = type == PtxType.Pred ? offset : throw Wrong($"the guard '{guard.Register}' is not a predicate");
        instruction.GuardNegated = guard.Negated;
    }

    private (int Offset, PtxType Type) Register(string name) =>
        _slots.TryGetValue(Scoped(_function, name), out (int Offset, PtxType Type) slot) ? slot : throw Wrong($"'{name}' is not declared");

    /// <summary>A source of the given type: register, constant, address of a variable, special register.</summary>
    private int Source(int index, PtxType type) => Source(Operand(index), type);

    private int Source(PtxOperand operand, PtxType type)
    {
        int bytes = ElementBytes(type);
        switch (operand)
        {
            case PtxImmediateOperand immediate when type == PtxType.Pred:
                return _registers.Constant(immediate.Bits != 0 ? uint.MaxValue : 0, 0);
            case PtxImmediateOperand immediate:
                return _registers.Constant(immediate.BitsAs(Scalar(type)), bytes);
            case PtxSymbolOperand symbol:
                return _registers.Constant(unchecked(AddressOf(symbol.Name) + (ulong)symbol.Offset), bytes);
            case PtxRegisterOperand register when IsSpecial(register.Name):
                return SpecialRegister(register.Name, type);
            case PtxRegisterOperand register:
                (int offset, PtxType declared) = Register(register.Name);
                if (ElementBytes(declared) == bytes)
                {
                    return offset;
                }

                if (ElementBytes(declared) == 8 && bytes == 4)
                {
                    int narrow = _registers.Allocate(4);
                    Emit(&ConversionHandlers.Narrow, narrow, offset);
                    return narrow;
                }

                throw Wrong($"'{register.Name}' is {declared}, {type} is needed".ToLowerInvariant());
            default:
                throw Wrong("an operand has the wrong form");
        }
    }

    /// <summary>Packed types take immediates as their bits.</summary>
    private static PtxType Scalar(PtxType type) => type is PtxType.F16X2 or PtxType.BF16X2 ? PtxType.B32 : type;

    /// <summary>A destination; the sink gets a slot of its own.</summary>
    private int Destination(int index, PtxType type) => Destination(Operand(index), type);

    private int Destination(PtxOperand operand, PtxType type)
    {
        if (operand is not PtxRegisterOperand register)
        {
            throw Wrong("the destination is not a register");
        }

        if (register.Name == "_")
        {
            return _registers.Allocate(ElementBytes(type));
        }

        (int offset, PtxType declared) = Register(register.Name);
        return ElementBytes(declared) == ElementBytes(type) ? offset : throw Wrong($"'{register.Name}' is {declared}, {type} is needed".ToLowerInvariant());
    }

    /// <summary>A predicate operand and whether it is negated.</summary>
    private (int Offset, bool Negated) Predicate(int index) => (Source(index, PtxType.Pred), Operand(index) is PtxRegisterOperand { Negated: true });

    private bool IsSpecial(string name) => name.StartsWith('%') && !_slots.ContainsKey(Scoped(_function, name));

    private int SpecialRegister(string name, PtxType type)
    {
        if (name is "%clock" or "%clock_hi" or "%clock64" or "%globaltimer" or "%globaltimer_lo" or "%globaltimer_hi")
        {
            bool wide = ElementBytes(type) == 8;
            int slot = _registers.Allocate(wide ? 8 : 4);
            Emit(wide ? &PackHandlers.Clock<long> : &PackHandlers.Clock<int>, slot);
            return slot;
        }

        if (!SpecialRegisters.IsKnown(name))
        {
            throw new PtxUnsupportedException(_module.SourceName, _at.Line, $"special register '{name}'");
        }

        bool is64 = SpecialRegisters.Is64Bit(name);
        int offset = _registers.Special(name, is64 ? 8 : 4);
        if (is64 == (ElementBytes(type) == 8))
        {
            return offset;
        }

        int converted = _registers.Allocate(ElementBytes(type));
        Emit(is64 ? &ConversionHandlers.Narrow : &WideProducts.ExtendUnsigned, converted, offset);
        return converted;
    }

    private bool TryVariable(string name, out (PtxStateSpace Space, ulong Offset, long Bytes) variable) =>
        _variables.TryGetValue(Scoped(_function, name), out variable) || _variables.TryGetValue(name, out variable);

    /// <summary>The address in the variable's own state space; a kernel parameter's is its offset.</summary>
    private ulong AddressOf(string name)
    {
        if (TryVariable(name, out (PtxStateSpace Space, ulong Offset, long Bytes) variable))
        {
            return variable.Offset;
        }

        return ParameterOffset(name) is { } offset ? (ulong)offset : throw Wrong($"'{name}' is not declared");
    }

    private int? ParameterOffset(string name)
    {
        if (!_function.IsEntry)
        {
            return null;
        }

        foreach (KernelParameter parameter in Parameters(_function, out _))
        {
            if (parameter.Name == name)
            {
                return parameter.OffsetBytes;
            }
        }

        return null;
    }
}
