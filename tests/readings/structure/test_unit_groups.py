"""Which residual units are one block, written out or spread over a parent's forward."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_parts import (
    Run,
    add,
    add_each,
    add_in_rows,
    draw_attention,
    draw_mlp,
    draw_row_convolution,
    draw_row_mlp,
)
from .toys import conv, residual

ROWS, MAP = (2, 9, 16), (2, 3, 16, 16)


class First:
    """Chance that always takes the first."""

    @staticmethod
    def choice(values):
        return values[0]

    @staticmethod
    def random():
        return 0


def read(net, shape):
    """The types of the units of every block of a net."""
    built = read_structure(resviz.trace(net.eval(), inputs=(torch.zeros(shape),)))
    return [block.type for block in built.blocks]


def convolutions(*kernels):
    """Convolutions of eight channels with an activation between."""
    layers = [layer for k in kernels for layer in (nn.ReLU(), conv(k))]
    return nn.Sequential(*layers[1:])


def add_pair(self, x):
    """Two blocks written out, the second with a projection."""
    x = x + self.first(x)
    return self.side(x) + self.second(x)


@pytest.mark.parametrize("kernels", [(3, 3), (5, 5), (3, 3, 3), (1, 3, 1)])
def test_convolutional_blocks_written_out_are_two(kernels):
    """Whatever their kernels; a projection is no part of a block's type."""
    parts = {"first": convolutions(3, 3), "second": convolutions(*kernels)}
    net = nn.Sequential(conv(3, 3), Run(add_pair, side=conv(1), **parts))
    assert 2 == len(read(net, MAP))


def test_a_projection_is_no_part_of_the_type():
    """A basic block that projects in a forward of two is a basic block."""
    parts = {"first": convolutions(3, 3), "second": convolutions(3, 3)}
    net = nn.Sequential(conv(3, 3), Run(add_pair, side=conv(1), **parts))
    assert ["basic", "basic"] == read(net, MAP)


def macaron():
    """The four units of a Conformer's block."""
    units = draw_mlp, draw_attention, draw_row_convolution, draw_mlp
    return [draw_unit(First) for draw_unit in units]


def in_one_forward():
    return nn.Sequential(
        *(
            Run(add_each, units=macaron(), norms=[nn.Identity() for _ in range(4)])
            for _ in range(2)
        )
    )


def in_a_parent():
    return Run(add_in_rows, rows=[nn.ModuleList(macaron()) for _ in range(2)])


def as_modules():
    units = [Run(add, body=unit) for unit in macaron() + macaron()]
    for unit in units:
        unit.scale = 0.5
    return nn.Sequential(*units)


@pytest.mark.parametrize("make", [in_one_forward, in_a_parent, as_modules])
def test_units_that_come_again_are_blocks(make):
    """Two MLPs of one block are equal, and yet no loop over blocks."""
    types = "MLP + attention + convolution module + MLP"
    assert [types] * 2 == read(make(), ROWS)


def test_two_transformer_blocks_in_one_forward_are_two():
    """Their units come twice."""
    units = [draw_attention(First), draw_mlp(First)] * 2
    norms = [nn.Identity() for _ in units]
    net = nn.Sequential(Run(add_each, units=units, norms=norms))
    assert ["attention + MLP"] * 2 == read(net, ROWS)


ENCODING = nn.Linear(16, 16)


@pytest.mark.parametrize(
    ("odd", "counts"),
    [(0, [1, 2, 2, 2]), (2, [3, 2, 2]), (6, [2, 2, 2, 1])],
)
def test_a_loop_may_have_an_odd_unit(odd, counts):
    """A position encoding in its first round, or a last one behind all."""
    units: list[nn.Module] = [draw_attention(First), draw_mlp(First)] * 3
    units.insert(odd, ENCODING)
    norms = [nn.Identity() for _ in units]
    net = nn.Sequential(Run(add_each, units=units, norms=norms))
    arch = resviz.trace(net.eval(), inputs=(torch.zeros(ROWS),))
    assert counts == [len(block.units) for block in read_structure(arch).blocks]


