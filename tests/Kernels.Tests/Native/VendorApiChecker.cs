using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Tests.Native;

/// <summary>Every difference between the vendors' facts and the bindings, one line each; none where they agree.</summary>
internal sealed class VendorApiChecker(VendorApi api)
{
    private readonly List<string> _differences = [];

    public static List<string> Differences(VendorApi api) => [.. Calls(api), .. Layouts(api)];

    /// <summary>Of exported names, signatures and what is handed on.</summary>
    public static List<string> Calls(VendorApi api)
    {
        var checker = new VendorApiChecker(api);
        foreach (NativeBinding binding in NativeBindings.All)
        {
            checker.Functions(binding);
        }

        return checker._differences;
    }

    /// <summary>Of constants, handles and structs.</summary>
    public static List<string> Layouts(VendorApi api)
    {
        var checker = new VendorApiChecker(api);
        foreach (Type type in NativeBindings.Types(api))
        {
            checker.Layout(type);
        }

        return checker._differences;
    }

    private void Expect(bool holds, string difference)
    {
        if (!holds)
        {
            _differences.Add(difference);
        }
    }

    private void Functions(NativeBinding binding)
    {
        VendorFunction[] functions = [.. api.Functions.Where(function => function.Library == binding.Library)];
        MethodInfo[] contract = binding.Interface.GetMethods();
        foreach (MethodInfo method in contract.Concat(binding.Imports).Where(method => functions.All(other => other.Name != method.Name)))
        {
            Expect(false, $"{method.Name}: not in the table of {binding.Library}");
        }

        foreach (VendorFunction function in functions)
        {
            MethodInfo? import = binding.Imports.SingleOrDefault(method => method.Name == function.Name);
            MethodInfo? called = contract.SingleOrDefault(method => method.Name == function.Name);
            Expect(import is not null, $"{function.Name}: in the table of {binding.Library}, but not imported");
            Expect(called is not null || api.Successors.ContainsValue(function.Name), $"{function.Name}: not in {binding.Interface.Name}");
            if (import is not null)
            {
                Import(function, import);
                Signature("import", function, import);
            }

            if (import is not null && called is not null)
            {
                Signature("interface", function, called);
                string[] names = [function.Name, .. api.Successors.TryGetValue(function.Name, out string? newer) ? [newer] : (string[])[]];
                Expect(
                    Forwarding.IsInOrder(binding.Implementation, called, names),
                    $"{function.Name}: arguments are not handed on one by one, in order");
            }
        }
    }

    private void Import(VendorFunction function, MethodInfo import)
    {
        DllImportAttribute attribute = NativeBindings.Import(import)!;
        Expect(attribute.Value == function.Library, $"{function.Name}: imported from {attribute.Value}, exported by {function.Library}");
        Expect(attribute.EntryPoint == function.Symbol, $"{function.Name}: bound to {attribute.EntryPoint}, exported as {function.Symbol}");
        Expect(attribute.ExactSpelling, $"{function.Name}: the name is not looked up as it is spelt");
    }

    private void Signature(string where, VendorFunction function, MethodInfo method)
    {
        string name = $"{function.Name} ({where})";
        ParameterInfo[] ours = method.GetParameters();
        Expect(Matches(function.ReturnType, method.ReturnType), $"{name}: returns {method.ReturnType.Name}, not {function.ReturnType}");
        Expect(ours.Length == function.Parameters.Length, $"{name}: {ours.Length} parameters, not {function.Parameters.Length}");
        foreach ((VendorParameter theirs, ParameterInfo parameter) in function.Parameters.Zip(ours))
        {
            Expect(
                Matches(theirs.Type, parameter.ParameterType),
                $"{name}: parameter {parameter.Name} is {parameter.ParameterType.Name}, not {theirs.Type} {theirs.Name}");

            // Types alone do not see that two parameters of the same type changed places.
            Expect(
                function.Parameters.Count(other => other.Type == theirs.Type) == 1 || SameName(theirs.Name, parameter.Name!),
                $"{name}: parameter {parameter.Name} stands where {theirs.Name} belongs");
        }
    }

    /// <summary>The vendors abbreviate: hStart, dstDevice, srcDesc, gridDimX, pad_h, sharedMemBytes, kernelParams.</summary>
    private static bool SameName(string theirs, string ours)
    {
        return Plain(theirs) == Plain(ours);

        static string Plain(string name)
        {
            (string Short, string Long)[] parts =
            [
                ("dst", "destination"), ("destD", "destinationD"), ("srcD", "sourceD"), ("hStart", "start"), ("hEnd", "end"),
                ("Parameters", "Params"), ("Descriptor", ""), ("Desc", ""), ("Device", ""), ("Dim", ""), ("Mem", ""), ("_", ""),
            ];
            return parts.Aggregate(name, (text, part) => text.Replace(part.Short, part.Long, StringComparison.Ordinal)).ToUpperInvariant();
        }
    }

