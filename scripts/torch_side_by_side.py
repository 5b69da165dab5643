#!/usr/bin/env python3
"""The same model in PyTorch, from the weights and inputs that `harness run` saved: outputs, latency and memory side by side.

    harness run bert-base --batch 8 --save-weights W --save-inputs I --save-outputs O
    harness audit bert-base --batch 8 --json A
    python3 torch_side_by_side.py bert-base --weights W --inputs I --outputs O --audit A --json side-by-side.json

Needs torch; vgg16 also torchvision, bert-base and t5-small also transformers. Exit 0: outputs agree; 1: an output is beyond the
tolerance; 2: a bad file or option; 3: a package or a GPU is missing, said in one line.
"""

import argparse
import glob
import importlib.util
import json
import math
import mmap
import os
import signal
import statistics
import struct
import sys
import time

SCHEMA = "harness.torchSideBySide/1"


class Missing(Exception):
    """Something that this machine lacks."""


class OutOfTime(Exception):
    """A compilation took longer than it may."""


def read_safetensors(torch, path):
    """8 bytes of header length, a JSON header with offsets into the data, the data. Returns name -> tensor on the CPU."""
    dtypes = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header_bytes = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + header_bytes])
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            raw = bytearray(data[8 + header_bytes + begin:8 + header_bytes + end])
            tensors[name] = torch.frombuffer(raw, dtype=dtypes[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def load(model, weights, may_lack):
    """Every weight of ours has a place in the model, and the model has no other but those derived from them."""
    result = model.load_state_dict(weights, strict=False)
    lacking = [name for name in result.missing_keys if name not in may_lack]
    if lacking or result.unexpected_keys:
        raise ValueError(f"the weights do not fit: missing {lacking}, superfluous {result.unexpected_keys}")
    return model


def build_vgg16(weights):
    try:
        import torchvision
    except ImportError as error:
        raise Missing("vgg16 needs the Python package torchvision") from error
    return load(torchvision.models.vgg16(weights=None), weights, ()), {"torchvision": torchvision.__version__}


def build_bert(weights):
    transformers = import_transformers("bert-base")
    model = transformers.BertModel(transformers.BertConfig())
    return load(model, weights, ("embeddings.position_ids", "embeddings.token_type_ids")), {"transformers": transformers.__version__}


def build_t5(weights):
    transformers = import_transformers("t5-small")
    model = transformers.T5ForConditionalGeneration(transformers.T5Config())
    tied = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")
    # Which of them there are, and which stands for the others, differs between versions of transformers: all get the same values.
    model = load(model, {**weights, **{name: weights["shared.weight"] for name in tied if name in model.state_dict()}}, ())
    model.tie_weights()
    return model, {"transformers": transformers.__version__}


def import_transformers(model):
    try:
        import transformers
    except ImportError as error:
        raise Missing(f"{model} needs the Python package transformers") from error
    return transformers


def run_vgg16(model, inputs):
    return {"logits": model(inputs["pixel_values"])}


def run_bert(model, inputs):
    result = model(**inputs)
    return {"last_hidden_state": result.last_hidden_state, "pooler_output": result.pooler_output}


def run_t5(model, inputs):
    result = model(**inputs, use_cache=True)
    outputs = {"logits": result.logits, "encoder_last_hidden_state": result.encoder_last_hidden_state}
    for layer in range(model.config.num_layers):
        for kind, (key, value) in cached(result.past_key_values, layer).items():
            outputs[f"past_key_values.{layer}.{kind}.key"] = key
            outputs[f"past_key_values.{layer}.{kind}.value"] = value
    return outputs


def cached(past, layer):
    """Keys and values of a decoder layer, in whichever form this version of transformers keeps them."""
    if hasattr(past, "self_attention_cache"):
        caches = {"decoder": past.self_attention_cache, "encoder": past.cross_attention_cache}
        if hasattr(past.self_attention_cache, "layers"):
            return {kind: (cache.layers[layer].keys, cache.layers[layer].values) for kind, cache in caches.items()}
        return {kind: (cache.key_cache[layer], cache.value_cache[layer]) for kind, cache in caches.items()}
    return {"decoder": past[layer][0:2], "encoder": past[layer][2:4]}


MODELS = {"vgg16": (build_vgg16, run_vgg16), "bert-base": (build_bert, run_bert), "t5-small": (build_t5, run_t5)}


def set_tf32(torch, allowed):
    """By the older of the two interfaces only: one that was set by both refuses to be read, and torch.compile reads the older (2.9 to 2.11)."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def compare(torch, ours, theirs, tolerance):
    """Largest error of each output, in units of the root mean square of PyTorch's. A NaN passes nowhere."""
    if sorted(ours) != sorted(theirs):
        raise ValueError(f"outputs differ in name: ours {sorted(ours)}, PyTorch's {sorted(theirs)}")
    rows = []
    for name in sorted(ours):
        reference = theirs[name].detach().to("cpu", torch.float64)
        value = ours[name].to(torch.float64)
        if reference.shape != value.shape:
            raise ValueError(f"output '{name}' is {list(value.shape)}, PyTorch's {list(reference.shape)}")
        error = (value - reference).abs().max().item()
        rms = reference.square().mean().sqrt().item()
        relative = error / rms if rms > 0 else (0.0 if error == 0 else math.inf)
        rows.append({
            "name": name, "shape": list(value.shape), "referenceRms": finite(rms), "maxAbsoluteError": finite(error),
            "maxRelativeError": finite(relative), "passed": relative <= tolerance,
        })
    return rows


def finite(number):
    return number if math.isfinite(number) else None


class Clock:
    """
    Seconds of one pass. hostSeconds: the host's clock around one pass and the wait for its end. On a GPU also deviceSeconds, between two
    events around one pass, and queuedSeconds, between two events around several passes handed in one after the other, a pass of them.
    """

    QUEUED = 10

    def __init__(self, torch, device, seconds):
        self.torch, self.cuda, self.seconds = torch, device == "cuda", seconds

    def measure(self, work):
        for _ in range(3):
            work()
        if self.cuda:
            self.torch.cuda.synchronize()
        device, host = [], []
        begin = time.perf_counter()
        while len(host) < 5 or (time.perf_counter() - begin < self.seconds and len(host) < 1000):
            if self.cuda:
                start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
                self.torch.cuda.synchronize()
                start.record()
            before = time.perf_counter()
            work()
            if self.cuda:
                end.record()
                end.synchronize()
                device.append(start.elapsed_time(end) / 1e3)
            host.append(time.perf_counter() - before)
        return {
            "passes": len(host), "hostSeconds": spread(host), "deviceSeconds": spread(device) if device else None,
            "queuedSeconds": spread(self.queued(work)) if self.cuda else None,
        }

    def queued(self, work):
        samples = []
        begin = time.perf_counter()
        while len(samples) < 5 or (time.perf_counter() - begin < self.seconds and len(samples) < 100):
            start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for _ in range(self.QUEUED):
                work()
            end.record()
            end.synchronize()
            samples.append(start.elapsed_time(end) / 1e3 / self.QUEUED)
        return samples


def spread(samples):
    median = statistics.median(samples)
    between = quantile(samples, 3 / 4) - quantile(samples, 1 / 4)
    return {"median": median, "least": min(samples), "most": max(samples), "relativeSpread": between / median if median > 0 else None}


def quantile(samples, part):
    """Hyndman and Fan (1996), type 8, as docs/benchmarking.md has it."""
    ordered = sorted(samples)
    at = (len(ordered) + 1 / 3) * part + 1 / 3
    below = min(max(int(at), 1), len(ordered))
    above = min(below + 1, len(ordered))
    return ordered[below - 1] + min(max(at - below, 0), 1) * (ordered[above - 1] - ordered[below - 1])


def capture(torch, work):
    """One pass as a CUDA graph, warmed up on a stream of its own as PyTorch's documentation asks."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        held = work()
    return graph, held


class Compiler:
    """torch.compile with a budget for all compilations of a run, where the system has an alarm clock (not Windows)."""

    def __init__(self, torch, seconds):
        self.torch, self.left = torch, seconds

    def compile(self, model, run, inputs):
        """The compiled model, ready: the first passes, which compile, have run."""
        if self.left <= 0:
            raise Missing("left out: the time for compilations is spent (--compile-seconds)")
        if not hasattr(self.torch, "compile"):
            raise Missing(f"torch {self.torch.__version__} has no torch.compile")
        if hasattr(self.torch, "_dynamo"):
            self.torch._dynamo.reset()  # compiled code has the precision built in
        begin = time.perf_counter()
        fused = self.torch.compile(model)
        try:
            with alarm(self.left):
                for _ in range(2):
                    run(fused, inputs)
        finally:
            self.left -= time.perf_counter() - begin
        return lambda: run(fused, inputs)


class alarm:
    """Raises OutOfTime in the main thread after so many seconds."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self.ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_):
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def ring(self, *_):
        raise OutOfTime(f"the compilation was ended after {self.seconds:.0f} s")


def latencies(torch, options, model, run, inputs, result, save):
    """
    Each way at each precision; one that this machine or version cannot go carries the reason instead of a time. Eager passes come first
    and compiled ones last: what may break the process or take long comes when the rest is on the disk.
    """
    clock = Clock(torch, options.device, options.seconds)
    compiler = Compiler(torch, options.compile_seconds if options.compile else 0)

    def eager():
        return lambda: run(model, inputs)

    def graph():
        if options.device != "cuda":
            raise Missing("CUDA graphs need a GPU")
        captured, held = capture(torch, eager())
        del held
        return captured.replay

    def compiled():
        return compiler.compile(model, run, inputs)

    precisions = ("fp32", "tf32") if options.device == "cuda" else ("fp32",)
    result["latency"] = {precision: {} for precision in precisions}
    for way, prepare in (("eager", eager), ("cudaGraph", graph), ("compiled", compiled)):
        for precision in precisions:
            progress(f"latency, {way}, {precision}")
            set_tf32(torch, precision == "tf32")
            try:
                row = clock.measure(prepare())
            except Exception as error:  # any failure of a compiler or a capture: one way less, not the end
                row = {"failure": reason(error)}
            result["latency"][precision][way] = row
            save(result)


def memory(torch, device, model, run, inputs):
    """What PyTorch's allocator counts around one eager pass; null on a CPU, where it counts nothing."""
    if device != "cuda":
        return None
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = {"allocatedBytes": torch.cuda.memory_allocated(), "reservedBytes": torch.cuda.memory_reserved()}
    outputs = run(model, inputs)
    torch.cuda.synchronize()
    free, total = torch.cuda.mem_get_info()
    after = {
        "allocatedBytes": torch.cuda.memory_allocated(), "reservedBytes": torch.cuda.memory_reserved(),
        "peakAllocatedBytes": torch.cuda.max_memory_allocated(), "peakReservedBytes": torch.cuda.max_memory_reserved(),
        "outputBytes": sum(tensor.numel() * tensor.element_size() for tensor in outputs.values()),
        "driverUsedBytes": total - free,
    }
    return {"beforePass": before, "afterPass": after}


def audited(path):
    """Our own figures of the same pass, from `harness audit --json`."""
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        audit = json.load(file)
    return {
        "bytes": {category: pair["observed"] for category, pair in audit["bytes"].items()},
        "peakLiveBytes": audit["peakLive"]["observed"], "arena": audit["arena"], "driver": audit["driver"],
    }


def progress(what):
    print(f"torch: {what}", file=sys.stderr, flush=True)


def side_by_side(options):
    try:
        import torch
    except ImportError as error:
        raise Missing("the Python package torch") from error
    if options.device == "cuda" and not torch.cuda.is_available():
        raise Missing(f"a GPU that torch {torch.__version__} can use")

    build, run = MODELS[options.model]
    progress(f"{options.model}, torch {torch.__version__}")
    model, versions = build(read_safetensors(torch, options.weights))
    model = model.eval().to(options.device)
    inputs = {name: tensor.to(options.device) for name, tensor in read_safetensors(torch, options.inputs).items()}
    result = {
        "schema": SCHEMA, "model": options.model, "device": options.device,
        "deviceName": torch.cuda.get_device_name() if options.device == "cuda" else "CPU",
        "inputs": {name: list(tensor.shape) for name, tensor in inputs.items()},
        "versions": {
            "python": sys.version.split()[0], "torch": torch.__version__, **versions, "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version() if options.device == "cuda" else None,
        },
        "attention": getattr(getattr(model, "config", None), "_attn_implementation", None),
        "tolerance": options.tolerance,
    }
    with torch.inference_mode():
        set_tf32(torch, False)
        try:
            result["outputs"] = compare(torch, read_safetensors(torch, options.outputs), run(model, inputs), options.tolerance)
        except Exception as error:  # such as outputs by other names in another version: times are worth having all the same
            result["outputs"], result["outputsFailure"] = [], reason(error)
        result["passed"] = "outputsFailure" not in result and all(row["passed"] for row in result["outputs"])
        try:
            seen = memory(torch, options.device, model, run, inputs)
        except Exception as error:
            seen = {"failure": reason(error)}
        result["memory"] = {"torch": seen, "harness": audited(options.audit)}
        write(options.json, result)
        latencies(torch, options, model, run, inputs, result, lambda known: write(options.json, known))
    return result


def reason(error):
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def write(path, result):
    """Whole or not at all, so that a run that is ended leaves what it knew."""
    unfinished = f"{path}.unfinished"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2, allow_nan=False)
        file.write("\n")
    os.replace(unfinished, path)


def parse(arguments):
    parser = argparse.ArgumentParser(description="The same model in PyTorch, beside harness: outputs, latency, memory.")
    parser.add_argument("model", choices=sorted(MODELS))
    parser.add_argument("--weights", required=True, help="safetensors file that harness run --save-weights wrote")
    parser.add_argument("--inputs", required=True, help="... --save-inputs")
    parser.add_argument("--outputs", required=True, help="... --save-outputs")
    parser.add_argument("--audit", help="harness audit --json of the same pass, copied beside PyTorch's memory figures")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of the outputs, as harness compare has it (default 1e-4)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each latency is measured (default 2)")
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="leave torch.compile out")
    parser.add_argument("--compile-seconds", type=float, default=120.0, help="for all compilations together (default 120)")
    parser.add_argument("--json", required=True, help="where the result goes")
    return parser.parse_args(arguments)