def test_equal_mlps_of_one_forward_are_blocks():
    """Both mix channels; what differs is an activation."""
    units = [draw_mlp(First), nn.Sequential(nn.Linear(16, 8), nn.Linear(8, 16))]
    norms = [nn.Identity() for _ in units]
    assert ["MLP"] * 2 == read(
        nn.Sequential(Run(add_each, units=units, norms=norms)), ROWS
    )


@pytest.mark.parametrize("wide", [16, 32])
def test_a_depthwise_unit_and_one_of_channels_are_one_block(wide):
    """NAFNet's: the first alone sees positions, however wide it is within."""
    depthwise = conv(3, wide, wide, groups=wide)
    first = nn.Sequential(conv(1, o=wide), depthwise, nn.ReLU(), conv(1, wide))
    units = [first, nn.Sequential(conv(1, o=16), nn.ReLU(), conv(1, 16))]
    rows = [
        Run(add_each, units=units, norms=[nn.Identity(), nn.Identity()])
        for _ in range(2)
    ]
    assert 2 == len(read(nn.Sequential(conv(3, 3), *rows), MAP))


def test_a_row_mlp_and_an_mlp_are_one_block():
    """A mixer's, added in the parent: rows first, then channels, of one size."""
    rows = [nn.ModuleList([draw_row_mlp(First), draw_mlp(First)]) for _ in range(3)]
    net = Run(add_in_rows, rows=rows)
    assert ["MLP + MLP"] * 3 == read(net, ROWS)


def test_convolutions_and_attention_in_turn_are_blocks_each():
    """As in the U-Nets of diffusion: none of them mixes channels alone."""
    units = [Run(add, body=convolutions(3, 3)), Run(add, body=over_rows())] * 2
    assert ["basic", "attention"] * 2 == read(nn.Sequential(conv(3, 3), *units), MAP)


@pytest.mark.parametrize("break_after", [1, 2])
def test_a_pair_of_1x1_convolutions_follows_attention(break_after):
    """An MLP over a map, also where something else stands between the blocks."""
    bodies: list[nn.Module] = [over_rows(), convolutions(1, 1)] * 3
    bodies.insert(2 * break_after, conv(3, groups=8))
    units = [Run(lambda self, x: x + self.body(x), body=body) for body in bodies]
    pairs = ["attention + residual"] * 3
    expected = [*pairs[:break_after], "residual", *pairs[break_after:]]
    assert expected == read(nn.Sequential(conv(3, 3), *units), MAP)


def over_rows():
    """Attention over the positions of a map."""

    def forward(self, x):
        rows = nn.functional.pad(x.flatten(2).mT, (0, 8))
        return self.body(rows)[..., :8].mT.reshape(x.shape)

    return Run(forward, body=draw_attention(First))


def test_rows_that_are_moved_before_a_convolution_keep_their_size():
    """The channels of the input lie last, though a convolution reads them first."""
    net = Run(add_in_rows, rows=[nn.ModuleList([draw_row_convolution(First)])])
    (block,) = read_structure(resviz.trace(net, inputs=(torch.zeros(ROWS),))).blocks
    assert ("identity", (18, 16)) == (block.shortcut.label, block.output_size)


def test_a_gate_that_shares_a_layer_with_its_branch_is_no_projection():
    """A highway whose one linear layer gives both: x is weighed alone."""

    def forward(self, x):
        y, gate = self.both(x).chunk(2, -1)
        gate = gate.sigmoid()
        return gate * x + (1 - gate) * y.relu()

    net = nn.Sequential(nn.Linear(5, 16), Run(forward, both=nn.Linear(16, 32)))
    (block,) = read_structure(resviz.trace(net, inputs=(torch.zeros(4, 5),))).blocks
    assert ("scaled identity", 0) == (block.shortcut.label, block.shortcut.params)


def graph_convolution():
    """A sum over a graph's edges, given as an adjacency matrix."""
    return Run(lambda self, x, edges: edges @ self.body(x), body=nn.Linear(16, 16))