    private bool Matches(string theirs, Type ours)
    {
        for (; theirs.EndsWith('*'); theirs = theirs[..^1])
        {
            if (!ours.IsPointer)
            {
                return false;
            }

            ours = ours.GetElementType()!;
        }

        theirs = api.Aliases.GetValueOrDefault(theirs, theirs);
        if (ours.IsEnum && !(api.Constants.Contains(ours.Name) && api.Numbers.ContainsKey(theirs)))
        {
            return ours.Name == theirs && api.EnumBytes.ContainsKey(theirs);
        }

        return api.Numbers.TryGetValue(theirs, out VendorNumber? number)
            ? NumberOf(ours) == number
            : ours.Name == theirs
                && (api.Typedefs.ContainsKey(theirs) || api.HandleBytes.ContainsKey(theirs) || api.StructBytes.ContainsKey(theirs));
    }

    private static VendorNumber? NumberOf(Type type) => Type.GetTypeCode(type.IsEnum ? Enum.GetUnderlyingType(type) : type) switch
    {
        TypeCode.Byte => new VendorNumber(1, "character"),
        TypeCode.Int32 => new VendorNumber(4, "signed"),
        TypeCode.UInt32 => new VendorNumber(4, "unsigned"),
        TypeCode.Int64 => new VendorNumber(8, "signed"),
        TypeCode.UInt64 => new VendorNumber(8, "unsigned"),
        TypeCode.Single => new VendorNumber(4, "float"),
        TypeCode.Double => new VendorNumber(8, "float"),
        _ when type == typeof(nuint) => new VendorNumber(8, "size"),
        _ when type == typeof(void) => new VendorNumber(0, "nothing"),
        _ => null,
    };

    private void Layout(Type type)
    {
        int bytes = RuntimeHelpers.SizeOf(type.TypeHandle);
        if (type.IsEnum)
        {
            Members(type, bytes);
        }
        else if (api.HandleBytes.TryGetValue(type.Name, out int handleBytes))
        {
            Expect(bytes == handleBytes, $"{type.Name}: {bytes} bytes, not {handleBytes}");
            Type[] fields = [.. NativeBindings.Fields(type).Select(field => field.FieldType)];
            Expect(fields is [var only] && only == typeof(nint), $"{type.Name}: not one pointer");
        }
        else if (api.Typedefs.TryGetValue(type.Name, out VendorNumber? number))
        {
            VendorNumber?[] numbers = [.. NativeBindings.Fields(type).Select(field => NumberOf(field.FieldType))];
            Expect(numbers is [var one] && one == number, $"{type.Name}: not one number of {number.Bytes} bytes, {number.Kind}");
        }
        else if (api.StructBytes.TryGetValue(type.Name, out int structBytes))
        {
            Expect(bytes == structBytes, $"{type.Name}: {bytes} bytes, not {structBytes}");
            Fields(type);
        }
        else
        {
            Expect(false, $"{type.Name}: a type that is not in the table");
        }
    }

    private void Fields(Type type)
    {
        VendorField[] theirs = [.. api.Fields.Where(field => field.Struct == type.Name)];
        FieldInfo[] ours = [.. NativeBindings.Fields(type)];
        Expect(
            ours.Select(field => field.Name).SequenceEqual(theirs.Select(field => field.Name)),
            $"{type.Name}: fields {string.Join(", ", ours.Select(field => field.Name))}");
        foreach (VendorField field in theirs.Where(field => ours.Any(other => other.Name == field.Name)))
        {
            int offset = (int)Marshal.OffsetOf(type, field.Name);
            int bytes = RuntimeHelpers.SizeOf(ours.Single(other => other.Name == field.Name).FieldType.TypeHandle);
            Expect(
                offset == field.OffsetBytes && bytes == field.Bytes,
                $"{type.Name}.{field.Name}: {bytes} bytes at {offset}, not {field.Bytes} bytes at {field.OffsetBytes}");
        }
    }

    private void Members(Type type, int bytes)
    {
        if (!api.EnumBytes.TryGetValue(type.Name, out int theirBytes))
        {
            Expect(false, $"{type.Name}: an enum that is not in the table");
            return;
        }

        Expect(bytes == theirBytes, $"{type.Name}: {bytes} bytes, not {theirBytes}");
        string prefix = type.Name.TrimEnd('s');
        VendorValue[] values = [.. api.Values.Where(value => value.Enum.Equals(type.Name, StringComparison.OrdinalIgnoreCase))];
        foreach (string member in Enum.GetNames(type))
        {
            string name = $"{type.Name}.{member}";
            long ours = Convert.ToInt64(Enum.Parse(type, member), CultureInfo.InvariantCulture);
            VendorValue[] theirs =
                [.. values.Where(v => v.Member == member || v.Member.Equals(prefix + member, StringComparison.OrdinalIgnoreCase))];
            Expect(theirs.Length > 0, $"{name}: not in the table");
            Expect(theirs.Length == 0 || ours == theirs[^1].Value, $"{name}: {ours}, not {theirs.LastOrDefault()?.Value}");
            Expect(theirs.Length <= 1 || api.Renumbered.Contains(type.Name), $"{name}: its number differs between versions");
        }
    }
}
