using System.Collections.Immutable;
using System.Numerics;
using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Loads and stores.</summary>
internal sealed unsafe partial class Decoder
{
    /// <summary>An address operand, resolved: the register (or constant) that holds the base, and the offset from it.</summary>
    private readonly record struct Place(PtxStateSpace Space, int Base, bool IsWide, long Offset);

    private void DecodeAccess()
    {
        bool loads = _at.Opcode != "st";
        PtxType type = TypeFromEnd();
        PtxOperand value = Operand(loads ? 0 : 1);
        ImmutableArray<PtxOperand> elements = value is PtxVectorOperand vector ? vector.Elements : [value];
        int registerBytes = elements.Max(element => RegisterBytes(element, type));
        if (loads && KernelParameter(out long parameter))
        {
            DecodeParameter(type, elements, registerBytes, parameter);
            return;
        }

        Place place = Resolve((PtxAddressOperand)Operand(loads ? 1 : 0), ExplicitSpace() ?? (_at.Opcode == "ldu" ? PtxStateSpace.Global : PtxStateSpace.Generic));
        NoteShared(place.Space, type);
        Instruction access = New(
            loads ? LoadOf(place, type, registerBytes, elements.Length) : StoreOf(place, type, registerBytes, elements.Length),
            a: place.Base, c: place.Space == PtxStateSpace.Generic ? _registers.Allocate(8) : -1, immediate: place.Offset, mode: elements.Length);
        access.CacheSlot = _cacheSlots++;
        access.IsStrong = Has("volatile") || Has("relaxed") || Has("acquire") || Has("release");
        FillElements(ref access, elements, type, registerBytes, loads);
        Emit(access);
    }

    private void FillElements(ref Instruction access, ImmutableArray<PtxOperand> elements, PtxType type, int registerBytes, bool loads)
    {
        for (int k = 0; k < elements.Length; k++)
        {
            PtxType register = registerBytes == 8 ? PtxType.B64 : PtxType.B32;
            access.Elements[k] = elements[k] switch
            {
                PtxRegisterOperand { Name: "_" } => -1,
                PtxRegisterOperand named when !IsSpecial(named.Name) => Register(named.Name).Offset,
                PtxImmediateOperand immediate => _registers.Constant(immediate.BitsAs(type), registerBytes),
                _ when !loads => Source(elements[k], register),
                _ => throw Wrong("the destination is not a register"),
            };
        }
    }

    /// <summary>4 or 8 bytes a lane: a register may be wider than what is loaded or stored.</summary>
    private int RegisterBytes(PtxOperand operand, PtxType type)
    {
        if (operand is not PtxRegisterOperand { Name: not "_" } register || IsSpecial(register.Name))
        {
            return ElementBytes(type);
        }

        int bytes = ElementBytes(Register(register.Name).Type);
        return bytes >= ElementBytes(type) ? bytes : throw Wrong($"'{register.Name}' is too narrow");
    }

    private PtxStateSpace? ExplicitSpace()
    {
        foreach (string modifier in _at.Modifiers)
        {
            if (PtxTypeNames.Space(modifier.Split("::")[0]) is { } space && modifier is not "reg")
            {
                return space == PtxStateSpace.Const ? PtxStateSpace.Global : space;
            }
        }

        return null;
    }

    /// <summary>A kernel's own parameter by name: its place is known here.</summary>
    private bool KernelParameter(out long offset)
    {
        offset = 0;
        if (Operand(1) is not PtxAddressOperand address || TryVariable(address.Base, out _) || ParameterOffset(address.Base) is not { } found)
        {
            return false;
        }

        offset = found + address.Offset;
        return true;
    }

    private void DecodeParameter(PtxType type, ImmutableArray<PtxOperand> elements, int registerBytes, long offset)
    {
        Parameters(_function, out int all);
        int bytes = type.SizeBytes() * elements.Length;
        if (offset < 0 || offset + bytes > all || offset % bytes != 0)
        {
            throw Wrong($"{bytes} bytes at offset {offset} are not an aligned part of the kernel's {all} bytes of parameters");
        }

        Instruction load = New(Pick(type, registerBytes, default(ParameterLoads)), immediate: offset, mode: elements.Length);
        FillElements(ref load, elements, type, registerBytes, loads: true);
        Emit(load);
    }

    private Place Resolve(PtxAddressOperand address, PtxStateSpace space)
    {
        if (address.Base.Length == 0)
        {
            return new Place(space, _registers.Constant(0, 8), true, address.Offset);
        }

        if (_slots.TryGetValue(Scoped(_function, address.Base), out (int Offset, PtxType Type) register))
        {
            bool wide = ElementBytes(register.Type) == 8;
            if (!wide && space is PtxStateSpace.Global or PtxStateSpace.Generic or PtxStateSpace.Param)
            {
                int extended = _registers.Allocate(8);
                Emit(&WideProducts.ExtendUnsigned, extended, register.Offset);
                return new Place(space, extended, true, address.Offset);
            }

            // .param through a register is the kernel's in an entry, a thread's own place in a function.
            PtxStateSpace actual = space == PtxStateSpace.Param && !_function.IsEntry ? PtxStateSpace.Local : space;
            return new Place(actual, register.Offset, wide, address.Offset);
        }

        if (!TryVariable(address.Base, out (PtxStateSpace Space, ulong Offset, long Bytes) variable))
        {
            throw Wrong($"'{address.Base}' is not declared");
        }

        bool narrow = variable.Space == PtxStateSpace.Shared;
        return new Place(variable.Space, _registers.Constant(variable.Offset, narrow ? 4 : 8), !narrow, address.Offset);
    }

