"""Attention in Table 1: its kind, heads and tokens, and no bare linear layers."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import resviz
from tests.readings.structure.golden.networks import FOLDER

WIDTH, HEADS = 48, 6


class Attention(nn.Module):
    """Attention of some heads, by torch's own function."""

    def __init__(self, key_heads=HEADS):
        super().__init__()
        self.heads, self.depth = (HEADS, key_heads, key_heads), WIDTH // HEADS
        self.made = nn.ModuleList(nn.Linear(WIDTH, h * self.depth) for h in self.heads)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        n, length, width = x.shape
        made = (
            linear(x).view(n, length, heads, self.depth).transpose(1, 2)
            for linear, heads in zip(self.made, self.heads, strict=True)
        )
        y = self.attend(*made)
        return self.out(y.transpose(1, 2).reshape(n, length, width))

    def attend(self, q, k, v):
        return functional.scaled_dot_product_attention(
            q, k, v, enable_gqa=len({*self.heads}) > 1
        )


class Batched(Attention):
    """The same with heads in the batch axis, as `torch.bmm` wants them."""

    def attend(self, q, k, v):
        n, heads, length, depth = q.shape
        q, k, v = (part.flatten(0, 1) for part in (q, k, v))
        y = torch.bmm(torch.bmm(q, k.transpose(1, 2)).softmax(-1), v)
        return y.view(n, heads, length, depth)


class Linear(Attention):
    """Keys and values first. Source: Shen et al. 2021, Efficient Attention."""

    def attend(self, q, k, v):
        return q.softmax(-1) @ (k.softmax(-2).transpose(-1, -2) @ v)


class Channels(Attention):
    """Scores between channels. Source: El-Nouby et al. 2021, XCiT."""

    def attend(self, q, k, v):
        scores = (q.transpose(-1, -2) @ k).softmax(-1)
        return v @ scores.transpose(-1, -2)


class Axial(Attention):
    """Attention within rows of a map."""

    def forward(self, x):
        n, length, width = x.shape
        side = round(length**0.5)
        return super().forward(x.view(n * side, side, width)).view(n, length, width)


class Windows(Attention):
    """Attention within windows of 4 by 4. Source: Liu et al. 2021, Swin."""

    pattern, order = (2, 4, 2, 4), (0, 1, 3, 2, 4, 5)

    def forward(self, x):
        n, length, width = x.shape
        parts = x.view(n, *self.pattern, width).permute(self.order)
        y = super().forward(parts.reshape(-1, 16, width))
        shape = [n, *(parts.shape[1:5]), width]
        return y.view(shape).permute(self.order).reshape(n, length, width)


class Talking(Attention):
    """A layer mixes the scores of the heads. Source: Shazeer et al. 2020."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(HEADS, HEADS)

    def attend(self, q, k, v):
        scores = q @ k.transpose(-1, -2)
        scores = self.mix(scores.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return scores.softmax(-1) @ v


class Fewer(Attention):
    """Keys and values of a map of a quarter. Source: Wang et al. 2021, PVT."""

    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(WIDTH, WIDTH, 2, 2)

    def forward(self, x):
        n, length, width = x.shape
        side = round(length**0.5)
        less = self.reduce(x.transpose(1, 2).reshape(n, width, side, side))
        q, k, v = (
            linear(y).view(n, -1, HEADS, self.depth).transpose(1, 2)
            for linear, y in zip(
                self.made, [x, *[less.flatten(2).transpose(1, 2)] * 2], strict=True
            )
        )
        y = functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(n, length, width))


class Multihead(nn.Module):
    """Torch's own module."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class Residual(nn.Module):
    """A norm, a function, and the input added."""

    def __init__(self, function):
        super().__init__()
        self.norm, self.function = nn.LayerNorm(WIDTH), function

    def forward(self, x):
        return x + self.function(self.norm(x))


class Transformer(nn.Module):
    """Patches of 4 by 4, three blocks, and the mean of the tokens."""

    def __init__(self, make, *, extra_token=False):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH)) if extra_token else None
        self.blocks = nn.Sequential(*(self.make_block(make()) for _ in range(3)))
        self.head = nn.Linear(WIDTH, 10)

    def make_block(self, attention):
        mlp = nn.Linear(WIDTH, 192), nn.GELU(), nn.Linear(192, WIDTH)
        return nn.Sequential(Residual(attention), Residual(nn.Sequential(*mlp)))

    def forward(self, x):
        y = self.patches(x).flatten(2).transpose(1, 2)
        if self.token is not None:
            y = torch.cat([self.token.expand(len(y), -1, -1), y], 1)
        return self.head(self.blocks(y).mean(1))


