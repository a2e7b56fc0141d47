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
