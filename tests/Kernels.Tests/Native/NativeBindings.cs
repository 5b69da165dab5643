using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using Harness.Kernels.Native;
using Xunit;

namespace Harness.Kernels.Tests.Native;

/// <summary>One interface of the bindings with its imports, found by reflection.</summary>
/// <param name="Interface">what the program calls</param>
/// <param name="Implementation">forwards each call to an import</param>
/// <param name="Imports">the methods that the runtime binds to exported symbols</param>
internal sealed record NativeBinding(string Library, Type Interface, Type Implementation, ImmutableArray<MethodInfo> Imports);

internal static class NativeBindings
{
    private const BindingFlags Declared = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ImmutableArray<Type> s_enums = [.. typeof(ICudaDriver).Assembly.GetTypes().Where(type => type.IsEnum)];

    public static ImmutableArray<NativeBinding> All { get; } =
        [Of("cuda", typeof(ICudaDriver)), Of("cublas", typeof(ICublas)), Of("cudnn", typeof(ICudnn)), Of("nvml", typeof(INvml))];

    public static DllImportAttribute? Import(MethodInfo method) => method.GetCustomAttribute<DllImportAttribute>();

    /// <summary>The value types of our own that the calls pass, their fields' included, and every enum that is named like a vendor's.</summary>
    public static IEnumerable<Type> Types(VendorApi api)
    {
        var seen = new HashSet<Type>();
        foreach (Type type in All.SelectMany(binding => binding.Imports).SelectMany(Passed))
        {
            Reach(type, seen);
        }

        foreach (Type type in s_enums.Where(type => api.EnumBytes.ContainsKey(type.Name)))
        {
            seen.Add(type);
        }

        return seen;
    }

    public static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken);

    private static NativeBinding Of(string library, Type contract)
    {
        Type[] all = contract.Assembly.GetTypes();
        Type implementation = Assert.Single(all, type => type.IsClass && contract.IsAssignableFrom(type));
        IEnumerable<MethodInfo> methods = all.Where(type => type == implementation || type.DeclaringType == implementation)
            .SelectMany(type => type.GetMethods(Declared));
        return new NativeBinding(library, contract, implementation, [.. methods.Where(method => Import(method) is not null)]);
    }

    private static IEnumerable<Type> Passed(MethodInfo method) =>
        method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType);

    private static void Reach(Type type, HashSet<Type> seen)
    {
        while (type.IsPointer)
        {
            type = type.GetElementType()!;
        }

        if (type.Assembly == typeof(ICudaDriver).Assembly && !type.IsNested && seen.Add(type) && !type.IsEnum)
        {
            foreach (FieldInfo field in Fields(type))
            {
                Reach(field.FieldType, seen);
            }
        }
    }
}
