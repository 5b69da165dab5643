using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>The training passes of BERT and T5: the tables of docs/models.md with the changes of docs/training.md.</summary>
internal static class SimulatedTransformerTraining
{
    public static SimulatedTraining Bert(BertConfig c, TrainingPass training)
    {
        long tokens = c.Batch * c.Sequence, hidden = 4 * tokens * c.Hidden, scores = 4 * c.Batch * c.Heads * c.Sequence * c.Sequence;
        long wide = 4 * tokens * c.Intermediate, statistics = 8 * tokens;
        var pass = new SimulatedTraining(training);
        bool drops = pass.Drops;
        void Dense(string name, long outputs, long inputs)
        {
            pass.Parameter($"{name}.weight", outputs * inputs);
            pass.Parameter($"{name}.bias", outputs);
        }

        void Norm(string name)
        {
            pass.Parameter($"{name}.weight", c.Hidden);
            pass.Parameter($"{name}.bias", c.Hidden);
        }

        pass.Parameter("embeddings.word_embeddings.weight", c.Vocabulary * c.Hidden);
        pass.Parameter("embeddings.position_embeddings.weight", c.MaxPositions * c.Hidden);
        pass.Parameter("embeddings.token_type_embeddings.weight", c.TokenTypes * c.Hidden);
        Norm("embeddings.LayerNorm");
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.";
            foreach (string name in new[] { "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense" })
            {
                Dense(p + name, c.Hidden, c.Hidden);
            }

            Norm($"{p}attention.output.LayerNorm");
            Dense($"{p}intermediate.dense", c.Intermediate, c.Hidden);
            Dense($"{p}output.dense", c.Hidden, c.Intermediate);
            Norm($"{p}output.LayerNorm");
        }

        Dense("pooler.dense", c.Hidden, c.Hidden);
        Dense("classifier", 2, c.Hidden);

        pass.Input("input_ids", 8 * tokens);
        pass.Input("attention_mask", 8 * tokens);
        pass.Input("token_type_ids", 8 * tokens);
        pass.TrainingInputs(c.Batch);
        pass.Embedding("embeddings.sum", hidden, ["input_ids", "token_type_ids"],
            "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight");
        pass.LayerNorm("embeddings.output", "embeddings.LayerNorm", "embeddings.sum", bias: null, residual: null, statistics);
        if (drops)
        {
            pass.DropInPlace("embeddings.output");
        }

        pass.AdditiveMask("extended_attention_mask", 4 * tokens, "attention_mask");
        string x = "embeddings.output";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.", at = $"{p}attention.";
            pass.Block(p);
            foreach (string name in new[] { "query", "key", "value" })
            {
                pass.Product($"{at}{name}", hidden, x, $"{at}self.{name}.weight");
                pass.Split($"{at}{name}", $"{at}{name}_heads", $"{at}self.{name}.bias");
            }

            pass.ProductOfActivations($"{at}scores", scores, $"{at}query_heads", $"{at}key_heads");
            pass.Softmax($"{at}scores", $"{at}probs", positionBias: null, "extended_attention_mask");
            string probs = $"{at}probs";
            if (drops)
            {
                pass.Drop(probs, $"{at}probs_dropped");
                probs = $"{at}probs_dropped";
            }

            pass.ProductOfActivations($"{at}context_heads", hidden, probs, $"{at}value_heads");
            pass.Merge($"{at}context_heads", $"{at}context");
            pass.Product($"{at}dense", hidden, $"{at}context", $"{at}output.dense.weight");
            NormOfSum($"{at}output", $"{at}output.LayerNorm", $"{at}dense", $"{at}output.dense.bias", x);
            pass.Product($"{p}intermediate.dense", wide, $"{at}output", $"{p}intermediate.dense.weight");
            pass.BiasGelu($"{p}intermediate.dense", $"{p}intermediate.output", $"{p}intermediate.dense.bias");
            pass.Product($"{p}output.dense", hidden, $"{p}intermediate.output", $"{p}output.dense.weight");
            x = i == c.Layers - 1 ? "last_hidden_state" : $"{p}output";
            NormOfSum(x, $"{p}output.LayerNorm", $"{p}output.dense", $"{p}output.dense.bias", $"{at}output");
        }

        void NormOfSum(string y, string norm, string dense, string bias, string residual)
        {
            if (drops)
            {
                pass.DropInPlace(dense, bias);
            }

            pass.LayerNorm(y, norm, dense, drops ? null : bias, residual, statistics);
        }

        pass.Block("");
        pass.ProductOfFirstTokens("pooler_output", 4 * c.Batch * c.Hidden, x, "pooler.dense.weight");
        pass.BiasTanh("pooler_output", "pooler.dense.bias");
        string pooled = "pooler_output";
        if (drops)
        {
            pass.Drop(pooled, "pooler_dropped");
            pooled = "pooler_dropped";
        }

        pass.Product("logits", 4 * c.Batch * 2, pooled, "classifier.weight");
        pass.Bias("logits", "classifier.bias");
        pass.CrossEntropy("logits", c.Batch);
        pass.Finish();
        return pass;
    }
}