def blocks_row(network, **options):
    """The only row of blocks, of an image of 32 by 32."""
    data = resviz.table(network, input_size=(3, 32, 32), **options).to_dict()
    (row,) = (row for row in data["rows"] if "fc]" in str(row["cells"][0]))
    return row


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Attention, "MSA, 6 heads"),
        (lambda: Attention(2), "MSA, 6 heads"),
        (Batched, "MSA, 6 heads"),
        (Multihead, "MSA, 6 heads"),
        (Talking, "MSA, 6 heads"),
        (Windows, "W-MSA, 6 heads, 4×4 windows"),
        (Axial, "MSA, 6 heads, 8 groups of 8"),
        (Linear, "linear attention, 6 heads"),
        (Channels, "XCA, 6 heads"),
        (Fewer, "2×2, 48; MSA, 6 heads, 16 keys"),
    ],
)
@pytest.mark.parametrize("batch", [1, 3])
def test_attention_is_one_line(make, words, batch):
    """With its projections; the two layers of the MLP stay."""
    row = blocks_row(Transformer(make), batch=batch)
    assert [f"[{words}; 192-d fc; 48-d fc] ×3"] == row["cells"]


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_fused_attention_says_the_same(mode):
    """A real run has one operation in place of two products."""
    (cell,) = blocks_row(Transformer(Attention), mode=mode)["cells"]
    assert cell.startswith("[MSA, 6 heads; ")


def test_keys_of_a_smaller_map_are_no_downsampling():
    """The block gives as many tokens as it is given."""
    table = resviz.table(Transformer(Fewer), input_size=(3, 32, 32))
    assert "downsampling" not in " ".join(table.notes)
    assert [] == table.to_dict()["columns"][0]["downsampling"]


def test_the_output_is_tokens():
    """65 of them with a class token, and no width."""
    network = Transformer(Attention, extra_token=True)
    assert [65] == blocks_row(network)["output"]
    assert "65 tokens" in resviz.table(network, input_size=(3, 32, 32)).render()


def test_signs_are_explained_where_they_stand():
    """With their source, for the table stands in other papers."""
    text = " ".join(resviz.table(Transformer(Windows), input_size=(3, 32, 32)).notes)
    assert "W-MSA: multi-head self-attention within windows" in text
    assert "Liu et al. 2021" in text
    assert "Dosovitskiy" not in text
    assert "MSA" not in " ".join(resviz.table(18).notes)


def test_a_vit_of_timm_is_read():
    """197 tokens, 3 heads. Source: Touvron et al. 2021, table 1, of DeiT-Ti."""
    path = str(FOLDER / "records" / "vit_tiny_patch16_224.json.gz")
    (row,) = (r for r in resviz.table(path).to_dict()["rows"] if r["output"] == [197])
    assert ["[MSA, 3 heads; 768-d fc; 192-d fc] ×12"] == row["cells"]


def test_a_swin_of_timm_is_read():
    """Heads and windows of Swin-T. Source: Liu et al. 2021, table 7."""
    path = str(FOLDER / "records" / "swin_tiny_patch4_window7_224.json.gz")
    cells = [str(r["cells"][0]) for r in resviz.table(path).to_dict()["rows"]]
    assert [
        f"[W-MSA, {heads} heads, 7×7 windows; {4 * width}-d fc; {width}-d fc] ×{n}"
        for heads, width, n in ((3, 96, 2), (6, 192, 2), (12, 384, 6), (24, 768, 2))
    ] == [cell for cell in cells if "MSA" in cell]


def test_a_relative_position_is_no_gate():
    """What is added to the scores lies inside of the attention, as BoTNet's."""
    path = str(FOLDER / "records" / "botnet26t_256.json.gz")
    cells = [str(r["cells"][0]) for r in resviz.table(path).to_dict()["rows"]]
    assert "[1×1, 512; MSA; 1×1, 2048] ×2" in cells


@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("norm_first", [False, True])
def test_fused_attention_has_its_heads(mode, norm_first):
    """Also where a real run takes torch's fast path, projections and all."""
    layer = nn.TransformerEncoderLayer(
        48, 6, 96, batch_first=True, norm_first=norm_first
    )
    model = nn.Sequential(nn.Linear(48, 48), layer).eval()
    table = resviz.table(model, input_size="17,48", mode=mode)
    cells = [cell for row in table.to_dict()["rows"] for cell in row["cells"]]
    assert "[MSA, 6 heads; 96-d fc; 48-d fc] ×1" in cells
