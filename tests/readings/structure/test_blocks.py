"""Blocks of several units, blocks without shortcut, and the stages of both."""

import pytest
import torch
from torch import fx, nn

import resviz
from resviz.figures.block.steps import build_block_steps
from resviz.readings.structure import read_structure
from resviz.readings.structure.regions import JoinKind

from .toys import (
    Attention,
    Basic,
    Inverted,
    PreActivation,
    Transformer,
    conv,
    late_stride,
    mobile,
    pyramid,
    residual,
)


def counts(module, size=(3, 32, 32)):
    """Blocks of each stage."""
    return [len(it.blocks) for it in read_structure(resviz.trace(module, size)).stages]


def test_attention_and_mlp_are_one_block():
    """Two different units of one call."""
    net = nn.Sequential(*(Transformer(16) for _ in range(3)))
    (stage,) = read_structure(resviz.trace(net, (9, 16))).stages
    assert ("attention + MLP", 3) == (stage.type, len(stage.blocks))


def test_units_have_their_own_rows():
    """The shortcut table has a row for each, numbered within the block."""
    rows = resviz.shortcuts(resviz.trace(Transformer(16), (9, 16))).to_dict()
    assert [("stage1_1", 1), ("stage1_1", 2)] == [(r["block"], r["unit"]) for r in rows]
    net = nn.Sequential(Transformer(16), Transformer(16))
    rows = resviz.shortcuts(resviz.trace(net, (9, 16))).to_dict()
    want = [("0", 1), ("0", 2), ("1", 1), ("1", 2)]
    assert want == [(row["block"], row["unit"]) for row in rows]


def test_equal_units_of_one_forward_are_blocks():
    """A loop over blocks in the model's own forward makes no unit."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.ModuleList(nn.Sequential(conv(3), conv(3)) for _ in range(3))

        def forward(self, x):
            for body in self.body:
                x = x + body(x)
            return x

    assert [3] == counts(nn.Sequential(conv(3, 3), Loop()))


def test_blocks_without_shortcut():
    """A call of the same class as blocks is a block."""
    stages = read_structure(resviz.trace(mobile(), (3, 32, 32))).stages
    kinds = [[block.shortcut.kind for block in stage.blocks] for stage in stages]
    assert [["none", "identity"], ["none", "identity", "identity"]] == kinds
    assert {"inverted bottleneck"} == {stage.type for stage in stages}


def test_a_block_without_shortcut_says_what_changes():
    """The reason stands where a shortcut's would."""
    rows = resviz.shortcuts(resviz.trace(mobile(), (3, 32, 32)), only="none").to_dict()
    assert ["channels", "both"] == [row["reason"] for row in rows]


def test_a_class_that_holds_blocks_is_no_block():
    """A container without blocks is not one because others hold some."""
    net = nn.Sequential(
        conv(3, 3),
        nn.Sequential(Basic(8, 8), Basic(8, 8)),
        nn.Sequential(conv(3), conv(3)),
    )
    assert [2] == counts(net)


def test_a_class_that_holds_one_block_or_several_is_no_block():
    """A call of it without a sum is not one because another holds a single block."""

    class Loop(nn.Module):
        def __init__(self, count):
            super().__init__()
            self.body = nn.ModuleList(
                nn.Sequential(conv(3), conv(3)) for _ in range(count)
            )
            self.out = conv(3)

        def forward(self, x):
            for body in self.body:
                x = x + body(x)
            return self.out(x)

    assert [3] == counts(nn.Sequential(conv(3, 3), Loop(1), Loop(2), Loop(0)))


def test_a_first_block_of_another_class():
    """It stands among blocks, in the same kind of container, and has weights."""
    net = nn.Sequential(
        conv(3, 3),
        nn.Sequential(
            nn.Sequential(nn.Sequential(conv(3), conv(1, 8, 16))),
            nn.Sequential(Inverted(16, 16), Inverted(16, 16)),
            nn.Sequential(Inverted(16, 24, 2), Inverted(24, 24)),
        ),
    )
    assert [3, 2] == counts(net)


def test_figures_of_a_block_without_shortcut():
    """No sum is drawn for it; equal blocks are drawn once in the overview."""
    arch = resviz.trace(mobile(), (3, 32, 32))
    for figure, sums in (("overview", 2), ("layers", 3)):
        assert sums == resviz.diagram(arch, figure).to_svg().count(">+<")
    assert 0 == resviz.diagram(arch, "block", at="1").to_svg().count(">+<")


