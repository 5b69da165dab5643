using System.Collections.Immutable;
using System.CommandLine;
using Harness.Kernels;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.CommandLine;

/// <summary><c>--pass --optimizer --micro-batch --dropout --recompute</c>.</summary>
internal sealed class TrainingOptions
{
    private readonly Option<string> _pass = Values.OneOf(
        "--pass", "forward alone, or a training step: forward, backward and update", TrainingLabels.Inference, TrainingLabels.Training);

    private readonly Option<string?> _optimizer = Values.OneOfOrNone(
        "--optimizer", "how a training step updates the parameters (default adam)", TrainingLabels.Optimizers);

    private readonly Option<long?> _microBatch = Values.WholeNumber(
        "--micro-batch", "samples of one pass: a training step is batch / N passes, whose gradients add up (default: the batch)", 1);

    private readonly Option<double?> _dropout = Values.Probability(
        "--dropout", "probability of dropping an element in training (default: the published model's)");

    private readonly Option<string?> _recompute = Values.OneOfOrNone(
        "--recompute", "block: of bert-base's and t5-small's blocks keep only the input, and compute the rest again backward (default none)", "none", "block");

    public void AddTo(Command command)
    {
        command.Add(_pass);
        command.Add(_optimizer);
        command.Add(_microBatch);
        command.Add(_dropout);
        command.Add(_recompute);
    }

    /// <summary>For a verb that knows steps of one pass alone: the only pass of a step without micro-batches, or of inference.</summary>
    /// <param name="configuration">model and size</param>
    /// <param name="whyNoMicroBatch">ends the sentence that begins with that option's name</param>
    /// <exception cref="CallerException">as <see cref="Read"/>; or a micro-batch is given</exception>
    public Configuration ReadOnlyPass(ParseResult parsed, Configuration configuration, string whyNoMicroBatch)
    {
        (Configuration pass, _) = Read(parsed, configuration)[^1];
        return parsed.GetValue(_microBatch) is null
            ? pass
            : throw new CallerException($"{_microBatch.Name} {whyNoMicroBatch}");
    }

    /// <summary>The distinct passes of the step in order, with how often each runs; of inference, the one there is.</summary>
    /// <param name="configuration">model and size of the whole step</param>
    /// <exception cref="CallerException">an option that applies to training alone, or one that the model does not have</exception>
    public ImmutableArray<(Configuration Pass, long Times)> Read(ParseResult parsed, Configuration configuration)
    {
        if (parsed.GetValue(_pass) == TrainingLabels.Inference)
        {
            Option? given = ((Option[])[_optimizer, _microBatch, _dropout, _recompute])
                .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
            return given is null
                ? [(configuration, 1)]
                : throw new CallerException($"{given.Name} applies to a training step: add --pass {TrainingLabels.Training}");
        }

        var choice = new TrainingChoice(
            TrainingLabels.Parse(parsed.GetValue(_optimizer) ?? TrainingLabels.Of(Optimizer.Adam)), parsed.GetValue(_microBatch),
            parsed.GetValue(_dropout), parsed.GetValue(_recompute) == "block");
        return configuration.Passes(choice);
    }
}
