using System.Globalization;
using Harness.Kernels.Devices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Puts words to a fault: what happened, where in the file, which thread, and which buffer is near.</summary>
internal static class FaultMessage
{
    /// <param name="near">says which buffer an address lies in or near: "4 bytes past the end of 'x' (256 bytes)"</param>
    public static PtxViolationException Of(KernelProgram program, WarpFault fault, in LaunchFacts facts, long block, int warp, Func<ulong, long, string> near)
    {
        (int line, string text) = program.Listing[Math.Min(fault.Ordinal, program.Listing.Length - 1)];
        Dim3 at = GridRunner.Index(block, facts.Grid);
        int thread = (warp * Warp.Lanes) + fault.Lane;
        Dim3 size = facts.BlockSize;
        string threadText = $"({thread % size.X},{thread / size.X % size.Y},{thread / (size.X * size.Y)})";
        return new PtxViolationException(
            program.SourceName, line,
            $"{program.Name}: {text} in block ({at.X},{at.Y},{at.Z}) thread {threadText}: {What(program, fault, near)}");
    }

    private static string What(KernelProgram program, WarpFault fault, Func<ulong, long, string> near)
    {
        string address = $"0x{fault.Value.ToString("x", CultureInfo.InvariantCulture)}";
        return fault.Kind switch
        {
            FaultKind.OutOfBounds when fault.Value == 0 => "address 0x0 is the null pointer",
            FaultKind.OutOfBounds => $"{fault.Detail} bytes at {address} are outside of every live buffer: {near(fault.Value, fault.Detail)}",
            FaultKind.Misaligned => $"{Place(program, fault, near)} is not a multiple of the access's {fault.Detail} bytes",
            FaultKind.Unwritten => $"reads address {address}, which was never written: {near(fault.Value, 1)}",
            FaultKind.SharedOutOfBounds => $"{fault.Detail} bytes at shared offset {fault.Value} are outside of the block's shared memory{Variable(program, fault.Value)}",
            FaultKind.SharedUnwritten => $"reads shared offset {fault.Value}, which was never written{Variable(program, fault.Value)}",
            FaultKind.SharedRace => $"shared offset {fault.Value}{Variable(program, fault.Value)} was touched by {Other(fault.Detail)} since the last barrier: a race",
            FaultKind.SharedStoreConflict => $"another lane stores a different value to shared offset {fault.Value}{Variable(program, fault.Value)}",
            FaultKind.LocalOutOfBounds => $"{fault.Detail} bytes at local offset {fault.Value} are outside of the thread's local memory",
            FaultKind.LocalUnwritten => $"reads local offset {fault.Value}, which was never written",
            FaultKind.ParameterOutOfBounds => $"{fault.Detail} bytes at offset {fault.Value} are outside of the kernel's {program.ParameterBytes} bytes of parameters",
            FaultKind.ConstantStore => "stores to memory that is read only",
            FaultKind.BarrierDivergence when fault.Detail < 0 => "waits at a barrier that the other threads of the block never reach",
            FaultKind.BarrierDivergence => $"is not at the barrier that {PopCount(fault.Value)} of its warp's {fault.Detail} live threads have reached",
            FaultKind.MemberMask => $"the member mask {address} does not fit the lanes that execute (0x{fault.Detail:x8})",
            FaultKind.BranchIndex => $"branch index {fault.Value} is beyond the {fault.Detail} targets",
            FaultKind.InstructionLimit => $"the warp has executed {fault.Detail} instructions in this block: taken for a loop without end",
            FaultKind.Trap => "trap",
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, null),
        };
    }

    private static int PopCount(ulong mask) => System.Numerics.BitOperations.PopCount(mask);

    private static string Other(long warp) => warp == SharedTags.Many ? "several other warps" : $"warp {warp}";

    private static string Place(KernelProgram program, WarpFault fault, Func<ulong, long, string> near) => (fault.Value & Windows.Mask) switch
    {
        Windows.Shared => $"shared offset {fault.Value & ~Windows.Mask}{Variable(program, fault.Value & ~Windows.Mask)}",
        Windows.Local => $"local offset {fault.Value & ~Windows.Mask}",
        Windows.Parameters => $"parameter offset {fault.Value & ~Windows.Mask}",
        _ => $"address 0x{fault.Value.ToString("x", CultureInfo.InvariantCulture)} ({near(fault.Value, 1)})",
    };

    private static string Variable(KernelProgram program, ulong offset)
    {
        foreach (NamedRange range in program.SharedVariables)
        {
            if (offset >= (ulong)range.OffsetBytes && (range.Bytes == 0 || offset < (ulong)(range.OffsetBytes + range.Bytes)))
            {
                return $" ('{range.Name}' + {offset - (ulong)range.OffsetBytes})";
            }
        }

        return "";
    }
}
