#!/usr/bin/env python3
"""A training step of the same model in PyTorch, fp32: latency, and memory beside what `harness audit` found of ours.

    harness audit bert-base --batch 8 --pass training --optimizer adam --dropout 0.1 --json A
    python3 torch_training.py bert-base --batch 8 --seq 64 --audit adam 0.1 A --json training.json

One step is forward, cross entropy, backward and the optimizer's update, as docs/training.md has it; the optimizers are PyTorch's as they come
(several parameters a launch). `--audit OPTIMIZER DROPOUT FILE` names one, and is given once for each. Weights and inputs are drawn
here, and what is compared is times, bytes, and that both models have the same parameters.

With `--step WEIGHTS INPUTS OUTPUTS`, files of one step of ours without dropout, PyTorch takes the same step first, and loss and gradients are compared:

    harness run bert-base --batch 8 --pass training --optimizer sgd --dropout 0 --save-weights W --save-inputs I --save-outputs O

Needs torch, vgg16 also torchvision, bert-base and t5-small also transformers, and torch_side_by_side.py beside it. Exit 0: all was measured;
1: a combination failed, has no audit, the models are not the same, or a gradient is another; 2: a bad option; 3: a package or a GPU is missing, said in one line.
"""

import argparse
import gc
import json
import math
import sys

from torch_side_by_side import Clock, Missing, finite, import_transformers, load, progress, read_safetensors, reason, set_tf32, write

SCHEMA = "harness.torchTraining/1"

# src/Models/Training/Hyperparameters.cs; the other constants of Adam are PyTorch's defaults, and the same.
LEARNING_RATE = 1e-3

SEED = 42

# As norms. Each side rounds in single precision and in an order of its own; VGG16's maxima and zeros may fall on the other side (docs/training.md).
GRADIENT_TOLERANCE = 1e-2
LOSS_TOLERANCE = 1e-4

# A gradient that the mathematics makes 0 (BERT's key biases) has no size of its own: none is held to less than this part of the largest.
SMALLEST_SCALE = 1e-5


def build_vgg16(torch, dropout):
    try:
        import torchvision
    except ImportError as error:
        raise Missing("vgg16 needs the Python package torchvision") from error
    model = torchvision.models.vgg16(weights=None)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    return model, {"torchvision": torchvision.__version__}


def build_bert(_, dropout):
    transformers = import_transformers("bert-base")
    config = transformers.BertConfig(hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout)
    return transformers.BertForSequenceClassification(config), {"transformers": transformers.__version__}  # two classes unless told otherwise


def build_t5(_, dropout):
    transformers = import_transformers("t5-small")
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(dropout_rate=dropout))
    model.tie_weights()
    return model, {"transformers": transformers.__version__}


def draw_vgg16(torch, options):
    return {"pixel_values": torch.randn(options.batch, 3, 224, 224)}, torch.randint(1000, (options.batch,))


def draw_bert(torch, options):
    words = {"input_ids": torch.randint(30522, (options.batch, options.seq)), "token_type_ids": torch.randint(2, (options.batch, options.seq))}
    return {**words, "attention_mask": padded(torch, options)}, torch.randint(2, (options.batch,))


def draw_t5(torch, options):
    decoder = (options.batch, options.decoder_seq)
    words = {"input_ids": torch.randint(32128, (options.batch, options.seq)), "decoder_input_ids": torch.randint(32128, decoder)}
    return {**words, "attention_mask": padded(torch, options)}, torch.randint(32128, decoder)


