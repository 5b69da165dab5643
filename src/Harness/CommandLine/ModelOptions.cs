using System.CommandLine;
using Harness.Fitting;
using Harness.Kernels;
using Harness.Models;
using Harness.Passes;

namespace Harness.CommandLine;

/// <summary><c>MODEL --batch --seq --decoder-seq</c>.</summary>
internal sealed class ModelOptions
{
    private readonly Argument<Model?> _model = new("MODEL")
    {
        Description = string.Join(", ", ModelCatalog.Names),
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : Values.Model(result, result.Tokens[0].Value),
    };

    private readonly Option<long?> _batch = Values.WholeNumber("--batch", "images or sequences in one pass (default 1)", 1);
    private readonly Option<long?> _sequence = Values.WholeNumber("--seq", "positions of an input sequence (bert-base, t5-small; default 64)", 1);
    private readonly Option<long?> _decoderSequence = Values.WholeNumber("--decoder-seq", "positions that the decoder sees (t5-small; default 1)", 1);

    public void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_batch);
        command.Add(_sequence);
        command.Add(_decoderSequence);
    }

    /// <exception cref="CallerException">no model, or an option that does not apply to it or is out of its range</exception>
    public Configuration Read(ParseResult parsed)
    {
        Model model = parsed.GetValue(_model)
            ?? throw new CallerException($"'{parsed.CommandResult.Command.Name}' needs a MODEL; {ParseErrors.Allowed(ModelCatalog.Names)}");
        return new Configuration(model, model.Size(parsed.GetValue(_batch), parsed.GetValue(_sequence), parsed.GetValue(_decoderSequence)));
    }

    /// <summary>For a verb that looks for one of the sizes itself: the configuration has that one's default.</summary>
    /// <exception cref="CallerException">as <see cref="Read"/>; or the model has no such size, or the caller gave it</exception>
    public Configuration ReadAllBut(Dimension over, ParseResult parsed)
    {
        Configuration configuration = Read(parsed);
        if (over.Option(configuration.Model) is null)
        {
            throw new CallerException($"--over {over.Word} does not apply to {configuration.Model.Name}, which has no --{over.Word}");
        }

        Option<long?> option = over == Dimension.Sequence ? _sequence : _batch;
        return parsed.GetValue(option) is null
            ? configuration
            : throw new CallerException($"{option.Name} does not apply with --over {over.Word}: it is what is looked for");
    }
}
