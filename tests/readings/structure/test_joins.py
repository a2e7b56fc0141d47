"""Additions in all the ways in which people write them."""

import pytest
import torch
from torch import nn

from resviz import trace
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.regions import JoinKind

from .toys import Joined, conv, residual

WEIGHTS = nn.Parameter(torch.ones(2))
GAMMA = nn.Parameter(torch.ones(1, 8, 1, 1))


def read(module):
    """The structure of a module behind a stem of eight channels."""
    return read_structure(trace(nn.Sequential(conv(3, 3), module, conv(3)), (3, 8, 8)))


def in_place(y, x):
    """The sum written into the branch."""
    y += x
    return y


def on_a_part(y, x):
    """The sum written into some of the branch's channels."""
    y[:, :8] += x
    return y


def beside_a_part(y, x):
    """The sum of some channels beside those that have none to be added."""
    return torch.cat([y[:, :8] + x, y[:, 8:]], 1)


JOINS = {
    "add": torch.add,
    "+=": in_place,
    "sum": lambda y, x: sum([y, x]),
    "sub": torch.sub,
    "rsub": torch.rsub,
    "lerp": lambda y, x: torch.lerp(x, y, 0.5),
    "addcmul": lambda y, x: torch.addcmul(x, y, GAMMA),
    "stack": lambda y, x: torch.stack([y, x]).sum(0),
    "stack in the middle": lambda y, x: torch.stack([y, x], 1).sum(1),
    "stack and einsum": lambda y, x: torch.einsum("kbchw->bchw", torch.stack([y, x])),
    "weights by einsum": lambda y, x: torch.einsum(
        "k,kbchw->bchw", WEIGHTS, torch.stack([y, x])
    ),
    "stack @ ones": lambda y, x: torch.stack([y, x], -1) @ torch.ones(2),
    "stack @ a column": lambda y, x: (
        torch.stack([y, x], -1) @ torch.ones(2, 1)
    ).squeeze(-1),
    "tensordot": lambda y, x: torch.tensordot(
        torch.ones(2), torch.stack([y, x]), dims=1
    ),
    "weighed stack": lambda y, x: (
        torch.stack([y, x]) * WEIGHTS.softmax(0).view(2, 1, 1, 1, 1)
    ).sum(0),
    "cat and view": lambda y, x: torch.cat([y, x]).view(2, *x.shape).sum(0),
    "cat and unflatten": lambda y, x: (
        torch.cat([y, x], 1).unflatten(1, (2, -1)).mean(1)
    ),
    "axes moved": lambda y, x: torch.stack([y, x]).permute(1, 2, 3, 0, 4).sum(3),
    "axis kept": lambda y, x: torch.stack([y, x]).sum(0, keepdim=True)[0],
}


@pytest.mark.parametrize("join", JOINS)
def test_every_way_to_add(join):
    """Each of them joins a basic block and its identity."""
    (block,) = read(Joined(JOINS[join])).blocks
    assert ("basic", "identity", "identity") == (
        block.type,
        block.shortcut.kind,
        block.shortcut.label,
    )


@pytest.mark.parametrize("join", [on_a_part, beside_a_part])
def test_a_sum_of_some_channels(join):
    """The block ends where the others come back, and has all of them."""
    wide = nn.Sequential(conv(3), conv(3, 8, 12))
    module = nn.Sequential(Joined(join, wide), conv(3, 12, 8))
    (block,) = read(module).blocks
    assert ("identity (some channels)", None, (1, 12, 8, 8)) == (
        block.shortcut.label,
        block.shortcut.reason,
        block.output_shape,
    )


def test_a_product_of_the_axis_that_is_not_stacked_joins_nothing():
    """The sum must go over the axis that the stack made."""
    built = read(Joined(lambda y, x: torch.stack([y, x], 1).sum(0)))
    assert () == built.regions


