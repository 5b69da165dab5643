using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Execution;

/// <summary>What one pass left behind: the second and the third account of its bytes.</summary>
/// <param name="Ledger">what the arena handed out</param>
/// <param name="Touches">
/// what the device saw of each buffer, by <see cref="TensorSpec.Index"/>; null where it cannot see. A parameter outlives passes, so its
/// touch is that of all passes since the weights were loaded.
/// </param>
/// <param name="StepCosts">of each step; null where the device cannot count</param>
public sealed record PassRecord(
    LedgerSnapshot Ledger, ImmutableArray<BufferTouch?> Touches, ImmutableArray<DeviceCounters?> StepCosts);
