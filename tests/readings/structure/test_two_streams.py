"""Two streams that read each other: what is a block of one, and why others are none."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_parts import Run
from .toys import Basic, Transformer, conv, residual

WIDTH = 16


class CrossAttention(nn.Module):
    """Attention of one head, whose queries and keys may be of two streams."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, queries, keys, values):
        query, key, value, out = self.parts
        weights = (query(queries) @ key(keys).mT).softmax(-1)
        return out(weights @ value(values))


class TwoWay(nn.Module):
    """Tokens see each other and the map, then the map sees them, as in SAM."""

    def __init__(self):
        super().__init__()
        self.own, self.to_map, self.to_tokens = (CrossAttention() for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(4))
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, WIDTH)
        )  # fmt: skip

    def forward(self, tokens, places, prompts, positions):
        with_prompts = tokens + prompts
        tokens = self.norms[0](tokens + self.own(with_prompts, with_prompts, tokens))
        return self.attend_both_ways(tokens, places, prompts, positions)

    def attend_both_ways(self, tokens, places, prompts, positions):
        with_prompts, placed = tokens + prompts, places + positions
        tokens = self.norms[1](tokens + self.to_map(with_prompts, placed, places))
        tokens = self.norms[2](tokens + self.mlp(tokens))
        with_prompts, placed = tokens + prompts, places + positions
        places = self.norms[3](places + self.to_tokens(placed, with_prompts, tokens))
        return tokens, places


def run_both_ways(self, prompts, places, positions):
    """Tokens start as a layer makes them of the prompts."""
    tokens = self.stem(prompts)
    for layer in self.layers:
        tokens, places = layer(tokens, places, prompts, positions)
    return self.head(tokens)


def test_positions_added_again_and_again_leave_blocks_whole():
    """A block's queries add the prompts, from above its fork, as SAM's do."""
    parts = {"stem": nn.Linear(WIDTH, WIDTH), "head": nn.Linear(WIDTH, WIDTH)}
    net = Run(run_both_ways, layers=[TwoWay() for _ in range(3)], **parts)
    shapes = (1, 5, WIDTH), (1, 64, WIDTH), (1, 64, WIDTH)
    built = read_structure(resviz.trace(net, inputs=tuple(map(torch.zeros, shapes))))
    tokens, places = built.stages
    assert [tokens.blocks[0].type, places.blocks[0].type] * 3 == [
        block.type for block in built.blocks
    ]
    assert ("attention + attention + MLP", "attention") == (tokens.type, places.type)
    assert (5, 64) == (tokens.output_shape[1], places.output_shape[1])


def concatenate_tokens(self, maps):
    return torch.cat([self.queries, self.more], 1).expand(len(maps), -1, -1)


def normalize_tokens(self, maps):
    return self.norm(self.queries).expand(len(maps), -1, -1)


PROMPTS = {
    "a parameter": lambda self, maps: self.queries.expand(len(maps), -1, -1),
    "several, put together": concatenate_tokens,
    "that a norm changes": normalize_tokens,
    "of a linear layer": lambda self, maps: self.stem(self.queries),
    "noughts": lambda self, maps: self.stem(maps.new_zeros(len(maps), 5, WIDTH)),
}


@pytest.mark.parametrize("make_prompts", PROMPTS.values(), ids=[*PROMPTS])
def test_prompts_that_are_constant_lead_to_tokens_as_others_do(make_prompts):
    """The tokens are made of them, and each layer adds them again."""

    def forward(self, places):
        prompts = make_prompts(self, places)
        tokens = self.norm(self.first(prompts, prompts, prompts))
        for layer in self.layers:
            tokens, places = layer(tokens, places, prompts, torch.ones(64, WIDTH))
        return tokens, places

    net = Run(
        forward,
        first=CrossAttention(),
        norm=nn.LayerNorm(WIDTH),
        stem=nn.Linear(WIDTH, WIDTH),
        layers=[LaterTwoWay(first=k == 0) for k in range(2)],
    )
    net.queries = nn.Parameter(torch.randn(1, 5, WIDTH))
    net.more = nn.Parameter(torch.randn(1, 2, WIDTH))
    net = nn.Sequential(nn.Linear(3, WIDTH), net)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(1, 64, 3)))
    both_ways = ["attention", "attention"]
    assert [*both_ways, "attention + MLP", "attention + attention + MLP"] == sorted(
        block.type for block in built.blocks
    )