@pytest.mark.parametrize(
    "join",
    [
        lambda y, x: torch.cat([y, x], 1).view(1, 8, 2, 8, 8).sum(2),
        lambda y, x: torch.cat([y, x], 1).view(1, 4, 4, 8, 8).sum(1),
        lambda y, x: torch.cat([y, x[:, :4]], 1).view(1, 2, 6, 8, 8).sum(1),
        lambda y, x: torch.stack([y, x]).sum((0, 1)),
        lambda y, x: torch.stack([y, x], -1) @ torch.ones(2, 2),
    ],
    ids=["neighbours", "more parts", "unequal", "samples too", "a matrix"],
)
def test_other_values_than_the_parts_are_no_branches(join):
    """Channels beside one another are added, or both parts mixed, and no branches."""
    net = nn.Sequential(conv(3, 3), Joined(join))
    assert () == read_structure(trace(net, (3, 8, 8))).regions


def test_parts_that_are_read_apart_are_no_branches():
    """What else reads what was put together does not want a sum."""
    built = read(
        Joined(
            lambda y, x: (z := torch.cat([y, x]).view(2, *x.shape)).sum(0) / z.amax()
        )
    )
    assert () == built.regions


def test_a_product_that_adds_branches_weighs_nothing():
    """Ones are no weights: two convolutions in the body, and two beside it."""
    built = read(Joined(JOINS["stack @ ones"]))
    assert 4 == count_depth(built)


def test_an_operand_added_to_itself_is_no_join():
    """X + x has one operand."""
    assert () == read(Joined(lambda y, _: y + y)).regions


def test_a_ghost_shortcut():
    """A depthwise convolution and a 1×1 are a shortcut still."""
    side = nn.Sequential(conv(3, groups=8), conv(1))
    main = nn.Sequential(conv(1), conv(3), conv(1))
    (block,) = read(residual(main, side)).blocks
    label = "3×3 depthwise + 1×1"
    assert ("projection", label) == (block.shortcut.kind, block.shortcut.label)


def test_two_heavy_branches_are_parallel():
    """Two full convolutions are no shortcut."""
    side = nn.Sequential(conv(3), conv(1))
    main = nn.Sequential(conv(1), conv(3), conv(1))
    assert [JoinKind.PARALLEL] == [it.kind for it in read(residual(main, side)).regions]


class AddedTwice(nn.Module):
    """A branch added to another, and once more to the sum."""

    def __init__(self):
        super().__init__()
        self.main, self.side = nn.Sequential(conv(3), conv(3)), conv(3)

    def forward(self, x):
        y = self.main(x)
        return (self.side(x) + y) + y


def test_a_branch_that_is_added_twice():
    """The main operand of the first sum does not come from the fork of the second."""
    assert 2 == len(read(AddedTwice()).regions)


class Scaled(nn.Module):
    """A shortcut with a factor for each channel."""

    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, 8, 1, 1))

    def forward(self, x):
        return x * self.gamma


SIDES = {
    "identity + norm": nn.BatchNorm2d(8),
    "scaled identity": Scaled(),
    "1×1": conv(1),
    "3×3 depthwise": conv(3, groups=8),
    "3×3, 4 groups": conv(3, groups=4),
    "identity": nn.Dropout(),
    "5×5": nn.Sequential(nn.ReflectionPad2d(2), nn.Conv2d(8, 8, 5)),
    "3×3": conv(3, padding_mode="circular"),
    "channel shuffle": nn.ChannelShuffle(2),
}


@pytest.mark.parametrize("label", SIDES)
def test_what_a_shortcut_is_called(label):
    """By what is on it."""
    (block,) = read(residual(side=SIDES[label])).blocks
    assert label == block.shortcut.label


class DividedByItself(nn.Module):
    """A norm written out."""

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6)


@pytest.mark.parametrize(
    "norm",
    [nn.LocalResponseNorm(3), nn.CrossMapLRN2d(3), nn.RMSNorm(8), DividedByItself()],
)
def test_what_divides_by_what_it_computes_of_itself_is_a_norm(norm):
    """Its pads and its pools are no part of the shortcut."""
    shortcut = read(residual(side=norm)).blocks[0].shortcut
    assert ("identity + norm", "identity") == (shortcut.label, shortcut.kind)


