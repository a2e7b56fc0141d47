"""Layers of several branches, each alone: convolutions, and no blocks."""

from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.remarks import find_remarks

from .random_parts import Run
from .toys import conv


def normed(k, c=8, o=8):
    """A convolution and its norm."""
    return nn.Sequential(conv(k, c, o), nn.BatchNorm2d(o))


def branched(*, identity=False):
    """A 3×3 and a 1×1 of one input, normed, added, and activated."""

    def run(self, x):
        y = self.wide(x) + self.narrow(x)
        return nn.functional.silu(y + self.norm(x) if identity else y)

    parts = {"norm": nn.BatchNorm2d(8)} if identity else {}
    return Run(run, wide=normed(3), narrow=normed(1), **parts)


def read(net):
    """Return the blocks, the depth, and the remarks of a net."""
    built = read_structure(resviz.trace(net.eval(), (3, 16, 16)))
    return len(built.blocks), count_depth(built), find_remarks(built)


def test_a_layer_of_two_convolutions_before_each_head_is_one():
    """As in YOLOv7, whose backbone concatenates alone."""

    def run(self, x):
        fine = self.stem(x)
        maps = fine, self.down(fine)
        pairs = zip(self.layers, self.heads, maps, strict=True)
        return [head(layer(each)) for layer, head, each in pairs]

    net = Run(
        run, stem=conv(3, 3), down=conv(3, stride=2),
        layers=[branched(), branched()], heads=[conv(1), conv(1)],
    )  # fmt: skip
    said = "2 multi-branch convolutions: layers.0:add, layers.1:add"
    assert (0, 4, (said,)) == read(net)


def test_a_layer_of_two_convolutions_between_others_is_one():
    """And two that follow one another are blocks, with nothing else there."""
    apart = nn.Sequential(conv(3, 3), branched(), conv(3), nn.ReLU(), branched())
    assert (0, 4) == read(apart)[:2]
    assert (2, 3) == read(nn.Sequential(conv(3, 3), branched(), branched()))[:2]


def test_one_with_an_identity_is_a_block_and_so_are_its_sisters():
    """As in RepVGG, the first of whose stages have none."""
    net = nn.Sequential(conv(3, 3), branched(), conv(3), branched(identity=True))
    assert (2, 4) == read(net)[:2]
