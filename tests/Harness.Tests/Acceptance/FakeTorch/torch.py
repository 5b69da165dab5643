"""
As much of PyTorch as scripts/torch_training.py calls, with an allocator whose bytes a test can add up by hand: tensors have shapes and no contents.

A forward pass allocates ACTIVATIONS and gives them back in the backward pass, which allocates 4 bytes of gradient a parameter; an update
takes TEMPORARY for a while, and the first one of Adam allocates 8 bytes a parameter. Every tensor is allocated in steps of 512 bytes. A step lasts 2 ms.
"""

import math
from types import SimpleNamespace

__version__ = "0.0.fake"
ACTIVATIONS, TEMPORARY, ROUNDING = 10_000, 3_000, 512
float32, int64 = "float32", "int64"
version = SimpleNamespace(cuda="0.0")
backends = SimpleNamespace(
    cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=True)), cudnn=SimpleNamespace(allow_tf32=True, version=lambda: 0))


class Allocator:
    def __init__(self):
        self.now = {"requested_bytes": 0, "allocated_bytes": 0}
        self.peak = dict(self.now)
        self.seconds = 0.0

    def change(self, size, times=1):
        for kind, step in (("requested_bytes", size), ("allocated_bytes", math.ceil(size / ROUNDING) * ROUNDING)):
            self.now[kind] += times * step
            self.peak[kind] = max(self.peak[kind], self.now[kind])

    def stats(self):
        return {f"{kind}.all.{word}": value for word, row in (("current", self.now), ("peak", self.peak)) for kind, value in row.items()}

    def reset(self):
        self.peak = dict(self.now)


ALLOCATOR = Allocator()


class Event:
    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        self.at = ALLOCATOR.seconds

    def synchronize(self):
        pass

    def elapsed_time(self, end):
        return (end.at - self.at) * 1e3


cuda = SimpleNamespace(
    is_available=lambda: True, get_device_name=lambda: "fake GPU", synchronize=lambda: None, empty_cache=lambda: None, Event=Event,
    memory_stats=ALLOCATOR.stats, reset_peak_memory_stats=ALLOCATOR.reset)


class Tensor:
    def __init__(self, *shape, bytes_each=4, device="cpu"):
        self.shape, self.bytes_each, self.device, self.grad, self.model = shape, bytes_each, device, None, None

    def numel(self):
        return math.prod(self.shape)

    def element_size(self):
        return self.bytes_each

    def size(self):
        return self.numel() * self.bytes_each

    def to(self, device):
        if device == "cuda" and self.device == "cpu":
            ALLOCATOR.change(self.size())
        self.device = device
        return self

    def reshape(self, *shape):
        assert shape[0] == -1
        return self

    def __del__(self):
        if self.device == "cuda":
            ALLOCATOR.change(self.size(), -1)

    def __setitem__(self, at, value):
        assert value == 0

    def detach(self):
        return self

    def item(self):
        return 0.5

    def backward(self):
        for parameter in self.model.parameters():
            assert parameter.grad is None, "gradients of the step before were kept"
            parameter.grad = Tensor(*parameter.shape).to("cuda")
        ALLOCATOR.change(ACTIVATIONS, -1)


def manual_seed(_):
    pass


def randn(*shape):
    return Tensor(*shape)


def randint(most, shape):
    assert most > 0
    return Tensor(*shape, bytes_each=8)


def ones(*shape, dtype):
    assert dtype == int64
    return Tensor(*shape, bytes_each=8)


def cross_entropy(logits, labels):
    assert logits.shape[:-1] == labels.shape
    loss = Tensor(1)
    loss.model = logits.model
    return loss


class Optimizer:
    state_floats = 0

    def __init__(self, parameters, lr):
        assert lr == 1e-3
        self.parameters, self.state = parameters, {}

    def zero_grad(self, set_to_none):
        assert set_to_none
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        for parameter in self.parameters:
            assert parameter.grad is not None
            if parameter not in self.state:
                self.state[parameter] = {"step": Tensor(1), **{str(i): Tensor(*parameter.shape).to("cuda") for i in range(self.state_floats)}}
        ALLOCATOR.change(TEMPORARY)
        ALLOCATOR.change(TEMPORARY, -1)
        ALLOCATOR.seconds += 2e-3


class Sgd(Optimizer):
    pass


class Adam(Optimizer):
    state_floats = 2


optim = SimpleNamespace(SGD=Sgd, Adam=Adam)
nn = SimpleNamespace(functional=SimpleNamespace(cross_entropy=cross_entropy))
