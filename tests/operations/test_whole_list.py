"""Every operation of torch: counted, known to have no MACs, or named with a reason."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.operations.table import OPERATIONS
from resviz.operations.unknown import REASONS, explain_gap
from resviz.tracing.dispatched import OPERATION_ALIASES
from tests.operations.dispatcher import list_overloads

OWN_TESTS = ("_test_", "_foobar")
"""How operations are named that torch has for its own tests."""


def makes_tensors(schema):
    """Whether an operation reads tensors, and gives or changes some."""
    writes = [
        a.alias_info is not None and a.alias_info.is_write for a in schema.arguments
    ]
    reads = any("Tensor" in str(argument.type) for argument in schema.arguments)
    gives = any("Tensor" in str(result.type) for result in schema.returns)
    return reads and (gives or any(writes))


def is_out_variant(schema):
    """Whether its result is given as an argument, "out"."""
    return any(
        a.kwarg_only and a.alias_info is not None and a.alias_info.is_write
        for a in schema.arguments
    )


def list_recorded_operations():
    """List the names of what a forward may dispatch, as records have them."""
    names = set()
    for full_name, overload in list_overloads():
        if is_out_variant(overload._schema) or not makes_tensors(overload._schema):
            continue
        in_place = full_name.endswith("_") and not full_name.startswith("__")
        name = full_name[:-1] if in_place else full_name
        if not name.startswith(OWN_TESTS):
            names.add(OPERATION_ALIASES.get(name, name))
    return names


def is_decided(name):
    """Whether it is known what an operation counts, or why that is not known."""
    row = OPERATIONS.get(name)
    return bool(row and (row.macs or row.is_free)) or bool(explain_gap(name))


of_this_torch = pytest.mark.skipif(
    torch.__version__ < (2, 13), reason="the list is of torch 2.13"
)


@of_this_torch
def test_every_operation_of_torch_is_decided():
    """No forward meets one of torch's of which nobody thought."""
    names = list_recorded_operations()
    assert len(names) > 800
    assert [] == sorted(name for name in names if not is_decided(name))


def test_what_has_a_reason_is_not_counted():
    """An operation is counted or named, never both."""
    counted = {row.name for row in OPERATIONS.values() if row.macs or row.is_free}
    assert set() == counted & set(REASONS)


@of_this_torch
def test_reasons_are_of_operations_of_torch():
    """A misspelt name would never be found, and nobody would see it."""
    packets = {
        name: getattr(torch.ops, (["aten", *name.split(".")])[-2]) for name in REASONS
    }
    assert [] == [
        name
        for name, packet in packets.items()
        if not hasattr(packet, name.rpartition(".")[2])
    ]


def test_a_rule_of_ones_own_has_all_numbers_of_what_is_named():
    """What has no row is recorded whole."""

    class Values(nn.Module):
        def forward(self, x):
            return torch.linalg.svd(x, full_matrices=False)[1]

    (op,) = resviz.trace(Values(), (3, 4)).layers[-1].operations[-1:]
    assert op.arguments["full_matrices"] is False


def test_a_table_says_why_an_operation_is_not_counted():
    """In the words of its kind."""

    class Values(nn.Module):
        def forward(self, x):
            return torch.linalg.svdvals(x)

    notes = resviz.summary(resviz.trace(Values(), (3, 4))).notes
    (line,) = [note for note in notes if note.startswith("not counted: _linalg_svd")]
    assert line.endswith(f": {REASONS['_linalg_svd']}")


class Function(nn.Module):
    """A function of the input, and of a weight, as a module."""

    def __init__(self, function, *shape):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(shape)) if shape else None

    def forward(self, x):
        return (
            self.function(x) if self.weight is None else self.function(x, self.weight)
        )


aten = torch.ops.aten

