"""Random transformers whose tokens part and meet, each of which knows its own truth."""

import random

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import WIDTH, Run, draw_attention, draw_mlp, draw_norm
from .random_streams import AttentionTo
from .toys import conv

# Tokens of regions and of a map, which attend in turn


class Regions(nn.Module):
    """A few rows that attend first, and all rows that attend with them then.

    As RegionViT's, whose forward loops over layers, or one layer a module.
    """

    def __init__(self, rng):
        super().__init__()
        self.first = rng.choice((draw_attention(rng), AttentionTo()))
        self.second, self.mlp = draw_attention(rng), draw_mlp(rng)
        self.leads = rng.random() < 0.5

    def forward(self, few, rows):
        few = few + (
            self.first(few, rows)
            if isinstance(self.first, AttentionTo)
            else self.first(few)
        )
        count = few.shape[1]
        parts = (few, rows) if self.leads else (rows, few)
        rows = torch.cat(parts, 1)
        rows = rows + self.second(rows)
        rows = rows + self.mlp(rows)
        if self.leads:
            return rows[:, :count], rows[:, count:]
        return rows[:, -count:], rows[:, :-count]


def run_written_out(self, few, rows):
    """Run the layers in one forward."""
    for layer in self.layers:
        few, rows = Regions.forward(layer, few, rows)
    return few, rows


def run_modules(self, few, rows):
    """Run the layers as modules."""
    for layer in self.layers:
        few, rows = layer(few, rows)
    return few, rows


def part_rows(self, x):
    """Make few rows and many of one input, and a head of the few."""
    x = self.stem(x)
    few, rows = self.run_layers(self.pool(x.mT).mT, x)
    return self.head(few.mean(1) + rows.mean(1))


def draw_regions(rng):
    """Layers whose few rows attend alone, then among all."""
    count = rng.randint(1, 4)
    run = rng.choice((run_written_out, run_modules))
    net = Run(
        part_rows,
        stem=nn.Linear(8, WIDTH),
        pool=nn.AvgPool1d(4),
        run_layers=Run(run, layers=[Regions(rng) for _ in range(count)]),
        head=nn.Linear(WIDTH, 2),
    )
    types = ("attention", "attention", "MLP")
    return Drawn(net, (torch.zeros(2, 16, 8),), [types] * count, [count])


def attend_and_convolve(self, x):
    """Attend, convolve a narrower map beside, and read both."""
    x = self.wide(x)
    x = x + self.attention(x)
    y = self.narrow(x)
    y = y + self.convolve(y.mT).mT
    x = torch.cat([x, y] if self.leads else [y, x], -1)
    return x + self.mlp(x)


def draw_joined(rng):
    """Blocks of attention, of a convolution beside it, and of an MLP over both."""
    count, half = rng.randint(1, 4), WIDTH // 2
    blocks = []
    for _ in range(count):
        kernel = rng.choice((3, 5))
        grouped = nn.Conv1d(half, half, kernel, padding=kernel // 2, groups=2)
        block = Run(
            attend_and_convolve,
            wide=nn.Linear(WIDTH + half, WIDTH),
            narrow=nn.Linear(WIDTH, half),
            attention=draw_attention(rng),
            convolve=nn.Sequential(grouped, nn.ReLU(), nn.Conv1d(half, half, 1)),
            mlp=nn.Sequential(
                nn.Linear(WIDTH + half, 32), nn.GELU(), nn.Linear(32, WIDTH + half)
            ),
        )
        block.leads = rng.random() < 0.5
        blocks.append(block)
    net = nn.Sequential(nn.Linear(8, WIDTH + half), *blocks)
    types = ("attention", "residual", "MLP")
    return Drawn(net, (torch.zeros(2, 9, 8),), [types] * count, [count])


# Scores of attention that are carried from layer to layer


class Scored(nn.Module):
    """Attention of two heads that adds the scores of the one before to its own."""

    def __init__(self, rng, way):
        super().__init__()
        self.norm, self.way = draw_norm(rng), way
        self.q, self.k, self.v, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.mixes = way == "a layer on them"
        self.mix = nn.Conv2d(2, 2, 3, padding=1) if self.mixes else nn.Identity()
        self.by_einsum = rng.random() < 0.5

    def split_heads(self, x):
        """(N, L, C) as two heads."""
        return x.unflatten(-1, (2, -1)).transpose(1, 2)

    def forward(self, x, earlier):
        x = self.norm(x)
        q, k, v = (self.split_heads(f(x)) for f in (self.q, self.k, self.v))
        scores = torch.einsum("bhid,bhjd->bhij", q, k) if self.by_einsum else q @ k.mT
        scores = scores / 3
        if self.way == "the weights":
            scores = scores.softmax(-1)
        if earlier is not None:
            scores = SCORE_WAYS[self.way](scores, self.mix(earlier))
        weights = scores if self.way == "the weights" else scores.softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), scores