class LaterTwoWay(TwoWay):
    """A layer of which the first lets its tokens be: they have seen each other."""

    def __init__(self, *, first):
        super().__init__()
        self.is_first = first

    def forward(self, tokens, places, prompts, positions):
        if not self.is_first:
            return super().forward(tokens, places, prompts, positions)
        return self.attend_both_ways(tokens, places, prompts, positions)


def test_a_neck_beside_transformer_blocks_is_none():
    """Of convolutions, as SAM's, it stands where they do, and is unlike them."""

    def forward(self, image):
        rows = self.patches(image).flatten(2).mT
        for block in self.blocks:
            rows = block(rows)
        return self.neck(rows.mT.reshape(1, WIDTH, 8, 8))

    convs = nn.Conv2d(WIDTH, 8, 1), nn.Conv2d(8, 8, 3, padding=1)
    net = Run(
        forward,
        patches=nn.Conv2d(3, WIDTH, 2, 2),
        blocks=[Transformer(WIDTH) for _ in range(3)],
        neck=nn.Sequential(*convs),
    )
    net = nn.Sequential(net, residual())
    built = read_structure(resviz.trace(net, inputs=torch.zeros(1, 3, 16, 16)))
    assert [*["attention + MLP"] * 3, "basic"] == [block.type for block in built.blocks]


