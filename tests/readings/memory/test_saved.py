"""What autograd keeps of each operation: torch's own saved tensors, to the byte."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings import memory


def cell(x):
    """A mean over positions, to be broadcast."""
    return x.mean((2, 3), keepdim=True)


OPERATIONS = {
    "relu": F.relu,
    "relu_": torch.relu_,
    "relu6": F.relu6,
    "relu6_": lambda x: F.relu6(x, inplace=True),
    "silu": F.silu,
    "silu_": lambda x: F.silu(x, inplace=True),
    "gelu": F.gelu,
    "mish": F.mish,
    "mish_": lambda x: F.mish(x, inplace=True),
    "hardswish": F.hardswish,
    "hardswish_": lambda x: F.hardswish(x, inplace=True),
    "hardsigmoid": F.hardsigmoid,
    "hardsigmoid_": lambda x: F.hardsigmoid(x, inplace=True),
    "leaky_relu": F.leaky_relu,
    "leaky_relu_": lambda x: F.leaky_relu(x, 0.1, True),
    "elu": F.elu,
    "elu_": lambda x: F.elu(x, 1.0, True),
    "selu": F.selu,
    "celu_": lambda x: F.celu(x, 1.0, True),
    "glu": lambda x: F.glu(x, 1),
    "softplus": F.softplus,
    "logsigmoid": F.logsigmoid,
    "softsign": F.softsign,
    "sigmoid_": lambda x: x.sigmoid_(),
    "tanh": torch.tanh,
    "threshold_": lambda x: F.threshold(x, 0.1, 1, inplace=True),
    "clamp": lambda x: x.clamp(0, 1),
    "clamp_": lambda x: x.clamp_(0, 1),
    "clamp_min_": lambda x: x.clamp_min_(0),
    "prelu": lambda x: F.prelu(x, x[0, :, 0, 0]),
    "abs": torch.abs,
    "log": torch.log,
    "sin": torch.sin,
    "erf": torch.erf,
    "exp_": lambda x: x.exp_(),
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "square": torch.square,
    "pow": lambda x: x**1.5,
    "power of each": lambda x: x ** x.detach(),
    "neg": lambda x: -x,
    "sum": lambda x: x.sum(1),
    "mean": lambda x: x.mean(1),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std(1),
    "var_mean": lambda x: torch.var_mean(x, 1)[0],
    "amax": lambda x: x.amax(1),
    "max": lambda x: x.max(1)[0],
    "topk": lambda x: x.topk(2, 1)[0],
    "norm": lambda x: torch.linalg.vector_norm(x, dim=1),
    "cumsum": lambda x: x.cumsum(1),
    "prod": lambda x: x.prod(1),
    "logsumexp": lambda x: x.logsumexp(1),
    "normalize": lambda x: F.normalize(x, dim=1),
    "round": torch.round,
    "avg_pool": lambda x: F.avg_pool2d(x, 2),
    "max_pool": lambda x: F.max_pool2d(x, 2),
    "adaptive_avg_pool": lambda x: F.adaptive_avg_pool2d(x, 2),
    "adaptive_max_pool": lambda x: F.adaptive_max_pool2d(x, 2),
    "global_avg_pool": lambda x: F.adaptive_avg_pool2d(x, 1),
    "reflect": lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    "replicate": lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"),
    "pad": lambda x: F.pad(x, (1, 1)),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "times itself": lambda x: x * x,
    "times a constant": lambda x: x * torch.ones_like(x),
    "times a gate": lambda x: x * cell(x),
    "gated in place": lambda x: x.mul_(cell(x)),
    "scaled in place": lambda x: x.mul_(torch.ones_like(x)),
    "doubled": lambda x: x * 2.0,
    "divided": lambda x: x / cell(x),
    "divided in place": lambda x: x.div_(cell(x)),
    "halved": lambda x: x / 2.0,
    "divided by a constant": lambda x: x / torch.ones_like(x),
    "dropout": F.dropout,
    "dropout_": lambda x: F.dropout(x, inplace=True),
    "drop path": lambda x: x * x.new_empty(2, 1, 1, 1).bernoulli_(0.5).div_(0.5),
    "where": lambda x: torch.where(x > 0, x, x * 0),
    "masked_fill": lambda x: x.masked_fill(x > 0, 0.0),
    "maximum": lambda x: torch.maximum(x, cell(x)),
    "addcmul": lambda x: torch.addcmul(x, x * 1, x + 1),
    "addcdiv": lambda x: torch.addcdiv(x, x * 1, x + 1),
    "lerp": lambda x: torch.lerp(x, x + 1, 0.3),
    "lerp by a tensor": lambda x: torch.lerp(x, x + 1, x + 2),
    "layer_norm": lambda x: F.layer_norm(x, (8,)),
    "group_norm": lambda x: F.group_norm(x, 2),
    "instance_norm": F.instance_norm,
    "rms_norm": lambda x: F.rms_norm(x, (8,)),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "layer_norm, its weight computed": lambda x: F.layer_norm(x, (8,), x[0, 0, 0] + 1),
    "group_norm, its weight computed": lambda x: F.group_norm(x, 2, x[0, :, 0, 0] + 1),
    "batch_norm, its weight computed": lambda x: F.batch_norm(
        x, None, None, x[0, :, 0, 0] + 1, training=True
    ),
    "local_response_norm": lambda x: F.local_response_norm(x, 2),
    "bmm": lambda x: x @ x,
    "bmm of a constant": lambda x: x @ torch.ones_like(x),
    "baddbmm": lambda x: torch.baddbmm(x[0], x[0] + 1, x[0] + 2),
    "einsum": lambda x: torch.einsum("nchw,nchv->ncwv", x, x + 1),
    "attention": lambda x: F.scaled_dot_product_attention(x, x + 1, x + 2),
    "convolution of itself": lambda x: F.conv2d(x, x[:, :, :3, :3]),
    "cat": lambda x: torch.cat([x, x], 1),
    "stack": lambda x: torch.stack([x, x]),
    "chunk": lambda x: x.chunk(2, 1)[1],
    "flip": lambda x: x.flip(1),
    "roll": lambda x: x.roll(1, 1),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "expand": lambda x: x[:, :1].expand(2, 4, 8, 8) + 0,
    "half": lambda x: x.half().float(),
    "gather": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "grid_sample": lambda x: F.grid_sample(x, x[..., :2] * 1, align_corners=False),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "unfold": lambda x: F.unfold(x, 2),
}
"""What residual networks and their relatives are made of, and its in-place twins."""


class Between(nn.Module):
    """An operation before an exponential, which does not read what that is given."""

    def __init__(self, function, *, head):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.function, self.head = function, head

    def forward(self, x):
        x = x + self.weight
        return self.function(x.sigmoid() if self.head else x).exp()


@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_each_operation_keeps(name, head, torchs):
    """Operands, results, indices, masks and copies, as torch does.

    After a sum, which keeps nothing, an operand that is kept counts; after a sigmoid,
    which keeps its result, it does not, so it can be told from a result or a copy.
    """
    model = Between(OPERATIONS[name], head=head)
    arch = resviz.trace(model, (4, 8, 8), 2, training=True)
    kept = memory.find_saved_for_backward(arch)
    assert torchs.kept(model, (2, 4, 8, 8), training=True) == kept.bytes
    assert torchs.held(model, (2, 4, 8, 8), training=True) == [
        *memory.build_timeline(arch).live_bytes
    ]
    assert () == kept.uncounted


def test_parameters_that_no_layer_reads_take_memory_too():
    """As many bytes as torch counts; gradients but for those that are frozen."""

    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(4, 2), nn.Linear(4, 3)
            self.idle.weight.requires_grad_(False)

        def forward(self, x):
            return self.used(x)

    model = Idle()
    arch = resviz.trace(model, (4,))
    held = sum(p.nbytes for p in model.parameters())
    learned = sum(p.nbytes for p in model.parameters() if p.requires_grad)
    assert {"float32": held} == memory.count_parameter_bytes(arch)
    assert {"float32": learned} == memory.count_gradient_bytes(arch)
    assert 4 * (4 * 3 + 3) == memory.count_idle_bytes(arch)


def test_nothing_is_kept_of_whole_numbers():
    """No gradient flows into them, so no derivative reads them."""

    class Rounded(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x):
            whole = self.conv(x).to(torch.int64)
            return whole * whole

    model, x = Rounded(), torch.zeros(1, 3, 8, 8)
    assert not model(x).requires_grad
    arch = resviz.trace(model, (3, 8, 8))
    assert "mul" == arch.layers[-1].operations[0].name
    assert 0 == memory.find_saved_for_backward(arch).layers[-1]
