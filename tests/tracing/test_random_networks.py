"""What holds for any network of convolutions, norms, linears, sums and joins."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.readings import costs
from resviz.record.storage import parse_record

from .leaf_calls import difference, seen

FORMATS = ("text", "markdown", "latex", "html", "csv", "json")


class Random(nn.Module):
    """A network that draws its next step while it is built, and then repeats it.

    Every step is a function of all maps so far, so that some are used twice, some
    never, and some meet again much later.
    """

    def __init__(self, draw: Any, channels: int, side: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList()
        self.steps: list[Any] = []
        self.shapes = [(channels, side, side)]
        for _ in range(draw(st.integers(1, 10))):
            kind = draw(st.sampled_from(KINDS))
            source = draw(st.integers(0, len(self.shapes) - 1))
            KINDS_BY_NAME[kind](self, draw, source)
        self.head = draw(st.sampled_from(["none", "pool", "flat"]))
        c, h, w = self.shapes[-1]
        self.fc = nn.Linear(c if self.head == "pool" else c * h * w, 3)
        self.idle = nn.Conv2d(1, 2, 3) if draw(st.booleans()) else None

    def step(self, function: Any, shape: tuple[int, int, int]) -> None:
        """One more map, of some shape."""
        self.steps.append(function)
        self.shapes.append(shape)

    def forward(self, x: torch.Tensor) -> Any:
        maps = [x]
        for function in self.steps:
            maps.append(function(self, maps))
        if self.head == "none":
            return maps
        last = F.adaptive_avg_pool2d(maps[-1], 1) if self.head == "pool" else maps[-1]
        return self.fc(torch.flatten(last, 1))


def part(net: Random, made: nn.Module) -> Any:
    """A module that the network holds, as a function of the network and a map."""
    place = len(net.parts)
    net.parts.append(made)
    return lambda m, x: m.parts[place](x)


def functional(place: int) -> Any:
    """The convolution at some place, as a function of its weight."""

    def call(m: Random, x: torch.Tensor) -> torch.Tensor:
        conv: Any = m.parts[place]
        options = (conv.stride, conv.padding, conv.dilation, conv.groups)
        return F.conv2d(x, conv.weight, conv.bias, *options)

    return call


def convolution(net: Random, draw: Any, source: int) -> None:
    """A convolution with groups, stride and dilation, as a module or a function."""
    c, h, w = net.shapes[source]
    groups = draw(st.sampled_from([g for g in (1, 2, 3, 4, c) if c % g == 0]))
    out = groups * draw(st.integers(1, 3))
    kernel, stride = draw(st.sampled_from([1, 2, 3])), draw(st.integers(1, 2))
    dilation = draw(st.integers(1, 2))
    padding = dilation * (kernel - 1) // 2 + (kernel == 2)
    window = (kernel, stride, padding, dilation, groups)
    call = part(net, nn.Conv2d(c, out, *window, bias=draw(st.booleans())))
    if draw(st.booleans()):
        call = functional(len(net.parts) - 1)
    reach = dilation * (kernel - 1) + 1
    sides = [(side + 2 * padding - reach) // stride + 1 for side in (h, w)]
    net.step(lambda m, maps: call(m, maps[source]), (out, *sides))


def same_shape(net: Random, draw: Any, source: int) -> None:
    """A norm, an activation or dropout: its shape stays; some write in place."""
    c = net.shapes[source][0]
    makers = (
        lambda: nn.BatchNorm2d(c),
        lambda: nn.GroupNorm(1, c),
        nn.ReLU,
        nn.SiLU,
        nn.Dropout,
        nn.Identity,
        lambda: nn.Sequential(nn.BatchNorm2d(c), nn.GELU()),
    )
    module = part(net, draw(st.sampled_from(makers))())
    functions = (
        module,
        lambda _, x: F.relu(x),
        lambda _, x: torch.sigmoid(x),
        lambda _, x: (x * 2).relu_(),
    )
    call = draw(st.sampled_from(functions))
    net.step(lambda m, maps: call(m, maps[source]), net.shapes[source])


def pool(net: Random, draw: Any, source: int) -> None:
    """A pool that halves the map, if there is something to halve."""
    c, h, w = net.shapes[source]
    if min(h, w) < 2:
        return
    module = part(net, draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))(2))
    functions = (
        module,
        lambda _, x: F.max_pool2d(x, 2),
        lambda _, x: F.avg_pool2d(x, 2),
    )
    call = draw(st.sampled_from(functions))
    net.step(lambda m, maps: call(m, maps[source]), (c, h // 2, w // 2))


def reused(net: Random, draw: Any, source: int) -> None:
    """A convolution that is called again on what it gave, or shares its weight."""
    c, h, w = net.shapes[source]
    conv = nn.Conv2d(c, c, 3, padding=1)
    first = second = part(net, conv)
    if draw(st.booleans()):
        part(net, conv)  # under a second name too
    if draw(st.booleans()):
        twin = nn.Conv2d(c, c, 3, padding=1)
        twin.weight = conv.weight
        second = part(net, twin)
    net.step(lambda m, maps: second(m, first(m, maps[source])), (c, h, w))


def summed(net: Random, draw: Any, source: int) -> None:
    """Two maps of one shape, added, in place or not."""
    shape = net.shapes[source]
    equal = [n for n, other in enumerate(net.shapes) if other == shape]
    other = draw(st.sampled_from(equal))
    if draw(st.booleans()):
        net.step(lambda _, maps: maps[source] + maps[other], shape)
    else:
        net.step(lambda _, maps: (maps[source] * 1).add_(maps[other]), shape)


def joined(net: Random, draw: Any, source: int) -> None:
    """Two maps of one size, side by side."""
    c, *size = net.shapes[source]
    equal = [n for n, (_, *other) in enumerate(net.shapes) if other == size]
    other = draw(st.sampled_from(equal))
    wide = c + net.shapes[other][0]
    if wide < 40:
        shape = (wide, *size)
        net.step(lambda _, maps: torch.cat([maps[source], maps[other]], 1), shape)


def projected(net: Random, draw: Any, source: int) -> None:
    """A linear layer over the channels of every position."""
    c, h, w = net.shapes[source]
    wide = draw(st.integers(1, 6))
    linear = part(net, nn.Linear(c, wide, bias=draw(st.booleans())))

    def call(m: Random, x: torch.Tensor) -> torch.Tensor:
        return linear(m, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    net.step(lambda m, maps: call(m, maps[source]), (wide, h, w))


KINDS_BY_NAME = {
    made.__name__: made
    for made in (convolution, same_shape, pool, reused, summed, joined, projected)
}
KINDS = ["convolution", *KINDS_BY_NAME, "summed"]


@st.composite
def networks(draw: Any) -> tuple[Random, tuple[int, int, int]]:
    """A network and the size of one sample for it."""
    channels, side = draw(st.integers(1, 4)), draw(st.integers(3, 9))
    return Random(draw, channels, side).eval(), (channels, side, side)


any_network = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@any_network
@given(networks(), st.integers(1, 3))
def test_its_counts_are_those_of_torch(made, batch):
    """MACs as the counter has them, each parameter once, rows sum to the totals."""
    net, size = made
    arch = resviz.trace(net, size, batch)
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(batch, *size))
    rows = resviz.layers(arch).rows
    idle = sum(p.numel for group in arch.uncalled for p in group.parameters)
    assert counter.get_total_flops() == 2 * costs.sum_record_costs(arch).macs
    assert sum(p.numel() for p in net.parameters()) == arch.params
    assert arch.params == sum(row["params"] for row in rows) + idle
    assert costs.sum_record_costs(arch).macs == sum(row["macs"] or 0 for row in rows)
    assert () == costs.find_uncounted(arch)


@any_network
@given(networks(), st.integers(1, 3))
def test_its_calls_are_those_of_a_real_forward(made, batch):
    """The same modules in the same order, with the same output shapes."""
    net, size = made
    real = seen(net, torch.zeros(batch, *size))
    assert "" == difference(real, resviz.trace(net, size, batch))


@any_network
@given(networks())
def test_its_output_is_that_of_a_real_forward(made):
    """Its shapes, whatever was returned."""
    net, size = made
    arch, real = resviz.trace(net, size), net(torch.zeros(1, *size))
    given = [real] if isinstance(real, torch.Tensor) else real
    tensors = [
        (arch.inputs if source.layer < 0 else arch.layers[source.layer].outputs)[
            source.output
        ]
        for source in arch.outputs
    ]
    assert [tuple(tensor.shape) for tensor in given] == [t.shape for t in tensors]


@any_network
@given(networks())
def test_twice_the_samples_are_twice_the_work(made):
    """And not one parameter more."""
    net, size = made
    once, twice = resviz.trace(net, size), resviz.trace(net, size, 2)
    assert 2 * costs.sum_record_costs(once).macs == costs.sum_record_costs(twice).macs
    assert once.params == twice.params


@settings(any_network, max_examples=25)
@given(networks())
def test_its_outputs_do_not_change(made):
    """The record survives JSON, and every text is made alike, byte for byte."""
    net, size = made
    arch = resviz.trace(net, size)
    again = parse_record(arch.to_json())
    assert arch == again
    assert arch.to_json() == resviz.trace(net, size).to_json()
    for table in (resviz.layers, resviz.summary, resviz.shortcuts):
        for name in FORMATS:
            assert table(arch).render(name) == table(again).render(name)
    for figure in ("overview", "layers", "volumes"):
        drawn = [resviz.diagram(one, figure) for one in (arch, again)]
        assert drawn[0].to_svg() == drawn[1].to_svg()
