using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Tests.WholeModels;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// The programs of training passes against the formulas, which were written from docs/training.md without them: names, bytes, categories, steps and
/// the peak, for all options. Nothing is computed here.
/// </summary>
public class AgreementTests
{
    public static TheoryData<string, Optimizer, bool, bool, bool> Options
    {
        get
        {
            var data = new TheoryData<string, Optimizer, bool, bool, bool>();
            foreach (string architecture in SmallModel.Architectures)
            {
                foreach (Optimizer optimizer in Enum.GetValues<Optimizer>())
                {
                    data.Add(architecture, optimizer, false, false, true);
                    data.Add(architecture, optimizer, true, false, true);
                }

                data.Add(architecture, Optimizer.Adam, true, false, false);
                data.Add(architecture, Optimizer.Adam, false, true, true);
                if (architecture is "bert" or "t5")
                {
                    data.Add(architecture, Optimizer.Sgd, false, false, false);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Program_and_formulas_agree(string architecture, Optimizer optimizer, bool hasDropout, bool continues, bool updates)
    {
        foreach (bool recompute in architecture is "bert" or "t5" ? new[] { false, true } : [false])
        {
            var pass = new TrainingPass(optimizer, StepBatch: 6, hasDropout ? 0.1 : 0, recompute, continues, updates);
            (StepProgram program, AnalyticAccount account) = Of(architecture, pass);
            Agree(program, account);
        }
    }

    private static (StepProgram Program, AnalyticAccount Account) Of(string architecture, TrainingPass pass)
    {
        using var device = new NullDevice(null);
        return architecture switch
        {
            "bert" => (BertProgram.BuildTraining(SmallModel.Bert, pass, device), BertTrainingFormulas.Of(SmallModel.Bert, pass)),
            "t5" => (T5Program.BuildTraining(SmallModel.T5, pass, device), T5TrainingFormulas.Of(SmallModel.T5, pass)),
            "vgg16" => (Vgg16Program.BuildTraining(SmallModel.Vgg16, pass, device), Vgg16TrainingFormulas.Of(SmallModel.Vgg16, pass, null)),
            "mlp" => (MlpProgram.BuildTraining(SmallModel.Mlp, pass, device), MlpTrainingFormulas.Of(SmallModel.Mlp, pass)),
            _ => (MnistCnnProgram.BuildTraining(SmallModel.MnistCnn, pass, device), MnistCnnTrainingFormulas.Of(SmallModel.MnistCnn, pass, null)),
        };
    }

    private static void Agree(StepProgram program, AnalyticAccount account)
    {
        Assert.Equal(
            account.Buffers.Select(buffer => (buffer.Name, Label(buffer.Category), buffer.Bytes)).Order(),
            program.Tensors.Select(tensor => (tensor.Name, Label(tensor.Category), tensor.Bytes)).Order());
        Assert.Equal(account.Steps.Select(step => step.Name), program.Steps.Select(step => step.Name));
        Assert.Equal(account.ParameterCount.Value, program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements));

        long[] live = new long[program.Steps.Length];
        foreach (Lifetime life in Lifetimes.Of(program))
        {
            for (int step = life.FirstStep; step < life.EndStep; step++)
            {
                live[step] += life.Tensor.Bytes;
            }
        }

        int peak = Array.IndexOf(live, live.Max());
        Assert.True(
            account.Peak.Bytes == live[peak],
            $"{program.Name}: the formulas' peak is {account.Peak.Bytes} ({account.Peak.Winner.Name}), the program's {live[peak]} at '{program.Steps[peak].Name}'");
    }

    private static string Label(AnalyticCategory category) => category switch
    {
        AnalyticCategory.Parameters => "parameter",
        AnalyticCategory.Inputs => "input",
        AnalyticCategory.Outputs => "output",
        AnalyticCategory.Activations => "activation",
        AnalyticCategory.Workspace => "workspace",
        AnalyticCategory.Gradients => "gradient",
        AnalyticCategory.OptimizerState => "state",
        _ => "error signal",
    };

    private static string Label(TensorCategory category) => category switch
    {
        TensorCategory.Parameter => "parameter",
        TensorCategory.Input => "input",
        TensorCategory.Output => "output",
        TensorCategory.Activation => "activation",
        TensorCategory.Workspace => "workspace",
        TensorCategory.Gradient => "gradient",
        TensorCategory.OptimizerState => "state",
        _ => "error signal",
    };
}
