namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// The rows of docs/training.md's table that only transformers have: a forward step each, and the rule that takes its place backward.
/// </summary>
internal sealed partial class SimulatedTrainingPass
{
    public bool Drops => pass.Dropout > 0;

    public void ProductOfActivations(string a, string b, string c, long bytes)
    {
        Activation(c, bytes);
        Step(c, [a, b], [c]);
        _rules.Push(() =>
        {
            Contribute(a, c, [$"{c}.grad", b]);
            Contribute(b, c, [$"{c}.grad", a]);
        });
    }

    /// <param name="used">bytes of the first tokens' rows of <paramref name="x"/></param>
    public void ProductOfFirstTokens(string x, string weight, string y, long bytes, long used)
    {
        long others = _buffers[x].Bytes - used;
        Activation(y, bytes);
        Step(y, [x, weight], [y], notRead: others);
        _rules.Push(() =>
        {
            Contribute(weight, y, [$"{y}.grad", x], notRead: others);
            Contribute(x, y, []);
            Contribute([x], y, [$"{y}.grad", weight], notRead: others, notWritten: others);
        });
    }

    public void Tanh(string t, string bias)
    {
        Step($"{t}:bias_tanh", [t, bias], [t]);
        _rules.Push(() =>
        {
            Step($"{t}.grad:tanh", [t, $"{t}.grad"], [$"{t}.grad"]);
            Contribute(bias, t, [$"{t}.grad"]);
        });
    }

    public void Gelu(string x, string bias, string y)
    {
        Activation(y, _buffers[x].Bytes);
        Step(y, [x, bias], [y]);
        _rules.Push(() =>
        {
            Contribute(x, y, [$"{y}.grad", x, bias]);
            Contribute(bias, y, [$"{x}.grad"]);
        });
    }

    public void Split(string x, string y, string? bias)
    {
        Activation(y, _buffers[x].Bytes);
        Step(y, Present(x, bias), [y]);
        _rules.Push(() =>
        {
            Contribute(x, y, [$"{y}.grad"]);
            ContributeBias(bias, x, y);
        });
    }

    public void Merge(string x, string y)
    {
        Activation(y, _buffers[x].Bytes);
        Step(y, [x], [y]);
        _rules.Push(() => Contribute(x, y, [$"{y}.grad"]));
    }

    public void Softmax(string x, string? positionBias, string? mask, string y)
    {
        Activation(y, _buffers[x].Bytes);
        Step(y, Present(x, positionBias, mask), [y]);
        _rules.Push(() =>
        {
            Contribute(x, y, [$"{y}.grad", y]);
            if (positionBias is not null)
            {
                Contribute(positionBias, y, [$"{x}.grad"]);
            }
        });
    }

    /// <summary>Dropout in place behind a bias, which the step adds.</summary>
    public void BiasDropout(string t, string bias)
    {
        (string[] masks, string drawnFrom) = Mask(t);
        Step($"{t}:bias_dropout", [t, bias, "dropout_seed"], [t, .. masks]);
        _rules.Push(() =>
        {
            Step($"{t}.grad:dropout", [drawnFrom, $"{t}.grad"], [$"{t}.grad"]);
            Contribute(bias, t, [$"{t}.grad"]);
        });
    }

    public void DropoutTo(string x, string y)
    {
        Activation(y, _buffers[x].Bytes);
        (string[] masks, string drawnFrom) = Mask(x);
        Step(y, [x, "dropout_seed"], [y, .. masks]);
        _rules.Push(() => Contribute(x, y, [$"{y}.grad", drawnFrom]));
    }

    /// <param name="norm">the module whose weight and bias they are</param>
    /// <param name="rows">two floats of statistics each</param>
    public void LayerNorm(string x, string? bias, string? residual, string norm, string y, long rows)
    {
        string gain = $"{norm}.weight", shift = $"{norm}.bias";
        string[] terms = Present(x, bias, residual);
        Activation(y, _buffers[x].Bytes);
        Step(y, [.. terms, gain, shift], [y]);
        _rules.Push(() =>
        {
            Contribute([gain, shift], y, [$"{y}.grad", .. terms], $"{y}.statistics", 8 * rows);
            Contribute(Present(x, residual), y, [$"{y}.grad", .. terms, gain]);
            ContributeBias(bias, x, y);
        });
    }

    /// <param name="sum">x + residual, where the step writes it</param>
    /// <param name="rows">a float of statistics each</param>
    /// <param name="keepsSum">the sum is kept although the step belongs to a block</param>
    public void RmsNorm(string x, string? residual, string gain, string? sum, string y, long rows, bool keepsSum = false)
    {
        string[] terms = Present(x, residual), writes = sum is null ? [y] : [sum, y], read = sum is null ? terms : [sum];
        foreach (string write in writes)
        {
            Activation(write, _buffers[x].Bytes);
        }

        Step(writes[0], [.. terms, gain], writes);
        if (keepsSum)
        {
            Keep(sum!, gain);
        }

        _rules.Push(() =>
        {
            Contribute([gain], writes[0], [$"{y}.grad", .. read], $"{y}.statistics", 4 * rows);
            Contribute(terms, writes[0], sum is null ? [$"{y}.grad", .. read, gain] : [$"{y}.grad", .. read, gain, $"{sum}.grad"]);
        });
    }

    /// <param name="tables">with the rows of each that are touched, at most</param>
    public void Embedding(string[] ids, string y, long bytes, params (string Table, long Rows, string[] Ids)[] tables)
    {
        long width = bytes / (_buffers[ids[0]].Bytes / 8);
        long Untouched((string Table, long Rows, string[] Ids) table) =>
            _buffers[table.Table].Bytes - Math.Min(_buffers[table.Table].Bytes, table.Rows * width);

        Activation(y, bytes);
        Step(y, [.. ids, .. tables.Select(table => table.Table)], [y], notRead: tables.Sum(Untouched));
        _rules.Push(() =>
        {
            foreach ((string Table, long Rows, string[] Ids) table in tables)
            {
                if (!pass.ContinuesGradients && !_buffers.ContainsKey($"{table.Table}.grad"))
                {
                    Contribute(table.Table, y, []);
                }

                Contribute([table.Table], y, [$"{y}.grad", .. table.Ids], notRead: Untouched(table), notWritten: Untouched(table));
            }
        });
    }

    public void AdditiveMask(string mask, string y, long bytes)
    {
        Activation(y, bytes);
        Step(y, [mask], [y]);
    }

    /// <param name="used">bytes of the table's rows that any distance falls into</param>
    public void PositionBias(string table, string y, long bytes, long used)
    {
        Activation(y, bytes);
        Step(y, [table], [y], notRead: _buffers[table].Bytes - used);
        _rules.Push(() => Contribute(table, y, [$"{y}.grad"]));
    }

    private void ContributeBias(string? bias, string x, string from)
    {
        if (bias is not null)
        {
            Contribute(bias, from, [$"{x}.grad"]);
        }
    }

    private static string[] Present(params string?[] names) => [.. names.OfType<string>()];
}
