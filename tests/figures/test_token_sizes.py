"""Sizes of tokens read tokens × channels, also where no layer says which is which."""

import pytest
import torch
from torch import nn

from resviz.figures import draw_diagram
from resviz.tracing import trace

from .conftest import texts


class Encoder(nn.Module):
    """A block of attention with two heads of 6 channels, on 16 tokens and a class."""

    def __init__(self):
        super().__init__()
        self.patch, self.cls = nn.Conv2d(3, 12, 4, 4), nn.Parameter(torch.zeros(12))
        self.norm, self.qkv = nn.LayerNorm(12), nn.Linear(12, 36)
        self.out, self.fc = nn.Linear(12, 12), nn.Linear(12, 5)

    def forward(self, x):
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], 1, 12), tokens], 1)
        qkv = self.qkv(self.norm(x)).reshape(-1, 17, 3, 2, 6).permute(2, 0, 3, 1, 4)
        heads = nn.functional.scaled_dot_product_attention(*qkv)
        x = x + self.out(heads.transpose(1, 2).reshape(-1, 17, 12))
        return self.fc(x[:, 0])


@pytest.mark.parametrize("figure", ["block", "layers"])
def test_tokens_stand_before_channels(figure):
    """In heads and in the class token too, as in the table of layers."""
    arch = trace(Encoder(), (3, 16, 16))
    said = " ".join(texts(draw_diagram(arch, figure).picture))
    assert "17×12" in said
    assert "17×6" in said
    assert not {"12×17", "17×6×2", "12×1", "2×6×17×2"} & {*said.split()}
    if figure == "layers":
        assert "2×17×6" in said.split()


class Pooled(nn.Module):
    """A branch that pools beside one that does not, as in Inception."""

    def __init__(self):
        super().__init__()
        self.before = nn.Conv2d(3, 12, 1)
        self.pool = nn.AvgPool2d(3, 1, 1)
        self.after = nn.Conv2d(12, 4, 1)

    def forward(self, x):
        """Both branches together."""
        x = self.before(x)
        return torch.cat([x, self.after(self.pool(x))], 1)


def test_an_average_pool_keeps_channels_last():
    """Its map is written as that which it pools."""
    said = texts(draw_diagram(trace(Pooled(), (3, 16, 16)), "layers").picture)
    assert "12×16×16" not in said
    assert 2 == said.count("16×16×12")
