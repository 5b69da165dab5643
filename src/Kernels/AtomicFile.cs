using System.Collections.Concurrent;
using System.Text;

namespace Harness.Kernels;

/// <summary>Files that appear whole or not at all: written under a temporary name beside the target and moved into place.</summary>
public static class AtomicFile
{
    private static readonly ConcurrentDictionary<string, bool> s_unfinished = new();

    /// <exception cref="CallerException">the file cannot be written there</exception>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>The target is untouched where <paramref name="write"/> throws.</summary>
    /// <exception cref="CallerException">the file cannot be written there</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        s_unfinished[temporary] = true;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new CallerException($"cannot write '{path}': {Reason(exception)}", exception);
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }

            s_unfinished.TryRemove(temporary, out _);
        }
    }

    /// <summary>Checked before long work: a result that cannot be kept is not worth waiting for.</summary>
    /// <exception cref="CallerException">the folder does not exist, or the path is a folder</exception>
    public static void RequireWritable(string option, string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        if (!Directory.Exists(folder))
        {
            throw new CallerException($"{option} '{path}': folder '{folder}' does not exist");
        }

        if (Directory.Exists(path))
        {
            throw new CallerException($"{option} '{path}' is a folder; name a file");
        }
    }

    /// <summary>For the moment before the process is ended from outside.</summary>
    public static void DeleteUnfinished()
    {
        foreach (string temporary in s_unfinished.Keys)
        {
            File.Delete(temporary);
        }
    }

    private static string Reason(Exception exception) => exception is UnauthorizedAccessException ? "access is denied" : exception.Message;
}