def test_a_head_of_linear_layers_is_no_stage():
    """A residual MLP over what is pooled belongs to the head."""

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.mlp = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))

        def forward(self, x):
            x = x.mean((2, 3))
            return x + self.mlp(x)

    assert [2] == counts(nn.Sequential(conv(3, 3), Basic(8, 8), Basic(8, 8), Head()))


def test_a_late_stride_stays_in_its_stage():
    """TF-slim strides in the last block of a stage: 2-2-2, not 1-1-1-1-2."""
    assert [2, 2, 2] == counts(late_stride())


def test_one_late_stride_is_no_custom():
    """A single block that strides by itself begins a stage, as in MViTv1."""
    net = nn.Sequential(
        conv(3, 3), Basic(8, 8), Basic(8, 8, 2), Basic(8, 16), Basic(16, 16)
    )
    assert [1, 1, 2] == counts(net)


def test_blocks_that_project_in_turns_are_one_stage():
    """A projection begins a stage of the same size only where projections are rare."""
    sides = conv(1), None, conv(1), None
    blocks = [residual(side=side) for side in sides]
    assert [4] == counts(nn.Sequential(conv(3, 3), *blocks))


def test_an_early_change_of_width_stays_in_its_stage():
    """MViTv2 widens in the last block of a stage."""
    net = nn.Sequential(
        conv(3, 3), Basic(8, 8), Basic(8, 16), Basic(16, 16, 2), Basic(16, 16),
        Basic(16, 32), Basic(32, 32, 2), Basic(32, 32),
    )  # fmt: skip
    assert [2, 3, 2] == counts(net)


def test_streams_of_one_call_are_blocks_apart():
    """Units that neither give one size nor follow one another, as in TNT."""

    class Streams(nn.Module):
        def __init__(self):
            super().__init__()
            self.fine, self.coarse = Transformer(8), Transformer(16)
            self.meet = nn.Linear(8, 16)

        def forward(self, pair):
            x, y = pair
            x = x + self.fine.attention(x)
            x = x + self.fine.mlp(x)
            y = y + self.meet(x.mean(1, keepdim=True))
            y = y + self.coarse.attention(y)
            return x, y + self.coarse.mlp(y)

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(8, 16)
            self.body = nn.Sequential(Streams(), Streams())

        def forward(self, x):
            return self.body((x, self.first(x[:, :2])))[1]

    assert [2, 2] == counts(Both(), (30, 8))


def test_a_class_token_makes_no_stage():
    """One position more or less in a row of tokens."""

    class Prepended(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(1, 1, 8))

        def forward(self, x):
            return torch.cat([self.token.expand(len(x), -1, -1), x], 1)

    net = nn.Sequential(nn.Linear(8, 8), Transformer(8), Prepended(), Transformer(8))
    assert [2] == counts(net, (30, 8))


def test_a_pyramid_has_the_stages_of_its_maps():
    """The width grows in every block; the resolution says what a stage is."""
    assert [3, 3] == counts(pyramid())


def test_a_decoder_is_apart_from_its_encoder():
    """What comes back to a size after another is a stage of its own."""
    net = nn.Sequential(
        conv(3, 3), Basic(8, 8), Basic(8, 16, 2), Basic(16, 16),
        nn.ConvTranspose2d(16, 8, 2, 2), Basic(8, 8),
    )  # fmt: skip
    assert [1, 2, 1] == counts(net)