    /// <summary>Races are watched a byte at a time where something narrower than 4 bytes may reach shared memory.</summary>
    private void NoteShared(PtxStateSpace space, PtxType type) =>
        _hasNarrowShared |= space is PtxStateSpace.Shared or PtxStateSpace.Generic && type.SizeBytes() < 4 && (space == PtxStateSpace.Shared || _shared.Count > 0);

    private Handler LoadOf(Place place, PtxType type, int registerBytes, int width) => place.Space switch
    {
        PtxStateSpace.Global => width == 1 ? Pick(type, registerBytes, default(GlobalLoads)) : Pick(type, registerBytes, default(GlobalVectorLoads)),
        PtxStateSpace.Shared => place.IsWide ? Pick(type, registerBytes, default(SharedLoads<ulong>)) : Pick(type, registerBytes, default(SharedLoads<uint>)),
        PtxStateSpace.Local => place.IsWide ? Pick(type, registerBytes, default(LocalLoads<ulong>)) : Pick(type, registerBytes, default(LocalLoads<uint>)),
        PtxStateSpace.Param => Pick(type, registerBytes, default(IndirectParameterLoads)),
        PtxStateSpace.Generic => Pick(type, registerBytes, default(GenericLoads)),
        _ => throw Unknown(),
    };

    private Handler StoreOf(Place place, PtxType type, int registerBytes, int width) => place.Space switch
    {
        PtxStateSpace.Global => width == 1 ? Pick(type, registerBytes, default(GlobalStores)) : Pick(type, registerBytes, default(GlobalVectorStores)),
        PtxStateSpace.Shared => place.IsWide ? Pick(type, registerBytes, default(SharedStores<ulong>)) : Pick(type, registerBytes, default(SharedStores<uint>)),
        PtxStateSpace.Local => place.IsWide ? Pick(type, registerBytes, default(LocalStores<ulong>)) : Pick(type, registerBytes, default(LocalStores<uint>)),
        PtxStateSpace.Generic => Pick(type, registerBytes, default(GenericStores)),
        _ => throw Wrong("kernel parameters are read only"),
    };

    /// <summary>The handler for the element in memory and the register it goes to: signed elements are extended by their sign.</summary>
    private static Handler Pick<TAccess>(PtxType type, int registerBytes, TAccess access)
        where TAccess : IAccess => (type, registerBytes) switch
        {
            (PtxType.S8, 4) => access.Handler<sbyte, uint>(),
            (PtxType.S8, _) => access.Handler<sbyte, ulong>(),
            (PtxType.B8 or PtxType.U8, 4) => access.Handler<byte, uint>(),
            (PtxType.B8 or PtxType.U8, _) => access.Handler<byte, ulong>(),
            (PtxType.S16, 4) => access.Handler<short, uint>(),
            (PtxType.S16, _) => access.Handler<short, ulong>(),
            (PtxType.B16 or PtxType.U16 or PtxType.F16 or PtxType.BF16, 4) => access.Handler<ushort, uint>(),
            (PtxType.B16 or PtxType.U16 or PtxType.F16 or PtxType.BF16, _) => access.Handler<ushort, ulong>(),
            (PtxType.S32, 8) => access.Handler<int, ulong>(),
            (_, 4) => access.Handler<uint, uint>(),
            (PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64, _) => access.Handler<ulong, ulong>(),
            _ => access.Handler<uint, ulong>(),
        };

    /// <summary>A family of handlers, generic in the element in memory and in the register.</summary>
    private interface IAccess
    {
        Handler Handler<TMem, TReg>()
            where TMem : unmanaged, IBinaryInteger<TMem>
            where TReg : unmanaged, IBinaryInteger<TReg>;
    }

    private readonly struct ParameterLoads : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &PackHandlers.Parameter<TMem, TReg>;
    }

    private readonly struct IndirectParameterLoads : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &LocalHandlers.LoadParameter<TMem, TReg, ulong>;
    }

    private readonly struct GlobalLoads : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GlobalHandlers.Load<TMem, TReg>;
    }

    private readonly struct GlobalVectorLoads : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GlobalHandlers.LoadVector<TMem, TReg>;
    }

    private readonly struct GlobalStores : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GlobalHandlers.Store<TMem, TReg>;
    }

    private readonly struct GlobalVectorStores : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GlobalHandlers.StoreVector<TMem, TReg>;
    }

    private readonly struct SharedLoads<TAddress> : IAccess
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        Handler IAccess.Handler<TMem, TReg>() => &SharedHandlers.Load<TMem, TReg, TAddress>;
    }

    private readonly struct SharedStores<TAddress> : IAccess
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        Handler IAccess.Handler<TMem, TReg>() => &SharedHandlers.Store<TMem, TReg, TAddress>;
    }

    private readonly struct LocalLoads<TAddress> : IAccess
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        Handler IAccess.Handler<TMem, TReg>() => &LocalHandlers.Load<TMem, TReg, TAddress>;
    }

    private readonly struct LocalStores<TAddress> : IAccess
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        Handler IAccess.Handler<TMem, TReg>() => &LocalHandlers.Store<TMem, TReg, TAddress>;
    }

    private readonly struct GenericLoads : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GenericHandlers.Access<Loads<TMem, TReg>>;
    }

    private readonly struct GenericStores : IAccess
    {
        Handler IAccess.Handler<TMem, TReg>() => &GenericHandlers.Access<Stores<TMem, TReg>>;
    }
}
