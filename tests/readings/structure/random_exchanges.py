"""Random nets of two streams that read each other, each a row of blocks.

Tokens and an image, as SAM's, or the nodes and edges of a graph, as MeshGraphNets'.
Each knows its own truth, as those of `random_forms`.
"""

import random
from dataclasses import dataclass

import torch
from torch import nn

from .random_forms import GATHERS, Drawn
from .random_parts import WIDTH, Run, draw_mlp
from .random_streams import AttentionTo

# Tokens and an image


@dataclass(frozen=True)
class TokenPlan:
    """What layers of tokens and an image do.

    Attributes:
        units: of the tokens, in their order; "image" is where they update the image.
        norms: "before" a branch, "after" a sum, or "none".
        prompts: whether the first tokens are added again and again.
        positions: whether positions of the image are.
        source: of the tokens, which are "given", "made" of the image, or "learnt".
    """

    units: tuple[str, ...]
    norms: str
    prompts: bool
    positions: bool
    source: str


TOKEN_UNITS = (
    ("own", "to image", "MLP", "image"),
    ("own", "to image", "image", "MLP"),
    ("to image", "MLP", "image"),
    ("to image", "image", "MLP"),
    ("own", "to image", "MLP", "image", "image MLP"),
    ("to image", "MLP", "image", "image MLP"),
    ("to image", "image"),
)
"""What layers do, in turn; tokens see the image before it sees them."""


def draw_unit(rng, kind):
    """The body of one unit."""
    return draw_mlp(rng) if kind.endswith("MLP") else AttentionTo()


class TokenLayer(nn.Module):
    """Units of tokens and of an image, which read each other."""

    def __init__(self, rng, plan):
        super().__init__()
        self.plan = plan
        norm = nn.Identity if plan.norms == "none" else nn.LayerNorm
        self.bodies = nn.ModuleList(draw_unit(rng, kind) for kind in plan.units)
        self.norms = nn.ModuleList(norm(WIDTH) for _ in plan.units)

    def forward(self, tokens, image, prompts, positions):
        plan = self.plan
        for kind, body, norm in zip(plan.units, self.bodies, self.norms, strict=True):
            of_image = kind.startswith("image")
            before, after = (norm, nn.Identity())
            if plan.norms == "after":
                before, after = after, before
            own, other = (image, tokens) if of_image else (tokens, image)
            x = before(own)
            if kind.endswith("MLP"):
                y = body(x)
            else:
                added, added_there = prompts, positions
                if of_image:
                    added, added_there = added_there, added
                query = x if added is None else x + added
                memory = query if kind == "own" else other
                if kind != "own" and added_there is not None:
                    memory = memory + added_there
                y = body(query, memory)
            own = after(own + y)
            tokens, image = (tokens, own) if of_image else (own, image)
        return tokens, image


def run_tokens(self, image, *others):
    """Tokens are given, made of the image, or learnt."""
    plan = self.layers[0].plan
    tokens, *positions = others if plan.source == "given" else (None, *others)
    if plan.source == "made":
        tokens = self.token_stem(image.mean(1)).unflatten(-1, (5, WIDTH))
    elif plan.source == "learnt":
        tokens = self.learnt.expand(len(image), -1, -1)
    else:
        tokens = self.token_stem(tokens)
    image = self.stem(image)
    prompts = tokens if plan.prompts else None
    place = positions[0] if plan.positions else None
    for layer in self.layers:
        tokens, image = layer(tokens, image, prompts, place)
    tokens = self.head(tokens)
    return (tokens, image) if self.gives_both else tokens


def draw_tokens(rng):
    """Layers in which tokens and an image read each other."""
    count = rng.randint(2, 4)
    units = rng.choice(TOKEN_UNITS)
    norms = rng.choice(("before", "after", "none"))
    prompts, positions = rng.random() < 0.5, rng.random() < 0.5
    source = rng.choice(("given", "made", "learnt"))
    plan = TokenPlan(units, norms, prompts, positions, source)
    layers = [TokenLayer(rng, plan) for _ in range(count)]
    sizes = (8, 5 * WIDTH) if source == "made" else (WIDTH, WIDTH)
    net = Run(
        run_tokens,
        stem=nn.Linear(8, WIDTH), token_stem=nn.Linear(*sizes), layers=layers,
        head=nn.Linear(WIDTH, 3),
    )  # fmt: skip
    net.learnt = nn.Parameter(torch.zeros(1, 5, WIDTH))
    net.gives_both = rng.random() < 0.5
    inputs = [torch.zeros(2, 36, 8)]
    inputs += [torch.zeros(2, 5, WIDTH)] if source == "given" else []
    inputs += [torch.zeros(2, 36, WIDTH)] if plan.positions else []
    kinds = {True: [], False: []}
    for kind in units:
        name = "MLP" if kind.endswith("MLP") else "attention"
        kinds[kind.startswith("image")].append(name)
    blocks = [tuple(kinds[False]), tuple(kinds[True])]
    if units.index("image") < len(units) - 1 and len(kinds[True]) < 2:
        blocks.reverse()  # it ends first
    return Drawn(net, tuple(inputs), blocks * count, [count, count])


