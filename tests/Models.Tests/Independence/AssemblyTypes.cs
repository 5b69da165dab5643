using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Harness.Models.Tests.Independence;

/// <summary>
/// Which types a type of a compiled assembly uses: base type, interfaces, fields, signatures, attributes, and every metadata token in its method
/// bodies, local variables and handlers included. Types are named <c>assembly:namespace.name</c>; nested ones (closures and
/// iterators, too) count as the type around them.
/// </summary>
internal sealed class AssemblyTypes : IDisposable
{
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => code.Value & 0xffff, code => code.OperandType);

    private readonly PEReader _pe;
    private readonly MetadataReader _metadata;
    private readonly string _assembly;

    public AssemblyTypes(System.Reflection.Assembly assembly)
    {
        _pe = new PEReader(File.OpenRead(assembly.Location));
        _metadata = _pe.GetMetadataReader();
        _assembly = _metadata.GetString(_metadata.GetAssemblyDefinition().Name);
    }

    /// <summary>Simple names of the assemblies that the assembly refers to.</summary>
    public IEnumerable<string> ReferencedAssemblies =>
        _metadata.AssemblyReferences.Select(handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name));

    /// <summary>For each top-level type, those that it and the types nested in it use.</summary>
    public Dictionary<string, SortedSet<string>> Uses()
    {
        var uses = new Dictionary<string, SortedSet<string>>();
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            string name = NameOf(handle);
            if (!uses.TryGetValue(name, out SortedSet<string>? used))
            {
                uses.Add(name, used = new SortedSet<string>(StringComparer.Ordinal));
            }

            Collect(_metadata.GetTypeDefinition(handle), used);
        }

        return uses;
    }

    private void Collect(TypeDefinition type, SortedSet<string> used)
    {
        Use(type.BaseType, used);
        Attributes(type.GetCustomAttributes(), used);
        Constraints(type.GetGenericParameters(), used);
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            Use(_metadata.GetInterfaceImplementation(handle).Interface, used);
        }

        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = _metadata.GetFieldDefinition(handle);
            field.DecodeSignature(new Names(this, used), null);
            Attributes(field.GetCustomAttributes(), used);
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _metadata.GetMethodDefinition(handle);
            method.DecodeSignature(new Names(this, used), null);
            Attributes(method.GetCustomAttributes(), used);
            Constraints(method.GetGenericParameters(), used);
            if (method.RelativeVirtualAddress != 0)
            {
                Body(_pe.GetMethodBody(method.RelativeVirtualAddress), used);
            }
        }
    }

    private void Body(MethodBodyBlock body, SortedSet<string> used)
    {
        if (!body.LocalSignature.IsNil)
        {
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(new Names(this, used), null);
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Use(region.CatchType, used);
        }

        BlobReader code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            int opcode = code.ReadByte();
            if (opcode == 0xfe)
            {
                opcode = 0xfe00 | code.ReadByte();
            }

            switch (Operands[opcode])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineSig:
                    Use(MetadataTokens.EntityHandle(code.ReadInt32()), used);
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private void Attributes(CustomAttributeHandleCollection attributes, SortedSet<string> used)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            Use(_metadata.GetCustomAttribute(handle).Constructor, used);
        }
    }

    private void Constraints(GenericParameterHandleCollection parameters, SortedSet<string> used)
    {
        foreach (GenericParameterHandle handle in parameters)
        {
            foreach (GenericParameterConstraintHandle constraint in _metadata.GetGenericParameter(handle).GetConstraints())
            {
                Use(_metadata.GetGenericParameterConstraint(constraint).Type, used);
            }
        }
    }

    private void Use(EntityHandle handle, SortedSet<string> used)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                used.Add(NameOf((TypeDefinitionHandle)handle));
                break;
            case HandleKind.TypeReference:
                used.Add(NameOf((TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(new Names(this, used), null);
                break;
            case HandleKind.FieldDefinition:
                FieldDefinition field = _metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                used.Add(NameOf(field.GetDeclaringType()));
                field.DecodeSignature(new Names(this, used), null);
                break;
            case HandleKind.MethodDefinition:
                MethodDefinition method = _metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                used.Add(NameOf(method.GetDeclaringType()));
                method.DecodeSignature(new Names(this, used), null);
                break;
            case HandleKind.MemberReference:
                MemberReference member = _metadata.GetMemberReference((MemberReferenceHandle)handle);
                Use(member.Parent, used);
                _ = member.GetKind() == MemberReferenceKind.Field
                    ? member.DecodeFieldSignature(new Names(this, used), null)
                    : member.DecodeMethodSignature(new Names(this, used), null).ReturnType;
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification generic = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Use(generic.Method, used);
                generic.DecodeSignature(new Names(this, used), null);
                break;
            case HandleKind.StandaloneSignature:
                _metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle).DecodeMethodSignature(new Names(this, used), null);
                break;
            default:
                throw new InvalidOperationException($"a {handle.Kind} where a type or member was expected");
        }
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        return type.IsNested
            ? NameOf(type.GetDeclaringType())
            : $"{_assembly}:{_metadata.GetString(type.Namespace)}.{_metadata.GetString(type.Name)}";
    }

    private string NameOf(TypeReferenceHandle handle)
    {
        TypeReference type = _metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.TypeReference => NameOf((TypeReferenceHandle)type.ResolutionScope),
            HandleKind.AssemblyReference =>
                $"{_metadata.GetString(_metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)}:"
                + $"{_metadata.GetString(type.Namespace)}.{_metadata.GetString(type.Name)}",
            _ => $"{_assembly}:{_metadata.GetString(type.Namespace)}.{_metadata.GetString(type.Name)}",
        };
    }

    public void Dispose() => _pe.Dispose();

    /// <summary>Walks a signature and notes each type that is named in it.</summary>
    private sealed class Names(AssemblyTypes types, SortedSet<string> used) : ISignatureTypeProvider<bool, object?>
    {
        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => used.Add(types.NameOf(handle));
        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => used.Add(types.NameOf(handle));

        public bool GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind)
        {
            types.Use(handle, used);
            return true;
        }

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => true;
        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => true;
        public bool GetArrayType(bool elementType, ArrayShape shape) => true;
        public bool GetSZArrayType(bool elementType) => true;
        public bool GetByReferenceType(bool elementType) => true;
        public bool GetPointerType(bool elementType) => true;
        public bool GetPinnedType(bool elementType) => true;
        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => true;
        public bool GetFunctionPointerType(MethodSignature<bool> signature) => true;
        public bool GetGenericMethodParameter(object? context, int index) => true;
        public bool GetGenericTypeParameter(object? context, int index) => true;
    }
}
