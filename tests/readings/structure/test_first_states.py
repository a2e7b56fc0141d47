"""Layers that read a first state beside their own."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_parts import WIDTH, Run
from .toys import conv


def weigh_both(self, x, first, graph):
    """Identity and weight of the state and of the first one: GCNII's variant."""
    near, first = 0.9 * (graph @ x), 0.1 * first
    y = torch.addmm(near, near, self.own, beta=0.6, alpha=0.4)
    y = torch.relu(y) if self.activates else y
    return y + torch.addmm(first, first, self.other, beta=0.6, alpha=0.4)


def run_graph(self, x, graph):
    """Layers of a graph, which all read the first state."""
    x = first = self.stem(x).relu()
    for layer in self.layers:
        x = layer(x, first, graph).relu()
    return self.head(x)


@pytest.mark.parametrize("activates", [False, True])
def test_two_states_that_a_layer_weighs_apart_are_one_block(activates):
    """Chen et al. 2020, GCNII: each layer has an identity of both, and two weights."""
    layers = [Run(weigh_both) for _ in range(4)]
    for layer in layers:
        layer.activates = activates
        layer.own, layer.other = (
            nn.Parameter(torch.ones(WIDTH, WIDTH)) for _ in range(2)
        )
    net = Run(
        run_graph, layers=layers, stem=nn.Linear(5, WIDTH), head=nn.Linear(WIDTH, 2)
    )
    inputs = torch.zeros(10, 5), torch.zeros(10, 10)
    built = read_structure(resviz.trace(net, inputs=inputs))
    assert ([4], [2] * 4, 6) == (
        [len(stage.blocks) for stage in built.stages],
        [len(block.units) for block in built.blocks],
        count_depth(built),
    )
    assert all("add" in block.layers[-1].name for block in built.blocks)


def inject_late(self, x, first):
    """The first state is added behind both convolutions: Bai et al. 2020, MDEQ."""
    y = self.norms[0](self.a(x).relu())
    return self.norms[2]((x + self.norms[1](first + self.b(y))).relu())


def run_steps(self, x):
    """Steps from the first state, with weights of their own or the same ones."""
    x = first = self.stem(x)
    for layer in self.layers:
        x = layer(x, first)
    return x


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_first_state_added_behind_weights_is_a_condition(is_shared):
    """Each step is a basic block with an identity."""
    layers = [
        Run(
            inject_late, a=conv(3), b=conv(3), norms=[nn.GroupNorm(2, 8) for _ in "123"]
        )
        for _ in range(3)
    ]
    layers = layers[:1] * 3 if is_shared else layers
    net = Run(run_steps, layers=layers, stem=conv(3, 3))
    built = read_structure(resviz.trace(net, (3, 8, 8)))
    kinds = [(block.type, block.shortcut.kind) for block in built.blocks]
    assert ([("basic", "identity")] * 3, 7) == (kinds, count_depth(built))


INJECTIONS = {
    "plainly": lambda self, x, first: x + self.b((self.a(x) + first).relu()),
    "mixed": lambda self, x, first: x + self.b((0.9 * self.a(x) + 0.1 * first).relu()),
    "weighed": lambda self, x, first: (
        x + self.b((self.a(x) + self.part * first).relu())
    ),
    "beside a scaled identity": lambda self, x, first: (
        0.5 * x + self.b((first + self.a(x)).relu())
    ),
    "before a norm": lambda self, x, first: (
        x + self.b(self.norm(self.a(x) + first).relu())
    ),
    "behind a norm": lambda self, x, first: (
        x + self.b((self.a(self.norm(x)) + first).relu())
    ).relu(),
}
"""Layers that add a first state between two weights."""


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("how", INJECTIONS)
def test_a_first_state_added_between_weights_is_a_condition(how, count):
    """Each layer is a basic block by itself, which the stem conditions."""
    layers = [
        Run(INJECTIONS[how], a=conv(3), b=conv(3), norm=nn.GroupNorm(2, 8))
        for _ in range(count)
    ]
    for layer in layers:
        layer.part = nn.Parameter(torch.ones(1))
    built = read_structure(
        resviz.trace(Run(run_steps, layers=layers, stem=conv(3, 3)), (3, 8, 8))
    )
    assert (["basic"] * count, 2 * count + 1) == (
        [block.type for block in built.blocks],
        count_depth(built),
    )
    assert not any(region.is_exchange for region in built.regions)
    last = next(r for r in built.regions if r.join in built.blocks[-1].joins)
    assert last.conditions


