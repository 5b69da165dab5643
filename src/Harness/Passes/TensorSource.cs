using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Weights;

namespace Harness.Passes;

/// <summary>Where the numbers of a pass come from: a safetensors file that matches the model, or a seed.</summary>
internal sealed class TensorSource : IDisposable
{
    private readonly SafetensorsFile? _file;

    private TensorSource(SafetensorsFile? file, ReadTensor read, string description, ImmutableArray<string> unused)
    {
        _file = file;
        Read = read;
        Description = description;
        Unused = unused;
    }

    public ReadTensor Read { get; }

    /// <summary>For people: the file, or the seed.</summary>
    public string Description { get; }

    /// <summary>Entries of the file that the model has no use for.</summary>
    public ImmutableArray<string> Unused { get; }

    /// <summary>A file has the parameters; where training starts the optimizer is no file's.</summary>
    /// <exception cref="CallerException">the file is not sound, or does not hold exactly the model's weights</exception>
    public static TensorSource Weights(PreparedPass pass, string? path, long seed)
    {
        Configuration configuration = pass.Configuration;
        return path is null
            ? Seeded(configuration, seed)
            : FromFile(
                path, pass.Program.Of(TensorCategory.Parameter).ToImmutableHashSet(), configuration.Model.Names, (_, _) => { }, configuration.Seeded(seed).Read);
    }

    /// <exception cref="CallerException">the file is not sound, lacks an input or has one too many, or holds a value out of range</exception>
    public static TensorSource Inputs(PreparedPass pass, string? path, long seed)
    {
        Configuration configuration = pass.Configuration;
        return path is null
            ? Seeded(configuration, seed)
            : FromFile(
                path, pass.Program.Of(TensorCategory.Input).ToImmutableHashSet(), CheckpointNames.Exact,
                (tensor, bytes) => configuration.Values(tensor).Validate(tensor, bytes), configuration.Seeded(seed).Read);
    }

    public void Dispose() => _file?.Dispose();

    private static TensorSource Seeded(Configuration configuration, long seed) =>
        new(null, configuration.Seeded(seed).Read, $"seed {seed}", []);

    /// <param name="others">reads what the file is not asked for</param>
    private static TensorSource FromFile(
        string path, ImmutableHashSet<TensorSpec> tensors, CheckpointNames names, WriteTensor validate, ReadTensor others)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            Checkpoint checkpoint = Checkpoint.Match(file, tensors, names);
            return new TensorSource(file, ReadValidated, path, checkpoint.Unused);

            void ReadValidated(TensorSpec tensor, Span<byte> destination)
            {
                if (!tensors.Contains(tensor))
                {
                    others(tensor, destination);
                    return;
                }

                checkpoint.Read(tensor, destination);
                validate(tensor, destination);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
