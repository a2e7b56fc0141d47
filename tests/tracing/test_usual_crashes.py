"""Models that are usual outside of papers: own calls, lines, frames, graphs."""

import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz import TraceError, trace
from resviz.pages.report import render
from resviz.readings.costs import find_uncounted_weights
from resviz.record import Window

from .harm import Snapshot, changes


def small():
    """Two layers, of 6 × 6 × 4 × 27 MACs at 8 × 8."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


class Door(nn.Module):
    """A call that reads files, and no forward."""

    def __init__(self):
        super().__init__()
        self.model = small()

    def __call__(self, source, *, stream=False):
        raise FileNotFoundError(source)


class Doubling(nn.Module):
    """A call that does more than its forward."""

    def __init__(self):
        super().__init__()
        self.model = small()

    def __call__(self, x):
        return super().__call__(x) * 2

    def forward(self, x):
        return self.model(x)


class Skipping(Doubling):
    """A call that is the forward, without hooks."""

    def __call__(self, x):
        return [self.forward(x)]


class Holding(nn.Module):
    """A model that holds one of each."""

    def __init__(self):
        super().__init__()
        self.a, self.b = Doubling(), Skipping()

    def forward(self, x):
        return self.a(x) + self.b(x)[0]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Door(), ["0", "1"]),
        (Doubling(), ["model.0", "model.1", "mul"]),
        (Skipping(), ["model.0", "model.1"]),
        (
            Holding(),
            ["a.model.0", "a.model.1", "mul", "b.model.0", "b.model.1", "add"],
        ),
    ],
)
def test_a_model_with_a_call_of_its_own(model, names, fast):
    """The call is followed; without a forward, the module that it stands for."""
    arch = trace(model, (3, 8, 8), fast=fast)  # which imports what torch needs
    before = Snapshot(model)
    assert arch == trace(model, (3, 8, 8), fast=fast)
    assert names == [layer.name for layer in arch]
    assert type(model).__name__ == arch.name
    assert 6 * 6 * 4 * 27 * len([n for n in names if n.endswith("0")]) == arch.macs
    assert [] == changes(before, Snapshot(model))


class Line(nn.Module):
    """A one-dimensional residual network with a pool on its main path."""

    def __init__(self, pool, drop):
        super().__init__()
        self.stem, self.pool, self.drop = nn.Conv1d(3, 8, 3, padding=1), pool, drop
        self.conv1 = nn.Conv1d(8, 8, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.pool(F.relu(self.stem(x)))
        return self.drop(x) + self.conv2(F.relu(self.conv1(x)))


POOLS = {"max": nn.MaxPool1d, "average": nn.AvgPool1d}


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("fast", [True, False])
def test_a_pool_over_a_line(name, fast):
    """Its window has one axis; summary, shortcuts and report read it so."""
    pool = POOLS[name]
    arch = trace(Line(pool(3, 2, 1), pool(2)), (3, 32), fast=fast)
    window = arch["pool"].window
    assert ((3,), (2,), (1,)) == (window.kernel, window.stride, window.padding)
    flow = [(step.name, step.size, step.arithmetic) for step in arch.flow[1:]]
    assert [
        ("pool", (16,), "floor((32 + 2·1 − 3)/2) + 1 = 16"),
        ("conv1", (8,), "floor((16 + 2·1 − 3)/2) + 1 = 8"),
    ] == flow
    assert [[2]] == [row["stride"] for row in resviz.shortcuts(arch)]
    assert 5 == resviz.receptive_field(arch)[1]["receptive_field"]
    assert "<html" in render(arch)


LINE_WINDOW = Window((2,), (2,), (0,), (1,))

FUNCTIONAL_POOLS = {
    "max": lambda x: F.max_pool1d(x, 2),
    "average": lambda x: F.avg_pool1d(x, 2),
    "with places": lambda x: F.max_pool1d(x, 2, return_indices=True)[0],
    "norm": lambda x: F.lp_pool1d(x, 2, 2),
    "adaptive": lambda x: F.adaptive_avg_pool1d(x, x.shape[-1] // 2),
    "a class": nn.MaxPool1d(2),
}


@pytest.mark.parametrize("name", FUNCTIONAL_POOLS)
@pytest.mark.parametrize("fast", [True, False])
def test_a_pool_over_a_line_by_a_function(name, fast):
    """It is on the flow, and its stride in the shortcut, as a module's is."""
    pool = FUNCTIONAL_POOLS[name]
    arch = trace(Line(pool, pool), (3, 32), fast=fast)
    assert [(32,), (16,), (8,)] == [step.size for step in arch.flow]
    if name != "adaptive":
        assert [[2]] == [row["stride"] for row in resviz.shortcuts(arch)]
        assert 2 == sum(la.window == LINE_WINDOW for la in arch)
    assert "<html" in render(arch)


