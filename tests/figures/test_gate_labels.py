"""What is written for gates: by what they have a weight for."""

import pytest
from torch import nn

from resviz.figures import draw_diagram
from resviz.tracing import trace

from .conftest import texts


class Gated(nn.Module):
    """A network of one residual block, whose last operation is `gate`."""

    def __init__(self, gate):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1)
        self.a = nn.Conv2d(8, 8, 3, 1, 1)
        self.gate = gate

    def forward(self, x):
        x = self.stem(x).relu()
        return (self.gate(self.a(x)) + x).relu()


class Weigh(nn.Module):
    """Weighs a map, or adds to it, by what `layers` give of a mean over `axes`."""

    def __init__(self, axes, *layers, adds=False):
        super().__init__()
        self.axes, self.layers, self.adds = axes, nn.Sequential(*layers), adds

    def forward(self, x):
        weight = self.layers(x.mean(self.axes, keepdim=True)).sigmoid()
        return x + weight if self.adds else x * weight.expand_as(x)


class Cross(nn.Module):
    """Weighs by rows and by columns, as coordinate attention does."""

    def __init__(self):
        super().__init__()
        self.rows, self.columns = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        rows = self.rows(x.mean(3, keepdim=True)).sigmoid()
        return x * rows * self.columns(x.mean(2, keepdim=True)).sigmoid()


POSITIONS, CHANNELS = (2, 3), (1,)
GATES = {
    "channel gate": lambda: Weigh(POSITIONS, nn.Conv2d(8, 8, 1)),
    "SE": lambda: Weigh(POSITIONS, nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1)),
    "spatial gate": lambda: Weigh(CHANNELS, nn.Conv2d(1, 1, 7, 1, 3)),
    "added context": lambda: Weigh(POSITIONS, nn.Conv2d(8, 8, 1), adds=True),
    "gate": Cross,
}


@pytest.mark.parametrize("figure", ["overview", "stack"])
@pytest.mark.parametrize("word", GATES)
def test_gates_are_told_apart_by_what_they_weigh(word, figure):
    """The figure names the gate, and its legend says what has a weight."""
    net = Gated(GATES[word]())
    said = " ".join(texts(draw_diagram(trace(net, (3, 16, 16)), figure).picture))
    assert f"{word}: " in said
    assert word in said.replace(f"{word}: ", "")
    others = {"channel gate", "SE", "spatial gate", "added context"} - {word}
    assert not any(f"{other}: " in said for other in others)


def test_two_convolutions_over_positions_are_no_squeeze():
    """A weight for each position is none for each channel, with two layers either."""
    layers = nn.Conv2d(1, 1, 3, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 3, 1, 1)
    net = Gated(Weigh(CHANNELS, *layers))
    said = " ".join(texts(draw_diagram(trace(net, (3, 16, 16))).picture))
    assert "spatial gate: a weight for each position" in said


@pytest.mark.parametrize(("word", "layers"), [("SE", "2 layers"), ("gate", "2 layers")])
def test_volumes_say_which_layers_have_no_box(word, layers):
    """Where a box is a layer, those of gates have none."""
    arch = trace(Gated(GATES[word]()), (3, 16, 16))
    line = f"in no box of their own: {layers} of gates with weights"
    for each in (True, False):
        picture = draw_diagram(arch, "volumes", each=each).picture
        assert each == (line in " ".join(texts(picture)))
