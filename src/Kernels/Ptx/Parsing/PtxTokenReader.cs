namespace Harness.Kernels.Ptx;

/// <summary>A place in a token list, with the few questions that a recursive-descent parser asks.</summary>
internal sealed class PtxTokenReader(PtxSource source)
{
    private readonly List<PtxToken> _tokens = PtxLexer.Tokens(source);
    private int _at;

    public string SourceName => source.Name;

    public PtxToken Current => _tokens[_at];

    public int Line => Current.Line;

    public bool AtEnd => Current.Kind == PtxTokenKind.End;

    public PtxToken Following => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    public PtxToken Take()
    {
        PtxToken token = Current;
        if (_at < _tokens.Count - 1)
        {
            _at++;
        }

        return token;
    }

    public bool Is(string punctuation) => Current.Kind == PtxTokenKind.Punctuation && Current.Text == punctuation;

    public bool IsDotWord(string word) => Current.Kind == PtxTokenKind.DotWord && Current.Text == word;

    public bool TryTake(string punctuation)
    {
        bool found = Is(punctuation);
        if (found)
        {
            Take();
        }

        return found;
    }

    public bool TryTakeDotWord(string word)
    {
        bool found = IsDotWord(word);
        if (found)
        {
            Take();
        }

        return found;
    }

    public void Expect(string punctuation)
    {
        if (!TryTake(punctuation))
        {
            throw Error($"expected '{punctuation}', found {Current}");
        }
    }

    public string ExpectIdentifier(string what)
    {
        return Current.Kind == PtxTokenKind.Identifier ? Take().Text : throw Error($"expected {what}, found {Current}");
    }

    /// <summary>Drops what is left of a line-oriented directive (<c>.file</c>, <c>.loc</c>).</summary>
    public void SkipLine(int line)
    {
        while (!AtEnd && Line == line)
        {
            Take();
        }
    }

    /// <summary>Drops a <c>{ ... }</c> group, nested ones included.</summary>
    public void SkipBraces()
    {
        int opened = Line;
        Expect("{");
        for (int depth = 1; depth > 0;)
        {
            if (AtEnd)
            {
                throw new PtxException(SourceName, opened, "'{' is not closed");
            }

            string text = Current.Kind == PtxTokenKind.Punctuation ? Current.Text : "";
            depth += text == "{" ? 1 : text == "}" ? -1 : 0;
            Take();
        }
    }

    public PtxException Error(string message) => new(SourceName, Line, message);
}