PLAIN_INJECTIONS = {
    "plainly": lambda self, x, first: self.b((self.a(x) + first).relu()),
    "mixed": lambda self, x, first: self.b((0.9 * self.a(x) + 0.1 * first).relu()),
    "weighed": lambda self, x, first: self.b((self.part * first + self.a(x)).relu()),
    "before a norm": lambda self, x, first: self.b(self.norm(self.a(x) + first).relu()),
    "behind a norm": lambda self, x, first: self.b(
        (self.norm(self.a(x)) + first).relu()
    ).relu(),
}
"""The same, of layers that do not add what they read."""


def draw_plain(how, count):
    """A network of such layers."""
    layers = [
        Run(PLAIN_INJECTIONS[how], a=conv(3), b=conv(3), norm=nn.GroupNorm(2, 8))
        for _ in range(count)
    ]
    for layer in layers:
        layer.part = nn.Parameter(torch.ones(1))
    return Run(run_steps, layers=layers, stem=conv(3, 3))


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("how", PLAIN_INJECTIONS)
def test_layers_without_a_shortcut_are_no_block_of_all(how, count):
    """Each is a block without a shortcut, though its sum seems to span all before."""
    built = read_structure(resviz.trace(draw_plain(how, count), (3, 8, 8)))
    kinds = [(block.type, block.shortcut.kind) for block in built.blocks]
    assert [("basic", "none")] * count == kinds
    assert ([count], 2 * count + 1) == (
        [len(stage.blocks) for stage in built.stages],
        count_depth(built),
    )


def test_a_sum_at_the_end_of_a_call_may_be_a_shortcut():
    """Sums of one state inside of a block, behind which no call weighs, stay its."""

    def run(self, x):
        y = x
        for layer in self.layers:
            y = layer(y, x)
        return y

    stages = [Run(lambda self, x, first: first + self.a(x), a=conv(3)) for _ in "12"]
    net = nn.Sequential(conv(3, 3), Run(run, layers=stages))
    built = read_structure(resviz.trace(net, (3, 8, 8)))
    assert ["identity"] == [block.shortcut.kind for block in built.blocks]


def run_pair(self, x):
    """Two streams that start from one tensor, each of which adds what the other gives.

    As a reversible pair, or a leapfrog of as many sums.
    """
    a = self.stem(x)
    b = a.relu() if self.activates else a
    for body in self.bodies:
        a, b = b, a + body(b)
    return torch.cat([a, b], 1) if self.both else b


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("count", [3, 4, 6])
@pytest.mark.parametrize("is_nested", [False, True])
def test_streams_that_exchange_add_no_first_state(count, both, is_nested):
    """Each sum is a block, also where a branch adds its own input inside."""

    def run(self, x):
        y = self.a(x)
        return self.b((x + y if is_nested else y).relu())

    bodies = [Run(run, a=conv(3), b=conv(3)) for _ in range(count)]
    net = Run(run_pair, bodies=bodies, stem=conv(3, 3))
    vars(net).update(both=both, activates=False)
    built = read_structure(resviz.trace(net, (3, 8, 8)))
    assert (count, 2 * count + 1) == (len(built.blocks), count_depth(built))


def test_a_step_whose_states_start_from_one_activated_adds_no_first_state():
    """Two sums of a leapfrog, of which the second adds what the first body reads."""
    bodies = [Run(lambda self, x: self.b(self.a(x).relu()), a=conv(3), b=conv(3))]
    bodies += [Run(lambda self, x: self.b(self.a(x).relu()), a=conv(3), b=conv(3))]
    net = Run(run_pair, bodies=bodies, stem=conv(3, 3))
    vars(net).update(both=False, activates=True)
    built = read_structure(resviz.trace(net, (3, 8, 8)))
    assert (2, 5) == (len(built.blocks), count_depth(built))
