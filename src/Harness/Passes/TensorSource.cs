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

    /// <exception cref="CallerException">the file is not sound, or does not hold exactly the model's weights</exception>
    public static TensorSource Weights(PreparedPass pass, string? path, long seed)
    {
        Model model = pass.Configuration.Model;
        return path is null ? Seeded(model, seed) : FromFile(path, pass.Program.Of(TensorCategory.Parameter), model.Names, (_, _) => { });
    }

    /// <exception cref="CallerException">the file is not sound, lacks an input or has one too many, or holds a value out of range</exception>
    public static TensorSource Inputs(PreparedPass pass, string? path, long seed)
    {
        Model model = pass.Configuration.Model;
        return path is null
            ? Seeded(model, seed)
            : FromFile(
                path, pass.Program.Of(TensorCategory.Input), CheckpointNames.Exact,
                (tensor, bytes) => model.Values(tensor).Validate(tensor, bytes));
    }

    public void Dispose() => _file?.Dispose();

    private static TensorSource Seeded(Model model, long seed) => new(null, model.Seeded(seed).Read, $"seed {seed}", []);

    private static TensorSource FromFile(string path, IEnumerable<TensorSpec> tensors, CheckpointNames names, WriteTensor validate)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            Checkpoint checkpoint = Checkpoint.Match(file, tensors, names);
            return new TensorSource(file, ReadValidated, path, checkpoint.Unused);

            void ReadValidated(TensorSpec tensor, Span<byte> destination)
            {
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
