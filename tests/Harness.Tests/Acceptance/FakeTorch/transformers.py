"""A model as scripts/torch_training.py builds and calls BERT: two parameters, together as many as BERT-base with its head of two classes has."""

import os
from types import SimpleNamespace

import torch

__version__ = "0.0.fake"
HEAD = 2 * 768 + 2
PARAMETERS = 109_482_240 + HEAD


class BertConfig:
    def __init__(self, hidden_dropout_prob, attention_probs_dropout_prob):
        assert hidden_dropout_prob == attention_probs_dropout_prob
        self._attn_implementation = "fake"


class BertForSequenceClassification:
    def __init__(self, config):
        self.config, self.training = config, False
        self.held = [torch.Tensor(PARAMETERS - HEAD + int(os.environ.get("FAKE_MORE_PARAMETERS", "0"))), torch.Tensor(HEAD)]

    def parameters(self):
        return iter(self.held)

    def buffers(self):
        return iter([])

    def train(self):
        self.training = True
        return self

    def to(self, device):
        for tensor in self.held:
            tensor.to(device)
        return self

    def zero_grad(self, set_to_none):
        torch.optim.SGD(self.held, 1e-3).zero_grad(set_to_none)

    def __call__(self, input_ids, token_type_ids, attention_mask):
        assert self.training and input_ids.shape == token_type_ids.shape == attention_mask.shape
        torch.ALLOCATOR.change(torch.ACTIVATIONS)
        logits = torch.Tensor(input_ids.shape[0], 2)
        logits.model = self
        return SimpleNamespace(logits=logits)