# Nodes and edges


def draw_update(rng, count, norms):
    """An MLP of several rows, with a norm behind it or before, or none."""
    wide = count * WIDTH
    act = rng.choice((nn.ReLU, nn.SiLU))()
    layers = [nn.Linear(wide, WIDTH), act, nn.Linear(WIDTH, WIDTH)]
    if norms == "after":
        layers.append(nn.LayerNorm(WIDTH))
    elif norms == "before":
        layers.insert(0, nn.LayerNorm(wide))
    return nn.Sequential(*layers)


def pass_messages(self, nodes, edges, senders, receivers):
    """Update edges by nodes, and nodes by what the edges that lead there give."""
    ends = [nodes[senders], nodes[receivers]] if self.two_ends else [nodes[senders]]
    messages = self.edge(torch.cat([*ends, edges], -1))
    if self.updates:
        edges = edges + messages if self.turned else messages + edges
    sent = edges if self.updates and self.sends_edges else messages
    total = GATHERS[self.gather](sent, len(nodes), receivers)
    return nodes + self.node(torch.cat([nodes, total], -1)), edges


def run_messages(self, nodes, senders, receivers, *edges):
    """Edges are given, or the differences of their nodes."""
    rows = edges[0] if edges else nodes[senders] - nodes[receivers]
    if self.stem_last:
        nodes, edges = self.node_stem(nodes), self.edge_stem(rows)
    else:
        edges, nodes = self.edge_stem(rows), self.node_stem(nodes)
    for layer in self.layers:
        nodes, edges = layer(nodes, edges, senders, receivers)
    return self.head(torch.cat([nodes.mean(0), edges.mean(0)]) if self.both else nodes)


def draw_messages(rng):
    """Layers in which the nodes and edges of a graph read each other."""
    count, norms = rng.randint(2, 4), rng.choice(("before", "after", "none"))
    updates, two_ends = rng.random() < 0.7, rng.random() < 0.7
    sends_edges, turned = rng.random() < 0.6, rng.random() < 0.5
    gather = rng.choice([*GATHERS])
    layers = [
        Run(
            pass_messages,
            edge=draw_update(rng, 2 + two_ends, norms),
            node=draw_update(rng, 2, norms),
        )
        for _ in range(count)
    ]
    for layer in layers:
        layer.updates, layer.two_ends, layer.gather = updates, two_ends, gather
        layer.sends_edges, layer.turned = sends_edges, turned
    both = rng.random() < 0.3
    net = Run(
        run_messages,
        layers=layers,
        edge_stem=nn.Linear(5, WIDTH), node_stem=nn.Linear(5, WIDTH),
        head=nn.Linear(2 * WIDTH if both else WIDTH, 2),
    )  # fmt: skip
    net.both, net.stem_last = both, rng.random() < 0.5
    ends = torch.zeros(24, dtype=torch.long)
    inputs = [torch.zeros(10, 5), ends, ends]
    inputs += [torch.zeros(24, 5)] if rng.random() < 0.5 else []
    if not updates:
        return Drawn(net, tuple(inputs), [("MLP",)] * count, [count])
    is_last_read = sends_edges or both  # else it leads to no output
    edge_count = count if is_last_read else count - 1
    blocks = [("MLP",)] * (edge_count + count)
    return Drawn(net, tuple(inputs), blocks, [edge_count, count])


EXCHANGE_FORMS = {"tokens": draw_tokens, "messages": draw_messages}
"""What draws a net of each form."""


def draw_exchange(form, seed):
    """Draw the net of a form and a seed."""
    return EXCHANGE_FORMS[form](random.Random(f"{form} {seed}"))
