using System.Reflection;

namespace Harness.Kernels.Tests.Native;

/// <summary>
/// Reads the instructions of a method of a binding: it must load its arguments first to last and call the import of the same name, nothing
/// else; where an import has a newer name too, it may choose between the two by a field. The compiler would accept two arguments of one
/// type in the wrong order.
/// </summary>
internal static class Forwarding
{
    public static bool IsInOrder(Type implementation, MethodInfo called, string[] imports)
    {
        InterfaceMapping map = implementation.GetInterfaceMap(called.DeclaringType!);
        MethodInfo method = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, called)];
        byte[] code = method.GetMethodBody()!.GetILAsByteArray()!;
        var arguments = new List<int>();
        var calls = new List<string>();
        for (int at = 0; at < code.Length;)
        {
            switch (code[at])
            {
                case 0x02: // ldarg.0, which is this
                    at += 1;
                    break;
                case >= 0x03 and <= 0x05: // ldarg.1 to ldarg.3
                    arguments.Add(code[at] - 0x02);
                    at += 1;
                    break;
                case 0x0E: // ldarg.s
                    arguments.Add(code[at + 1]);
                    at += 2;
                    break;
                case 0x28: // call
                    MethodBase target = method.Module.ResolveMethod(BitConverter.ToInt32(code, at + 1))!;
                    calls.Add(target.DeclaringType!.DeclaringType == implementation ? target.Name : "");
                    at += 5;
                    break;
                case 0x7B: // ldfld
                    at += 5;
                    break;
                case 0x00 or 0x06 or 0x0A or 0x2A: // nop, ldloc.0, stloc.0, ret
                    at += 1;
                    break;
                case 0x2B or 0x2C or 0x2D: // br.s, brfalse.s, brtrue.s
                    at += 2;
                    break;
                default:
                    return false;
            }
        }

        IEnumerable<int> inOrder = Enumerable.Range(1, called.GetParameters().Length);
        return calls.Order().SequenceEqual(imports.Order()) && arguments.SequenceEqual(imports.SelectMany(_ => inOrder));
    }
}
