"""Maps whose channels are shuffled have them last where people read."""

import re

import pytest
import torch
from torch import nn

import resviz
from resviz.figures import draw_diagram

from .conftest import texts


class Shuffled(nn.Module):
    """Halves of the channels that are shuffled behind each convolution."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, 2, 1)
        self.convs = nn.ModuleList(nn.Conv2d(6, 6, 3, padding=1) for _ in range(3))
        self.head = nn.Conv2d(12, 5, 1)

    def forward(self, x):
        """Of 16×20 positions, which are no channels."""
        x = self.stem(x)
        for conv in self.convs:
            a, b = x.chunk(2, 1)
            x = torch.cat([a, conv(b)], 1)
            n, c, h, w = x.shape
            x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.head(x).mean((2, 3))


@pytest.mark.parametrize("figure", ["overview", "layers", "stack"])
def test_channels_stand_last(figure):
    """12 of them, before and behind each shuffle."""
    arch = resviz.trace(Shuffled(), (3, 32, 40))
    words = " ".join(texts(draw_diagram(arch, figure).picture))
    assert not re.search(r"(?<![×\d])(12|6)×16×20\b", words)
    if figure != "stack":
        assert "16×20×12" in words


def test_the_table_of_layers_has_the_same_order():
    """As figures have."""
    arch = resviz.trace(Shuffled(), (3, 32, 40))
    shown = resviz.layers(arch).render(width=400)
    assert not re.search(r"(?<![×\d])(12|6)×16×20\b", shown)
    assert "16×20×12" in shown