COUNTED = {
    "a convolution's gradients": (
        lambda x, w: aten.convolution_backward(
            F.conv2d(x, w), x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1,
            [True, True, False],
        )[0],
        (4, 6, 6),
        (5, 4, 3, 3),
    ),
    "one of them": (
        lambda x, w: aten.convolution_backward(
            F.conv2d(x, w), x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1,
            [False, True, False],
        )[1],
        (4, 6, 6),
        (5, 4, 3, 3),
    ),
    "those of a transposed one": (
        lambda x, w: aten.convolution_backward(
            F.conv_transpose2d(x, w, stride=2), x, w, None, [2, 2], [0, 0], [1, 1],
            True, [0, 0], 1, [True, True, False],
        )[0],
        (4, 6, 6),
        (4, 5, 3, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTED)
def test_counts_are_those_of_torch(case):
    """Torch's own counter gives two FLOPs for each MAC."""
    function, shape, weight = COUNTED[case]
    model = Function(function, *weight)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.ones(2, *shape))
    arch = resviz.trace(model, shape, batch=2)
    assert (counter.get_total_flops(), ()) == (2 * arch.macs, arch.uncounted)


BACKENDS = {
    "slow": lambda x, w: aten._slow_conv2d_forward(x, w, [3, 3], None, [1, 1], [0, 0]),
    "dilated": lambda x, w: aten.slow_conv_dilated2d(x, w, [3, 3]),
    "oneDNN": lambda x, w: torch.mkldnn_convolution(
        x, w, None, [0, 0], [1, 1], [1, 1], 1
    ),
}


@pytest.mark.parametrize("case", BACKENDS)
def test_a_convolution_of_one_library_counts_as_any(case):
    """Torch's counter knows the convolution that it stands for."""
    with FlopCounterMode(display=False) as counter:
        F.conv2d(torch.ones(2, 4, 6, 6), torch.ones(5, 4, 3, 3))
    arch = resviz.trace(Function(BACKENDS[case], 5, 4, 3, 3), (4, 6, 6), batch=2)
    assert (counter.get_total_flops(), ()) == (2 * arch.macs, arch.uncounted)


def rows(x):
    """Make tokens of a map."""
    return x.flatten(1)


FREE = {
    "mean squares": lambda x: F.mse_loss(x, x.flip(0)),
    "cross entropy": lambda x: F.cross_entropy(
        rows(x), torch.zeros(2, dtype=torch.long)
    ),
    "cross entropy of a map": lambda x: F.cross_entropy(
        x, torch.zeros(2, 4, 4, dtype=torch.long)
    ),
    "binary cross entropy": lambda x: F.binary_cross_entropy_with_logits(x, x),
    "margins": lambda x: F.multi_margin_loss(rows(x), torch.zeros(2, dtype=torch.long)),
    "a divergence": lambda x: F.kl_div(x, x, reduction="batchmean"),
    "smooth": lambda x: F.smooth_l1_loss(x, x) + F.huber_loss(x, x),
    "a sort": lambda x: x.sort().values + x.topk(4).values,
    "a histogram": torch.histc,
    "buckets": lambda x: torch.bucketize(x, torch.arange(4.0)),
    "a search": lambda x: torch.searchsorted(torch.arange(4.0), x),
    "a renorm": lambda x: x.renorm(2, 0, 1.0),
    "a Bessel function": torch.special.bessel_j0,
    "a list": lambda x: torch._foreach_mul([x, x], 2.0)[0],
    "an unpooling": lambda x: F.max_unpool2d(
        *F.max_pool2d(x, 2, return_indices=True), 2
    ),
}


@pytest.mark.parametrize("case", FREE)
def test_what_has_no_macs_leaves_no_bound(case):
    """Neither a count nor "at least"."""
    arch = resviz.trace(Function(FREE[case]), (4, 4, 4), batch=2)
    assert (0, ()) == (arch.macs, arch.uncounted)
    resviz.summary(arch).render("text")


def test_a_list_of_tensors_counts_the_elements_of_all():
    """Not those of its first alone."""
    arch = resviz.trace(Function(FREE["a list"]), (4, 4, 4), batch=2)
    summary = resviz.summary(arch).to_dict()
    assert 2 * 2 * 64 == summary["elements"]


def test_a_gradient_inside_a_forward_is_counted():
    """As of a penalty on the slope."""

    class Slope(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            x = x.detach().requires_grad_()
            with torch.enable_grad():
                y = self.conv(x).tanh().sum()
            return torch.autograd.grad(y, x)[0]

    arch = resviz.trace(Slope(), (3, 6, 6), batch=2)
    assert (2 * 2 * 4 * 16 * 27, ()) == (arch.macs, arch.uncounted)