class MessagePassing(nn.Module):
    """Edges are updated by their nodes, nodes by their edges, as in MeshGraphNets."""

    def __init__(self):
        super().__init__()
        self.edge, self.node = (
            nn.Sequential(
                nn.Linear(n * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
            )
            for n in (3, 2)
        )

    def forward(self, nodes, edges, senders, receivers):
        both = torch.cat([nodes[senders], nodes[receivers], edges], -1)
        messages = self.edge(both)
        total = torch.zeros_like(nodes).index_add(0, receivers, messages)
        return nodes + self.node(torch.cat([nodes, total], -1)), edges + messages


def test_edges_of_a_graph_that_are_an_input_are_a_stream_of_blocks():
    """From the first sum on; to gather what edges give is no sum of two branches."""

    def forward(self, nodes, edges, senders, receivers):
        for layer in self.layers:
            nodes, edges = layer(nodes, edges, senders, receivers)
        return nodes, edges

    net = Run(forward, layers=[MessagePassing() for _ in range(2)])
    ends = torch.zeros(24, dtype=torch.long)
    inputs = torch.zeros(10, WIDTH), torch.zeros(24, WIDTH), ends, ends
    built = read_structure(resviz.trace(net, inputs=inputs))
    reasons = {why.layer.name: why for why in explain_joins(built)}
    assert [(10, 24), (10, 24)] == [
        tuple(stage.blocks[k].output_size[0] for stage in built.stages)
        for k in range(2)
    ]
    assert {"residual unit"} == {why.verdict for why in reasons.values()}
    assert not [name for name in reasons if "index_add" in name]


def test_edges_and_nodes_that_read_each_other_are_a_stream_each():
    """Nodes gather the edges that were updated, of one input both."""

    def pass_messages(self, nodes, edges, senders, receivers):
        both = torch.cat([nodes[senders], nodes[receivers], edges], -1)
        edges = edges + self.edge(both)
        total = torch.zeros_like(nodes).index_add(0, receivers, edges)
        return nodes + self.node(torch.cat([nodes, total], -1)), edges

    def forward(self, places, senders, receivers):
        edges = self.edge_stem(places[senders] - places[receivers])
        nodes = self.node_stem(places)
        for layer in self.layers:
            nodes, edges = layer(nodes, edges, senders, receivers)
        return nodes

    layers = [
        Run(pass_messages, edge=layer.edge, node=layer.node)
        for layer in (MessagePassing() for _ in range(3))
    ]
    stems = {"edge_stem": nn.Linear(3, WIDTH), "node_stem": nn.Linear(3, WIDTH)}
    ends = torch.zeros(24, dtype=torch.long)
    inputs = torch.zeros(10, 3), ends, ends
    built = read_structure(
        resviz.trace(Run(forward, layers=layers, **stems), inputs=inputs)
    )
    sizes = [[block.output_size for block in stage.blocks] for stage in built.stages]
    assert [[(24, WIDTH)] * 3, [(10, WIDTH)] * 3] == sizes
    verdicts = [why.verdict for why in explain_joins(built)]
    assert ["residual unit"] * 6 == verdicts[1:]


def gather_messages(self, nodes, edges, senders, receivers):
    """Nodes gather what is added to the edges."""
    return MessagePassing.forward(self, nodes, edges, senders, receivers)


def gather_means(self, nodes, edges, senders, receivers):
    messages = self.edge(torch.cat([nodes[senders], nodes[receivers], edges], -1))
    count = torch.zeros_like(nodes).index_add(0, receivers, torch.ones_like(messages))
    total = torch.zeros_like(nodes).index_add(0, receivers, messages)
    mean = total / count.clamp(min=1)
    return nodes + self.node(torch.cat([nodes, mean], -1)), edges + messages


def gather_edges(self, nodes, edges, senders, receivers):
    both = torch.cat([nodes[senders], nodes[receivers], edges], -1)
    edges = edges + self.edge(both)
    total = torch.zeros_like(nodes).index_add(0, receivers, edges)
    return nodes + self.node(torch.cat([nodes, total], -1)), edges


def gather_by_scatter(self, nodes, edges, senders, receivers):
    messages = self.edge(torch.cat([nodes[senders], nodes[receivers], edges], -1))
    places = receivers[:, None].expand_as(messages)
    total = nodes.new_zeros(nodes.shape).scatter_add_(0, places, messages)
    return nodes + self.node(torch.cat([nodes, total], -1)), edges + messages


def norm_sums(self, nodes, edges, senders, receivers):
    nodes, edges = MessagePassing.forward(self, nodes, edges, senders, receivers)
    return nn.functional.layer_norm(nodes, [WIDTH]), edges


@pytest.mark.parametrize(
    "pass_messages",
    [gather_messages, gather_means, gather_edges, gather_by_scatter, norm_sums],
)
@pytest.mark.parametrize("of_one_input", [False, True])
def test_layers_of_a_graph_net_may_be_one_called_often(pass_messages, of_one_input):
    """Messages that edges and nodes both get are no state of a recurrent net."""

    def forward(self, nodes, edges, senders, receivers):
        if of_one_input:
            edges = nodes[senders] - nodes[receivers]
        nodes, edges = self.node_stem(nodes), self.edge_stem(edges)
        for layer in self.layers:
            nodes, edges = layer(nodes, edges, senders, receivers)
        return nodes, edges

    ends = torch.zeros(24, dtype=torch.long)
    inputs = torch.zeros(10, 3), torch.zeros(24, 3), ends, ends
    stems = {"node_stem": nn.Linear(3, WIDTH), "edge_stem": nn.Linear(3, WIDTH)}
    parts = MessagePassing()
    layer = Run(pass_messages, edge=parts.edge, node=parts.node)
    net = Run(forward, layers=[layer] * 3, **stems)
    built = read_structure(resviz.trace(net, inputs=inputs))
    sizes = sorted([b.output_size for b in stage.blocks] for stage in built.stages)
    assert [[(10, WIDTH)] * 3, [(24, WIDTH)] * 3] == sizes


def test_steps_of_a_sequence_are_no_two_ways_of_one():
    """A recurrent net written out adds what it makes of different steps."""

    def forward(self, x):
        state, states = torch.zeros_like(x[:, 0]), []
        for k in range(x.shape[1]):
            state = torch.tanh(self.read(x[:, k]) + self.keep(state))
            states.append(state)
        return torch.stack(states, 1)

    parts = {"read": nn.Linear(WIDTH, WIDTH), "keep": nn.Linear(WIDTH, WIDTH)}
    net = nn.Sequential(nn.Linear(WIDTH, WIDTH), residual(Run(forward, **parts)))
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 5, WIDTH)))
    assert ["1"] == [block.path for block in built.blocks]


def test_a_long_skip_counts_blocks_and_not_their_units():
    """A sum around three blocks of attention and MLP spans three."""

    def forward(self, x):
        return x + self.norm(self.layers(x))

    layers = (nn.TransformerEncoderLayer(WIDTH, 2, 32) for _ in range(3))
    parts = {"layers": nn.Sequential(*layers), "norm": nn.LayerNorm(WIDTH)}
    net = nn.Sequential(nn.Linear(WIDTH, WIDTH), Run(forward, **parts)).eval()
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 5, WIDTH)))
    assert explain_joins(built)[-1].reason.endswith("it spans 3 blocks")


