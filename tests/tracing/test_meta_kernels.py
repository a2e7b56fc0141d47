"""Products of which torch's meta kernels ask for more than those that run."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from tests.forwards import AnyForward

OFFSETS = torch.tensor([4, 8, 16], dtype=torch.int32)

ONE = torch.ones(1)


def values(*shape, dtype=torch.float32):
    """Numbers of a dtype."""
    return torch.randn(shape).to(dtype)


def multiply_groups(x, weight, *rest):
    """A product in groups."""
    return torch.ops.aten._grouped_mm(x, weight, *rest)


def multiply_every_second(x, weight, *rest):
    """The same of rows whose values do not lie one after another."""
    return multiply_groups(x[:, ::2], weight, *rest)


def multiply_scaled(x, weight, *rest, **options):
    """A product of numbers in 8 bits."""
    return torch.ops.aten._scaled_mm(x, weight, ONE, ONE, *rest, **options)


def multiply_scaled_into_floats(x, weight):
    """The same with a bias and a dtype of its own."""
    bias = torch.ones(weight.shape[1])
    return multiply_scaled(x, weight, bias, out_dtype=torch.float32)


def multiply_by_recipe(x, weight):
    """The same as a public function has it."""
    way = F.ScalingType.TensorWise
    return F.scaled_mm(x, weight, ONE, way, ONE, way)


def multiply_integers(x, weight):
    """A product of whole numbers in 8 bits."""
    return torch.ops.aten._int_mm(x, weight)


def multiply_packed(x, weight):
    """Values times whole numbers in 8 bits."""
    return torch.ops.aten._weight_int8pack_mm(
        x, weight, torch.ones(len(weight), dtype=x.dtype)
    )


FP8 = torch.float8_e4m3fn

RUN = {
    "rows in groups": (multiply_groups, values(16, 32), values(3, 32, 24), OFFSETS),
    "the same of 16 bits": (
        multiply_groups,
        values(16, 32).half(),
        values(3, 32, 24).half(),
        OFFSETS,
    ),
    "bfloat16": (
        multiply_groups,
        values(16, 32).bfloat16(),
        values(3, 24, 32).bfloat16().mT,
        OFFSETS,
    ),
    "columns in groups": (
        multiply_groups,
        values(3, 16, 32),
        values(32, 16),
        OFFSETS,
    ),
    "sums in groups": (multiply_groups, values(24, 16), values(30, 16).t(), OFFSETS),
    "padded rows": (multiply_groups, values(16, 32), values(3, 30, 32).mT, OFFSETS),
    "equal groups": (multiply_groups, values(3, 16, 32), values(3, 32, 24)),
    "no row": (multiply_groups, values(0, 4), values(3, 4, 8), OFFSETS * 0),
    "8 bits": (multiply_scaled, values(5, 30).to(FP8), values(23, 30).to(FP8).t()),
    "8 bits, rows": (multiply_scaled, values(16, 32).to(FP8), values(32, 24).to(FP8)),
    "8 bits and a bias": (
        multiply_scaled_into_floats,
        values(5, 32).to(FP8),
        values(24, 32).to(torch.float8_e5m2).t(),
    ),
    "integers": (
        multiply_integers,
        values(5, 7, dtype=torch.int8),
        values(7, 3, dtype=torch.int8),
    ),
    "packed": (multiply_packed, values(5, 30), values(23, 30, dtype=torch.int8)),
}

if hasattr(F, "scaled_mm"):
    RUN["8 bits by a recipe"] = (
        multiply_by_recipe,
        values(5, 32).to(FP8),
        values(23, 32).to(FP8).t(),
    )


def trace_product(function, *operands, mode):
    """The record of a product."""
    model = AnyForward(lambda model, *args: function(*args))
    return resviz.trace(model, inputs=operands, mode=mode)


@pytest.mark.parametrize("name", RUN)
def test_shapes_are_those_of_a_run(name):
    """And what they take; torch's own meta kernel refuses all but a few."""
    function, *operands = RUN[name]
    run, shapes = (
        trace_product(function, *operands, mode=m) for m in ("run", "shapes")
    )
    assert (run.layers, run.storages) == (shapes.layers, shapes.storages)
    product = function(*operands)
    assert tuple(product.shape) == shapes.layers[-1].output_shape


REFUSED = {
    "inner sizes in groups": (
        multiply_groups,
        values(16, 32),
        values(3, 28, 24),
        OFFSETS,
    ),
    "no offsets": (multiply_groups, values(16, 32), values(3, 32, 24)),
    "offsets of equal groups": (
        multiply_groups,
        values(3, 16, 32),
        values(3, 32, 24),
        OFFSETS,
    ),
    "two offsets for three": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24),
        OFFSETS[:2],
    ),
    "long offsets": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24),
        OFFSETS.long(),
    ),
    "offsets in rows": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24),
        OFFSETS[None],
    ),
    "two dtypes": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24).half(),
        OFFSETS,
    ),
    "two numbers of groups": (multiply_groups, values(2, 16, 32), values(3, 32, 24)),
    "a line": (multiply_groups, values(32), values(3, 32, 24), OFFSETS),
    "a bias": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24),
        OFFSETS,
        values(24),
    ),
    "another dtype": (
        multiply_groups,
        values(16, 32),
        values(3, 32, 24),
        OFFSETS,
        None,
        torch.bfloat16,
    ),
    "odd rows": (multiply_groups, values(16, 30), values(3, 30, 24), OFFSETS),
    "every second column": (
        multiply_every_second,
        values(16, 8),
        values(3, 4, 8),
        OFFSETS,
    ),
    "inner sizes of 8 bits": (
        multiply_scaled,
        values(16, 32).to(FP8),
        values(32, 16).to(FP8).t(),
    ),
    "a stack": (multiply_scaled, values(2, 16, 32).to(FP8), values(16, 32).to(FP8).t()),
}


@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_no_run_takes_is_refused(name, mode):
    """With the words of the kernel that would run."""
    function, *operands = REFUSED[name]
    with pytest.raises(RuntimeError) as refused:
        function(*operands)
    with pytest.raises(resviz.TraceError) as caught:
        trace_product(function, *operands, mode=mode)
    words, said = (
        re.sub(r"mat_?[12ab]", "mat", str(error.value).lower())
        for error in (refused, caught)
    )
    assert words.splitlines()[0].partition(", got")[0][:28] in said


class Experts(nn.Module):
    """A mixture as Mixtral's: tokens sorted by their expert, and one product."""

    def __init__(self):
        super().__init__()
        self.router = nn.Linear(32, 4, bias=False)
        self.weight = nn.Parameter(torch.randn(4, 64, 32))

    def forward(self, x):
        x = x.reshape(-1, 32)
        expert = self.router(x).argmax(-1)
        order = expert.argsort()
        sizes = torch.histc(expert.float(), 4, 0, 3).int()
        offsets = sizes.cumsum(0, dtype=torch.int32)
        rows = torch.ops.aten._grouped_mm(x[order], self.weight.mT, offsets)
        return torch.empty_like(rows).index_copy(0, order, rows)


def test_a_mixture_of_experts_is_traced_by_shapes():
    """No value is wanted; each token meets one expert."""
    arch = resviz.trace(Experts(), (16, 32), 2)
    macs = sum(layer.macs or 0 for layer in arch)
    assert ("shapes", 32 * 32 * (4 + 64)) == (arch.mode, macs)