def test_towers_that_take_turns():
    """HRNet's branches run in turns; each is one stage."""

    class Turns(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide = nn.ModuleList(Basic(8, 8) for _ in range(3))
            self.deep = nn.ModuleList(Basic(16, 16) for _ in range(3))
            self.down, self.up = (
                conv(3, 8, 16, stride=2),
                nn.ConvTranspose2d(16, 8, 2, 2),
            )

        def forward(self, x):
            y = self.down(x)
            for wide, deep in zip(self.wide, self.deep, strict=True):
                x, y = wide(x), deep(y)
                x, y = x + self.up(y), y + self.down(x)
            return x, y

    assert [3, 3] == counts(nn.Sequential(conv(3, 3), Turns()))


class Tokens(nn.Module):
    """A map as tokens, some blocks, and a map again."""

    def __init__(self, c, *body):
        super().__init__()
        self.c, self.body = c, nn.Sequential(*body)

    def forward(self, x):
        n, c, h, w = x.shape
        y = self.body(x.flatten(2).transpose(1, 2))
        return y.transpose(1, 2).reshape(n, c, h, w)


def test_tokens_and_maps_of_one_size_are_one_stage():
    """The form of a stream is not its size."""
    net = nn.Sequential(conv(3, 3), Basic(8, 8), Tokens(8, Transformer(8)), Basic(8, 8))
    assert [3] == counts(net)


class Windows(nn.Module):
    """A transformer over windows of a channels-last map."""

    def __init__(self, c, size):
        super().__init__()
        self.block, self.size = Transformer(c), size

    def forward(self, x):
        n, h, w, c = x.shape
        s = self.size
        y = x.view(n, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5)
        y = self.block(y.reshape(-1, s * s, c))
        y = y.view(n, h // s, w // s, s, s, c).permute(0, 1, 3, 2, 4, 5)
        return y.reshape(n, h, w, c)


class ChannelsLast(nn.Module):
    """A map with its channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1)


def test_windows_of_any_size_are_one_stage():
    """Positions that lie in the batch are positions."""
    net = nn.Sequential(conv(3, 3), ChannelsLast(), Windows(8, 4), Windows(8, 8))
    assert [2] == counts(net)


def test_dropping_the_batch_axis_changes_no_stage():
    """A batch of two has the stages of a batch of one."""
    one, two = (resviz.trace(mobile(), (3, 32, 32), batch=n) for n in (1, 2))
    sizes = [
        [len(it.blocks) for it in read_structure(arch).stages] for arch in (one, two)
    ]
    assert sizes[0] == sizes[1]


def test_the_channels_of_tokens_decide_the_reason():
    """A linear layer on a shortcut changes the last axis."""

    class Widening(nn.Module):
        def __init__(self):
            super().__init__()
            self.side = nn.Linear(8, 16)
            self.main = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 16))

        def forward(self, x):
            return self.side(x) + self.main(x)

    (block,) = read_structure(resviz.trace(Widening(), (5, 8))).blocks
    assert ("projection", "channels") == (block.shortcut.kind, block.shortcut.reason)


def test_a_flattened_graph_has_the_same_blocks():
    """torch.fx leaves one forward; blocks are named for what their layers share."""
    net = mobile()
    flat = read_structure(resviz.trace(fx.symbolic_trace(net), (3, 32, 32)))
    want = read_structure(resviz.trace(net, (3, 32, 32)))
    paths, kinds = (
        [[read(block) for block in stage.blocks] for stage in flat.stages]
        for read in (lambda block: block.path, lambda block: block.shortcut.kind)
    )
    assert [["1.body", "2.body"], ["3.body", "4.body", "5.body"]] == paths
    assert [[b.shortcut.kind for b in stage.blocks] for stage in want.stages] == kinds


def test_a_chain_that_differs_from_every_block_is_none():
    """A stem that a pool parts from the blocks of a flattened network is none."""
    net = nn.Sequential(
        conv(3, 3), nn.ReLU(), conv(3), nn.MaxPool2d(2), Basic(8, 8), Basic(8, 8)
    )
    flat = resviz.trace(fx.symbolic_trace(net), (3, 32, 32))
    assert [2] == [len(stage.blocks) for stage in read_structure(flat).stages]


def test_a_block_of_a_forward_in_half_precision():
    """Casts on the way change nothing."""
    net = nn.Sequential(conv(3, 3), Basic(8, 8), Basic(8, 8)).to(torch.bfloat16)
    assert [2] == counts(net)


def test_stages_do_not_depend_on_the_batch():
    """A row of positions is no row of tokens, however many samples there are."""

    class Basic1d(nn.Module):
        def __init__(self, stride):
            super().__init__()
            self.a = nn.Conv1d(8, 8, 3, stride, 1)
            self.b = nn.Conv1d(8, 8, 3, padding=1)
            self.side = nn.Conv1d(8, 8, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x):
            return self.side(x) + self.b(self.a(x).relu())

    net = nn.Sequential(nn.Conv1d(3, 8, 1), *map(Basic1d, (1, 1, 2, 1, 2, 1)))
    for batch in (1, 8, 32):
        arch = resviz.trace(net, (3, 16), batch)
        assert [2, 2, 2] == [len(it.blocks) for it in read_structure(arch).stages]


class PostNorm(nn.Module):
    """A post-norm block; a reshape stands between its units."""

    def __init__(self, c):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(c) for _ in range(2))
        self.attention = Attention(c)
        self.mlp = nn.Sequential(nn.Linear(c, 2 * c), nn.GELU(), nn.Linear(2 * c, c))

    def forward(self, x):
        x = self.norms[0](x + self.attention(x)).reshape(x.shape[0], -1, x.shape[2])
        return self.norms[1](x + self.mlp(x))


def test_norms_after_a_sum_belong_to_the_block():
    """All parameters of a post-norm block are its own, and equal blocks fold."""
    net = nn.Sequential(PostNorm(16), PostNorm(16))
    (stage,) = read_structure(resviz.trace(net, (9, 16))).stages
    want = sum(p.numel() for p in net.parameters())
    (row,) = resviz.summary(resviz.trace(net, (9, 16))).to_dict()["stages"]
    assert (want, [2]) == (row["params"], [fold.count for fold in stage.folds])


def test_units_are_drawn_one_after_the_other():
    """What stands between two units is drawn, so that each reads the one before."""
    arch = resviz.trace(nn.Sequential(PostNorm(16)), (9, 16))
    (block,) = read_structure(arch).blocks
    flow = build_block_steps(arch, block)
    first, second = (k for k, step in enumerate(flow) if step.lines[0] == "+")
    reached, pending = set(), [second]
    while pending:
        step = pending.pop()
        reached.add(step)
        pending.extend(flow[step].sources)
    assert first in reached


def test_two_inputs_are_no_block():
    """X + f(y) adds two things; neither is a way around the other."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = conv(3), conv(3)

        def forward(self, x, y):
            return x + self.b(self.a(y).relu())

    x, y = torch.zeros(2, 1, 8, 8, 8)
    built = read_structure(resviz.trace(Two(), inputs=(x, y)))
    assert ([JoinKind.OPEN], ()) == ([it.kind for it in built.regions], built.blocks)


def test_parts_of_a_split_are_no_block():
    """A reversible block adds a function of one half to the other."""

    class Coupled(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(3), nn.ReLU(), conv(3))

        def forward(self, x):
            a, b = x.chunk(2, 1)
            return torch.cat([a + self.body(b), b], 1)

    built = read_structure(
        resviz.trace(nn.Sequential(conv(3, 3, 16), Coupled()), (3, 8, 8))
    )
    assert () == built.blocks


def test_each_input_has_its_own_channels():
    """A mask before the tokens changes no reason."""

    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.side = nn.Linear(8, 16)
            self.main = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 16))

        def forward(self, mask, x):
            return (self.side(x) + self.main(x)) * mask[..., None]

    arch = resviz.trace(Masked(), inputs=(torch.zeros(2, 5), torch.zeros(2, 5, 8)))
    assert ["channels"] == [it.shortcut.reason for it in read_structure(arch).blocks]


