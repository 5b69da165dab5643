namespace Harness.Models.Tests.Analytic;

/// <summary>The tables of the small models in docs/models.md, row by row, with numbers put in.</summary>
internal static class SimulatedSmallModels
{
    public static SimulatedPass Mlp(MlpConfig c)
    {
        var pass = new SimulatedPass();
        string x = c.InputShape.Count == 1 ? "inputs" : "pixel_values";
        pass.Input(x, 4 * c.Batch * c.InputShape.Aggregate(1L, (product, dimension) => product * dimension));
        for (int i = 1; i < c.Sizes.Count; i++)
        {
            bool last = i == c.Sizes.Count - 1;
            string y = last ? "logits" : $"layer{i}.output";
            Linear(pass, x, y, 4 * c.Batch * c.Sizes[i], c.Bias, relu: !last);
            x = y;
        }

        pass.Output("logits");
        return pass;
    }

    /// <param name="budget">bytes of workspace of every convolution; null for the table of docs/convolution.md</param>
    public static SimulatedPass MnistCnn(MnistCnnConfig c, long? budget = null)
    {
        var pass = new SimulatedPass();
        long pixels = c.Batch * c.ImageSize * c.ImageSize, pooled = c.Batch * c.Filters2 * (c.ImageSize / 2) * (c.ImageSize / 2);
        pass.Input("pixel_values", 4 * pixels);
        string x = "pixel_values";
        foreach ((string name, long channels, long filters) in new[] { ("conv1", 1, c.Filters1), ("conv2", c.Filters1, c.Filters2) })
        {
            long workspace = budget ?? SimulatedModels.Workspace(c.Batch, channels, filters, c.ImageSize);
            (string, long) y = ($"{name}.output", 4 * filters * pixels);
            pass.Step([x], workspace == 0 ? [y] : [y, ($"{name}.workspace", workspace)]);
            x = y.Item1;
        }

        pass.Step([x], ("pool.output", 4 * pooled));
        Linear(pass, "pool.output", "fc1.output", 4 * c.Batch * c.HiddenUnits, bias: true, relu: true);
        Linear(pass, "fc1.output", "logits", 4 * c.Batch * c.Classes, bias: true, relu: false);
        pass.Output("logits");
        return pass;
    }

    private static void Linear(SimulatedPass pass, string x, string y, long bytes, bool bias, bool relu)
    {
        pass.Step([x], (y, bytes));
        string suffix = string.Join('_', new[] { bias ? "bias" : "", relu ? "relu" : "" }.Where(word => word.Length > 0));
        if (suffix.Length > 0)
        {
            pass.InPlace(y, suffix);
        }
    }
}
