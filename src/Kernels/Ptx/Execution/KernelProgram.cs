using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>A parameter of an entry: where it lies in the parameter block.</summary>
internal readonly record struct KernelParameter(string Name, int OffsetBytes, int Bytes);

/// <summary>A named range of shared or local memory, for messages.</summary>
internal readonly record struct NamedRange(string Name, long OffsetBytes, long Bytes);

/// <summary>One entry, decoded: instructions in native memory and what the runner needs to know about it.</summary>
internal sealed unsafe class KernelProgram : IDisposable
{
    public required string SourceName { get; init; }
    public required string Name { get; init; }

    /// <summary>Line and text of every PTX instruction, by ordinal.</summary>
    public required ImmutableArray<(int Line, string Text)> Listing { get; init; }
    public required ImmutableArray<KernelParameter> Parameters { get; init; }
    public required ImmutableArray<ConstantSlot> Constants { get; init; }
    public required ImmutableArray<SpecialSlot> Specials { get; init; }
    public required ImmutableArray<NamedRange> SharedVariables { get; init; }
    public required int RegisterBytes { get; init; }
    public required int ParameterBytes { get; init; }
    public required int StaticSharedBytes { get; init; }
    public required int LocalBytes { get; init; }
    public required int PathCapacity { get; init; }
    public required int CacheSlots { get; init; }
    public required bool HasSharedAtomics { get; init; }
    public required int SharedCellShift { get; init; }
    public required long? MaxThreads { get; init; }

    public Instruction* Code { get; private set; }

    public int InstructionCount { get; private set; }

    /// <summary>Copies the instructions to native memory and resolves jumps given as indices.</summary>
    public void Place(IReadOnlyList<Instruction> instructions, IReadOnlyList<(int At, int Target, int Meeting)> jumps)
    {
        InstructionCount = instructions.Count;
        Code = (Instruction*)NativeMemory.AlignedAlloc((nuint)instructions.Count * (nuint)sizeof(Instruction), 64);
        for (int k = 0; k < instructions.Count; k++)
        {
            Code[k] = instructions[k];
        }

        foreach ((int at, int target, int meeting) in jumps)
        {
            Code[at].Target = Code + target;
            Code[at].Reconvergence = meeting < 0 ? null : Code + meeting;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Code);
        Code = null;
    }
}