def library_folders():
    """Folders of the wheels that bring cuBLAS and cuDNN for PyTorch, as one list of paths; `none` where there are none."""
    found = []
    for package in ("nvidia", "torch"):
        spec = importlib.util.find_spec(package)
        for root in (spec.submodule_search_locations or []) if spec else []:
            for pattern in ("libcublas.so*", "libcudnn.so*", "cublas64_*.dll", "cudnn64_*.dll"):
                found += [os.path.dirname(path) for path in glob.glob(os.path.join(root, "**", pattern), recursive=True)]
    return os.pathsep.join(dict.fromkeys(found)) or "none"


def main():
    if sys.argv[1:] == ["--library-folders"]:
        print(library_folders())
        return 0
    options = parse(sys.argv[1:])
    try:
        result = side_by_side(options)
    except Missing as missing:
        print(f"torch_side_by_side: missing: {missing}", file=sys.stderr)
        return 3
    except (OSError, ValueError, KeyError) as error:
        print(f"torch_side_by_side: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    write(options.json, result)
    if "outputsFailure" in result:
        print(f"torch_side_by_side: {result['outputsFailure']}", file=sys.stderr)
    beyond = [f"{row['name']} {row['maxRelativeError']}" for row in result["outputs"] if not row["passed"]]
    if beyond:
        print(f"torch_side_by_side: beyond {options.tolerance}: {', '.join(beyond)}", file=sys.stderr)
    worst = max((row["maxRelativeError"] for row in result["outputs"] if row["maxRelativeError"] is not None), default=None)
    eager = result["latency"]["fp32"].get("eager", {})
    median = (eager.get("deviceSeconds") or eager.get("hostSeconds") or {}).get("median")
    print(f"{len(result['outputs'])} outputs, largest relative error {worst}; eager fp32 {median} s a pass (torch {result['versions']['torch']})")
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
