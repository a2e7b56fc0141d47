"""Random nets over graphs whose edges or coordinates are updated beside the nodes.

Each knows its own truth, as those of `random_forms`.
"""

from copy import deepcopy

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import BODIES, WIDTH, Run
from .toys import conv

# Gated graph networks: Bresson and Laurent 2017


def scatter(rows, places, count):
    """Sum rows where they arrive."""
    return torch.zeros(count, rows.shape[1]).index_add(0, places, rows)


def multiply(rows, places, count):
    """The same by a product with a one-hot matrix."""
    return nn.functional.one_hot(places, count).T.float() @ rows


def update_both(self, nodes, edges, start, end):
    """Edges read their ends, and gate what nodes send."""
    h, e = (self.norms[0](nodes), self.norms[1](edges)) if self.pre else (nodes, edges)
    if self.concatenates:
        y = self.c(torch.cat([e, h[start], h[end]], 1))
    elif self.turned:
        y = self.c(e) + (self.d(h)[start] + self.e(h)[end])
    else:
        y = self.d(h)[start] + self.e(h)[end] + self.c(e)
    gate = y.sigmoid()
    sent = scatter(gate * self.b(h)[start], end, len(h))
    if self.divides:
        sent = sent / (scatter(gate, end, len(h)) + 1e-6)
    x = self.a(h) + sent
    if not self.pre:
        x, y = self.norms[0](x), self.norms[1](y)
    return nodes + x.relu(), edges + y.relu()


def run_both(self, nodes, edges, start, end):
    """Layers of nodes and edges, of which the last edges may lead nowhere."""
    nodes, edges = self.node_stem(nodes), self.edge_stem(edges)
    for layer in self.layers:
        nodes, edges = layer(nodes, edges, start, end)
    if self.both:
        return self.head(nodes), edges
    return self.head(nodes.mean(0))


def draw_gated_graph(rng):
    """Residual layers of nodes and of edges, which gate messages."""
    count, concatenates = rng.randint(1, 4), rng.random() < 0.3
    norm = rng.choice((nn.BatchNorm1d, nn.LayerNorm))
    layers = [
        Run(
            update_both,
            **{name: nn.Linear(WIDTH, WIDTH) for name in "abde"},
            c=nn.Linear(3 * WIDTH if concatenates else WIDTH, WIDTH),
            norms=[norm(WIDTH) for _ in range(2)],
        )
        for _ in range(count)
    ]
    pre, divides, turned = (rng.random() < 0.5 for _ in range(3))
    for layer in layers:
        layer.pre, layer.divides, layer.turned = pre, divides, turned
        layer.concatenates = concatenates
    net = Run(
        run_both,
        layers=layers,
        node_stem=nn.Linear(5, WIDTH), edge_stem=nn.Linear(4, WIDTH),
        head=nn.Linear(WIDTH, 2),
    )  # fmt: skip
    net.both = rng.random() < 0.5
    ends = torch.zeros(24, dtype=torch.long)
    inputs = torch.zeros(10, 5), torch.zeros(24, 4), ends, ends
    edge_count = count if net.both else count - 1
    stages = [count, edge_count] if edge_count else [count]
    return Drawn(net, inputs, [("residual",)] * sum(stages), stages)


# Coordinates beside features: Satorras et al. 2021, EGNN


def update_coordinates(self, rows, places, speed, start, end):
    """Messages move coordinates along their differences, by a speed or at once."""
    difference = places[start] - places[end]
    distance = difference.pow(2).sum(1, keepdim=True)
    message = self.edge(torch.cat([rows[start], rows[end], distance], 1))
    if self.gates:
        message = message * self.gate(message)
    moved = scatter(difference * self.place(message), end, len(places))
    moved = moved / 4 if self.means else moved
    if self.speed:
        moved = speed = SPEEDS[self.speed](self, rows, speed) + moved
    places = places + moved
    total = scatter(message, end, len(rows))
    made = self.node(torch.cat([rows, total], 1))
    return (rows + made if self.adds else made), places, speed


SPEEDS = {
    "kept": lambda self, rows, speed: speed,
    "slowed": lambda self, rows, speed: 0.9 * speed,
    "weighed": lambda self, rows, speed: self.slow(rows) * speed,
}
"""What stays of a speed: equation 7 there."""


def run_coordinates(self, rows, places, *others):
    """Layers of features and coordinates, of which either may come first."""
    if self.turned:
        rows, places = places, rows
    *speed, start, end = others
    rows, speed = self.stem(rows), speed[0] if speed else torch.zeros_like(places)
    for layer in self.layers:
        rows, places, speed = layer(rows, places, speed, start, end)
    return (self.head(rows), places) if self.both else self.head(rows.mean(0))


