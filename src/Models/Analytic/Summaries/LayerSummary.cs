using System.Collections.Immutable;

namespace Harness.Models.Analytic;

/// <summary>One layer, in the terms of the reference implementation: what a module of it costs in a forward pass.</summary>
/// <param name="Name">of the module</param>
/// <param name="Kind">the module's class</param>
/// <param name="OutputShape">of the module, f32</param>
/// <param name="Parameters">elements; 0 where the parameters belong to another row (tied embeddings)</param>
/// <param name="OutputBytes">of the buffers that the layer writes first: 0 where it works in place, or inside the step of the row before</param>
/// <param name="NeedsGradient">false for what no parameter leads to, such as masks</param>
/// <param name="BytesMoved">compulsory: every byte of the operands once; 0 for what happens inside the step of the row before</param>
/// <param name="Field">null where the input is no image, or where places of one map see unequally much</param>
public sealed record LayerSummary(
    string Name, string Kind, ImmutableArray<long> OutputShape, long Parameters, long OutputBytes, bool NeedsGradient,
    long Macs, long Flops, long BytesMoved, ReceptiveField? Field)
{
    public long ParameterBytes => 4 * Parameters;

    public long OutputElements => OutputShape.Aggregate(1L, (product, dimension) => checked(product * dimension));

    /// <summary>FLOPs for each byte moved; null where no byte is.</summary>
    public double? ArithmeticIntensity => BytesMoved == 0 ? null : (double)Flops / BytesMoved;
}

/// <summary>A model layer by layer, and the sums that the documents teach.</summary>
/// <param name="InputBytes">what the caller hands in</param>
/// <param name="NotForTorchsummary">why torchsummary cannot show this model; null where it can</param>
/// <param name="NotForTorchinfo">why torchinfo's totals of this model are not known; null where they are</param>
public sealed record ModelSummary(
    ImmutableArray<LayerSummary> Layers, long InputBytes, string? NotForTorchsummary = null, string? NotForTorchinfo = null)
{
    public long Parameters => Layers.Sum(layer => layer.Parameters);

    public long ParameterBytes => Layers.Sum(layer => layer.ParameterBytes);

    /// <summary>Outputs of all layers, intermediate ones and those that the caller gets, each buffer once; workspace is not among them.</summary>
    public long OutputBytes => Layers.Sum(layer => layer.OutputBytes);

    public long Macs => Layers.Sum(layer => layer.Macs);

    public long Flops => Layers.Sum(layer => layer.Flops);

    public long BytesMoved => Layers.Sum(layer => layer.BytesMoved);

    /// <summary>In training: the gradient of every output that a parameter leads to.</summary>
    public long ErrorSignalBytes => Layers.Where(layer => layer.NeedsGradient).Sum(layer => layer.OutputBytes);

    /// <summary>In training: one float for each parameter.</summary>
    public long GradientBytes => ParameterBytes;

    /// <summary>In training: SGD keeps nothing, momentum one float for each parameter, Adam and AdamW two.</summary>
    public long OptimizerStateBytes(int floatsPerParameter) => checked(floatsPerParameter * ParameterBytes);
}
