using System.Runtime.CompilerServices;

namespace Harness.Kernels.Programs;

/// <summary>
/// What is wrong where a rule is broken, put together only then: a training program has thousands of rules to hold, and the names and shapes of the
/// tensors in a message cost ten times what the rule does.
/// </summary>
[InterpolatedStringHandler]
internal ref struct Otherwise
{
    private DefaultInterpolatedStringHandler _text;

    /// <param name="literalLength">characters between the holes</param>
    /// <param name="formattedCount">holes</param>
    /// <param name="condition">the rule; where it holds, nothing is put together</param>
    /// <param name="isNeeded">false: the compiler skips every hole</param>
    public Otherwise(int literalLength, int formattedCount, bool condition, out bool isNeeded)
    {
        isNeeded = !condition;
        _text = isNeeded ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    /// <summary>The message; once.</summary>
    public string Text() => _text.ToStringAndClear();
}
