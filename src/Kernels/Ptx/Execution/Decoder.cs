using System.Collections.Immutable;
using static Harness.Kernels.Ptx.PtxStateSpace;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Turns one entry of a module, and the functions it calls, into a <see cref="KernelProgram"/>. Every name is resolved and every handler chosen
/// here, once; an instruction that nobody can execute is found here too. One file a family of instructions: <c>Decoder.*.cs</c>.
/// </summary>
internal sealed unsafe partial class Decoder
{
    /// <summary>Dynamic shared memory begins at a multiple of this.</summary>
    private const int SharedAlignment = 16;

    private readonly PtxModule _module;
    private readonly IReadOnlyDictionary<string, ulong> _moduleAddresses;
    private readonly RegisterFile _registers = new();
    private readonly List<Instruction> _code = [];
    private readonly List<(int At, string Function, int Target, int Meeting)> _jumps = [];
    private readonly Dictionary<(string Function, int Index), int> _placeOf = [];
    private readonly List<(int Line, string Text)> _listing = [];
    private readonly Dictionary<string, (PtxStateSpace Space, ulong Offset, long Bytes)> _variables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Offset, PtxType Type)> _slots = new(StringComparer.Ordinal);
    private readonly List<NamedRange> _shared = [];
    private long _sharedBytes;
    private long _localBytes;
    private int _cacheSlots;
    private int _branches;
    private bool _hasSharedAtomics;
    private bool _hasNarrowShared;

    // The instruction being decoded.
    private PtxFunction _function;
    private PtxInstruction _at;
    private int _index;
    private bool _continues;

    private Decoder(PtxModule module, PtxFunction entry, IReadOnlyDictionary<string, ulong> moduleAddresses)
    {
        _module = module;
        _moduleAddresses = moduleAddresses;
        _function = entry;
        _at = new PtxInstruction(entry.Line, null, "ret", [], []);
    }

    /// <param name="moduleAddresses">device addresses of the module's .global and .const variables</param>
    /// <exception cref="PtxException">the text contradicts itself</exception>
    /// <exception cref="PtxUnsupportedException">an instruction that this interpreter does not know</exception>
    public static KernelProgram Decode(PtxModule module, PtxFunction entry, IReadOnlyDictionary<string, ulong> moduleAddresses) =>
        new Decoder(module, entry, moduleAddresses).Run(entry);

    private KernelProgram Run(PtxFunction entry)
    {
        ImmutableArray<PtxFunction> functions = Reachable(entry);
        ImmutableArray<KernelParameter> parameters = Parameters(entry, out int parameterBytes);
        LayOutModuleVariables(functions);
        foreach (PtxFunction function in functions)
        {
            LayOut(function);
        }

        foreach (PtxFunction function in functions)
        {
            DecodeFunction(function);
        }

        var program = new KernelProgram
        {
            SourceName = _module.SourceName,
            Name = entry.Name,
            Listing = [.. _listing],
            Parameters = parameters,
            Constants = [.. _registers.Constants],
            Specials = [.. _registers.Specials],
            SharedVariables = [.. _shared],
            RegisterBytes = _registers.Bytes,
            ParameterBytes = parameterBytes,
            StaticSharedBytes = (int)_sharedBytes,
            LocalBytes = (int)((_localBytes + 15) & ~15L),
            PathCapacity = _branches + functions.Length + (2 * Warp.Lanes) + 2,
            CacheSlots = _cacheSlots,
            HasSharedAtomics = _hasSharedAtomics,
            SharedCellShift = _hasNarrowShared ? 0 : 2,
            MaxThreads = entry.MaxThreads,
        };
        program.Place(_code, [.. _jumps.Select(jump =>
            (jump.At, _placeOf[(jump.Function, jump.Target)], jump.Meeting < 0 ? -1 : _placeOf[(jump.Function, jump.Meeting)]))]);
        return program;
    }

    /// <summary>The entry and what it calls, each once. Registers are static, so that a function cannot call itself.</summary>
    private ImmutableArray<PtxFunction> Reachable(PtxFunction entry)
    {
        var found = new List<PtxFunction>();
        var open = new HashSet<string>(StringComparer.Ordinal);
        Visit(entry);
        return [.. found.AsEnumerable().Reverse()];

        void Visit(PtxFunction function)
        {
            open.Add(function.Name);
            foreach (PtxInstruction call in function.Instructions.Where(instruction => instruction.Opcode == "call"))
            {
                if (call.Operands.Length != 3 || call.Operands[1] is not PtxSymbolOperand callee)
                {
                    throw new PtxUnsupportedException(_module.SourceName, call.Line, "a call through a register");
                }

                PtxFunction? target = _module.Functions.FirstOrDefault(other => other.Name == callee.Name && !other.IsEntry);
                if (target is null)
                {
                    throw new PtxUnsupportedException(_module.SourceName, call.Line, $"call of '{callee.Name}', which is not defined in this file");
                }

                if (open.Contains(target.Name))
                {
                    throw new PtxUnsupportedException(_module.SourceName, call.Line, $"recursive call of '{target.Name}'");
                }

                if (!found.Contains(target))
                {
                    Visit(target);
                }
            }

            open.Remove(function.Name);
            found.Add(function);
        }
    }

    private static ImmutableArray<KernelParameter> Parameters(PtxFunction entry, out int bytes)
    {
        var parameters = ImmutableArray.CreateBuilder<KernelParameter>();
        long offset = 0;
        foreach (PtxVariable parameter in entry.Parameters)
        {
            offset = AlignUp(offset, parameter.Alignment);
            parameters.Add(new KernelParameter(parameter.Name, (int)offset, (int)parameter.Bytes));
            offset += parameter.Bytes;
        }

        bytes = (int)offset;
        return parameters.DrainToImmutable();
    }

    /// <summary>Static shared variables first, then the dynamic ones, which all begin at one place.</summary>
    private void LayOutModuleVariables(ImmutableArray<PtxFunction> functions)
    {
        var used = functions.SelectMany(function => function.Instructions).SelectMany(instruction => instruction.Operands)
            .SelectMany(Names).ToHashSet(StringComparer.Ordinal);
        IEnumerable<PtxVariable> sharedVariables = _module.Variables.Where(variable => variable.Space == Shared && used.Contains(variable.Name))
            .Concat(functions.SelectMany(function => function.Variables.Where(variable => variable.Space == Shared)));
        PtxVariable[] all = [.. sharedVariables];
        foreach (PtxVariable variable in all.Where(variable => !IsDynamic(variable)))
        {
            _sharedBytes = AlignUp(_sharedBytes, variable.Alignment);
            _variables[variable.Name] = (Shared, (ulong)_sharedBytes, variable.Bytes);
            _shared.Add(new NamedRange(variable.Name, _sharedBytes, variable.Bytes));
            _sharedBytes += variable.Bytes;
            if (_sharedBytes > int.MaxValue)
            {
                throw new PtxException(_module.SourceName, variable.Line, $"'{variable.Name}' does not fit in shared memory");
            }
        }

        if (all.Where(IsDynamic).ToArray() is { Length: > 0 } dynamic)
        {
            _sharedBytes = AlignUp(_sharedBytes, Math.Max(SharedAlignment, dynamic.Max(variable => variable.Alignment)));
            foreach (PtxVariable variable in dynamic)
            {
                _variables[variable.Name] = (Shared, (ulong)_sharedBytes, 0);
                _shared.Add(new NamedRange(variable.Name, _sharedBytes, 0));
            }
        }

        foreach (PtxVariable variable in _module.Variables.Where(variable => variable.Space is Global or Const && _moduleAddresses.ContainsKey(variable.Name)))
        {
            _variables[variable.Name] = (Global, _moduleAddresses[variable.Name], variable.Bytes);
        }

        static bool IsDynamic(PtxVariable variable) => variable.IsExtern && variable.Elements == 0;

        static IEnumerable<string> Names(PtxOperand operand) => operand switch
        {
            PtxSymbolOperand symbol => [symbol.Name],
            PtxAddressOperand address => [address.Base],
            PtxVectorOperand vector => vector.Elements.SelectMany(Names),
            _ => [],
        };
    }

    private void LayOut(PtxFunction function)
    {
        foreach ((string name, PtxType type) in function.Registers)
        {
            _slots[Scoped(function, name)] = (_registers.Allocate(ElementBytes(type)), type);
        }

        _slots[Scoped(function, CarryName)] = (_registers.Allocate(0), PtxType.Pred);
        IEnumerable<PtxVariable> local = function.Variables.Where(variable => variable.Space is Local or Param);
        if (!function.IsEntry)
        {
            local = local.Concat(function.Parameters).Concat(function.Results).Where(variable => variable.Space != Reg);
        }

        foreach (PtxVariable variable in local)
        {
            _localBytes = AlignUp(_localBytes, variable.Alignment);
            _variables[Scoped(function, variable.Name)] = (Local, (ulong)_localBytes, variable.Bytes);
            _localBytes += variable.Bytes;
            if (_localBytes > MaxLocalBytes)
            {
                throw new PtxException(_module.SourceName, variable.Line, $"'{variable.Name}' does not fit: a thread has {MaxLocalBytes} bytes of local memory");
            }
        }
    }

    private const long MaxLocalBytes = 512 << 10;

    private const string CarryName = "\0carry";

    private static string Scoped(PtxFunction function, string name) => $"{function.Name}\0{name}";

    private static int ElementBytes(PtxType type) => type switch
    {
        PtxType.Pred => 0,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        _ => 4,
    };

    private static long AlignUp(long value, int alignment) => (value + alignment - 1) / alignment * alignment;

    private void DecodeFunction(PtxFunction function)
    {
        _function = function;
        int count = function.Instructions.Length;
        int[][] successors = [.. Enumerable.Range(0, count).Select(index => Successors(function, index))];
        var flow = new ControlFlow(successors);
        var meetings = new HashSet<int>();
        for (int k = 0; k < count; k++)
        {
            if (successors[k].Length > 1 && flow.MeetingPoint(k) is >= 0 and var meeting)
            {
                meetings.Add(meeting);
            }
        }

        for (_index = 0; _index < count; _index++)
        {
            _at = function.Instructions[_index];
            _continues = false;
            Place();
            DecodeInstruction(successors[_index].Length > 1 ? flow.MeetingPoint(_index) : -1);
            _listing.Add((_at.Line, _at.FullName));
        }

        // A body may end without a return.
        _at = new PtxInstruction(count == 0 ? function.Line : function.Instructions[^1].Line, null, "ret", [], []);
        _continues = false;
        Place();
        DecodeInstruction(-1);
        _listing.Add((_at.Line, _at.FullName));

        void Place()
        {
            _placeOf[(function.Name, _index)] = _code.Count;
            if (meetings.Contains(_index))
            {
                _code.Add(new Instruction { Handler = &ControlHandlers.Reconverge, Guard = -1, Ordinal = _listing.Count });
            }
        }
    }

    private int[] Successors(PtxFunction function, int index)
    {
        PtxInstruction instruction = function.Instructions[index];
        int exit = function.Instructions.Length;
        int[] targets;
        switch (instruction.Opcode)
        {
            case "bra":
                targets = [Label(function, instruction, instruction.Operands.Length == 1 ? instruction.Operands[0] : null)];
                break;
            case "brx":
                targets = instruction.Operands is [_, PtxVectorOperand labels]
                    ? [.. labels.Elements.Select(label => Label(function, instruction, label))]
                    : throw new PtxException(_module.SourceName, instruction.Line, "brx.idx takes an index and a list of labels");
                break;
            case "ret" or "exit" or "trap":
                targets = [exit];
                break;
            default:
                return [index + 1];
        }

        return [.. (instruction.Guard is null ? targets : [.. targets, index + 1]).Distinct()];
    }

    private int Label(PtxFunction function, PtxInstruction instruction, PtxOperand? operand) =>
        operand is PtxSymbolOperand symbol && function.Labels.TryGetValue(symbol.Name, out int index)
            ? index
            : throw new PtxException(_module.SourceName, instruction.Line, $"{instruction.FullName} takes a label of this function");
}
