"""Random transformers whose units lie side by side, or begin with learnt rows.

Each knows its own truth, as those of `random_forms`.
"""

import random

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import WIDTH, Run, add, draw_attention, draw_mlp, draw_norm
from .random_streams import AttentionTo
from .toys import Attention

# Attention and MLP at once

ACTS = (nn.GELU, nn.ReLU, nn.SiLU)


class Gated(nn.Module):
    """An MLP whose first layer gives its gate too, as SwiGLU."""

    def __init__(self, act):
        super().__init__()
        self.wide, self.out, self.act = nn.Linear(WIDTH, 64), nn.Linear(32, WIDTH), act

    def forward(self, x):
        gate, y = self.wide(x).chunk(2, -1)
        return self.out(self.act(gate) * y)


class OneLayer(nn.Module):
    """Attention and MLP that share their first layer, and the last one or not."""

    def __init__(self, rng, *, shares_last):
        super().__init__()
        self.wide, self.act = nn.Linear(WIDTH, 3 * WIDTH + 32), rng.choice(ACTS)()
        widths = [WIDTH + 32] if shares_last else [WIDTH, 32]
        self.outs = nn.ModuleList(nn.Linear(width, WIDTH) for width in widths)

    def forward(self, x):
        *rows, y = self.wide(x).split([WIDTH] * 3 + [32], -1)
        y, (q, k, v) = self.act(y), rows
        y = (q @ k.mT).softmax(-1) @ v, y
        if len(self.outs) == 1:
            y = (torch.cat(y, -1),)
        return [out(part) for out, part in zip(self.outs, y, strict=True)]


def apply_both(self, x):
    """What attention and MLP give, of one norm or of two."""
    first, second = (norm(x) for norm in self.norms)
    return self.attention(first), self.mlp(second)


def share_norm(self, x):
    """The same of one norm."""
    x = self.norms[0](x)
    return self.attention(x), self.mlp(x)


ORDERS = (
    lambda x, a, b: x + a + b,
    lambda x, a, b: a + b + x,
    lambda x, a, b: x + (b + a),
    lambda x, a, b: b + (x + a),
    lambda x, a, b: x + 0.5 * (a + b),
)
"""How three branches are added."""


def add_both(self, x):
    """Add to a tensor what two branches give, or what one makes of both."""
    parts = self.body(x)
    return self.order(x, *parts) if len(parts) > 1 else x + parts[0]


def draw_parallel(rng):
    """Blocks that add attention and an MLP at once, as GPT-J's and PaLM's."""
    style = rng.choice(("apart", "one norm", "one layer", "one layer and one out"))
    order, count = rng.choice(ORDERS), rng.randint(1, 4)
    blocks = []
    for _ in range(count):
        if style.startswith("one layer"):
            body = OneLayer(rng, shares_last=style.endswith("out"))
            body = nn.Sequential(draw_norm(rng), body)
        else:
            mlp = Gated(rng.choice(ACTS)()) if rng.random() < 0.5 else draw_mlp(rng)
            norms = [draw_norm(rng) for _ in range(2)]
            run = share_norm if style == "one norm" else apply_both
            body = Run(run, norms=norms, attention=Attention(WIDTH), mlp=mlp)
        blocks.append(Run(add_both, body=body))
        blocks[-1].order = order
    net = nn.Sequential(nn.Embedding(20, WIDTH), *blocks)
    inputs = (torch.zeros(2, 9, dtype=torch.long),)
    return Drawn(net, inputs, [("parallel attention and MLP",)] * count, [count])


def wrap_attention(self, x):
    """A residual of attention in a body of linear layers, added around."""
    y = self.first(x)
    y = self.act(y) if self.acts else y
    return x + self.last(y + self.inner(y))


def draw_inner(rng):
    """Blocks whose branch holds a residual of attention, which is no MLP beside it."""
    count = rng.randint(1, 4)
    blocks = []
    for _ in range(count):
        body = nn.Sequential(nn.Linear(WIDTH, 32), nn.GELU(), nn.Linear(32, WIDTH))
        last = rng.choice((body, nn.Linear(WIDTH, WIDTH)))
        parts = {"first": nn.Linear(WIDTH, WIDTH), "act": rng.choice(ACTS)()}
        block = Run(wrap_attention, **parts, inner=draw_attention(rng), last=last)
        block.acts = rng.random() < 0.5
        blocks.append(block)
    net = nn.Sequential(nn.Linear(8, WIDTH), *blocks)
    return Drawn(net, (torch.zeros(2, 9, 8),), [("attention",)] * count, [count])


# Streams that begin with learnt rows


