using Xunit;

namespace Harness.Models.Tests.Oracles;

/// <summary>The oracles of the small models against values worked out by hand.</summary>
public sealed class SmallModelOracleTests
{
    [Fact]
    public void A_stack_rectifies_between_its_layers_and_not_after_the_last()
    {
        // x = (1, 2) and (3, -1); W1 = ((1, 1), (2, -1)) gives (3, 0) and (2, 7), plus (0, -1): (3, -1) and (2, 6), rectified (3, 0) and (2, 6);
        // W2 = ((1, -1), (-2, 0)) gives (3, -6) and (-4, -4), plus (0.5, 1).
        MlpConfig config = MlpConfig.Stack(batch: 2, [2, 2, 2]);
        var parameters = new Dictionary<string, double[]>
        {
            ["layer1.weight"] = [1, 1, 2, -1],
            ["layer1.bias"] = [0, -1],
            ["layer2.weight"] = [1, -1, -2, 0],
            ["layer2.bias"] = [0.5, 1],
        };
        var inputs = new Dictionary<string, double[]> { ["inputs"] = [1, 2, 3, -1] };
        Assert.Equal([3.5, -5, -3.5, -3], MlpOracle.Run(config, parameters, inputs)["logits"]);

        // Without biases the hidden row of the first is (3, 0) as before, of the second (2, 7).
        Assert.Equal([3.0, -6, -5, -4], MlpOracle.Run(config with { Bias = false }, parameters, inputs)["logits"]);
    }

    [Fact]
    public void A_network_of_single_taps_is_worked_out_by_hand()
    {
        // 3 x 3 pixels 1 to 9. conv1 takes the pixel itself and its negation; conv2 the first channel's left neighbour minus 2 (rows 0 1 2 less 2 and
        // so on) and the second channel (rectified away) plus 7. The pool leaves the last row and column out.
        var config = new MnistCnnConfig(Batch: 1, ImageSize: 3, Filters1: 2, Filters2: 2, HiddenUnits: 2, Classes: 1);
        var parameters = new Dictionary<string, double[]>
        {
            ["conv1.weight"] = [0, 0, 0, 0, 1, 0, 0, 0, 0, /**/ 0, 0, 0, 0, -1, 0, 0, 0, 0],
            ["conv1.bias"] = [0, 0],
            ["conv2.weight"] =
            [
                0, 0, 0, 1, 0, 0, 0, 0, 0, /**/ 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, /**/ 0, 0, 0, 0, 1, 0, 0, 0, 0,
            ],
            ["conv2.bias"] = [-2, 7],
            ["fc1.weight"] = [1, 10, -1, 0],
            ["fc1.bias"] = [0.25, 0],
            ["fc2.weight"] = [2, 3],
            ["fc2.bias"] = [-1],
        };
        var inputs = new Dictionary<string, double[]> { ["pixel_values"] = [1, 2, 3, 4, 5, 6, 7, 8, 9] };

        // The window of channel 1 holds 0-2, 1-2, 0-2, 4-2, rectified its maximum is 2; that of channel 2 is 7. fc1: 2 + 70 + 0.25, and -2 rectified.
        Assert.Equal([2 * 72.25 - 1], MnistCnnOracle.Run(config, parameters, inputs)["logits"]);
    }
}
