using Spectre.Console;

namespace Harness.CommandLine;

/// <summary>Progress of long work with the time left, on standard error where that is a terminal; silent where it is redirected.</summary>
internal sealed class ProgressView
{
    private readonly ProgressTask? _task;

    private ProgressView(ProgressTask? task)
    {
        _task = task;
    }

    /// <param name="total">the whole work in any unit; the time left follows from it</param>
    public static T Show<T>(CommandHost host, double total, Func<ProgressView, T> work)
    {
        if (!host.ErrorIsTerminal)
        {
            return work(new ProgressView(null));
        }

        return host.ErrorConsole().Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new ProgressView(context.AddTask("starting", maxValue: Math.Max(1, total)))));
    }

    /// <summary>What is being done now.</summary>
    public void Describe(string what)
    {
        if (_task is not null)
        {
            _task.Description = Markup.Escape(what);
        }
    }

    public void Advance(double amount) => _task?.Increment(amount);
}