def padded(torch, options):
    """Sequences of several lengths, the first the whole: a mask of ones alone may be left out by those who look."""
    mask = torch.ones(options.batch, options.seq, dtype=torch.int64)
    for row in range(options.batch):
        mask[row, max(1, options.seq - row % 4 * options.seq // 8):] = 0
    return mask


def logits_vgg16(model, inputs):
    return model(inputs["pixel_values"])


def logits_bert(model, inputs):
    return model(**inputs).logits


def logits_t5(model, inputs):
    return model(**inputs, use_cache=False).logits


def names_as_ours(model):
    """PyTorch's parameters under our names, which are the published ones without what a head puts before them."""
    return {name.removeprefix("bert."): parameter for name, parameter in model.named_parameters()}


def with_weights(torch, options, path):
    """The model without dropout, with weights of ours."""
    model, versions = MODELS[options.model][0](torch, 0.0)
    weights = read_safetensors(torch, path)
    theirs = model.state_dict()
    named = {name if name in theirs else f"bert.{name}": tensor for name, tensor in weights.items()}
    tied = {name: weights["shared.weight"] for name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight") if name in theirs}
    load(model, {**named, **tied}, ("bert.embeddings.position_ids", "bert.embeddings.token_type_ids"))
    if tied:
        model.tie_weights()
    return model.train().to(options.device), versions


def same_step(torch, options):
    """One step of both from the same weights, inputs and labels: the loss, and the error of every gradient relative to it, as norms."""
    weights, inputs, outputs = options.step
    model, _ = with_weights(torch, options, weights)
    given = {name: tensor.to(options.device) for name, tensor in read_safetensors(torch, inputs).items()}
    labels = given.pop("labels")
    step = Step(torch, model, MODELS[options.model][2], {name: given[name] for name in MODELS[options.model][1](torch, options)[0]}, labels, None)
    step.forward()
    step.loss.backward()
    ours = read_safetensors(torch, outputs)
    theirs = {name: parameter.grad.detach().to("cpu", torch.float64) for name, parameter in names_as_ours(model).items()}
    if sorted(f"{name}.grad" for name in theirs) != sorted(name for name in ours if name.endswith(".grad")):
        raise ValueError(f"'{outputs}' has not the gradients of {options.model}'s parameters")
    norms = {name: gradient.norm().item() for name, gradient in theirs.items()}
    least = SMALLEST_SCALE * max(norms.values())
    rows = [{
        "name": name, "norm": finite(norms[name]),
        "relativeError": finite((ours[f"{name}.grad"].to(torch.float64) - gradient).norm().item() / max(norms[name], least)),
    } for name, gradient in sorted(theirs.items())]
    loss, mine = step.loss.item(), ours["loss"].item()
    # What is no number sorts first, and passes nowhere.
    rows.sort(key=lambda row: math.inf if row["relativeError"] is None else row["relativeError"], reverse=True)
    worst, error = rows[0]["relativeError"], finite(abs(mine - loss) / abs(loss))
    return {
        "loss": {"harness": finite(mine), "torch": finite(loss), "relativeError": error}, "gradients": rows, "largestRelativeError": worst,
        "passed": worst is not None and worst <= GRADIENT_TOLERANCE and error is not None and error <= LOSS_TOLERANCE,
    }


MODELS = {
    "vgg16": (build_vgg16, draw_vgg16, logits_vgg16),
    "bert-base": (build_bert, draw_bert, logits_bert),
    "t5-small": (build_t5, draw_t5, logits_t5),
}


def build_optimizer(torch, name, parameters):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    return kinds[name](parameters, lr=LEARNING_RATE)


class Step:
    """A training step in the order in which it is usually written: gradients of the last one go, forward, backward, update."""

    def __init__(self, torch, model, logits, inputs, labels, optimizer):
        self.torch, self.model, self.logits, self.inputs, self.labels, self.optimizer = torch, model, logits, inputs, labels, optimizer
        self.loss = None

    def zero(self):
        self.optimizer.zero_grad(set_to_none=True)

    def forward(self):
        logits = self.logits(self.model, self.inputs)
        self.loss = self.torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), self.labels.reshape(-1))

    def backward(self):
        self.loss.backward()
        self.loss = self.loss.detach()  # the graph goes, as it would with a variable of the loop

    def update(self):
        self.optimizer.step()

    def __call__(self):
        for part in self.parts().values():
            part()

    def parts(self):
        return {"zeroGradients": self.zero, "forward": self.forward, "backward": self.backward, "update": self.update}


def bytes_of(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def held(step):
    """What is there from step to step, each tensor once; call it after a step. Adam's counters lie on the host, and are not device memory."""
    parameters = list(step.model.parameters())
    device = parameters[0].device
    state = [value for row in step.optimizer.state.values() for value in row.values() if hasattr(value, "element_size") and value.device == device]
    return {
        "parameters": bytes_of(parameters), "gradients": bytes_of(tensor.grad for tensor in parameters if tensor.grad is not None),
        "optimizerState": bytes_of(state), "inputs": bytes_of([*step.inputs.values(), step.labels]), "buffers": bytes_of(step.model.buffers()),
    }


def memory(torch, device, step):
    """
    What PyTorch's allocator counts in a steady step, in bytes that were requested and in bytes that it allocated for them (rounded up), null
    on a CPU, where it counts nothing. Peaks of each part of the step; of the whole the largest. `rest` is that peak less parameters, gradients
    and optimizer state, all gradients counted though they come one by one: activations, error signals, inputs, workspace, the libraries' own,
    and what the update takes for a while. `heldBesides` is what of it is there before the step: inputs, buffers, workspace kept by cuBLAS.
    """
    if device != "cuda":
        return None
    step()
    gc.collect()
    torch.cuda.synchronize()
    parts = held(step)
    kinds = {"requested": "requested_bytes.all", "allocated": "allocated_bytes.all"}  # the first since PyTorch 2.0
    seen = {kind: {"before": torch.cuda.memory_stats().get(f"{key}.current"), "peaks": {}} for kind, key in kinds.items()}
    for name, part in step.parts().items():
        torch.cuda.reset_peak_memory_stats()
        part()
        stats = torch.cuda.memory_stats()
        for kind, key in kinds.items():
            seen[kind]["peaks"][name] = stats.get(f"{key}.peak")
    torch.cuda.synchronize()
    always = parts["parameters"] + parts["gradients"] + parts["optimizerState"]
    for row in seen.values():
        if row["before"] is not None:
            row["peak"] = max(row["peaks"].values())
            row["rest"] = row["peak"] - always
            row["heldBesides"] = row["before"] - always
    return {"parts": parts, **{kind: row if row["before"] is not None else None for kind, row in seen.items()}}


def audited(path, optimizer, dropout):
    """Our own figures of the same step, from `harness audit --pass training --json`."""
    with open(path, encoding="utf-8") as file:
        audit = json.load(file)
    if audit.get("pass") != "training" or audit["optimizer"] != optimizer or audit["dropout"] != dropout:
        raise ValueError(f"'{path}' is not the audit of a training step with {optimizer} and dropout {dropout}")
    seen = {category: pair["observed"] for category, pair in audit["bytes"].items()}
    return {"bytes": seen, "peakLiveBytes": audit["peakLive"]["observed"], "arena": audit["arena"], "driver": audit["driver"]}


def beside(ours, parts, theirs):
    """The same things on both sides. A step's peak: what is held from step to step, and the most of the rest at any time."""
    names = ("parameters", "gradients", "optimizerState")
    requested = (theirs or {}).get("requested") or {}
    allocated = (theirs or {}).get("allocated") or {}
    rows = {name: {"harness": ours["bytes"][name], "torch": parts[name]} for name in names}
    rows["rest"] = {"harness": ours["peakLiveBytes"], "torch": requested.get("rest"), "torchAllocated": allocated.get("rest")}
    rows["peak"] = {
        "harness": sum(ours["bytes"][name] for name in names) + ours["peakLiveBytes"], "torch": requested.get("peak"), "torchAllocated": allocated.get("peak"),
    }
    return rows


def measured(torch, options, model, inputs, labels, optimizer_name, dropout, audit):
    """One combination. Its model goes on from where the one before left it: times and bytes do not depend on values."""
    row = {}
    try:
        ours = audited(audit, optimizer_name, dropout)
    except Exception as error:  # PyTorch's side is worth having all the same
        ours, row["auditFailure"] = None, reason(error)
    optimizer = build_optimizer(torch, optimizer_name, list(model.parameters()))
    step = Step(torch, model, MODELS[options.model][2], inputs, labels, optimizer)
    step()
    loss = step.loss.item()
    if not math.isfinite(loss):
        raise ValueError(f"the loss of the first step is {loss}")
    row["firstLoss"] = loss
    row["latency"] = Clock(torch, options.device, options.seconds).measure(step)
    theirs = memory(torch, options.device, step)
    parts = theirs["parts"] if theirs else held(step)
    row["memory"] = {"torch": theirs, "harness": ours, "beside": beside(ours, parts, theirs) if ours else None}
    # Both must hold as many parameters, each with a gradient: else it is not the same model, and nothing above compares.
    row["sameParameters"] = all(parts[name] == ours["bytes"][name] for name in ("parameters", "gradients")) if ours else None
    return row


def run(torch, options):
    build, draw, _ = MODELS[options.model]
    torch.manual_seed(SEED)
    set_tf32(torch, False)
    inputs, labels = draw(torch, options)
    inputs, labels = {name: tensor.to(options.device) for name, tensor in inputs.items()}, labels.to(options.device)
    result = {
        "schema": SCHEMA, "model": options.model, "device": options.device,
        "deviceName": torch.cuda.get_device_name() if options.device == "cuda" else "CPU",
        "inputs": {**{name: list(tensor.shape) for name, tensor in inputs.items()}, "labels": list(labels.shape)},
        "precision": "fp32", "learningRate": LEARNING_RATE, "versions": None, "attention": None, "sameStep": None, "steps": [],
    }
    if options.step:
        progress(f"{options.model}, the same step")
        try:
            result["sameStep"] = same_step(torch, options)
        except Exception as error:  # times and bytes are worth having all the same
            result["sameStep"] = {"failure": reason(error), "passed": False}
        write(options.json, result)
        release(torch, options)
    for dropout in dict.fromkeys(dropout for _, dropout, _ in options.audit):
        model, versions = build(torch, dropout)
        model = model.train().to(options.device)
        result["versions"] = {
            "python": sys.version.split()[0], "torch": torch.__version__, **versions, "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version() if options.device == "cuda" else None,
        }
        result["attention"] = getattr(getattr(model, "config", None), "_attn_implementation", None)
        for optimizer, _, audit in [row for row in options.audit if row[1] == dropout]:
            progress(f"{options.model}, a training step, {optimizer}, dropout {dropout}")
            row = {"optimizer": optimizer, "dropout": dropout}
            try:
                row.update(measured(torch, options, model, inputs, labels, optimizer, dropout, audit))
            except Exception as error:  # one combination less, not the end
                row["failure"] = reason(error)
            result["steps"].append(row)
            write(options.json, result)
            model.zero_grad(set_to_none=True)
            gc.collect()
        del model
        release(torch, options)
    return result


def release(torch, options):
    gc.collect()
    if options.device == "cuda":
        torch.cuda.empty_cache()


def parse(arguments):
    parser = argparse.ArgumentParser(description="A training step in PyTorch, beside harness: latency and memory.")
    parser.add_argument("model", choices=sorted(MODELS))
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seq", type=int, default=64, help="positions of an input sequence (bert-base, t5-small)")
    parser.add_argument("--decoder-seq", type=int, default=8, help="positions that the decoder sees (t5-small)")
    parser.add_argument(
        "--audit", nargs=3, action="append", required=True, metavar=("OPTIMIZER", "DROPOUT", "FILE"),
        help="sgd or adam, a probability, and harness audit --pass training --json of the same step; once for each step to measure")
    parser.add_argument(
        "--step", nargs=3, metavar=("WEIGHTS", "INPUTS", "OUTPUTS"),
        help="files of harness run --pass training --dropout 0: the same step is taken here, and loss and gradients are compared")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each latency is measured (default 2)")
    parser.add_argument("--json", required=True, help="where the result goes")
    options = parser.parse_args(arguments)
    if min(options.batch, options.seq, options.decoder_seq) < 1:
        parser.error("--batch, --seq and --decoder-seq are at least 1")
    try:
        options.audit = [(optimizer, float(dropout), file) for optimizer, dropout, file in options.audit]
    except ValueError:
        parser.error("--audit OPTIMIZER DROPOUT FILE: DROPOUT is a number")
    for optimizer, dropout, _ in options.audit:
        if optimizer not in ("sgd", "adam") or not 0 <= dropout < 1:
            parser.error(f"--audit {optimizer} {dropout}: the optimizer is sgd or adam, the dropout in 0 to 1, without 1")
    return options


def main():
    options = parse(sys.argv[1:])
    try:
        try:
            import torch
        except ImportError as error:
            raise Missing("the Python package torch") from error
        if options.device == "cuda" and not torch.cuda.is_available():
            raise Missing(f"a GPU that torch {torch.__version__} can use")
        result = run(torch, options)
    except Missing as missing:
        print(f"torch_training: missing: {missing}", file=sys.stderr)
        return 3
    except (OSError, ValueError, KeyError) as error:
        print(f"torch_training: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    failures = [
        f"{row['optimizer']}, dropout {row['dropout']}: {row.get('failure') or row.get('auditFailure') or 'the models have not the same parameters'}"
        for row in result["steps"] if not row.get("sameParameters")
    ]
    same = result["sameStep"]
    if same and not same["passed"]:
        failures.insert(0, f"the same step: {same.get('failure') or same_words(same)}")
    if failures:
        print(f"torch_training: {'; '.join(failures)}", file=sys.stderr)
        return 1
    also = f"; the same step: {same_words(same)}" if same else ""
    print(f"a step with {'; '.join(words(row) for row in result['steps'])}{also} (torch {result['versions']['torch']})")
    return 0


def same_words(same):
    worst = same["gradients"][0]
    return (
        f"loss {same['loss']['harness']} (torch {same['loss']['torch']}), largest relative error of {len(same['gradients'])} gradients "
        f"{worst['relativeError'] if worst['relativeError'] is None else format(worst['relativeError'], '.2g')} ({worst['name']})")


def words(row):
    latency, rest = row["latency"], row["memory"]["beside"]["rest"]
    time = f"{row['optimizer']} {row['dropout']}: {(latency['deviceSeconds'] or latency['hostSeconds'])['median'] * 1e3:.3f} ms"
    return time if rest["torch"] is None else f"{time}, rest {rest['torch'] / 2 ** 20:.2f} MiB (harness {rest['harness'] / 2 ** 20:.2f})"


if __name__ == "__main__":
    sys.exit(main())