def draw_coordinates(rng, *, adds=True):
    """Features that blocks add to, and coordinates that are moved by gated sums."""
    count, wide = rng.randint(1, 4), 2 * WIDTH
    gates, means = rng.random() < 0.5, rng.random() < 0.5
    speed = rng.choice((None, *SPEEDS))
    layers = [
        Run(
            update_coordinates,
            edge=nn.Sequential(
                nn.Linear(wide + 1, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH)
            ),
            node=nn.Sequential(
                nn.Linear(wide, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH)
            ),
            place=nn.Sequential(nn.Linear(WIDTH, 8), nn.SiLU(), nn.Linear(8, 1)),
            gate=nn.Sequential(nn.Linear(WIDTH, 1), nn.Sigmoid()),
            slow=nn.Sequential(nn.Linear(WIDTH, 8), nn.SiLU(), nn.Linear(8, 1)),
        )
        for _ in range(count)
    ]
    for layer in layers:
        vars(layer).update(gates=gates, means=means, adds=adds, speed=speed)
    parts = {"stem": nn.Linear(5, WIDTH), "head": nn.Linear(WIDTH, 2)}
    net = Run(run_coordinates, layers=layers, **parts)
    net.turned, net.both = rng.random() < 0.5, rng.random() < 0.5
    inputs = [torch.zeros(10, 5), torch.zeros(10, 3)]
    ends = torch.zeros(24, dtype=torch.long)
    if net.turned:
        inputs.reverse()
    if speed and rng.random() < 0.5:
        inputs.append(torch.zeros(10, 3))
    return Drawn(net, (*inputs, ends, ends), [("MLP",)] * count, [count])


# Differences that weights weigh, where nothing else is added


def move_points(self, x, start, end):
    """Points move along their differences, by weights made of the distance."""
    difference = x[start] - x[end]
    weight = self.body(difference.pow(2).sum(1, keepdim=True))
    moved = self.gather(difference * weight, start, len(x))
    if self.means:
        moved = moved / scatter(torch.ones_like(weight), start, len(x)).clamp(min=1)
    return x - moved if self.turned else moved + x


def move_to_neighbours(self, x, start, end):
    """The same, of as many neighbours of each point."""
    difference = x[end.view(len(x), -1)] - x[:, None]
    weight = self.body(difference.norm(dim=-1, keepdim=True))
    moved = (weight * difference).mean(1)
    return moved + x if self.turned else x + moved


def diffuse(self, x):
    """A map moves to its mean around, or along its gradient, where weights say so."""
    change = nn.functional.avg_pool2d(x, 3, 1, 1) - x
    if self.turned:
        change = change - x.roll(1, -1)
    return x + self.body(x).sigmoid() * (0.5 * change if self.means else change)


def run_points(self, x, start, end):
    """Layers of points, and a head on what they all are."""
    for layer in self.layers:
        x = layer(x, start, end)
    return self.head(x) if self.both else x


def draw_moved(rng):
    """Blocks whose weights only weigh a difference that none has made."""
    count, kind = rng.randint(1, 4), rng.choice(("points", "neighbours", "map", "rows"))
    if kind == "rows":
        return draw_coordinates(rng, adds=False)
    if kind == "map":
        body = rng.choice([*BODIES])
        layers = [Run(diffuse, body=nn.Sequential(*BODIES[body](8, 8, 1)))]
        layers = [*layers, *(deepcopy(layers[0]) for _ in range(count - 1))]
        net, inputs = nn.Sequential(conv(3, 3), *layers), (torch.zeros(2, 3, 8, 8),)
    else:
        body = "MLP"
        layers = [
            Run(
                move_points if kind == "points" else move_to_neighbours,
                body=nn.Sequential(nn.Linear(1, 8), nn.SiLU(), nn.Linear(8, 1)),
            )
            for _ in range(count)
        ]
        net = Run(run_points, layers=layers, head=nn.Linear(3, 2))
        net.both = rng.random() < 0.5
        ends = torch.zeros(30, dtype=torch.long)
        inputs = torch.zeros(10, 3), ends, ends
    means, turned = rng.random() < 0.5, rng.random() < 0.5
    gather = rng.choice((scatter, multiply)) if kind == "points" else scatter
    for layer in layers:
        vars(layer).update(means=means, turned=turned, gather=gather)
    block = "residual" if gather is multiply else body
    return Drawn(net, inputs, [(block,)] * count, [count])


# Initial residuals and identity mappings: Chen et al. 2020, GCNII


def mix_first(self, x, first, graph):
    """Neighbours and the first state, mostly as they are, and less so the deeper."""
    near = graph @ x
    both = rest = (1 - self.part) * near + self.part * first
    if self.variant:
        both = torch.cat([first, near] if self.turned else [near, first], 1)
    y = self.depth * torch.mm(both, self.weight) + (1 - self.depth) * rest
    return y + x if self.adds else y


def run_first(self, x, graph):
    """Layers that all read the first state."""
    x = first = self.act(self.stem(x))
    for layer in self.layers:
        x = self.act(layer(x, first, graph))
    return self.head(x)


def draw_first(rng):
    """Residual layers that may add their input, or mix it alone with the first."""
    count, variant = rng.randint(1, 6), rng.random() < 0.5
    layers = [Run(mix_first) for _ in range(count)]
    for k, layer in enumerate(layers, start=1):
        layer.weight = nn.Parameter(torch.ones(WIDTH * (1 + variant), WIDTH))
        vars(layer).update(part=0.1, depth=0.5 / k, variant=variant)
    adds, turned = rng.random() < 0.7, rng.random() < 0.5
    for layer in layers:
        layer.adds, layer.turned = adds, turned
    net = Run(
        run_first, layers=layers, act=rng.choice((nn.ReLU, nn.SiLU))(),
        stem=nn.Linear(5, WIDTH), head=nn.Linear(WIDTH, 2),
    )  # fmt: skip
    inputs = torch.zeros(10, 5), torch.zeros(10, 10)
    return Drawn(net, inputs, [("residual",)] * count, [count])


GRAPH_FORMS = {
    "first states": draw_first,
    "gated graph": draw_gated_graph,
    "coordinates": draw_coordinates,
    "moved": draw_moved,
}
"""What draws a net of each form."""
