using Harness.Kernels;
using Harness.Models.Training;

namespace Harness.Models.Analytic.Training;

// Formulas that are being written: until they are here the models have no account of a training pass.

public static class MlpTrainingFormulas
{
    public static AnalyticAccount Of(MlpConfig config, TrainingPass pass) => throw Pending.Of("mlp", config, pass);
}

public static class MnistCnnTrainingFormulas
{
    public static AnalyticAccount Of(MnistCnnConfig config, TrainingPass pass, long? budget) => throw Pending.Of("mnist-cnn", config, pass, budget);
}

public static class Vgg16TrainingFormulas
{
    public static AnalyticAccount Of(Vgg16Config config, TrainingPass pass, long? budget) => throw Pending.Of("vgg16", config, pass, budget);
}

public static class T5TrainingFormulas
{
    public static AnalyticAccount Of(T5Config config, TrainingPass pass) => throw Pending.Of("t5", config, pass);
}

file static class Pending
{
    public static CallerException Of(string model, params object?[] _) => new($"the formulas of {model}'s training pass are not written yet");
}
