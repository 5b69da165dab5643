using Harness.Kernels;

namespace Harness.CommandLine;

/// <summary>The folder that <c>--out</c> names.</summary>
internal static class OutputFolder
{
    /// <exception cref="CallerException">it cannot be made</exception>
    public static string Create(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CallerException($"--out '{folder}' cannot be made a folder: {exception.Message}", exception);
        }
    }
}
