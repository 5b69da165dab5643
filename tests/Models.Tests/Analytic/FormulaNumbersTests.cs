using System.Globalization;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>A formula with the numbers put in is arithmetic: worked out by hand, here by a small calculator, it gives the formula's value.</summary>
public class FormulaNumbersTests
{
    [Theory]
    [InlineData("vgg16", 3, null, null)]
    [InlineData("bert-base", 8, 37, null)]
    [InlineData("t5-small", 2, 65, 3)]
    [InlineData("mnist-mlp", 5, null, null)]
    [InlineData("mnist-cnn", 7, null, null)]
    [InlineData("mlp:9-8-7-6:nobias", 4, null, null)]
    public void Every_formula_of_a_model_works_out_to_its_value(string model, int batch, int? sequence, int? decoderSequence)
    {
        Model known = ModelCatalog.Find(model);
        foreach (long? workspaceBytes in (long?[])[null, 1 << 20])
        {
            WorksOut(known.Account(known.Size(batch, sequence, decoderSequence), workspaceBytes));
        }
    }

    [Fact]
    public void Every_formula_of_a_training_pass_works_out_to_its_value()
    {
        var pass = new TrainingPass(Optimizer.AdamW, StepBatch: 6, Dropout: 0.5, RecomputeBlocks: false, ContinuesGradients: true, Updates: true);
        foreach (long? workspaceBytes in (long?[])[null, 1 << 20])
        {
            WorksOut(MlpTrainingFormulas.Of(MlpConfig.Stack(3, [9, 8, 7, 6]), pass));
            WorksOut(MnistCnnTrainingFormulas.Of(MnistCnnConfig.Mnist(3), pass, workspaceBytes));
            WorksOut(Vgg16TrainingFormulas.Of(Vgg16Config.Published(3), pass, workspaceBytes));
        }
    }

    private static void WorksOut(AnalyticAccount account)
    {
        Formula[] formulas =
        [
            account.ParameterCount, .. account.Buffers.Select(buffer => buffer.Formula), .. account.Peak.Moments.Select(moment => moment.Formula),
            .. account.Steps.SelectMany(step => (Formula[])[step.Macs, step.Flops, step.BytesRead, step.BytesWritten]),
        ];
        Assert.True(formulas.Length > 20);
        Assert.All(formulas, formula =>
        {
            Assert.DoesNotContain(formula.WithNumbers(), character => char.IsUpper(character));
            Assert.Equal(formula.Value, new Calculator(formula.WithNumbers()).Result());
        });
    }

    [Fact]
    public void The_calculator_is_not_one_that_agrees_with_everything()
    {
        Assert.Equal(-3, new Calculator("-2*3 + floor(7/2)").Result());
        Assert.Equal(14, new Calculator("2*(3 + ceil(7/2)) - max(0, min(5, 9)) + 5").Result());
    }

    /// <summary>Sums, products, quotients, parentheses and the four functions.</summary>
    private sealed class Calculator(string text)
    {
        private int _at;

        public decimal Result()
        {
            decimal value = Sum();
            return _at == text.Length ? value : throw new FormatException($"'{text}' at {_at}");
        }

        private decimal Sum()
        {
            decimal value = Take("-") ? -Product() : Product();
            while (true)
            {
                if (Take(" + "))
                {
                    value += Product();
                }
                else if (Take(" - "))
                {
                    value -= Product();
                }
                else
                {
                    return value;
                }
            }
        }

        private decimal Product()
        {
            decimal value = Factor();
            while (true)
            {
                if (Take("*"))
                {
                    value *= Factor();
                }
                else if (Take("/"))
                {
                    value /= Factor();
                }
                else
                {
                    return value;
                }
            }
        }

        private decimal Factor()
        {
            if (Take("("))
            {
                return Arguments()[0];
            }

            if (Take("floor("))
            {
                return Math.Floor(Arguments()[0]);
            }

            if (Take("ceil("))
            {
                return Math.Ceiling(Arguments()[0]);
            }

            if (Take("min("))
            {
                return Arguments().Min();
            }

            if (Take("max("))
            {
                return Arguments().Max();
            }

            int start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
            {
                _at++;
            }

            return decimal.Parse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        private List<decimal> Arguments()
        {
            List<decimal> values = [Sum()];
            while (Take(", "))
            {
                values.Add(Sum());
            }

            return Take(")") ? values : throw new FormatException($"'{text}' at {_at}");
        }

        private bool Take(string token)
        {
            bool isHere = string.CompareOrdinal(text, _at, token, 0, token.Length) == 0;
            _at += isHere ? token.Length : 0;
            return isHere;
        }
    }
}
