using Harness.Kernels;

namespace Harness.CommandLine;

/// <summary>Files that the caller names.</summary>
internal static class InputFile
{
    public static byte[] ReadBytes(string what, string path) => Read(what, path, File.ReadAllBytes);

    public static string ReadText(string what, string path) => Read(what, path, File.ReadAllText);

    private static T Read<T>(string what, string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string reason = exception switch
            {
                FileNotFoundException or DirectoryNotFoundException => "no such file",
                UnauthorizedAccessException when Directory.Exists(path) => "it is a folder",
                UnauthorizedAccessException => "access is denied",
                _ => exception.Message,
            };
            throw new CallerException($"{what} '{path}' cannot be read: {reason}", exception);
        }
    }
}
