"""Words of cells: what they sum, in place of how many layers they have."""

import torch
from torch import nn

import resviz
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.quotient import ContractedNode
from resviz.readings.contraction.words import label_region


class Cell(nn.Module):
    """Sums of separable convolutions and pools, concatenated, as NASNet's cells."""

    def __init__(self, kernels=(3, 5, 7)):
        super().__init__()
        self.left, self.right = (
            nn.ModuleList(
                nn.Sequential(
                    nn.Conv2d(8, 8, kernel, padding=kernel // 2, groups=8),
                    nn.Conv2d(8, 8, 1),
                )
                for kernel in kernels
            )
            for _ in range(2)
        )
        self.narrow = nn.Conv2d(8 * len(kernels) + 8, 8, 1)

    def forward(self, x, y):
        pooled = nn.functional.max_pool2d(y, 3, 1, 1)
        pairs = zip(self.left, self.right, strict=True)
        sums = [left(x) + right(y) for left, right in pairs]
        return self.narrow(torch.cat([*sums, pooled], 1))


def test_a_cell_says_what_it_sums():
    """Its kinds of layers in place of their number."""
    wiring = read_wiring(resviz.trace(Cell(), inputs=(torch.zeros(1, 8, 16, 16),) * 2))
    layers = [end for end in wiring.live if wiring.is_layer(end)]
    node = ContractedNode(1, {*layers}, "region", type="Cell")
    lines = label_region(wiring, node, None)
    assert ["Cell", "3 sums of", "sep. 3×3, 5×5,", "7×7, pools"] == lines


class Nested(nn.Module):
    """Branches that fork once more and join in one concatenation, as InceptionE's."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(16, 8, 1)
        self.wide = nn.Conv2d(8, 4, (1, 3), padding=(0, 1))
        self.high = nn.Conv2d(8, 4, (3, 1), padding=(1, 0))
        self.second = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        y = self.first(x)
        z = self.second(y)
        both = torch.cat([self.wide(y), self.high(y), self.high(z)], 1)
        return torch.cat([both, self.wide(z)], 1)


def label_nested(parts):
    """The words of two of them in a row."""
    net = nn.Sequential(Nested(), Nested())
    wiring = read_wiring(resviz.trace(net, (16, 8, 8)))
    layers = [end for end in wiring.live if wiring.is_layer(end)]
    return label_region(
        wiring, ContractedNode(1, {*layers}, "region", parts=parts), None
    )


def test_calls_of_a_class_in_a_row_are_counted():
    """By its name, with its kinds of layers: not as so many layers of no form."""
    assert ["Nested ×2", "1×1, 1×3, 3×1,", "3×3"] == label_nested((("Nested", 1),) * 2)


def test_layers_without_a_form_say_their_kinds():
    """What is no row of a class too, also where its parts are told by their kernels."""
    kinds = ["12 layers of", "1×1, 1×3, 3×1,", "3×3"]
    assert kinds == label_nested(())
    assert kinds == label_nested((("1×1", 1), ("1×1", 1)))
