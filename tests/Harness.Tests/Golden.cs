namespace Harness.Tests;

/// <summary>Texts that may not drift. A change of one is made by hand, never by a test.</summary>
internal static class Golden
{
    public static void Is(string name, string actual)
    {
        string expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name));
        if (expected != actual)
        {
            string received = Path.Combine(AppContext.BaseDirectory, $"received-{name}");
            File.WriteAllText(received, actual);
            Assert.Fail(
                $"{name} has drifted; if that is meant, review {received} and copy it to tests/Harness.Tests/Golden/{name}. "
                + $"First difference: {FirstDifference(expected, actual)}");
        }
    }

    private static string FirstDifference(string expected, string actual)
    {
        (string Expected, string Actual) line = expected.Split('\n').Zip(actual.Split('\n')).FirstOrDefault(pair => pair.First != pair.Second);
        return $"'{line.Expected}' is now '{line.Actual}'";
    }
}
