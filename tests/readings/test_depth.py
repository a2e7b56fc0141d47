"""Very deep networks: no recursion limit, and no time that grows with the square."""

import gc
import sys
import time

import pytest
import torch
from torch import nn

import resviz
from resviz.record.storage import parse_record

GROWTH = 4
"""How much larger the larger network is; time may grow by `MOST`, squared by 16."""

MOST = 9


class Residual(nn.Module):
    """The least residual block."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return x + self.conv(x)


class Again(nn.Module):
    """One layer, called many times."""

    def __init__(self, times):
        super().__init__()
        self.times, self.conv = times, nn.Conv2d(3, 3, 1)

    def forward(self, x):
        for _ in range(self.times):
            x = self.conv(x)
        return x


def plain(count):
    """A chain of layers."""
    return nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(count)))


def residual(count):
    """A chain of blocks."""
    return nn.Sequential(*(Residual() for _ in range(count)))


def nested(count):
    """A layer in a module in a module."""
    model = nn.ReLU()
    for _ in range(count):
        model = nn.Sequential(nn.Conv2d(3, 3, 1), model)
    return model


NETWORKS = {
    "plain": (plain, 250),
    "again": (Again, 250),
    "residual": (residual, 100),
    "nested": (nested, 125),
}

READINGS = {
    "summary": lambda arch: str(resviz.summary(arch)),
    "layers": lambda arch: resviz.layers(arch).to_dict(),
    "folded layers": lambda arch: resviz.layers(arch, depth=1).to_dict(),
    "overview": lambda arch: resviz.diagram(arch).to_svg(),
    "picture of layers": lambda arch: resviz.diagram(arch, "layers").to_svg(),
    "stack": lambda arch: resviz.diagram(arch, "stack").to_svg(),
    "growth": lambda arch: resviz.diagram(arch, "growth").to_svg(),
    "record": lambda arch: parse_record(arch.to_json()),
}


def seconds(function, *args):
    """The least time of the processor's that a call takes."""
    times = []
    for _ in range(3):
        start = time.process_time()
        function(*args)
        times.append(time.process_time() - start)
    return min(times)


def growth(function, small, large):
    """How much longer a function takes for something larger.

    Measured again where it looks like too much: other processes share the machine.
    """
    gc.disable()  # it walks through all of torch whenever it likes
    try:
        for _ in range(3):
            found = seconds(function, large) / max(seconds(function, small), 2e-3)
            if found < MOST:
                break
    finally:
        gc.enable()
    return found


def traced(model):
    """A record at a small input."""
    return resviz.trace(model, (3, 4, 4))


def pair(kind):
    """A network and one that is larger."""
    make, count = NETWORKS[kind]
    with torch.device("meta"):
        return make(count), make(GROWTH * count)


@pytest.mark.parametrize("kind", NETWORKS)
def test_tracing_takes_time_in_proportion(kind):
    """Four times the layers, about four times the time."""
    assert growth(traced, *pair(kind)) < MOST


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_reading_takes_time_in_proportion(kind, reading):
    """Of a record that was not read before."""
    arches = [traced(model).to_json() for model in pair(kind)]
    assert growth(lambda data: READINGS[reading](parse_record(data)), *arches) < MOST


def test_that_check_can_fail():
    """A sum over all pairs takes sixteen times as long."""

    def pairs(count):
        return sum(a * b for a in range(count) for b in range(count))

    assert growth(pairs, 300, 300 * GROWTH) > MOST


def test_ten_thousand_layers():
    """Each is in the record, the last is fed by the last but one."""
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(3, 3, 1), *(nn.ReLU() for _ in range(9_999)))
    arch = traced(model)
    assert (10_000, 12) == (len(arch.layers), arch.params)
    assert arch.layers[-1].sources[0].layer == 9_998


def test_five_hundred_levels():
    """Deeper than Python's recursion limit lets a hooked forward go."""
    before = sys.getrecursionlimit()
    arch = traced(nested(500))
    assert (501, 501) == (len(arch.layers), len(arch.calls) + 1)
    assert before == sys.getrecursionlimit()
    assert resviz.layers(arch, depth=2).to_dict()[-1]["type"] == "Sequential"
