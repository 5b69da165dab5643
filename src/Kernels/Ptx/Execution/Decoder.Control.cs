using System.Collections.Immutable;
using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Branches, calls, barriers.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeControl(int meeting)
    {
        switch (_at.Opcode)
        {
            case "bra":
                _jumps.Add((_code.Count, _function.Name, Label(_function, _at, _at.Operands[0]), meeting));
                EmitControl(New(&ControlHandlers.Branch));
                _branches++;
                break;
            case "brx":
                DecodeBranchIndexed(meeting);
                break;
            case "call":
                DecodeCall();
                break;
            case "ret":
                EmitControl(New(_function.IsEntry ? &ControlHandlers.Exit : &ControlHandlers.Return));
                break;
            case "exit":
                EmitControl(New(&ControlHandlers.Exit));
                break;
            case "trap" or "brkpt":
                EmitControl(New(&ControlHandlers.Trap));
                break;
            default:
                DecodeBarrier();
                break;
        }
    }

    /// <summary>The table stands behind the branch, a jump for each label.</summary>
    private void DecodeBranchIndexed(int meeting)
    {
        ImmutableArray<PtxOperand> labels = ((PtxVectorOperand)_at.Operands[1]).Elements;
        int index = Source(0, PtxType.U32);
        _jumps.Add((_code.Count, _function.Name, _index, meeting));
        EmitControl(New(&ControlHandlers.BranchIndexed, a: index, immediate: labels.Length));
        foreach (PtxOperand label in labels)
        {
            _jumps.Add((_code.Count, _function.Name, Label(_function, _at, label), meeting));
            _code.Add(New(&ControlHandlers.Branch));
            _branches++;
        }

        _branches++;
    }

    /// <summary>Arguments are copied into the callee's places, then the lanes go there, then results are copied back.</summary>
    private void DecodeCall()
    {
        ImmutableArray<PtxOperand> results = ((PtxVectorOperand)_at.Operands[0]).Elements;
        ImmutableArray<PtxOperand> arguments = ((PtxVectorOperand)_at.Operands[2]).Elements;
        string name = ((PtxSymbolOperand)_at.Operands[1]).Name;
        PtxFunction callee = _module.Functions.First(function => function.Name == name && !function.IsEntry);
        if (results.Length != callee.Results.Length || arguments.Length != callee.Parameters.Length)
        {
            throw Wrong($"'{name}' has {callee.Parameters.Length} parameters and {callee.Results.Length} results");
        }

        for (int k = 0; k < arguments.Length; k++)
        {
            Pass(arguments[k], callee, callee.Parameters[k], back: false);
        }

        _jumps.Add((_code.Count, name, 0, -1));
        EmitControl(New(&ControlHandlers.Call));
        _continues = true;
        int returned = _code.Count;
        for (int k = 0; k < results.Length; k++)
        {
            Pass(results[k], callee, callee.Results[k], back: true);
        }

        // The copies count with the next instruction's line, so that the call itself is not counted twice.
        for (int k = returned; k < _code.Count; k++)
        {
            Instruction copy = _code[k];
            copy.Ordinal++;
            _code[k] = copy;
        }
    }

    private void Pass(PtxOperand operand, PtxFunction callee, PtxVariable formal, bool back)
    {
        if (formal.Space == PtxStateSpace.Reg)
        {
            int inside = _slots[Scoped(callee, formal.Name)].Offset;
            Handler move = formal.Type == PtxType.Pred ? &PredicateHandlers.Move
                : ElementBytes(formal.Type) == 8 ? &Map.Unary<Move<ulong>, ulong> : &Map.Unary<Move<uint>, uint>;
            Emit(move, back ? Destination(operand, formal.Type) : inside, back ? inside : Source(operand, formal.Type));
            return;
        }

        if (operand is not PtxSymbolOperand symbol || !TryVariable(symbol.Name, out (PtxStateSpace Space, ulong Offset, long Bytes) actual)
            || actual.Space != PtxStateSpace.Local || actual.Bytes < formal.Bytes)
        {
            throw Wrong($"'{formal.Name}' of '{callee.Name}' is passed in a .param variable of at least {formal.Bytes} bytes");
        }

        int formalOffset = (int)_variables[Scoped(callee, formal.Name)].Offset;
        int actualOffset = (int)actual.Offset;
        Emit(&LocalHandlers.Copy, a: back ? formalOffset : actualOffset, b: back ? actualOffset : formalOffset, immediate: formal.Bytes);
    }

    private void DecodeBarrier()
    {
        if (Has("warp"))
        {
            Instruction sync = New(&WarpHandlers.WarpSync);
            sync.Elements[1] = Source(0, PtxType.U32);
            Emit(sync);
            return;
        }

        bool reduces = Has("red");
        int first = reduces ? 1 : 0;
        int last = _at.Operands.Length - (reduces ? 1 : 0);
        int barrier = Source(first, PtxType.U32);
        int threads = last - first > 1 ? Source(first + 1, PtxType.U32) : -1;
        if (!reduces)
        {
            EmitControl(New(&BarrierHandlers.Bar, a: barrier, b: threads, mode: Has("arrive") ? BarrierHandlers.Arrive : BarrierHandlers.Sync));
            return;
        }

        bool counts = Has("popc");
        (int predicate, bool negated) = Predicate(last);
        EmitControl(New(&BarrierHandlers.Bar, Destination(0, counts ? PtxType.U32 : PtxType.Pred), barrier, threads, predicate, negated ? 1 : 0,
            counts ? BarrierHandlers.ReduceCount : Has("and") ? BarrierHandlers.ReduceAnd : BarrierHandlers.ReduceOr));
    }
}
