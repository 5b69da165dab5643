namespace Harness.Kernels.Ptx;

internal enum PtxTokenKind
{
    /// <summary><c>ld</c>, <c>%rd1</c>, <c>$L__BB0_2</c>, <c>_</c></summary>
    Identifier,

    /// <summary>A directive, a type or a modifier, with its dot: <c>.reg</c>, <c>.shared::cta</c>.</summary>
    DotWord,

    /// <summary>A number as written: <c>0x1F</c>, <c>0f3F800000</c>, <c>7.8</c>.</summary>
    Number,
    String,
    Punctuation,
    End,
}

internal readonly record struct PtxToken(PtxTokenKind Kind, string Text, int Line)
{
    /// <summary>As an error message shows it.</summary>
    public override string ToString() => Kind == PtxTokenKind.End ? "end of file" : $"'{Text}'";
}

/// <summary>Splits PTX text into tokens; comments, line markers and the legacy <c>@@DWARF</c> lines are dropped.</summary>
internal sealed class PtxLexer(PtxSource source)
{
    private static readonly string[] s_longPunctuation = ["<<", ">>", "<=", ">=", "==", "!=", "&&", "||"];

    private readonly string _text = source.Text;
    private readonly List<PtxToken> _tokens = [];
    private int _at;
    private int _line = 1;

    /// <exception cref="PtxException">a character or a literal that PTX does not have</exception>
    public static List<PtxToken> Tokens(PtxSource source) => new PtxLexer(source).Read();

    private List<PtxToken> Read()
    {
        bool lineStart = true;
        RefuseWhatIsNotAscii();
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == '\n')
            {
                _line++;
                _at++;
                lineStart = true;
                continue;
            }

            if (char.IsWhiteSpace(c) || (c == '\uFEFF' && _at == 0))
            {
                _at++;
                continue;
            }

            if (c == '/' && Peek(1) is '/' or '*')
            {
                SkipComment();
                continue;
            }

            if (lineStart && (c == '#' || (c == '@' && Peek(1) == '@')))
            {
                SkipMarkedLine();
                continue;
            }

            lineStart = false;
            ReadToken(c);
        }

        _tokens.Add(new PtxToken(PtxTokenKind.End, "", _line));
        return _tokens;
    }

    /// <summary>PTX is ASCII text, comments included (PTX ISA, section "Source Format").</summary>
    private void RefuseWhatIsNotAscii()
    {
        int at = _text.AsSpan().TrimStart('\uFEFF').IndexOfAnyExceptInRange('\0', '\x7F');
        if (at >= 0)
        {
            at += _text.Length - _text.AsSpan().TrimStart('\uFEFF').Length;
            int line = 1 + _text.AsSpan(0, at).Count('\n');
            throw new PtxException(source.Name, line, $"U+{(int)_text[at]:X4} is not ASCII; a PTX file is ASCII text, comments too");
        }
    }

    private void ReadToken(char c)
    {
        int start = _at;
        if (IsIdentifierStart(c) && (c != '%' || IsIdentifierPart(Peek(1))))
        {
            Advance(IsIdentifierPart);
            Add(PtxTokenKind.Identifier, start);
        }
        else if (c == '.' && (IsLetter(Peek(1)) || (char.IsAsciiDigit(Peek(1)) && start > 0 && IsIdentifierPart(_text[start - 1]))))
        {
            _at++;
            Advance(IsIdentifierPart);
            while (Peek(0) == ':' && Peek(1) == ':' && IsIdentifierPart(Peek(2)))
            {
                _at += 2;
                Advance(IsIdentifierPart);
            }

            Add(PtxTokenKind.DotWord, start);
        }
        else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
        {
            ReadNumber(start);
        }
        else if (c == '"')
        {
            ReadString(start);
        }
        else
        {
            ReadPunctuation(c);
        }
    }

    private void ReadNumber(int start)
    {
        bool prefixed = Peek(0) == '0' && IsLetter(Peek(1)) && Peek(1) is not ('e' or 'E');
        while (_at < _text.Length)
        {
            char c = _text[_at];
            bool exponentSign = !prefixed && c is '+' or '-' && _text[_at - 1] is 'e' or 'E';
            if (!char.IsAsciiLetterOrDigit(c) && c != '_' && (prefixed || (c != '.' && !exponentSign)))
            {
                break;
            }

            _at++;
        }

        Add(PtxTokenKind.Number, start);
    }

    private void ReadString(int start)
    {
        _at++;
        while (_at < _text.Length && _text[_at] is not ('"' or '\n'))
        {
            _at += _text[_at] == '\\' && Peek(1) is not ('\n' or '\0') ? 2 : 1;
        }

        if (Peek(0) != '"')
        {
            throw new PtxException(source.Name, _line, "a string is not closed on its line");
        }

        _at++;
        Add(PtxTokenKind.String, start);
    }

    private void ReadPunctuation(char c)
    {
        foreach (string punctuation in s_longPunctuation)
        {
            if (string.CompareOrdinal(_text, _at, punctuation, 0, punctuation.Length) == 0)
            {
                _at += punctuation.Length;
                _tokens.Add(new PtxToken(PtxTokenKind.Punctuation, punctuation, _line));
                return;
            }
        }

        if (!";,:{}()[]<>=+-*/%&|^~!?@".Contains(c, StringComparison.Ordinal))
        {
            string shown = char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"'{c}'";
            throw new PtxException(source.Name, _line, $"unexpected character {shown}");
        }

        _at++;
        _tokens.Add(new PtxToken(PtxTokenKind.Punctuation, c.ToString(), _line));
    }

    private void SkipComment()
    {
        if (Peek(1) == '/')
        {
            SkipLine();
            return;
        }

        int end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new PtxException(source.Name, _line, "a comment is not closed");
        }

        _line += _text.AsSpan(_at, end - _at).Count('\n');
        _at = end + 2;
    }

    private void SkipMarkedLine()
    {
        int start = _at;
        SkipLine();
        string line = _text[start.._at];
        string word = line.TrimStart('#', ' ', '\t').Trim();
        bool isMarker = line[0] == '@' || word.Length == 0 || char.IsAsciiDigit(word[0]) || word.StartsWith("line", StringComparison.Ordinal);
        if (!isMarker)
        {
            throw new PtxUnsupportedException(source.Name, _line, $"preprocessor directive '{line.Trim()}'; preprocess the file first");
        }
    }

    private void SkipLine()
    {
        int end = _text.IndexOf('\n', _at);
        _at = end < 0 ? _text.Length : end;
    }

    private void Advance(Func<char, bool> part)
    {
        do
        {
            _at++;
        }
        while (_at < _text.Length && part(_text[_at]));
    }

    private void Add(PtxTokenKind kind, int start) => _tokens.Add(new PtxToken(kind, _text[start.._at], _line));

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private static bool IsLetter(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsIdentifierStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';

    private static bool IsIdentifierPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';
}
