"""What is one node, what is drawn once, and what it is called."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.contraction import (
    are_blocks_in_chain,
    ladder,
    read_contraction,
    read_wiring,
)
from resviz.readings.contraction.drawn import contract
from resviz.readings.contraction.forms import break_branch, write_parallel
from resviz.readings.contraction.ladder import Budget
from resviz.readings.contraction.merged import read_merged_quotient
from resviz.readings.contraction.quotient import Quotient
from resviz.record.storage import load
from tests.forwards import AnyForward
from tests.readings.contraction.random_networks import SIDE, WIDTH, BranchingNet
from tests.readings.structure.golden.networks import names, record_file


def read_frozen(name):
    """The contracted graph of a frozen record."""
    return read_contraction(load(record_file(name)))


def list_words(graph):
    """The words of each box, in order."""
    boxes = [n for n in graph.nodes.values() if n.role not in {"input", "output"}]
    return [" ".join([node.entrance, *node.lines]).strip() for node in boxes]


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vit_tiny_patch16_224"])
def test_a_tower_is_a_chain(name):
    """All that is residual lies in its blocks."""
    assert read_frozen(name).is_chain


def test_blocks_in_a_chain_stay_one():
    """What the other rules merge of a chain follows one another as well."""
    archs = [load(record_file(name)) for name in names()]
    chains = [arch for arch in archs if are_blocks_in_chain(arch)]
    assert 50 < len(chains) < len(archs) - 20
    assert [] == [
        arch.name for arch in chains if not read_merged_quotient(arch).is_chain
    ]


class Constant(nn.Module):
    """What it returns depends on no input."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, _x):
        return self.scale * 2


def test_what_depends_on_no_input_is_an_empty_chain():
    """There is nothing to draw in lanes."""
    graph = read_contraction(resviz.trace(Constant(), (3, 8, 8)))
    assert graph.is_chain
    assert {} == graph.nodes


@pytest.mark.parametrize("name", ["toy_unet", "hrnet_w18_small", "deeplabv3_resnet50"])
def test_skips_and_branches_are_no_chain(name):
    """They are what the architecture is."""
    assert not read_frozen(name).is_chain


def test_the_skips_of_a_unet():
    """Each level is read by the next one and, behind the bottom, by its own size."""
    graph = read_frozen("toy_unet")
    places = {key: node.place for key, node in graph.nodes.items()}
    readers = [key for _, key in graph.lines]
    joins = [key for key in graph.nodes if readers.count(key) == 2]
    skips = [
        (places[source], places[key])
        for source, key in graph.lines
        if key in joins and graph.nodes[source].role == "block"
    ]
    assert [("16×16", "16×16"), ("32×32", "32×32")] == skips


def test_the_branches_of_an_aspp():
    """Five that are read by one concatenation."""
    graph = read_frozen("deeplabv3_resnet50")
    (head,) = [n for n in graph.nodes.values() if n.entrance == "C"]
    sources = [source for source, key in graph.lines if key == head.key]
    words = [", ".join(graph.nodes[source].lines) for source in sources]
    assert words == ["1×1", "3×3 d12", "3×3 d24", "3×3 d36", "avg pool, 1×1"]


class Turns(nn.Module):
    """Two maps that exchange their sums, turn after turn."""

    def __init__(self, count):
        super().__init__()
        self.pairs = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(8, 8, 3, 1, 1) for _ in range(2))
            for _ in range(count)
        )
        self.down = nn.Conv2d(8, 8, 3, 2, 1)
        self.ups = nn.ModuleList(nn.Conv2d(8, 8, 1) for _ in range(count))

    def forward(self, x):
        y = self.down(x)
        x = x * nn.functional.interpolate(y, scale_factor=2)
        for pair, up in zip(self.pairs, self.ups, strict=True):
            a, b = pair.children()
            x, y = a(x), b(y)
            x = x * nn.functional.interpolate(up(y), scale_factor=2)
        return x, y


def test_turns_are_drawn_once():
    """In a frame that says how many there are."""
    graph = read_contraction(resviz.trace(Turns(4), (8, 32, 32)))
    (frame,) = graph.frames
    assert "×4" == frame.label
    assert graph.coverage.turns > 0


def test_a_turn_that_differs_is_no_turn():
    """A convolution of another size in the last: three are folded."""
    net = Turns(4)
    net.pairs[3].register_module("0", nn.Conv2d(8, 8, 5, 1, 2))
    graph = read_contraction(resviz.trace(net, (8, 32, 32)))
    assert ["×3"] == [frame.label for frame in graph.frames]


def test_what_has_no_order_is_left_as_it_is(monkeypatch):
    """The effort of closing it is bounded by the nodes of all graphs that are tried."""
    tried = []

    def try_step(quotient, *_):
        tried.append(len(quotient.nodes))

    monkeypatch.setattr(ladder, "try_step", try_step)
    net = BranchingNet(24, most=900).eval()
    arch = resviz.trace(net, (WIDTH, SIDE, SIDE))
    graph = contract(arch, Budget(1, 1))
    assert graph.coverage.missing == 0
    assert sum(tried) <= 2 * ladder.MAX_EFFORT


def test_a_stream_of_constants_is_no_part_of_the_graph():
    """The token of a class is a constant until it meets the patches."""
    graph = read_frozen("cait_xxs24_224")
    assert graph.coverage.constants > 0
    assert all(graph.sources[key] for key in graph.nodes if key)


def test_branches_in_parallel_are_written_side_by_side():
    """And broken between them."""
    branches = [("1×1",), ("3×3 d12",), ("3×3 d12",), ()]
    (words,) = write_parallel(branches)
    assert "(1×1 ‖ 3×3 d12 ×2 ‖ skip)" == words
    assert ["1×1 ‖ 3×3 d12 ×2", "‖ skip"] == break_branch((words,), 17)


@pytest.mark.parametrize("is_read", [False, True])
def test_a_region_that_others_read_is_none(is_read):
    """Between a fork and a join, where also the output reads what is inside."""

    def forward(m, x):
        fork = m.stem(x)
        inner = m.conv(fork)
        return (fork + inner, inner) if is_read else fork + inner

    parts = {name: nn.Conv2d(3, 3, 1) for name in ("stem", "conv")}
    arch = resviz.trace(AnyForward(forward, **parts), (3, 8, 8))
    quotient = Quotient(read_wiring(arch))
    fork, inner, join = (quotient.owners[layer] for layer in range(3))
    expected = None if is_read else {inner, join}
    assert expected == quotient.find_region(join, fork, 9)
    assert quotient.find_region(join, fork, 1) is None
