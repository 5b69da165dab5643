using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>A call against the function that it names.</summary>
internal static class PtxCallChecker
{
    public static void Verify(PtxModule module, PtxOperandChecker operands, PtxInstruction call)
    {
        if (call.Operands is not [PtxVectorOperand results, var target, PtxVectorOperand arguments, ..])
        {
            throw operands.Error(call, "a call is written 'call (result), function, (arguments);'");
        }

        if (target is not PtxSymbolOperand { Name: var name } || call.Operands.Length > 3)
        {
            throw new PtxUnsupportedException(module.SourceName, call.Line, "a call through a register");
        }

        PtxFunction? callee = module.Functions.FirstOrDefault(function => function.Name == name);
        if (callee is null)
        {
            throw module.ExternFunctions.Contains(name)
                ? new PtxUnsupportedException(module.SourceName, call.Line, $"a call of '{name}', which this file declares but does not define")
                : operands.Error(call, $"unknown function '{name}'{NearestWord.Hint(name, module.Functions.Select(function => function.Name))}");
        }

        if (callee.IsEntry)
        {
            throw operands.Error(call, $"'{name}' is an entry and cannot be called");
        }

        // A recursive function's own line is above its calls.
        if (Math.Min(callee.Line, module.DeclaredLines.GetValueOrDefault(name, int.MaxValue)) > call.Line)
        {
            throw operands.Error(call, $"'{name}' is defined further down; declare it above the call");
        }

        Match(operands, call, name, "results", results.Elements, callee.Results, isResult: true);
        Match(operands, call, name, "arguments", arguments.Elements, callee.Parameters, isResult: false);
    }

    private static void Match(
        PtxOperandChecker operands, PtxInstruction call, string callee, string what,
        ImmutableArray<PtxOperand> given, ImmutableArray<PtxVariable> formal, bool isResult)
    {
        if (given.Length != formal.Length)
        {
            throw operands.Error(call, $"'{callee}' has {formal.Length} {what}, the call {given.Length}");
        }

        for (int i = 0; i < given.Length; i++)
        {
            PtxVariable parameter = formal[i];
            bool fits = given[i] switch
            {
                PtxSymbolOperand { Offset: 0 } symbol =>
                    operands.Variable(call, symbol.Name) is { Space: PtxStateSpace.Param } actual && parameter.Space == PtxStateSpace.Param && actual.Bytes == parameter.Bytes,
                PtxRegisterOperand { Negated: false } register =>
                    parameter.Elements == 1 && PtxTypeRules.Agree(operands.RegisterType(call, register.Name), parameter.Type)
                    && !(isResult && PtxSpecialRegisters.Types.ContainsKey(register.Name)),
                PtxImmediateOperand immediate => !isResult && parameter.Elements == 1 && PtxTypeRules.Agree(immediate.Kind, parameter.Type),
                _ => false,
            };
            if (!fits)
            {
                throw operands.Error(call, $"{what[..^1]} {i + 1} of the call does not fit '{parameter.Name}' of '{callee}'");
            }
        }
    }
}
