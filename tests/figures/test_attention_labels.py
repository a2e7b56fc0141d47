"""Attention in its own words, on networks whose Q, K, V and heads are known."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.figures.attention_labels import read_attention_words

from .conftest import texts


class Attention(nn.Module):
    """Attention in one of several ways of writing it, with a residual around."""

    def __init__(self, way, dim=16, heads=4):
        super().__init__()
        self.way, self.heads = way, heads
        self.norm, self.out = nn.LayerNorm(dim), nn.Linear(dim, dim)
        if way in {"joint", "windows"}:
            self.qkv = nn.Linear(dim, 3 * dim)
        else:
            self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x):
        y = self.norm(x)
        if self.way == "windows":
            y = y.unflatten(1, (3, -1)).flatten(0, 1)
        if self.way in {"joint", "windows"}:
            q, k, v = map(self.split, self.qkv(y).chunk(3, -1))
        else:
            q, k, v = (self.split(layer(y)) for layer in (self.q, self.k, self.v))
        if self.way == "fused":
            z = F.scaled_dot_product_attention(q, k, v)
        else:
            weights = (q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5
            z = weights.softmax(-1) @ v
        z = z.transpose(1, 2).flatten(2)
        if self.way == "windows":
            z = z.unflatten(0, (-1, 3)).flatten(1, 2)
        return x + self.out(z)


def said(way):
    """The words of a block of attention, and of its overview."""
    net = nn.Sequential(Attention(way), Attention(way))
    arch = resviz.trace(net, (12, 16))
    return (
        [*texts(resviz.diagram(arch, figure="block").picture)],
        [*texts(resviz.diagram(arch).picture)],
    )


@pytest.mark.parametrize(
    ("way", "linear", "product"),
    [
        ("joint", ["Q, K, V: fc, 16→48"], "q·kᵀ, 4 heads"),
        ("windows", ["Q, K, V: fc, 16→48"], "q·kᵀ, 4 heads, 3 windows"),
        ("apart", [f"{it}: fc, 16→16" for it in "QKV"], "q·kᵀ, 4 heads"),
        ("fused", [f"{it}: fc, 16→16" for it in "QKV"], "q·kᵀ, 4 heads"),
    ],
)
def test_a_block_names_the_parts_of_attention(way, linear, product):
    """Whichever way it is written; what scales is said to, and by what is not known."""
    words, _ = said(way)
    assert {*linear} == {it for it in words if ": fc" in it}
    assert {product, "scale", "softmax", "weights · v"} <= {*words}
    assert "product" not in words


@pytest.mark.parametrize("way", ["joint", "windows", "apart", "fused"])
def test_rows_of_layers_say_what_a_block_says(way):
    """Of the products and what is between them, in the same words."""
    arch = resviz.trace(Attention(way), (12, 16))
    block, rows = (
        {*texts(resviz.diagram(arch, figure=name).picture)}
        for name in ("block", "layers")
    )
    said = {word for word in block if word.startswith("q·kᵀ")}
    assert said | {"scale", "weights · v"} <= rows
    assert any(word.startswith("Q") and ": fc, " in word for word in rows)
    assert "product" not in rows


def test_rows_have_no_room_for_the_long_name_of_attention():
    """Where one operation is all of it."""
    arch = resviz.trace(Attention("fused"), (12, 16), mode="run")
    assert "attention, 4 heads" in texts(resviz.diagram(arch, figure="layers").picture)


def test_attention_in_one_operation_has_its_name():
    """As a kernel that is run gives it; its scale may be another than the usual."""
    arch = resviz.trace(Attention("fused"), (12, 16), mode="run")
    words = [*texts(resviz.diagram(arch, figure="block").picture)]
    assert "scaled dot-product attention, 4 heads" in words
    assert {"Q: fc, 16→16", "K: fc, 16→16", "V: fc, 16→16"} <= {*words}


@pytest.mark.parametrize("way", ["joint", "apart", "fused"])
def test_an_overview_counts_heads(way):
    """In the row of the block."""
    _, words = said(way)
    assert any("attention, 4 heads" in it for it in words)


class Selective(nn.Module):
    """A softmax over two branches, which is no attention of tokens."""

    def __init__(self):
        super().__init__()
        self.a, self.b = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.gate = nn.Linear(8, 16)

    def forward(self, x):
        a, b = self.a(x), self.b(x)
        gate = self.gate((a + b).mean((2, 3))).unflatten(1, (2, 8)).softmax(1)
        return x + a * gate[:, 0, :, None, None] + b * gate[:, 1, :, None, None]


class Classified(nn.Module):
    """A softmax at the end, and a product of what flows that has none."""

    def forward(self, x):
        return (x @ x.transpose(1, 2)).sum(1).softmax(-1)


@pytest.mark.parametrize(
    ("net", "size"), [(Selective, (8, 8, 8)), (Classified, (5, 4))]
)
def test_no_other_softmax_has_the_words(net, size):
    """Without a product on both sides."""
    words = read_attention_words(resviz.trace(net(), size))
    assert ({}, {}, set(), set()) == (
        words.letters, words.products, words.sums, words.scales
    )  # fmt: skip


def test_cross_attention_has_its_values_from_elsewhere():
    """Q of the one input, K and V of the other by one layer."""

    class Cross(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.kv = nn.Linear(8, 8), nn.Linear(6, 16)

        def forward(self, x, memory):
            k, v = self.kv(memory).chunk(2, -1)
            return (self.q(x) @ k.mT).softmax(-1) @ v

    arch = resviz.trace(Cross(), inputs=(torch.zeros(1, 4, 8), torch.zeros(1, 5, 6)))
    words = read_attention_words(arch)
    letters = {arch.layers[node].name: each for node, each in words.letters.items()}
    assert {"q": ["Q"], "kv": ["K", "V"]} == letters


@pytest.mark.parametrize(
    ("layer", "word"), [(nn.ReLU6, "ReLU6"), (nn.Hardtanh, "hardtanh")]
)
def test_a_relu6_is_one(layer, word):
    """Torch runs it as a hardtanh."""
    convolutions = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = convolutions
            self.norm, self.act = nn.BatchNorm2d(8), layer()

        def forward(self, x):
            return x + self.b(self.act(self.norm(self.a(x))))

    picture = resviz.diagram(resviz.trace(Block(), (8, 8, 8)), figure="block").picture
    assert f"BN, {word}" in [*texts(picture)]


class Folded(nn.Module):
    """Attention whose heads are folded into the batch before it is multiplied."""

    def __init__(self, way, dim=16, heads=4):
        super().__init__()
        self.way, self.heads = way, heads
        self.qkv = nn.Conv1d(dim, 3 * dim, 1)
        self.out = nn.Conv1d(dim, dim, 1)

    def forward(self, x):
        n, c, length = x.shape
        y = self.qkv(x).reshape(n * self.heads, -1, length)
        q, k, v = y.split(c // self.heads, 1)
        if self.way == "einsum":  # as guided diffusion has it
            weights = torch.einsum("bct,bcs->bts", q, k).softmax(-1)
            z = torch.einsum("bts,bcs->bct", weights, v)
        else:
            z = v @ (q.transpose(1, 2) @ k).softmax(-1).transpose(1, 2)
        return x + self.out(z.reshape(n, c, length))


@pytest.mark.parametrize("way", ["einsum", "matmul"])
def test_folded_heads_are_told_by_the_output_projection(way):
    """In the figure and in Table 1: no windows, and no groups of positions."""
    net = nn.Sequential(nn.Conv1d(3, 16, 1), Folded(way), Folded(way))
    arch = resviz.trace(net, (3, 20), batch=2)
    words = [*texts(resviz.diagram(arch, figure="block").picture)]
    assert {"q·kᵀ, 4 heads", "Q, K, V: k=1 conv, 16→48"} <= {*words}
    assert "[MSA, 4 heads] ×2" in str(resviz.table(arch).to_dict()["rows"])


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_module_that_is_all_of_attention_says_its_heads(mode):
    """As one fused operation, projections and all, or decomposed."""
    encoder = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    net = nn.TransformerEncoder(encoder, 2, enable_nested_tensor=False)
    arch = resviz.trace(net.eval(), (12, 16), mode=mode)
    words = [*texts(resviz.diagram(arch, figure="block").picture)]
    assert "MultiheadAttention, 4 heads" in words
    row = {"shapes": "fc, 48 → attention, 4 heads → fc, 16"}
    words = [*texts(resviz.diagram(arch).picture)]
    assert row.get(mode, "attention, 4 heads") in words
