using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>Turns names as written into names of the tree, and says which of them are registers.</summary>
internal sealed class PtxNameResolver(PtxScope scope, IReadOnlyDictionary<string, PtxType> registers)
{
    public PtxOperand Operand(PtxOperand operand) => operand switch
    {
        PtxSymbolOperand symbol => Symbol(symbol),
        PtxRegisterOperand register => register with { Name = Name(register.Name) },
        PtxAddressOperand address => address with { Base = Name(address.Base) },
        PtxVectorOperand vector => new PtxVectorOperand([.. vector.Elements.Select(Operand)]),
        PtxPairOperand pair => new PtxPairOperand(Operand(pair.First), Operand(pair.Second)),
        _ => operand,
    };

    private PtxOperand Symbol(PtxSymbolOperand symbol)
    {
        string name = Name(symbol.Name);
        if (scope.VectorLanes.TryGetValue(name, out int lanes))
        {
            return new PtxVectorOperand([.. "xyzw".Take(lanes).Select(lane => (PtxOperand)new PtxRegisterOperand($"{name}.{lane}"))]);
        }

        if (scope.BranchTargets.TryGetValue(name, out ImmutableArray<string> targets))
        {
            return new PtxVectorOperand([.. targets.Select(label => (PtxOperand)new PtxSymbolOperand(Name(label)))]);
        }

        bool isRegister = symbol.Offset == 0 && (registers.ContainsKey(name) || name == "_" || (name.StartsWith('%') && scope.Find(symbol.Name) is null));
        return isRegister ? new PtxRegisterOperand(name) : symbol with { Name = name };
    }

    /// <summary>The declared name in the tree, elements of vector registers (<c>%v.x</c>, <c>%v.r</c>) included; a name nobody declares stays as written.</summary>
    private string Name(string written)
    {
        int dot = written.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && scope.Find(written[..dot]) is { } vector)
        {
            string lane = written[dot..] switch { ".r" => ".x", ".g" => ".y", ".b" => ".z", ".a" => ".w", var other => other };
            return vector + lane;
        }

        return scope.Find(written) ?? written;
    }
}
