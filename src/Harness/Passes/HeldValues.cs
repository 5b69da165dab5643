using System.Collections.Immutable;
using Harness.Kernels.Execution;
using Harness.Kernels.Programs;

namespace Harness.Passes;

/// <summary>
/// What is held from pass to pass, as it was at one moment. A check compares the bytes of two passes; a pass that trains leaves other weights than it
/// found, so each must start from the same.
/// </summary>
internal sealed class HeldValues
{
    private readonly ImmutableArray<(string Name, byte[] Bytes)> _values;

    public HeldValues(ParameterRegion region, ImmutableArray<TensorSpec> held) => _values =
    [
        .. held.Select(tensor =>
        {
            byte[] bytes = new byte[tensor.Bytes];
            region.Read(tensor.Name, bytes);
            return (tensor.Name, bytes);
        }),
    ];

    public void PutBack(ParameterRegion region)
    {
        foreach ((string name, byte[] bytes) in _values)
        {
            region.Write(name, bytes);
        }
    }
}