def test_attention_to_one_key_is_attention():
    """`einsum` multiplies by its weights, as in the last stage of Twins."""

    def forward(self, x):
        query, keys = self.query(x).flatten(2).mT, self.keys(x).flatten(2).mT
        key, value = keys.chunk(2, -1)
        weights = torch.einsum("bid,bjd->bij", query, key).softmax(-1)
        rows = torch.einsum("bij,bjd->bid", weights, value)
        return self.out(rows.mT.reshape(x.shape))

    parts = {"query": conv(1), "keys": nn.Conv2d(8, 16, 4, 4), "out": conv(1)}
    net = nn.Sequential(conv(3, 3), residual(Run(forward, **parts)))
    for size in (8, 4):
        built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 3, size, size)))
        assert ["attention"] == [block.type for block in built.blocks]


class BothWays(nn.Module):
    """Two maps attend to one another by one product, as a stereo net's views do."""

    def __init__(self):
        super().__init__()
        self.keys, self.values = (
            nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2)) for _ in range(2)
        )

    def forward(self, left, right):
        scores = self.keys[0](left) @ self.keys[1](right).mT
        to_left = scores.softmax(-1) @ self.values[1](right)
        to_right = scores.mT.softmax(-1) @ self.values[0](left)
        return left + to_left, right + to_right


class Mirrored(nn.Module):
    """One branch of both streams is added to one and subtracted from the other."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
        )

    def forward(self, left, right):
        change = self.body(torch.cat([left, right], -1))
        return left + change, right - change


@pytest.mark.parametrize("kind", [BothWays, Mirrored])
@pytest.mark.parametrize("written_out", [False, True])
def test_no_layer_is_in_two_blocks(kind, written_out):
    """What two sums share is counted once: shares of all parts are one in sum."""

    def forward(self, x):
        left, right = x.chunk(2, 1)
        left, right = self.stem(left), self.stem(right)
        for layer in self.layers:
            step = kind.forward if written_out else kind.__call__
            left, right = step(layer, left, right)
        return torch.cat([self.head(left), self.head(right)], 1)

    parts = {"stem": nn.Linear(WIDTH, WIDTH), "head": nn.Linear(WIDTH, WIDTH)}
    net = Run(forward, layers=[kind() for _ in range(2)], **parts)
    arch = resviz.trace(net, inputs=torch.zeros(1, 12, WIDTH))
    inside = [index for block in arch.blocks for index in block.layer_indices]
    assert len(arch.blocks) >= 2
    assert sorted({*inside}) == sorted(inside)
    rows = resviz.summary(arch).rows
    assert sum(row["params"] for row in rows) == arch.params


def test_a_sum_over_the_bottom_of_a_unet_is_a_long_skip():
    """One block of fewer positions inside is enough, whatever the depth."""

    def forward(self, x):
        inner = self.layers(nn.functional.avg_pool2d(x, 2))
        return self.last(x + self.up(inner))

    net: nn.Module = Basic(8, 8)
    for depth in range(1, 4):
        parts = {"up": nn.ConvTranspose2d(8, 8, 2, 2), "last": Basic(8, 8)}
        layers = net if depth == 1 else nn.Sequential(Basic(8, 8), net)
        net = Run(forward, layers=layers, **parts)
        whole = nn.Sequential(conv(3, 3), Basic(8, 8), net)
        built = read_structure(resviz.trace(whole, (3, 32, 32)))
        verdicts = [why.verdict for why in explain_joins(built)]
        blocks = ["basic"] * (2 * depth + 1)
        assert blocks == [block.type for block in built.blocks]
        assert depth == verdicts.count("long skip")


@pytest.mark.parametrize(("weights", "stride"), [(1, 2), (2, 1)])
def test_a_smaller_or_light_residual_inside_is_part_of_its_block(weights, stride):
    """One weight is no block by itself, nor is one of as many positions a skip's."""

    def forward(self, x):
        return x + self.up(self.inner(self.down(x)))

    body = nn.Sequential(*(conv(3) for _ in range(weights)))
    up = nn.ConvTranspose2d(8, 8, stride, stride)
    down = conv(3, stride=stride)
    net = Run(forward, inner=residual(body), up=up, down=down)
    built = read_structure(resviz.trace(nn.Sequential(conv(3, 3), net), (3, 16, 16)))
    assert 1 == len(built.blocks)
    assert [] == [why for why in explain_joins(built) if why.verdict == "long skip"]