SCORE_WAYS = {
    "a sum": lambda scores, earlier: scores + earlier,
    "the earlier first": lambda scores, earlier: earlier + scores,
    "a mean": lambda scores, earlier: 0.5 * scores + 0.5 * earlier,
    "the weights": lambda scores, earlier: scores + earlier,
    "a layer on them": lambda scores, earlier: scores + earlier,
}
"""How scores, or weights, are carried on."""


def run_scored(self, x):
    """Run blocks that hand on their scores beside what they give."""
    x, scores = self.stem(x), None
    for attention, mlp, norm in zip(
        self.attentions, self.mlps, self.norms, strict=True
    ):
        y, scores = attention(x, scores)
        x = norm(x + y)
        x = x + mlp(x)
    return (x, scores) if self.returns else x


def run_scored_block(self, x, scores):
    """Run one block, which hands on its scores."""
    y, scores = self.attention(x, scores)
    x = self.norm(x + y)
    return x + self.mlp(x), scores


def run_scored_blocks(self, x):
    """Run blocks that are modules."""
    x, scores = self.stem(x), None
    for block in self.blocks:
        x, scores = block(x, scores)
    return (x, scores) if self.returns else x


def draw_scores(rng):
    """Blocks whose attention adds what scores the one before had."""
    count, way = rng.randint(2, 4), rng.choice([*SCORE_WAYS])
    parts = [
        {
            "attention": Scored(rng, way),
            "mlp": draw_mlp(rng),
            "norm": rng.choice((nn.LayerNorm, nn.Identity))(WIDTH),
        }
        for _ in range(count)
    ]
    stem = nn.Linear(8, WIDTH)
    if rng.random() < 0.5:
        net = Run(
            run_scored_blocks,
            stem=stem,
            blocks=[Run(run_scored_block, **part) for part in parts],
        )
    else:
        lists = {f"{name}s": [part[name] for part in parts] for name in parts[0]}
        net = Run(run_scored, stem=stem, **lists)
    net.returns = rng.random() < 0.3
    blocks = [("attention", "MLP")] * count
    return Drawn(net, (torch.zeros(2, 9, 8),), blocks, [count])


# Experts, of which each token takes some


class Expert(nn.Module):
    """An MLP, or one with a gate."""

    def __init__(self, *, gated):
        super().__init__()
        self.a, self.b = nn.Linear(WIDTH, 32), nn.Linear(32, WIDTH)
        self.gate = nn.Linear(WIDTH, 32) if gated else None

    def forward(self, x):
        y = self.a(x).relu()
        return self.b(y if self.gate is None else y * self.gate(x))


class Experts(nn.Module):
    """A router over rows, experts, and how what these give is put together."""

    def __init__(self, rng, combine):
        super().__init__()
        self.combine, gated = combine, rng.random() < 0.5
        self.router = nn.Linear(WIDTH, 4)
        self.experts = nn.ModuleList(Expert(gated=gated) for _ in range(4))
        self.shared = Expert(gated=gated) if rng.random() < 0.3 else None

    def forward(self, x):
        rows = x.flatten(0, 1)
        shares = self.router(rows).softmax(-1)
        y = self.combine(self.experts, rows, shares, *shares.topk(2, -1))
        if self.shared is not None:
            y = y + self.shared(rows)
        return y.view_as(x)


def add_by_index(experts, rows, _shares, weights, chosen):
    """Mixtral's way."""
    total = torch.zeros_like(rows)
    for number, expert in enumerate(experts):
        row, slot = torch.where(chosen == number)
        total.index_add_(0, row, expert(rows[row]) * weights[row, slot, None])
    return total


def add_at_places(experts, rows, _shares, weights, chosen):
    """The same, by an index on the left."""
    total = torch.zeros_like(rows)
    for number, expert in enumerate(experts):
        row, slot = torch.where(chosen == number)
        total[row] += weights[row, slot, None] * expert(rows[row])
    return total


