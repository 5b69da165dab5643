using Harness.Models;
using Harness.Models.Analytic;

namespace Harness.Exercises;

/// <summary>Conventions that a question must name.</summary>
internal static class Phrasing
{
    /// <summary>Workspace depends on the device; questions leave it out, and say so where there would be some.</summary>
    public static string WithoutWorkspace(Model model) =>
        model.Sequence is null && model.Account(model.Size(1), 4).Buffers.Any(buffer => buffer.Category == AnalyticCategory.Workspace)
            ? ", no convolution workspace"
            : "";
}
