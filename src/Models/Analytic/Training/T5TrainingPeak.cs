using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

internal static class T5TrainingPeak
{
    public static PeakMoment[] Moments(T5Config config, TrainingPass pass, T5Symbols n, Formula inputs) => [new("todo", inputs, "")];
}