def scatter_sums(experts, rows, _shares, weights, chosen):
    """The same, by scattering."""
    total = torch.zeros_like(rows)
    for number, expert in enumerate(experts):
        row, slot = torch.where(chosen == number)
        y = expert(rows[row]) * weights[row, slot, None]
        total = total.scatter_add(0, row[:, None].expand_as(y), y)
    return total


def switch(experts, rows, _shares, weights, chosen):
    """The Switch Transformer's way: one expert for each row."""
    total = torch.zeros_like(rows)
    for number, expert in enumerate(experts):
        is_chosen = chosen[:, 0] == number
        total[is_chosen] = expert(rows[is_chosen])
    return total * weights[:, :1]


def keep_where(experts, rows, _shares, _weights, chosen):
    """All experts run, and rows keep what they chose."""
    total = torch.zeros_like(rows)
    for number, expert in enumerate(experts):
        is_chosen = (chosen == number).any(-1, keepdim=True)
        total = torch.where(is_chosen, total + expert(rows), total)
    return total


def add_all(experts, rows, shares, _weights, _chosen):
    """All experts run, and each weighs something."""
    return sum(shares[:, k, None] * expert(rows) for k, expert in enumerate(experts))


def sort_rows(experts, rows, _shares, weights, chosen):
    """Rows are sorted by expert, and put back."""
    order = chosen.flatten().argsort()
    parts = rows[order // 2].chunk(len(experts))
    y = torch.cat([expert(p) for expert, p in zip(experts, parts, strict=True)])
    back = torch.empty_like(y)
    back[order] = y
    return (back.unflatten(0, (-1, 2)) * weights.unsqueeze(-1)).sum(1)


COMBINATIONS = (
    add_by_index, add_at_places, scatter_sums, switch, keep_where, add_all, sort_rows
)  # fmt: skip
"""How experts are combined."""


def draw_experts(rng):
    """Blocks of attention and experts, which are MLPs, each token's own."""
    combine, count = rng.choice(COMBINATIONS), rng.randint(1, 3)
    blocks = [
        Run(run_units, units=[draw_attention(rng), Experts(rng, combine)])
        for _ in range(count)
    ]
    net = nn.Sequential(nn.Linear(8, WIDTH), *blocks)
    torch.manual_seed(rng.randint(0, 9))
    types = ("attention", "MLP")
    return Drawn(net, (torch.randn(2, 8, 8),), [types] * count, [count])


def run_units(self, x):
    """Add what each unit gives."""
    for unit in self.units:
        x = x + unit(x)
    return x


# Feed-forward nets that widen: Xie et al. 2021, SegFormer


def mix_rows(self, x):
    """A linear layer that widens, a depthwise convolution over the map, one back."""
    n, length, _ = x.shape
    side = int(length**0.5)
    y = self.wide(self.norm(x))
    y = y.transpose(1, 2).reshape(n, -1, side, side)
    y = self.depthwise(y).flatten(2).transpose(1, 2)
    return self.narrow(self.act(y))


def draw_mixing(rng):
    """Transformers whose MLPs widen and see their neighbours."""
    count, is_mixed = rng.randint(1, 4), rng.random() < 0.8
    factor, kernel = rng.choice((2, 4)), rng.choice((3, 5))
    blocks = []
    for _ in range(count):
        wide = factor * WIDTH
        mixing = Run(
            mix_rows,
            norm=nn.LayerNorm(WIDTH), act=rng.choice((nn.GELU, nn.ReLU))(),
            wide=nn.Linear(WIDTH, wide), narrow=nn.Linear(wide, WIDTH),
            depthwise=conv(kernel, wide, wide, groups=wide),
        )  # fmt: skip
        last = mixing if is_mixed else draw_mlp(rng)
        blocks.append(Run(run_units, units=[draw_attention(rng), last]))
    net = nn.Sequential(nn.Linear(5, WIDTH), *blocks)
    types = "attention", "inverted bottleneck" if is_mixed else "MLP"
    return Drawn(net, (torch.zeros(2, 16, 5),), [types] * count, [count])


TOKEN_FORMS = {
    "mixing": draw_mixing,
    "experts": draw_experts,
    "scores": draw_scores,
    "regions": draw_regions,
    "joined": draw_joined,
}
"""What draws a net of each form."""


def draw_token_form(form, seed):
    """Draw the net of a form and a seed."""
    return TOKEN_FORMS[form](random.Random(f"{form} {seed}"))