NESTED = {
    "jagged": torch.nested.as_nested_tensor,
    "by offsets": lambda parts, layout: torch.nested.nested_tensor_from_jagged(
        torch.cat(parts), torch.tensor([0, 3, 8])
    ),
    "strided": lambda parts, layout: torch.nested.nested_tensor(parts),
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("mode", ["shapes", "auto", "run"])
def test_a_nested_tensor(name, mode):
    """It has no shape; what to give instead is said, of an input and in a forward."""

    class Ragged(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 5)

        def forward(self, x):
            return self.linear(NESTED[name]([x[0][:3], x[1]], layout=torch.jagged))

    with pytest.raises(TraceError, match=r"^Ragged: _nested_.*, or one sample"):
        trace(Ragged(), inputs=torch.zeros(2, 5, 4), mode=mode)
    parts = [torch.zeros(3, 4), torch.zeros(5, 4)]
    given = NESTED[name](parts, layout=torch.jagged)
    with pytest.raises(TraceError, match=r"^Linear: input: a nested .* give a padded"):
        trace(nn.Linear(4, 5), inputs=given, mode=mode)


def test_a_picture_without_a_batch_axis():
    """It is one sample, and its channels are no batch."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2))
    arch = trace(net, inputs=torch.zeros(3, 8, 8))
    assert (1, 4 * 8 * 8 * 27) == (arch.batch, arch.macs)
    assert "8×8×3" in str(resviz.layers(arch))
    assert "counted for a batch of 1" in str(resviz.summary(arch))
    assert "<html" in render(arch)


class Frames(nn.Conv2d):
    """A convolution of (T, N, C, H, W), each frame for itself."""

    def forward(self, x):
        return super().forward(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def test_a_layer_over_frames():
    """Its window has fewer axes than its map."""
    net = nn.Sequential(Frames(3, 4, 3, padding=1), Frames(4, 4, 3, stride=2))
    arch = trace(net, inputs=torch.zeros(5, 2, 3, 8, 8))
    assert 5 * 2 * (64 * 4 * 27 + 9 * 4 * 36) == arch.macs
    assert "<html" in render(arch)
    assert resviz.summary(arch).rows


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", ["to_sparse", "to_sparse_csr"])
def test_a_sparse_buffer(layout):
    """It counts as if it were dense; what no rule counts is named."""

    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(6, 5)
            self.register_buffer("adjacency", getattr(torch.eye(6), layout)())

        def forward(self, x):
            return self.linear(torch.sparse.mm(self.adjacency, x[0]))

    arch = trace(Graph(), (6, 6))
    assert {"float32": 6 * 6 * 4} == arch.buffers
    assert (6 * 6 * 5, ["_sparse_addmm"]) == (
        arch.macs,
        [gap.operation for gap in arch.uncounted],
    )


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", ["to_sparse", "to_sparse_csr"])
@pytest.mark.parametrize("make", ["kept", "given"])
@pytest.mark.parametrize(
    "multiply",
    [
        torch.mm,
        torch.sparse.mm,
        lambda a, x: a @ x,
        lambda a, x: torch.addmm(x, a, x),
        lambda a, x: torch.mv(a, x[:, 0])[:, None].expand(6, 6),
    ],
)
def test_products_with_a_sparse_matrix(multiply, make, layout):
    """Their work is not that of a dense one: totals say "at least"; it has weights."""

    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(6, 5)
            self.adjacency = getattr(torch.eye(6), layout)()

        def forward(self, x, adjacency=None):
            a = self.adjacency if adjacency is None else adjacency
            return self.linear(multiply(a, x))

    given = (getattr(torch.eye(6), layout)(),) if make == "given" else ()
    arch = trace(Graph(), inputs=(torch.ones(6, 6), *given))
    (gap,) = find_uncounted_weights(arch)
    assert (6 * 6 * 5, True) == (arch.macs, gap.operation.startswith("_sparse_"))
    assert "at least" in str(resviz.summary(arch))


@pytest.mark.parametrize("inputs", [torch.zeros(20, 2, 8), None])
def test_a_convolution_with_its_time_first(inputs):
    """Its weight is (R, C, K); every step of every sample meets all of it."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(3, 8, 8))
            self.bias = nn.Parameter(torch.zeros(8))

        def forward(self, x):
            return x + torch.conv_tbc(x, self.weight, self.bias, 1)

    sizes = {"inputs": inputs} if inputs is not None else {"input_size": "20,N,8"}
    batch = {} if inputs is not None else {"batch": 2}
    arch = trace(Net(), **sizes, **batch)
    assert (2, 20 * 2 * 8 * 3 * 8) == (arch.batch, arch.macs)
    assert ["identity"] == [b.units[0].shortcut.kind for b in arch.blocks]
    assert "conv, 8" in resviz.diagram(arch, "layers").to_svg()


def test_a_module_that_knows_its_parent_by_a_proxy():
    """The clone's child knows the clone."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].__dict__["parent"] = weakref.proxy(net)
    net[1].register_forward_hook(lambda m, a, out: m.parent[0](out))
    before = Snapshot(net)
    assert 3 * 16 == trace(net, (4,)).macs
    assert [] == changes(before, Snapshot(net))


def test_a_higher_order_operator_is_named():
    """In words, without the address of an object of ours."""

    class Branching(nn.Module):
        def forward(self, x):
            return torch.ops.higher_order.cond(x.sum() > 0, torch.sin, torch.cos, (x,))

    with pytest.raises(TraceError) as caught:
        trace(Branching(), (4,))
    assert str(caught.value).startswith(
        "Branching: the model (Branching): cond takes functions, which cannot be "
        "followed, for an input of (1, 4)"
    )
    assert " at 0x" not in str(caught.value)


class Products(nn.Module):
    """A layer on one input, and a ReLU."""

    def __init__(self, multiply, **parts):
        super().__init__()
        self.multiply = multiply
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.multiply(self, x).relu()


def multiply_whole_numbers(m, x):
    return torch._int_mm(x.to(torch.int8), m.weight)


def multiply_in_groups(m, x):
    ends = torch.tensor([8, 32], dtype=torch.int32, device=x.device)
    return torch._grouped_mm(x.bfloat16(), m.weight, offs=ends)


OTHER_LINEARS = {
    "bilinear": (Products(lambda m, x: m.layer(x, x), layer=nn.Bilinear(32, 32, 5)), 5),
    "whole numbers": (
        Products(
            multiply_whole_numbers,
            weight=nn.Parameter(torch.zeros(32, 16, dtype=torch.int8), False),
        ),
        16,
    ),
    "groups": (
        Products(
            multiply_in_groups, weight=nn.Parameter(torch.zeros(2, 32, 16).bfloat16())
        ),
        16,
    ),
}


@pytest.mark.parametrize("name", OTHER_LINEARS)
def test_other_linear_layers(name):
    """They have a weight, whatever they are called, and a label."""
    model, width = OTHER_LINEARS[name]
    arch = trace(model, inputs=torch.zeros(32, 32))
    inner = 32 * 32 if name == "bilinear" else 32
    assert (32 * inner * width, 1) == (arch.macs, arch.depth)
    assert f"fc, {width}" in resviz.diagram(arch).to_svg()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("is_dynamic", [True, False])
def test_packed_linear_layers(is_dynamic):
    """They are counted by what they read and give, and every output has a label."""
    quantization = torch.ao.nn.quantized
    if is_dynamic:
        layer = quantization.dynamic.Linear(8, 5)
    else:
        layer = nn.Sequential(
            quantization.Quantize(0.1, 0, torch.quint8),
            quantization.Linear(8, 5),
            quantization.DeQuantize(),
        )
    arch = trace(Products(lambda m, x: m.layer(x), layer=layer), (8,))
    assert (8 * 5, 1, ()) == (arch.macs, arch.depth, arch.uncounted)
    assert "fc, 5" in render(arch)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["Linear", "Conv1d", "Conv2d"])
def test_a_packed_layer_that_is_given_floats_says_what_quantises_them(name):
    """Where torch lists its backends alone."""
    layer = getattr(torch.ao.nn.quantized, name)(*(8, 5, 1)[: 2 + (name != "Linear")])
    sizes = (8, *(4,) * int("0" if name == "Linear" else name[4]))
    with pytest.raises(TraceError, match=r"want quantised values.*; quantise them "):
        resviz.trace(nn.Sequential(layer), input_size=sizes)


def test_a_bag_of_embeddings():
    """It looks up and sums, without a multiply-accumulate."""
    net = nn.Sequential(nn.EmbeddingBag(10, 8), nn.Linear(8, 3))
    arch = trace(net, inputs=torch.zeros(2, 5, dtype=torch.long))
    assert (2 * 8 * 3, ()) == (arch.macs, arch.uncounted)