def graph_attention():
    """One product as well, with weights that a softmax makes."""

    def forward(self, x, edges):
        rows = self.body(x)
        scores = self.ends(rows) + self.ends(rows).mT + edges
        return scores.softmax(-1) @ rows

    return Run(forward, body=nn.Linear(16, 16), ends=nn.Linear(16, 1))


@pytest.mark.parametrize(
    ("make", "kind"), [(graph_convolution, "residual"), (graph_attention, "attention")]
)
def test_one_product_is_attention_where_its_weights_are_a_softmax(make, kind):
    """A layer over the edges of a graph attends to nothing."""
    layers = [make(), make()]

    def forward(self, x, edges):
        x = self.stem(x)
        for layer in self.layers:
            x = x + layer(x, edges)
        return x

    net = Run(forward, stem=nn.Linear(5, 16), layers=layers)
    inputs = torch.zeros(9, 5), torch.zeros(9, 9)
    built = read_structure(resviz.trace(net, inputs=inputs))
    assert [kind] * 2 == [block.type for block in built.blocks]


def run_cell(self, x):
    """A cell's states, step by step."""
    state, states = None, []
    for step in x.unbind(1):
        state = self.cell(step, state)
        states.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(states, 1)


def first_of(layer):
    return Run(lambda self, x: self.layer(x)[0], layer=layer)


@pytest.mark.parametrize(
    "body",
    [
        first_of(nn.LSTM(16, 16, batch_first=True)),
        first_of(nn.GRU(16, 16, 2)),
        nn.Sequential(
            nn.LayerNorm(16),
            first_of(nn.RNN(16, 8, batch_first=True, bidirectional=True)),
            nn.Linear(16, 16),
        ),
        Run(run_cell, cell=nn.GRUCell(16, 16)),
        Run(run_cell, cell=nn.LSTMCell(16, 16)),
        Run(run_cell, cell=nn.RNNCell(16, 16)),
    ],
)
def test_a_unit_with_a_recurrent_layer_is_recurrent(body):
    """A cell's own sum of input and state is no unit of a block."""
    net = nn.Sequential(nn.Linear(16, 16), residual(body), residual(body))
    assert ["recurrent"] * 2 == read(net, ROWS)


def attention_by_a_gate(self, x):
    """A softmax over positions weighs their sum, which weighs each: MobileViTv2's."""
    weights = self.query(x).flatten(2).softmax(-1).reshape(len(x), 1, 4, 4)
    context = (weights * self.key(x)).sum((2, 3), keepdim=True)
    return self.out(self.value(x).relu() * context)


def test_attention_that_is_a_gate_makes_a_unit():
    """It mixes positions; two 1×1 convolutions beside it mix channels."""
    parts = {"key": conv(1), "value": conv(1), "out": conv(1), "query": conv(1, 8, 1)}
    blocks = [
        Run(
            add_each,
            units=[Run(attention_by_a_gate, **parts), convolutions(1, 1)],
            norms=[nn.BatchNorm2d(8), nn.Identity()],
        )
        for _ in range(2)
    ]
    net = nn.Sequential(conv(3, 3, stride=4), *blocks)
    assert ["residual + residual"] * 2 == read(net, MAP)


def test_a_sum_knows_the_channels_that_one_operand_knows():
    """An average pool on the shortcut loses their axis, the convolutions keep it."""

    def forward(self, x):
        x = (self.side(x) + self.body(x)).permute(0, 2, 3, 1)
        return x + self.mlp(x)

    body = nn.Sequential(conv(3, stride=4), nn.ReLU(), conv(3))
    mlp = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))
    net = Run(forward, side=nn.AvgPool2d(4), body=body, mlp=mlp)
    built = read_structure(
        resviz.trace(nn.Sequential(conv(3, 3), net), inputs=(torch.zeros(MAP),))
    )
    assert [(32, 8)] * 2 == [block.output_size for block in built.blocks]