class Dense(nn.Module):
    """Two dense layers, which concatenate."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([conv(3, 8, 4), conv(3, 12, 4)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


def test_depth_is_that_of_the_longest_path():
    """Concatenated branches count; a gate over one position does not."""

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), conv(1, 16, 4), conv(1, 4, 16)
            )

        def forward(self, x):
            return x * self.gate(x)

    net = nn.Sequential(conv(3, 3), Dense(), Gated())
    assert 3 == resviz.summary(resviz.trace(net, (3, 8, 8))).to_dict()["depth"]


def test_the_flow_of_a_map_with_its_channels_last():
    """Sizes are those of the map, not of its channels."""
    net = nn.Sequential(
        conv(3, 3, 8, stride=2), ChannelsLast(), Windows(8, 4), nn.LayerNorm(8)
    )
    flow = resviz.summary(resviz.trace(net, (3, 32, 32))).to_dict()["flow"]
    assert [[32, 32], [16, 16]] == [step["size"] for step in flow]


class Pointwise(nn.Module):
    """A residual MLP over the last axis."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x):
        return x + self.b(self.a(x).relu())


def test_shapes_of_blocks_have_their_channels_first():
    """A block over a channels-last map says its shapes as every other does."""
    net = nn.Sequential(conv(3, 3), ChannelsLast(), Pointwise())
    (block,) = read_structure(resviz.trace(net, (3, 32, 16))).blocks
    want = (1, 8, 32, 16)
    assert (want, want) == (block.output_shape, block.shortcut.input_shape)


def test_a_shared_pre_activation_leads_into_its_block():
    """He et al. 2016, figure 4(e): a projection comes after the first BN and ReLU."""
    net = nn.Sequential(conv(3, 3), PreActivation(8, 8), PreActivation(8, 16))
    arch = resviz.trace(net, (3, 8, 8))
    first, second = read_structure(arch).blocks
    assert () == first.preactivation
    names = [
        op.name
        for index in second.preactivation
        for op in arch.layers[index].operations
    ]
    assert ["native_batch_norm", "relu"] == names
    assert second.fork == second.preactivation[-1] == second.layer_indices[1]


def test_what_comes_before_a_blocks_call_leads_into_none():
    """The BN and ReLU of a stem are the stem's."""
    stem = nn.Sequential(conv(3, 3), nn.BatchNorm2d(8), nn.ReLU())
    found = read_structure(resviz.trace(nn.Sequential(stem, Basic(8, 8)), (3, 8, 8)))
    assert () == found.blocks[0].preactivation


