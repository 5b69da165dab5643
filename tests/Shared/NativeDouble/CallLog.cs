namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Every call in order, which of them are told to fail, and what the double itself allocated.</summary>
internal sealed class CallLog
{
    private readonly List<NativeCall> _calls = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<(string Name, int Nth, int Status)> _failures = [];

    public IReadOnlyList<NativeCall> Calls => _calls;

    /// <summary>Managed bytes that the double allocated on its callers' threads: what they measure less this is their own.</summary>
    public long OwnManagedBytes { get; private set; }

    public IEnumerable<string> Names => _calls.Select(call => call.Name);

    public IEnumerable<NativeCall> Named(string name) => _calls.Where(call => call.Name == name);

    /// <summary>How often that function was called, since the double was made.</summary>
    public int Count(string name) => _counts.GetValueOrDefault(name);

    /// <summary>Forgets what was recorded, so that a test sees what comes next.</summary>
    public void Clear() => _calls.Clear();

    /// <param name="nth">counted from 1, since the double was made</param>
    public void Fail(string name, int nth, int status) => _failures.Add((name, nth, status));

    /// <summary>Begins a call; the result ends it.</summary>
    public Entry Enter(ref CallText text)
    {
        string words = text.ToString();
        int open = words.IndexOf('(', StringComparison.Ordinal);
        string name = words[..open];
        _calls.Add(new NativeCall(name, words[(open + 1)..^1]));
        int nth = _counts[name] = _counts.GetValueOrDefault(name) + 1;
        int index = _failures.FindIndex(failure => failure.Name == name && failure.Nth == nth);
        return new Entry(this, text.Mark, index < 0 ? 0 : _failures[index].Status);
    }

    /// <param name="log">where the call is recorded</param>
    /// <param name="mark">what the thread had allocated before the call</param>
    /// <param name="scripted">the status that the call is told to fail with, 0 for none</param>
    internal readonly ref struct Entry(CallLog log, long mark, int scripted)
    {
        public int Scripted { get; } = scripted;

        public void Dispose() => log.OwnManagedBytes += GC.GetAllocatedBytesForCurrentThread() - mark;
    }
}
