"""Heads that end in several outputs are written side by side, not as a chain."""

import pytest
from torch import nn

from resviz.figures import describe_figure, draw_diagram
from resviz.tracing import trace

from .conftest import texts


class Heads(nn.Module):
    """A residual network that returns what `read` makes of its last map."""

    def __init__(self, read):
        super().__init__()
        self.stem, self.a = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1)
        self.fc, self.other = nn.Linear(8, 10), nn.Linear(8, 3)
        self.mask, self.read = nn.Conv2d(8, 2, 1), read

    def forward(self, image):
        x = self.stem(image).relu()
        return self.read(self, (self.a(x) + x).relu())


def upsample(x):
    """Twice as large."""
    return nn.functional.interpolate(x, scale_factor=2.0)


def read_vector(net, vector):
    """Two heads of one vector."""
    return net.fc(vector), net.other(vector)


def read_mask(mask):
    """A mask, and the same twice as large."""
    return mask, upsample(mask)


POOLED, MASK = "global average pool → fc, 10", "1×1, 2"
HEADS = {
    "two": (
        lambda m, x: {"a": m.fc(x.mean((2, 3))), "b": upsample(m.mask(x))},
        f"({POOLED} ‖ {MASK} → nearest upsampling, ↑2)",
    ),
    "three": (
        lambda m, x: (m.fc(x.mean((2, 3))), m.mask(x), m.other(x.amax((2, 3)))),
        f"({POOLED} ‖ {MASK} ‖ amax → fc, 3)",
    ),
    "behind a pool": (
        lambda m, x: read_vector(m, x.mean((2, 3))),
        "global average pool → (fc, 10 ‖ fc, 3)",
    ),
    "beside the map itself": (
        lambda m, x: (x, m.fc(x.mean((2, 3))), m.mask(x)),
        f"({POOLED} ‖ {MASK})",
    ),
    "one after the other": (
        lambda m, x: read_mask(m.mask(x)),
        f"{MASK} → nearest upsampling, ↑2",
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_heads_side_by_side_are_no_chain(name):
    """No arrow leads from one head to the next; a head that reads another follows."""
    read, written = HEADS[name]
    arch = trace(Heads(read), (3, 16, 16))
    said = " ".join(texts(draw_diagram(arch, "overview").picture))
    assert written in said
    assert ("‖: side by side" in said) == ("‖" in written)
    assert "one after the other" not in said
    assert ("in parallel" in describe_figure(arch, "overview")) == ("‖" in written)