class Summed(nn.Module):
    """A residual sum, and what its forward does after it."""

    def __init__(self, *after):
        super().__init__()
        self.body, self.after = nn.Sequential(conv(3), conv(3)), nn.Sequential(*after)

    def forward(self, x):
        return self.after(x + self.body(x))


def end_of_first_block(*modules):
    """The name of the last layer of the first block behind a stem."""
    arch = resviz.trace(nn.Sequential(conv(3, 3), *modules), (3, 8, 8))
    return arch.layers[read_structure(arch).blocks[0].end].name


def test_an_activation_after_the_sum_belongs_to_the_block():
    """He et al. 2015, figure 2."""
    assert "1.after.0" == end_of_first_block(Summed(nn.ReLU()), conv(3))


def test_one_activation_after_the_sum_belongs_to_the_block():
    """A second one is something else's."""
    assert "1.after.0" == end_of_first_block(Summed(nn.ReLU(), nn.ReLU()), conv(3))


def test_what_runs_outside_of_a_blocks_call_does_not_belong_to_it():
    """An activation of the model's own, after a block's call."""
    assert "1:add" == end_of_first_block(residual(), nn.ReLU(), conv(3))


def test_two_activations_beside_each_other_do_not_belong_to_the_block():
    """The sum itself goes on, to both of them."""

    class Read(Summed):
        def forward(self, x):
            y = x + self.body(x)
            return torch.cat([y.sigmoid(), self.after(y)], 1)

    assert "1:add" == end_of_first_block(Read(nn.ReLU()), conv(3, 16))


def test_an_activation_after_a_sum_that_is_returned_does_not_belong_to_the_block():
    """What the model gives out is the sum."""

    class Both(Summed):
        def forward(self, x):
            y = x + self.body(x)
            return y, self.after(y)

    assert "1:add" == end_of_first_block(Both(nn.ReLU()))


def skip_over(*inner, side=None):
    """The paths of the blocks of a network with a skip over some modules."""
    net = nn.Sequential(conv(3, 3), residual(nn.Sequential(*inner), side))
    arch = resviz.trace(net, (3, 16, 16))
    return [block.path for block in read_structure(arch).blocks]


def test_a_skip_over_two_blocks_of_its_size_is_long():
    """Both are blocks, and it is none."""
    assert ["1.main.0", "1.main.1"] == skip_over(Basic(8, 8), Basic(8, 8))


def test_a_skip_over_one_block_of_its_size_is_a_block():
    """The sum inside it is a part of its main branch."""
    assert ["1"] == skip_over(conv(3), Basic(8, 8))


def test_a_skip_over_blocks_of_another_map_is_long():
    """An hourglass: its blocks lie on a map that is neither before nor after it."""
    inner = Basic(8, 16, 2), Basic(16, 16), nn.ConvTranspose2d(16, 8, 2, 2)
    assert ["1.main.0", "1.main.1"] == skip_over(*inner)


def test_a_strided_skip_over_sums_before_its_stride_is_a_block():
    """Sums on its input's map, of another width, are parts of its main branch.

    They would be blocks by themselves if they had two weights in a row.
    """
    thin = (residual(conv(3, 4, 4)) for _ in range(2))
    inner = conv(1, 8, 4), *thin, conv(3, 4, 8, stride=2)
    assert ["1"] == skip_over(*inner, side=conv(1, stride=2))


class Summing(nn.Module):
    """Three blocks; the last reads the sum of the others, as RawNet3's does."""

    def __init__(self, *blocks, halve=False):
        super().__init__()
        self.stem = conv(3, 3)
        self.first, self.second, self.third = blocks
        self.pool = nn.MaxPool2d(2) if halve else nn.Identity()

    def forward(self, x):
        first = self.first(self.stem(x))
        return self.third(self.pool(first) + self.pool(self.second(first)))


def list_block_paths(net):
    """The paths of the blocks of a network of images."""
    arch = resviz.trace(net, (3, 16, 16))
    return [block.path for block in read_structure(arch).blocks]


@pytest.mark.parametrize("halve", [False, True])
def test_a_block_whose_sisters_are_units_is_one(halve):
    """A skip over it alone is no larger block, for it is one as they are."""
    net = Summing(*(Basic(8, 8) for _ in range(3)), halve=halve)
    assert ["first", "second", "third"] == list_block_paths(net)


def test_a_block_without_sisters_is_a_part():
    """What no other call of its class shows to be a unit is on the main branch."""
    net = Summing(conv(3), Basic(8, 8), conv(3))
    assert [""] == list_block_paths(net)
