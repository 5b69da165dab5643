using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Audit;

/// <summary>The two sides name their categories apart; the audit meets them at these labels.</summary>
internal static class CategoryLabels
{
    public const string Parameters = "parameters";
    public const string Inputs = "inputs";
    public const string Outputs = "outputs";
    public const string Activations = "activations";
    public const string Workspace = "workspace";
    public const string Gradients = "gradients";
    public const string OptimizerState = "optimizerState";
    public const string ErrorSignals = "errorSignals";

    /// <summary>Those of a pass, in the order of the reports.</summary>
    public static IReadOnlyList<string> Of(Configuration configuration) => configuration.Training is null ? s_inference : s_training;

    private static readonly string[] s_inference = [Parameters, Inputs, Outputs, Activations, Workspace];
    private static readonly string[] s_training =
        [Parameters, Gradients, OptimizerState, Inputs, Outputs, Activations, ErrorSignals, Workspace];

    /// <summary>What has a region of its own beside the arena.</summary>
    public static bool IsPersistent(string label) => label is Parameters or Gradients or OptimizerState;

    public static string Of(AnalyticCategory category) => category switch
    {
        AnalyticCategory.Parameters => Parameters,
        AnalyticCategory.Inputs => Inputs,
        AnalyticCategory.Outputs => Outputs,
        AnalyticCategory.Activations => Activations,
        AnalyticCategory.Workspace => Workspace,
        AnalyticCategory.Gradients => Gradients,
        AnalyticCategory.OptimizerState => OptimizerState,
        AnalyticCategory.ErrorSignals => ErrorSignals,
        _ => throw new ArgumentOutOfRangeException(nameof(category), category, null),
    };

    public static string Of(TensorCategory category) => category switch
    {
        TensorCategory.Parameter => Parameters,
        TensorCategory.Input => Inputs,
        TensorCategory.Output => Outputs,
        TensorCategory.Activation => Activations,
        TensorCategory.Workspace => Workspace,
        TensorCategory.Gradient => Gradients,
        TensorCategory.OptimizerState => OptimizerState,
        TensorCategory.ErrorSignal => ErrorSignals,
        _ => throw new ArgumentOutOfRangeException(nameof(category), category, null),
    };
}
