namespace Harness.Kernels.Ptx;

/// <summary>Follows every path through a function: no instruction may be out of reach, and no path may run off the end.</summary>
internal static class PtxReachability
{
    public static void Verify(PtxModule module, PtxFunction function)
    {
        int count = function.Instructions.Length;
        int end = count == 0 ? function.Line : function.Instructions[^1].Line;
        bool[] reached = new bool[count + 1];
        var pending = new Stack<int>([0]);
        while (pending.TryPop(out int at))
        {
            if (reached[at])
            {
                continue;
            }

            reached[at] = true;
            if (at == count)
            {
                throw new PtxException(module.SourceName, end, $"control reaches the end of '{function.Name}' without ret or exit");
            }

            foreach (int next in Next(function, at))
            {
                pending.Push(next);
            }
        }

        for (int i = 0; i < count; i++)
        {
            // Compilers close a block that never ends with a jump, a ret or an exit of its own; that does no harm.
            if (!reached[i] && function.Instructions[i].Opcode is not ("bra" or "ret" or "exit" or "trap"))
            {
                throw new PtxException(module.SourceName, function.Instructions[i].Line, $"unreachable code: no path leads to '{function.Instructions[i].FullName}'");
            }
        }
    }

    private static IEnumerable<int> Next(PtxFunction function, int at)
    {
        PtxInstruction instruction = function.Instructions[at];

        // Code after a trap is ordinary (a failed assertion in the middle of a function); only the function may also end there.
        bool leaves = instruction.Opcode is "ret" or "exit" || (instruction.Opcode == "trap" && at == function.Instructions.Length - 1);
        foreach (PtxSymbolOperand label in Targets(instruction))
        {
            yield return function.Labels[label.Name];
        }

        if (instruction.Guard is not null || !(leaves || instruction.Opcode is "bra" or "brx"))
        {
            yield return at + 1;
        }
    }

    private static IEnumerable<PtxSymbolOperand> Targets(PtxInstruction instruction) => instruction switch
    {
        { Opcode: "bra", Operands: [PtxSymbolOperand label] } => [label],
        { Opcode: "brx", Operands: [_, PtxVectorOperand labels] } => labels.Elements.OfType<PtxSymbolOperand>(),
        _ => [],
    };
}