SMALLER_SIDES = {
    "average pool to 4×4": nn.AdaptiveAvgPool2d(4),
    "max pool to 4×4": nn.AdaptiveMaxPool2d(4),
    "bilinear downsampling, /2": nn.Upsample(scale_factor=0.5, mode="bilinear"),
    "some positions": nn.ZeroPad2d(-2),
}


@pytest.mark.parametrize("label", SMALLER_SIDES)
def test_a_shortcut_that_shrinks_says_how(label):
    """A pool to a size is no global one, nor what is cut all."""
    main = nn.Sequential(conv(3), nn.ReLU(), conv(3, stride=2))
    (block,) = read(residual(main, SMALLER_SIDES[label])).blocks
    assert label == block.shortcut.label


class Grown(nn.Module):
    """Both branches of a basic block, taken through one function that moves values."""

    def __init__(self, move):
        super().__init__()
        self.a, self.b, self.move = conv(3), conv(3), move

    def forward(self, x):
        return self.move(x) + self.move(self.b(self.a(x).relu()))


MOVES = {
    "nearest upsampling, ×2": nn.Upsample(scale_factor=2),
    "positions repeated, ×2": lambda x: x.repeat_interleave(2, 2),
    "channels repeated, ×2": lambda x: torch.cat([x, x], 1),
    "3×3 average pool + concat": lambda x: torch.cat(
        [x, nn.functional.avg_pool2d(x, 3, 1, 1)], 1
    ),
    "space to depth": lambda x: (
        x.view(1, 8, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4).reshape(1, 32, 4, 4)
    ),
    "zero-padded channels": lambda x: torch.cat([x, x.mul(0)], 1),
}


@pytest.mark.parametrize("label", MOVES)
def test_a_shortcut_whose_values_are_moved_is_no_identity(label):
    """Nor is every concatenation a padding."""
    net = nn.Sequential(conv(3, 3), Grown(MOVES[label]))
    (block,) = read_structure(trace(net, (3, 8, 8))).blocks
    kind = "zero-padded" if "zero" in label else "other"
    assert (kind, label) == (block.shortcut.kind, block.shortcut.label)


ROWS = {
    "flatten": lambda x: x.flatten(1),
    "view": lambda x: x.view(x.size(0), -1),
    "reshape": lambda x: x.reshape(x.size(0), -1),
    "every sample": lambda x: x.flatten(),
    "channels last": lambda x: x.permute(0, 2, 3, 1).flatten(1),
    "twice": lambda x: x.flatten(2).flatten(1),
}
"""Rows of all values of a map."""


@pytest.mark.parametrize("name", ROWS)
def test_a_map_that_becomes_a_row_is_an_identity(name):
    """What is added are the same values, as where nobody flattens."""
    net = nn.Sequential(conv(3, 3), Grown(ROWS[name]), nn.Unflatten(-1, (8, 8, -1)))
    if name == "every sample":
        net = nn.Sequential(conv(3, 3), Grown(ROWS[name]))
    (block,) = read_structure(trace(net, (3, 8, 8))).blocks
    shortcut = block.shortcut
    assert ("identity", "identity", None) == (
        shortcut.kind,
        shortcut.label,
        shortcut.reason,
    )


class Cell(nn.Module):
    """Sums of one input's branches, of which so many are put side by side."""

    def __init__(self, count):
        super().__init__()
        self.bodies = nn.ModuleList(
            nn.Sequential(nn.ReLU(), conv(3), nn.ReLU(), conv(3)) for _ in range(count)
        )

    def forward(self, x):
        return torch.cat([x + body(x) for body in self.bodies], 1)


@pytest.mark.parametrize(("count", "blocks"), [(2, 2), (3, 0)])
def test_sums_that_a_cell_concatenates_are_no_blocks(count, blocks):
    """Three of them or more; the reason says so."""
    built = read_structure(trace(nn.Sequential(conv(3, 3), Cell(count)), (3, 8, 8)))
    assert blocks == len(built.blocks)
    reasons = {region.reason for region in built.regions}
    assert (not blocks) == (
        reasons == {"it is one of the sums that a cell concatenates"}
    )
