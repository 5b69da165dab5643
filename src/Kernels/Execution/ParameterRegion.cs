using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Execution;

/// <summary>
/// The weights, and in training their gradients and the optimizer's state: one device allocation, each behind the one before, held until
/// disposed. They go by name, so that they outlive a program: the configurations of a sweep and the passes of a training step share them.
/// </summary>
public sealed class ParameterRegion : IDisposable
{
    private readonly IDevice _device;
    private readonly DeviceRegion _region;
    private readonly Dictionary<string, int> _rowOf = new(StringComparer.Ordinal);

    /// <param name="parameters">names, shapes and dtypes; tensors that the arena holds are a mistake</param>
    /// <param name="device">holds the bytes</param>
    /// <param name="alignmentBytes">of each parameter's address</param>
    /// <param name="guardBytes">so many bytes behind each parameter are reserved with it and belong to nobody</param>
    /// <exception cref="CallerException">
    /// a name twice, a tensor of the arena, an alignment that is no power of two, a negative band, bytes beyond 64 bits
    /// </exception>
    public ParameterRegion(IEnumerable<TensorSpec> parameters, IDevice device, long alignmentBytes = 256, long guardBytes = 0)
    {
        Rows = RowsOf(parameters, alignmentBytes, guardBytes);
        for (int row = 0; row < Rows.Length; row++)
        {
            if (!_rowOf.TryAdd(Rows[row].Name, row))
            {
                throw new CallerException($"'{Rows[row].Name}' is a parameter twice");
            }
        }

        CapacityBytes = EndOf(Rows);
        _device = device;
        _region = new DeviceRegion(device, "parameters", CapacityBytes, Rows.Length);
        try
        {
            for (int row = 0; row < Rows.Length; row++)
            {
                _region.Begin(row, Rows[row].Name, Rows[row].OffsetBytes, Rows[row].RequestedBytes);
            }
        }
        catch
        {
            _region.Dispose();
            throw;
        }
    }

    /// <summary>One a parameter, in the order given. They live for ever: the last step is <see cref="int.MaxValue"/>.</summary>
    public ImmutableArray<LedgerRow> Rows { get; }

    public long CapacityBytes { get; }

    /// <summary>What a region of these parameters would take.</summary>
    /// <inheritdoc cref="ParameterRegion(IEnumerable{TensorSpec}, IDevice, long, long)"/>
    public static long CapacityFor(IEnumerable<TensorSpec> parameters, long alignmentBytes = 256, long guardBytes = 0) =>
        EndOf(RowsOf(parameters, alignmentBytes, guardBytes));

    /// <exception cref="CallerException">no such parameter</exception>
    public DevicePointer Address(string name) => _region.At(Rows[RowOf(name)].OffsetBytes);

    /// <summary>What the device has seen of the parameter since the region was made; null where it cannot see.</summary>
    /// <exception cref="CallerException">no such parameter</exception>
    public BufferTouch? Touch(string name) => _region.Touch(RowOf(name));

    /// <summary>Sets all bytes of a parameter.</summary>
    /// <exception cref="CallerException">no such parameter, or not as many bytes as it has</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        LedgerRow row = Rows[RowOf(name)];
        if (bytes.Length != row.RequestedBytes)
        {
            throw new CallerException($"parameter '{name}' has {row.RequestedBytes} bytes, not {bytes.Length}");
        }

        _device.CopyToDevice(_region.At(row.OffsetBytes), bytes);
    }

    /// <summary>All bytes of a parameter.</summary>
    /// <exception cref="CallerException">no such parameter, or not as many bytes as it has</exception>
    public void Read(string name, Span<byte> bytes)
    {
        LedgerRow row = Rows[RowOf(name)];
        if (bytes.Length != row.RequestedBytes)
        {
            throw new CallerException($"parameter '{name}' has {row.RequestedBytes} bytes, not {bytes.Length}");
        }

        _device.CopyToHost(bytes, _region.At(row.OffsetBytes));
    }

    public void Dispose() => _region.Dispose();

    /// <summary>The address of a program's parameter.</summary>
    /// <exception cref="CallerException">there is none of that name and size</exception>
    internal DevicePointer Address(TensorSpec parameter)
    {
        LedgerRow row = Rows[RowOf(parameter.Name)];
        return row.RequestedBytes == parameter.Bytes
            ? _region.At(row.OffsetBytes)
            : throw new CallerException(
                $"parameter '{parameter.Name}' has {row.RequestedBytes} bytes, the program needs {parameter.Bytes}");
    }

    private static ImmutableArray<LedgerRow> RowsOf(IEnumerable<TensorSpec> parameters, long alignmentBytes, long guardBytes)
    {
        Alignment.Require(alignmentBytes, guardBytes);
        var rows = ImmutableArray.CreateBuilder<LedgerRow>();
        long end = 0;
        foreach (TensorSpec parameter in parameters)
        {
            if (!parameter.Category.IsPersistent())
            {
                throw new CallerException($"'{parameter.Name}' is no parameter");
            }

            try
            {
                long reservedBytes = Alignment.Reserved(parameter.Bytes, guardBytes, alignmentBytes);
                rows.Add(new LedgerRow(
                    parameter.Name, parameter.Category, parameter.Bytes, reservedBytes, end, FirstStep: 0, LastStep: int.MaxValue));
                end += reservedBytes;
            }
            catch (OverflowException)
            {
                throw new CallerException($"the parameters up to '{parameter.Name}' need more bytes than 64 bits can count");
            }
        }

        return rows.ToImmutable();
    }

    private static long EndOf(ImmutableArray<LedgerRow> rows) => rows.IsEmpty ? 0 : rows[^1].OffsetBytes + rows[^1].ReservedBytes;

    private int RowOf(string name) =>
        _rowOf.TryGetValue(name, out int row) ? row : throw new CallerException($"there is no parameter '{name}'");
}
