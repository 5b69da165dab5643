using System.Reflection;
using Harness.Kernels;
using Xunit;

namespace Harness.Models.Tests.Independence;

/// <summary>
/// The rules of references: projects know each other in one direction; the formulas know nothing that a program, a plan, a
/// ledger or a device could reach them through; nor do the oracles. Read from the compiled assemblies, so that no way of writing it escapes.
/// </summary>
public class IndependenceTests
{
    private static readonly Assembly Models = typeof(BertConfig).Assembly;

    private static readonly string[] Configurations =
        ["Vgg16Config", "BertConfig", "T5Config", "MlpConfig", "MnistCnnConfig", "Training.TrainingPass", "Training.Optimizer"];

    private static bool IsFormula(string type) => type.StartsWith("Harness.Models:Harness.Models.Analytic.", StringComparison.Ordinal);

    private static bool IsConfiguration(string type) => Configurations.Any(name => type == $"Harness.Models:Harness.Models.{name}");

    // Types that the compiler adds (constant data, collection expressions) have no namespace.
    private static bool IsFromTheCompiler(string type) => type.StartsWith("Harness.Models:.", StringComparison.Ordinal);

    private static bool IsFromTheRuntime(string type) =>
        type.StartsWith("System.", StringComparison.Ordinal) && type.Split(':')[1].StartsWith("System", StringComparison.Ordinal);

    [Fact]
    public void Formulas_use_formulas_configurations_and_the_runtime_only()
    {
        using var types = new AssemblyTypes(Models);
        Dictionary<string, SortedSet<string>> uses = types.Uses();
        string[] formulas = [.. uses.Keys.Where(IsFormula)];
        Assert.Contains("Harness.Models:Harness.Models.Analytic.BertFormulas", formulas);
        Assert.Contains("Harness.Models:Harness.Models.Analytic.Formula", uses["Harness.Models:Harness.Models.Analytic.BertFormulas"]);
        Assert.Contains("Harness.Models:Harness.Models.BertConfig", uses["Harness.Models:Harness.Models.Analytic.BertFormulas"]);
        Assert.Contains("Harness.Models:Harness.Models.Training.TrainingPass", uses["Harness.Models:Harness.Models.Analytic.Training.TrainingAccountBuilder"]);
        foreach (string formula in formulas)
        {
            Assert.DoesNotContain(uses[formula], used =>
                !IsFormula(used) && !IsConfiguration(used) && !IsFromTheCompiler(used) && !IsFromTheRuntime(used));
        }
    }

    [Fact]
    public void Configurations_use_the_runtime_only()
    {
        using var types = new AssemblyTypes(Models);
        Dictionary<string, SortedSet<string>> uses = types.Uses();
        foreach (string configuration in Configurations)
        {
            Assert.DoesNotContain(uses[$"Harness.Models:Harness.Models.{configuration}"], used =>
                !IsConfiguration(used) && !IsFromTheCompiler(used) && !IsFromTheRuntime(used));
        }
    }

    [Fact]
    public void Types_the_compiler_adds_use_nothing_of_ours()
    {
        using var types = new AssemblyTypes(Models);
        foreach ((string type, SortedSet<string> used) in types.Uses().Where(pair => IsFromTheCompiler(pair.Key)))
        {
            Assert.DoesNotContain(used, name => !IsFromTheCompiler(name) && !IsFromTheRuntime(name));
        }
    }

    [Fact]
    public void Oracles_use_oracles_configurations_and_the_runtime_only()
    {
        using var types = new AssemblyTypes(typeof(IndependenceTests).Assembly);
        Dictionary<string, SortedSet<string>> uses = types.Uses();
        static bool IsOracle(string type) =>
            type.StartsWith("Harness.Models.Tests:Harness.Models.Tests.Oracles.", StringComparison.Ordinal)
            && !type.EndsWith("Tests", StringComparison.Ordinal);
        static bool IsFromTheTestsCompiler(string type) => type.StartsWith("Harness.Models.Tests:.", StringComparison.Ordinal);

        string[] oracles = [.. uses.Keys.Where(IsOracle)];
        Assert.Contains("Harness.Models.Tests:Harness.Models.Tests.Oracles.T5Oracle", oracles);
        Assert.Contains("Harness.Models.Tests:Harness.Models.Tests.Oracles.Training.TrainingOracle", oracles);
        Assert.Contains(
            "Harness.Models:Harness.Models.T5Config", uses["Harness.Models.Tests:Harness.Models.Tests.Oracles.Training.T5Training"]);
        foreach (string oracle in oracles)
        {
            Assert.DoesNotContain(uses[oracle], used =>
                !IsOracle(used) && !IsConfiguration(used) && !IsFromTheTestsCompiler(used) && !IsFromTheRuntime(used));
        }
    }

    [Fact]
    public void Projects_know_each_other_in_one_direction()
    {
        using var models = new AssemblyTypes(Models);
        using var kernels = new AssemblyTypes(typeof(CallerException).Assembly);
        Assert.Contains("Harness.Kernels", models.ReferencedAssemblies);
        Assert.DoesNotContain("harness", models.ReferencedAssemblies);
        Assert.DoesNotContain("harness", kernels.ReferencedAssemblies);
        Assert.DoesNotContain("Harness.Models", kernels.ReferencedAssemblies);
    }

    // What the scan must see, each hidden in another place of a type of this assembly.
    private static class InBody
    {
        public static bool Hidden(object value) => value is MachineException;
    }

    private static class InClosure
    {
        public static Func<int, object> Hidden() => number => new Kernels.Programs.Shape(number);
    }

    private sealed class InField
    {
        public List<CheckFailedException?> Hidden { get; } = [];
    }

    private static class InHandler
    {
        public static int Hidden(Func<int> work)
        {
            try
            {
                return work();
            }
            catch (Kernels.Ptx.PtxException)
            {
                return 0;
            }
        }
    }

    [Fact]
    public void The_scan_sees_uses_wherever_they_hide()
    {
        Assert.True(InBody.Hidden(new MachineException("")));
        Assert.IsType<Kernels.Programs.Shape>(InClosure.Hidden()(1));
        Assert.Empty(new InField().Hidden);
        Assert.Equal(1, InHandler.Hidden(() => 1));
        using var types = new AssemblyTypes(typeof(IndependenceTests).Assembly);
        SortedSet<string> used = types.Uses()["Harness.Models.Tests:Harness.Models.Tests.Independence.IndependenceTests"];
        Assert.Contains("Harness.Kernels:Harness.Kernels.MachineException", used);
        Assert.Contains("Harness.Kernels:Harness.Kernels.Programs.Shape", used);
        Assert.Contains("Harness.Kernels:Harness.Kernels.CheckFailedException", used);
        Assert.Contains("Harness.Kernels:Harness.Kernels.Ptx.PtxException", used);
    }
}
