"""What a map is pooled to, and spread over it again: a context beside, or a block."""

import pytest
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_parts import Run
from .toys import conv, residual


def spread_up(self, x):
    """The mean of a map in all places, by interpolation."""
    size = x.shape[2:]
    return nn.functional.interpolate(self.body(x.mean((2, 3), keepdim=True)), size)


def spread_by_expanding(self, x):
    """The largest of a map in all places, as a view."""
    pooled = nn.functional.adaptive_max_pool2d(x, 1)
    return self.body(pooled).expand(*x.shape[:1], 8, *x.shape[2:])


@pytest.mark.parametrize("spread", [spread_up, spread_by_expanding])
def test_a_context_beside_a_convolution_is_a_parallel_sum(spread):
    """It has weights and one position, as BiSeNet's; no projection is such."""

    def forward(self, x):
        return self.refine(x) + self.context(x)

    parts = {"refine": conv(3), "context": Run(spread, body=conv(1))}
    net = nn.Sequential(conv(3, 3), residual(), Run(forward, **parts))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    assert ["1"] == [block.path for block in built.blocks]
    why = explain_joins(built)[-1]
    assert ("parallel sum", True) == (why.verdict, why.reason.endswith("context does"))


@pytest.mark.parametrize("spread", [spread_up, spread_by_expanding])
def test_a_context_that_an_identity_gets_is_a_block(spread):
    """As in GCNet, where it is the main branch."""
    body = nn.Sequential(conv(1, 8, 4), nn.ReLU(), conv(1, 4, 8))
    net = nn.Sequential(conv(3, 3), residual(), residual(Run(spread, body=body)))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    assert ["1", "2"] == [block.path for block in built.blocks]


def test_a_gate_on_a_projection_is_no_context():
    """What pools there only weighs the projection."""

    def forward(self, x):
        y = self.body(x)
        return y * self.gate(y.mean((2, 3), keepdim=True)).sigmoid()

    gated = Run(forward, body=conv(1), gate=conv(1))
    net = nn.Sequential(conv(3, 3), residual(), residual(None, gated))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    assert ["identity", "projection"] == [b.shortcut.kind for b in built.blocks]


def test_a_branch_that_shrinks_and_enlarges_is_no_projection():
    """Two towers guide each other so. Source: Yu et al. 2021, BiSeNetV2, figure 6."""

    def forward(self, x):
        return self.fine(x) + nn.functional.interpolate(self.coarse(x), scale_factor=2)

    parts = {"fine": nn.Sequential(conv(3), conv(1)), "coarse": conv(1, stride=2)}
    net = nn.Sequential(conv(3, 3), residual(), Run(forward, **parts))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    assert ["1"] == [block.path for block in built.blocks]
    why = explain_joins(built)[-1]
    assert ("parallel sum", True) == (why.verdict, "a smaller map" in why.reason)


@pytest.mark.parametrize("keepdim", [False, True])
def test_a_product_with_an_embedding_is_no_shortcut(keepdim):
    """A projection discriminator adds it to what a layer makes of the same features."""

    def forward(self, x, y):
        h = self.body(x).sum((2, 3))
        score = self.score(h) if keepdim else self.score(h)[:, 0]
        return score + (self.embedding(y) * h).sum(1, keepdim=keepdim)

    net = Run(
        forward,
        body=nn.Sequential(conv(3, 3), residual()),
        score=nn.Linear(8, 1),
        embedding=nn.Embedding(10, 8),
    )
    arch = resviz.trace(net, ["3,16,16", "int64:N"])
    built = read_structure(arch)
    assert ["body.1"] == [block.path for block in built.blocks]
    why = explain_joins(built)[-1]
    assert ("parallel sum", True) == (why.verdict, "summed over channels" in why.reason)


def test_a_mean_over_channels_may_lie_on_a_shortcut():
    """What takes their mean off every channel keeps the width, as a norm by hand."""
    side = Run(lambda self, x: x - x.mean(1, keepdim=True))
    main = nn.Sequential(conv(3), nn.ReLU(), conv(3))
    net = nn.Sequential(conv(3, 3), residual(main, side))
    assert 1 == len(read_structure(resviz.trace(net, (3, 16, 16))).blocks)
