"""Where channels lie in what is cut, folded and put together again."""

import pytest
import torch
from torch import nn

import resviz
from resviz.record import Source
from resviz.tables.shapes import arrange_shape
from resviz.units import format_sizes


class Net(nn.Module):
    """A convolution, and what is done to its map (N, 8, 6, 6)."""

    def __init__(self, cut):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.cut = cut

    def forward(self, x):
        return self.cut(self.conv(x))


def split_attention(x):
    """Source: Zhang et al. 2020, whose groups are summed."""
    return x.reshape(len(x), 2, 4, 6, 6).sum(1)


def attend(x):
    """Source: Dai et al. 2021, whose tokens are a map again."""
    q = x.flatten(2).reshape(len(x), 2, 4, 36)
    scores = (q.transpose(-1, -2) @ q).softmax(-1)
    return (q @ scores).reshape(x.shape)


def attend_by_einsum(x):
    q = x.reshape(len(x), 2, 4, 36)
    scores = torch.einsum("nhdi,nhdj->nhij", q, q).softmax(-1)
    return torch.einsum("nhij,nhdj->nhdi", scores, q).reshape(x.shape)


def unfold_patches(x):
    """Source: Mehta and Rastegari 2021, patches of 2×2, and back."""
    n, c, h, w = x.shape
    x = x.reshape(n * c * h // 2, 2, w // 2, 2).transpose(1, 2)
    x = x.reshape(n, c, h * w // 4, 4).transpose(1, 3)
    x = x.transpose(1, 3).reshape(n * c * h // 2, w // 2, 2, 2)
    return x.transpose(1, 2).reshape(n, c, h, w)


def cut_windows(x):
    """Source: Liu et al. 2021, windows of 3×3."""
    n, c, _, _ = x.shape
    return x.reshape(n, c, 2, 3, 2, 3).permute(0, 2, 4, 1, 3, 5)


@pytest.mark.parametrize(
    ("cut", "last"),
    [
        (split_attention, "6×6×4"),
        (attend, "6×6×8"),
        (attend_by_einsum, "6×6×8"),
        (unfold_patches, "6×6×8"),
        (cut_windows, "2×2×3×3×8"),
        (lambda x: nn.functional.unfold(x, 3).reshape(len(x), 8, 9, 4, 4), "9×4×4×8"),
        (lambda x: x.reshape(len(x), 8, 3, 2, 3, 2).mean((3, 5)), "3×3×8"),
        (lambda x: x.flatten(1), "288"),
        (lambda x: x.reshape(len(x), 2, 4, 36), "2×4×36"),
    ],
)
@pytest.mark.parametrize("batch", [1, 2])
def test_channels_stand_last_in_every_map(cut, last, batch):
    """Heads of attention stay as torch has them; what is flat has no channels."""
    arch = resviz.trace(Net(cut), input_size=(3, 6, 6), batch=batch)
    layer = arch.layers[-1]
    shape = arrange_shape(arch, layer.output_shape, Source(layer.index))
    assert last == format_sizes(shape.sizes)


def test_the_table_has_the_channels_of_a_split_attention_last():
    """Of the groups, of their sum, and of what is done to it."""
    net = nn.Sequential(Net(split_attention), nn.ReLU())
    table = resviz.layers(net, input_size=(3, 6, 6)).to_markdown()
    assert all(size in table for size in ("| 2×6×6×4 |", "| 6×6×4 | 6×6×4 |"))