class Latents(nn.Module):
    """Rows that blocks of a decoder, or of class attention, add to."""

    def __init__(self, rng):
        super().__init__()
        self.pre, self.places = rng.random() < 0.5, rng.random() < 0.5
        self.kind = rng.choice(("decoder", "decoder", "latents", "class"))
        self.looks_first = rng.random() < 0.5
        self.starts_at_nought = rng.random() < 0.5 and self.kind != "latents"
        self.stem = nn.Linear(8, WIDTH)
        encoder = [Run(add, body=draw_mlp(rng)) for _ in range(rng.randint(0, 2))]
        self.encoder = nn.Sequential(*encoder)
        rows = torch.zeros(1, 1 if self.kind == "class" else 4, WIDTH)
        self.rows, self.own_rows = (nn.Parameter(rows.clone()) for _ in range(2))
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    "own": AttentionTo(), "other": AttentionTo(), "mlp": draw_mlp(rng),
                    "norms": nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3)),
                }
            )
            for _ in range(rng.randint(1, 3))
        )  # fmt: skip
        self.head = nn.Linear(WIDTH, 2)

    def list_units(self):
        """The attention of a layer, to its own rows or to others, and its MLP."""
        if self.kind == "decoder":
            return ("own", "other", "mlp")
        if self.kind == "latents" and self.looks_first:
            return ("other", "own", "mlp")
        return ("other", "mlp")

    def apply_unit(self, layer, name, x, memory, places):
        """What a unit makes of the rows."""
        if name == "mlp":
            return layer[name](x)
        rows = x if places is None else x + places
        if self.kind == "class":
            return layer[name](x, torch.cat([x, memory], 1))
        return layer[name](rows, rows if name == "own" else memory)

    def forward(self, x):
        memory = self.encoder(self.stem(x))
        rows = places = self.rows.expand(len(x), -1, -1)
        if not (self.places and self.kind == "decoder"):
            places = None
        if self.starts_at_nought:
            rows = torch.zeros_like(rows)
        elif self.pre:  # else what is added again and again is the stream itself
            rows = self.own_rows.expand_as(rows)
        for layer in self.layers:
            for name, norm in zip(self.list_units(), layer["norms"], strict=False):
                read = norm(rows) if self.pre else rows
                rows = self.apply_unit(layer, name, read, memory, places) + rows
                rows = rows if self.pre else norm(rows)
        return self.head(rows)


def draw_latents(rng):
    """Decoders with learnt queries, latents and class attention, as DETR and CaiT."""
    net = Latents(rng)
    types = tuple("MLP" if n == "mlp" else "attention" for n in net.list_units())
    before, count = len(net.encoder), len(net.layers)
    blocks = [("MLP",)] * before + [types] * count
    stages = [before, count] if before else [count]
    return Drawn(net, (torch.zeros(2, 9, 8),), blocks, stages)


# Attention over time, then over space: Bertasius et al. 2021, TimeSformer


def attend_apart(self, x):
    """Patches attend over frames, then over their frame, to which a class token is."""
    n, (frames, patches) = len(x), self.sizes
    first, rest = x[:, :1], x[:, 1:]
    near = rest.reshape(n * patches, frames, WIDTH)
    rest = rest + self.mix(self.times(near).reshape(rest.shape))
    rows = rest.reshape(n, patches, frames, WIDTH).transpose(1, 2)
    rows = rows.reshape(n * frames, patches, WIDTH)
    token = first.repeat(1, frames, 1).reshape(n * frames, 1, WIDTH)
    y = self.space(torch.cat([token, rows], 1))
    token = y[:, 0].reshape(n, frames, WIDTH).mean(1, True)
    rows = y[:, 1:].reshape(n, frames, patches, WIDTH).transpose(1, 2)
    y = torch.cat([token, rows.reshape(rest.shape)], 1)
    both = torch.cat([first, rest], 1)
    x = y + both if self.turned else both + y
    return x + self.mlp(x)


def run_apart(self, x):
    """A class token before all patches."""
    x = torch.cat([self.token.expand(len(x), -1, -1), self.stem(x)], 1)
    for block in self.blocks:
        x = block(x)
    return self.head(x[:, 0])


def draw_apart(rng):
    """Blocks of three units, the second of which puts class tokens together."""
    count, sizes = rng.randint(1, 4), (rng.randint(2, 3), rng.randint(2, 5))
    blocks = [
        Run(
            attend_apart,
            times=draw_attention(rng), space=draw_attention(rng), mlp=draw_mlp(rng),
            mix=rng.choice((nn.Linear(WIDTH, WIDTH), nn.Identity())),
        )
        for _ in range(count)
    ]  # fmt: skip
    turned = rng.random() < 0.5
    for block in blocks:
        block.sizes, block.turned = sizes, turned
    net = Run(
        run_apart, blocks=blocks, stem=nn.Linear(6, WIDTH), head=nn.Linear(WIDTH, 2)
    )
    net.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
    inputs = (torch.zeros(2, sizes[0] * sizes[1], 6),)
    return Drawn(net, inputs, [("attention", "attention", "MLP")] * count, [count])


TRANSFORMER_FORMS = {
    "apart": draw_apart,
    "parallel": draw_parallel,
    "inner": draw_inner,
    "latents": draw_latents,
}
"""What draws a net of each form."""


def draw_transformer_form(form, seed):
    """Draw the net of a form and a seed."""
    return TRANSFORMER_FORMS[form](random.Random(f"{form} {seed}"))
