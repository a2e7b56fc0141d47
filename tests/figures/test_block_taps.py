"""Block figures of what leaves a block beside its output, and of two streams."""

from torch import nn

import resviz
from resviz.figures.block.steps import build_block_steps
from tests.readings.structure.random_parts import Run
from tests.readings.structure.toys import conv


def read_steps(run, at, **layers):
    """The steps of a block: what stands in each, and in those that it reads."""
    arch = resviz.trace(Run(run, **layers).eval(), (3, 8, 8))
    steps = build_block_steps(arch, arch.blocks[at])
    texts = [step.lines[0] for step in steps]
    return [(step.lines[0], [texts[k] for k in step.sources]) for step in steps]


def test_a_tap_leaves_the_layer_that_it_is_of():
    """An arrow leads from there to what reads it."""

    def run(self, x):
        x = self.stem(x)
        inner = self.one(x)
        return (x + self.two(inner.relu())).mean((2, 3)), self.side(inner)

    layers = {"stem": conv(3, 3), "one": conv(3), "two": conv(1), "side": conv(1)}
    steps = read_steps(run, 0, **layers)
    assert ("tap, to side", ["3×3 conv, 8→8"]) in steps
    assert ["x", "y"] == [steps[0][0], steps[-1][0]]


def test_a_tap_that_the_model_returns_goes_to_the_output():
    """Nothing of the model reads it."""

    def run(self, x):
        x = self.stem(x)
        inner = self.one(x)
        return (x + self.two(inner.relu())).mean((2, 3)), inner

    layers = {"stem": conv(3, 3), "one": conv(3), "two": conv(1)}
    assert ("tap, to output", ["3×3 conv, 8→8"]) in read_steps(run, 0, **layers)


def test_streams_that_exchange_are_drawn_as_coded():
    """The second sum adds the block's input; the first leaves for the next block."""

    def run(self, x):
        left, right = self.stem(x).chunk(2, 1)
        for f, g in zip(self.f, self.g, strict=True):
            left = left + f(right)
            right = right + g(left)
        return (left - right).mean((2, 3))

    parts = {
        name: nn.ModuleList(nn.Sequential(conv(k, 4, 4), nn.ReLU()) for _ in range(3))
        for name, k in (("f", 3), ("g", 1))
    }
    steps = read_steps(run, 1, stem=conv(3, 3), **parts)
    shortcuts = [sources for text, sources in steps if text == "identity"]
    assert [["add"], ["x"]] == shortcuts
    taps = [sources for text, sources in steps if text.startswith("tap")]
    assert [["+"]] == taps
