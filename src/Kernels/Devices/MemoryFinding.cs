namespace Harness.Kernels.Devices;

/// <summary>What a kernel did to memory that it should not have done.</summary>
public enum MemoryFault
{
    /// <summary>Wrote behind the end of a buffer, into its guard band.</summary>
    Overrun,

    /// <summary>Left bytes of a buffer unwritten until its death, or copied them from such a buffer.</summary>
    Unwritten,

    /// <summary>Wrote bytes that depend on what undefined memory held, or that are not the same in every run.</summary>
    Unstable,
}

/// <summary>One finding of a <see cref="CheckedDevice"/>.</summary>
/// <param name="OffsetBytes">of the first such byte, from the buffer's start; at or beyond its end for an overrun</param>
/// <param name="Bytes">how many such bytes there are</param>
/// <param name="Step">the step that overran; else the step before which the buffer was born, which is the first that writes it</param>
public sealed record MemoryFinding(MemoryFault Fault, string Buffer, long OffsetBytes, long Bytes, string Step);
