"""Blocks that are no closed regions: what hangs on them, comes in, or goes past.

One toy a kind of thing that people write; the random nets mix them.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .toys import Attention, Basic, conv, residual


def read(net, *shapes, **options):
    """The structure of a net for inputs of these shapes; a map if there is none."""
    shapes = shapes or ((1, 3, 16, 16),)
    inputs = tuple(torch.zeros(shape) for shape in shapes)
    return read_structure(resviz.trace(net.eval(), inputs=inputs, **options))


def describe(built):
    """The types of its blocks and the kinds of their shortcuts."""
    return [
        (block.type, *(unit.shortcut.kind for unit in block.units))
        for block in built.blocks
    ]


def names(built, indices):
    """The names of some layers."""
    return [built.arch.layers[index].name for index in indices]


def make(forward, **modules):
    """A module with a forward of its own."""

    class Made(nn.Module):
        def __init__(self):
            super().__init__()
            for name, module in modules.items():
                setattr(self, name, module)

    Made.forward = forward
    return Made()


def behind_stem(*modules):
    """Modules behind a stem of eight channels."""
    return nn.Sequential(conv(3, 3), *modules)


# What is read elsewhere


def keep_mean(self, x):
    y = self.a(x)
    self.stat = y.mean()
    return x + self.b(y.relu())


def keep_detached(self, x):
    y = self.a(x)
    self.last = y.detach()
    return x + self.b(y.relu())


def ask_for_type(self, x):
    y = self.b(self.a(x).relu())
    assert not isinstance(y.data, torch.LongTensor)
    return x + y


@pytest.mark.parametrize("forward", [keep_mean, keep_detached, ask_for_type])
def test_what_leads_nowhere_does_not_matter(forward):
    """A statistic, what is kept for a loss, a look at a tensor: no tap."""
    built = read(behind_stem(make(forward, a=conv(3), b=conv(3))))
    assert ([("basic", "identity")], ()) == (describe(built), built.blocks[0].taps)


def test_an_addition_that_leads_nowhere_is_no_block():
    """Of two sums of the same branches one is not used."""

    def forward(self, x):
        y = self.b(self.a(x).relu())
        return {"+": x + y, "-": x - y}["-"]

    built = read(behind_stem(make(forward, a=conv(3), b=conv(3))))
    assert [("basic", "identity")] == describe(built)


def test_a_last_residual_that_nothing_reads_is_a_block():
    """WaveNet's last layer gives to the skip alone, and adds as the others do."""

    def forward(self, x):
        skip = 0
        for body, side in zip(self.bodies, self.sides, strict=True):
            y = body(x)
            skip, x = skip + side(y), x + y
        return skip

    bodies = (nn.Sequential(conv(3), nn.Tanh(), conv(1)) for _ in range(3))
    sides = nn.ModuleList(conv(1) for _ in range(3))
    net = make(forward, bodies=nn.ModuleList(bodies), sides=sides)
    assert [("residual", "identity")] * 3 == describe(read(behind_stem(net)))


def test_what_leads_out_is_a_tap():
    """A feature that is returned beside the result is named."""

    def forward(self, x):
        y = self.a(x)
        return x + self.b(y.relu()), y

    built = read(behind_stem(make(forward, a=conv(3), b=conv(3))))
    (block,) = built.blocks
    assert ("basic", ["1.a"]) == (block.type, names(built, block.taps))


def test_a_tapped_preactivation_is_one():
    """Norm and activation before the fork are the block's, whoever else reads them."""

    def block(self, x):
        self.seen = self.norm(x)
        y = self.seen.relu()
        return self.side(y) + self.b(self.a(y).relu())

    parts = {"a": conv(3), "b": conv(3), "side": conv(1), "norm": nn.BatchNorm2d(8)}

    def forward(self, x):
        return self.block(x) * self.block.seen.mean()

    built = read(behind_stem(make(forward, block=make(block, **parts))))
    (found,) = built.blocks
    assert ["1.block.norm", "1.block:relu"] == names(built, found.preactivation)


# What comes in


def add_embedding(self, x, t):
    return x + self.b((self.a(x) + self.e(t)[:, :, None, None]).relu())


def modulate(self, x, t):
    scale, shift = (self.e(t)[:, :, None, None].expand_as(x) for _ in range(2))
    return x + self.b((self.a(x) * (1 + scale) + shift).relu())


@pytest.mark.parametrize("forward", [add_embedding, modulate])
def test_a_side_input_is_a_condition(forward):
    """Its own layer on the embedding belongs to the block, and is not on its path."""
    block = make(forward, a=conv(3), b=conv(3), e=nn.Linear(8, 8))

    def run(self, x, t):
        return self.block(self.stem(x), t)

    net = make(run, stem=conv(3, 3), block=block)
    built = read(net, (1, 3, 16, 16), (1, 8))
    assert ([("basic", "identity")], 3) == (describe(built), count_depth(built))
    assert "block.e" in names(built, built.blocks[0].conditions)


def test_the_order_of_inputs_changes_nothing():
    """A smaller first input makes no gate of the first block."""

    def run(self, t, x):
        x = self.stem(x)
        for block in (self.one, self.other):
            x = block(x + self.e(t)[:, :, None, None])
        return x

    parts = {"one": Basic(8, 8), "other": Basic(8, 8), "e": nn.Linear(6, 8)}
    net = make(run, stem=conv(3, 3), **parts)
    built = read(net, (1, 6), (1, 3, 16, 16))
    assert ([("basic", "identity")] * 2, 5) == (describe(built), count_depth(built))


def test_a_depthwise_projection_leads_back_to_its_fork():
    """GhostNet's shortcut, beside a branch that reads an earlier map too."""

    def forward(self, early):
        x = self.between(early)
        y = self.b(torch.cat([self.a(x).relu(), early], 1)).relu()
        return self.c(y) + self.side(x)

    side = nn.Sequential(conv(3, groups=8), conv(1))
    parts = {"between": conv(3), "a": conv(3), "b": conv(3, 16), "c": conv(3)}
    built = read(behind_stem(make(forward, **parts, side=side)))
    assert [("residual", "projection")] == describe(built)


# What goes past


def test_an_hourglass_keeps_the_block_on_its_skip():
    """The third consumer of a map joins where the branch of blocks comes back."""

    def forward(self, x):
        low = self.low(F.max_pool2d(x, 2))
        return self.up(x) + F.interpolate(low, scale_factor=2)

    low = nn.Sequential(*(Basic(8, 8) for _ in range(3)))
    built = read(behind_stem(make(forward, low=low, up=Basic(8, 8))))
    assert [("basic", "identity")] * 4 == describe(built)


def test_a_branch_added_again_is_no_second_block():
    """ECAPA's dense sums: x + x1 is written anew for every block that reads it."""

    def dense(self, x):
        one = self.a(x)
        two = self.b(x + one)
        return torch.cat([one, two, self.c(x + one + two)], 1)

    def twice(self, x):
        y = self.b(self.a(x).relu())
        return torch.cat([self.c(x + y), x + y], 1)

    blocks = {name: Basic(8, 8) for name in "abc"}
    built = read(behind_stem(make(dense, **blocks)))
    assert [("basic", "identity")] * 3 == describe(built)
    layers = [index for block in built.blocks for index in block.layer_indices]
    assert len({*layers}) == len(layers)
    again = "it adds the fork of a sum again"
    assert 2 == sum(again in join.reason for join in explain_joins(built))
    parts = {name: conv(3, 8, 8) for name in "abc"}
    built = read(behind_stem(make(twice, **parts)))
    assert 1 == len(built.blocks)
    (verdict,) = (r for r in explain_joins(built) if r.verdict == "repeated sum")
    assert "1:add adds its branch before" in verdict.reason


def test_a_shortcut_may_branch():
    """Shake-shake's two pooled 1×1 side by side are one projection."""

    def side(self, x):
        moved = F.pad(x, (1, 0, 1, 0))[:, :, :-1, :-1]
        halves = self.a(F.avg_pool2d(x, 1, 2)), self.b(F.avg_pool2d(moved, 1, 2))
        return torch.cat(halves, 1)

    main = nn.Sequential(conv(3, 8, 16, stride=2), nn.ReLU(), conv(3, 16, 16))
    block = residual(main, make(side, a=conv(1), b=conv(1)))
    assert [("basic", "projection")] == describe(read(behind_stem(block)))


def test_zero_padding_through_a_transpose():
    """The axis of the channels is followed to where they are padded."""

    def side(self, x):
        return F.pad(F.max_pool1d(x, 2).transpose(1, 2), (4, 4)).transpose(1, 2)

    main = nn.Sequential(
        nn.Conv1d(8, 16, 3, 2, 1), nn.ReLU(), nn.Conv1d(16, 16, 3, 1, 1)
    )
    net = nn.Sequential(nn.Conv1d(3, 8, 3), residual(main, make(side)))
    (block,) = read(net, (1, 3, 34)).blocks
    assert ("zero-padded", (2,)) == (block.shortcut.kind, block.shortcut.stride)


# One convolution of several branches


def low_rank(self, x):
    return self.base(x) + 2 * self.up(self.down(x))


def parallel_1x1(self, x):
    return self.norm(self.base(x)) + self.one(x)


def several(forward, c=8, o=8):
    """A 3×3 written as a sum."""
    up, down, one = conv(1, 2, o), conv(3, c, 2), conv(1, c, o)
    return make(
        forward, base=conv(3, c, o), up=up, down=down, one=one, norm=nn.BatchNorm2d(o)
    )


@pytest.mark.parametrize("forward", [low_rank, parallel_1x1])
def test_several_branches_are_one_convolution(forward):
    """Inside a block and in the stem; the depth counts one."""
    bodies = (
        nn.Sequential(several(forward), nn.ReLU(), several(forward)) for _ in range(2)
    )
    net = nn.Sequential(several(forward, 3), *(residual(body) for body in bodies))
    built = read(net)
    assert ([("basic", "identity")] * 2, 5) == (describe(built), count_depth(built))


def test_a_projection_of_several_branches_is_one():
    """LoRA on a shortcut's 1×1 has two weights in a row, and weighs one."""
    low = {"base": conv(1), "up": conv(1, 2, 8), "down": conv(1, 8, 2)}
    main = nn.Sequential(several(low_rank), nn.ReLU(), several(low_rank))
    (block,) = read(behind_stem(residual(main, make(low_rank, **low)))).blocks
    assert ("projection", "1×1") == (block.shortcut.kind, block.shortcut.label)


def test_several_branches_are_blocks_where_nothing_else_is():
    """RepVGG in training has no others."""
    built = read(behind_stem(*(several(parallel_1x1) for _ in range(3))))
    assert 3 == len(built.blocks)


# Gates


def weigh_positions(self, x):
    both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
    return x * self.wide(both).sigmoid()


def weigh_by_a_map(self, x):
    small = self.full(F.avg_pool2d(x, 2))
    return x * F.interpolate(small, scale_factor=2).sigmoid()


def weigh_channels(self, x):
    return x * self.full(x.mean((2, 3), keepdim=True)).sigmoid().expand_as(x)


@pytest.mark.parametrize("forward", [weigh_positions, weigh_by_a_map, weigh_channels])
@pytest.mark.parametrize("side", [2, 16])
def test_a_gate_is_on_no_path(forward, side):
    """Whatever its kernel and its axes, also on a map of few positions."""
    gate = make(forward, wide=conv(7, 2, 1), full=conv(3))
    main = nn.Sequential(conv(1, 8, 4), conv(3, 4, 4), conv(1, 4, 8), gate)
    built = read(behind_stem(residual(main)), (1, 3, side, side))
    assert ([("bottleneck", "identity")], 4) == (describe(built), count_depth(built))
    weighted = "1.main.3.wide" if forward is weigh_positions else "1.main.3.full"
    assert weighted in names(built, built.blocks[0].gate_indices)


def test_a_shared_gate_is_no_projection():
    """Highway's carries the rest of what it lets through."""

    def forward(self, x):
        gate = self.gate(x).sigmoid()
        return self.main(x) * gate + x * (1 - gate)

    built = read(behind_stem(make(forward, gate=conv(3), main=conv(3))))
    (block,) = built.blocks
    assert "scaled identity" == block.shortcut.label


# Blocks in blocks


class Around(nn.Module):
    """A body around a residual, which adds its input where nothing changes."""

    def __init__(self, c, o):
        super().__init__()
        self.a, self.b, self.same = conv(3, c, o), conv(3, o, o), c == o
        self.inner = residual(nn.Sequential(conv(1, o, 4), conv(1, 4, o)))

    def forward(self, x):
        y = self.b(self.inner(self.a(x).relu()))
        return x + y if self.same else y


def test_a_body_around_a_residual_is_a_block_without_shortcut():
    """It is of the class of blocks that hold such a residual, which is none itself."""
    built = read(behind_stem(Around(8, 16), Around(16, 16), Around(16, 24)))
    assert ["none", "identity", "none"] == [b.shortcut.kind for b in built.blocks]


def test_a_residual_alone_in_a_call_is_a_block():
    """Nothing of its class has one within another."""
    built = read(behind_stem(Around(8, 16), nn.Sequential(Basic(16, 16))))
    assert ["identity"] * 2 == [b.shortcut.kind for b in built.blocks]


# Units and blocks


def test_basic_blocks_written_out_are_two():
    """One with a norm and one without are no units of one block."""

    def forward(self, x):
        x = x + self.b(self.a(x).relu())
        return x + self.norm(self.d(self.c(x).relu()))

    convs = {name: conv(3) for name in "abcd"}
    built = read(behind_stem(make(forward, norm=nn.BatchNorm2d(8), **convs)))
    assert [("basic", "identity")] * 2 == describe(built)


def mlp():
    """Two linear layers behind a norm."""
    return nn.Sequential(
        nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)
    )


def added_in_the_parent(self, x):
    for attention, mlp in zip(self.attentions, self.mlps, strict=True):
        x = x + attention(x)
        x = x + mlp(x)
    return x


def test_attention_and_mlp_added_in_the_parent_are_one_block():
    """Their modules stand side by side, and the sums in a loop."""
    attentions = nn.ModuleList(Attention(16) for _ in range(3))
    mlps = nn.ModuleList(mlp() for _ in range(3))
    built = read(
        make(added_in_the_parent, attentions=attentions, mlps=mlps), (1, 9, 16)
    )
    assert ["attention + MLP"] * 3 == [block.type for block in built.blocks]


def test_attention_and_mlp_as_residual_modules_are_one_block():
    """Each adds its own input, as T5's."""
    modules = (residual(part) for _ in range(2) for part in (Attention(16), mlp()))
    built = read(nn.Sequential(*modules), (1, 9, 16))
    assert ["attention + MLP"] * 2 == [block.type for block in built.blocks]


def test_fused_attention_is_attention():
    """A real run of torch's own encoder layer runs it as one operation."""
    net = nn.Sequential(
        *(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True) for _ in range(2))
    )
    for mode in ("auto", "run"):
        built = read(net, (1, 9, 16), mode=mode)
        assert [("attention + MLP", "identity", "identity")] * 2 == describe(built)
        assert 8 == count_depth(built)


# Towers


def test_an_encoder_run_twice_is_two_towers():
    """Its stages come twice, and are not merged."""

    def forward(self, a, b):
        return self.encoder(a), self.encoder(b)

    encoder = nn.Sequential(conv(3, 3), Basic(8, 8), Basic(8, 8), Basic(8, 16, 2))
    built = read(make(forward, encoder=encoder), (1, 3, 16, 16), (1, 3, 16, 16))
    stages = [(stage.tower, len(stage.blocks)) for stage in built.stages]
    assert [(0, 2), (0, 1), (1, 2), (1, 1)] == stages


# Additions in other clothes


def test_a_product_that_adds_is_a_join():
    """`addmm` adds what it multiplies with a weight, which is on its branch."""

    def forward(self, x):
        return torch.addmm(x, self.a(x).relu(), self.weight)

    net = make(forward, a=nn.Linear(16, 24), weight=nn.Parameter(torch.zeros(24, 16)))
    built = read(nn.Sequential(nn.Linear(5, 16), net), (4, 5))
    assert ([("MLP", "identity")], 3) == (describe(built), count_depth(built))


def test_a_module_of_functions_that_adds_its_product():
    """It holds structure of its own, and is no leaf."""

    def forward(self, x):
        return torch.addmm(x, torch.relu(x @ self.a), self.b)

    def net():
        weights = (nn.Parameter(torch.zeros(16, 16)) for _ in "ab")
        return make(forward, **dict(zip("ab", weights, strict=True)))

    built = read(nn.Sequential(nn.Linear(5, 16), net(), net()), (4, 5))
    assert ([("MLP", "identity")] * 2, 5) == (describe(built), count_depth(built))


def test_index_add_is_a_join():
    """Some rows are taken, and their branch is added to them."""

    def forward(self, x):
        rows = torch.arange(2, device=x.device)
        return x.index_add(0, rows, self.f(x[rows]))

    built = read(nn.Sequential(nn.Linear(5, 16), make(forward, f=mlp())), (4, 9, 5))
    assert [("MLP", "identity")] == describe(built)


def test_a_sum_into_some_channels_has_an_identity():
    """`x[:, :4] += f(x)` adds to four channels of eight."""

    def forward(self, x):
        x = x.clone()
        x[:, :4] += self.f(x)
        return x

    f = nn.Sequential(conv(3), nn.ReLU(), conv(3, 8, 4))
    (block,) = read(behind_stem(make(forward, f=f))).blocks
    assert "identity (some channels)" == block.shortcut.label


# Streams that exchange


def in_halves(x):
    return x.chunk(2, 1)


def in_slices(x):
    return x[:, :4], x[:, 4:]


@pytest.mark.parametrize("part", [in_halves, in_slices])
def test_a_reversible_pair_is_a_block(part):
    """Each half is added what the other gives; the reason says so."""

    def forward(self, x):
        a, b = part(x)
        a = a + self.f(b)
        return torch.cat([a, b + self.g(a)], 1)

    bodies = {name: nn.Sequential(conv(3, 4, 4), conv(3, 4, 4)) for name in "fg"}
    built = read(behind_stem(make(forward, **bodies), make(forward, **bodies)))
    assert [("basic + basic", "identity", "identity")] * 2 == describe(built)
    assert "identity (other stream)" == built.blocks[0].shortcut.label
    assert {"it adds to one stream what another gives, in turn"} == {
        why.reason.partition(";")[0] for why in explain_joins(built)
    }


def test_streams_that_change_sides_and_size():
    """One sum a block, and space to depth between: iRevNet's."""

    def forward(self, a, b):
        y = self.f(b)
        if y.shape != a.shape:
            a, b = F.pixel_unshuffle(a, 2), F.pixel_unshuffle(b, 2)
        return b, a + y

    def run(self, x):
        a, b = self.stem(x).chunk(2, 1)
        for block in self.blocks:
            a, b = block(a, b)
        return torch.cat([a, b], 1)

    widths = (4, 4, 1), (4, 4, 1), (4, 16, 2), (16, 16, 1), (16, 16, 1)
    bodies = (
        nn.Sequential(conv(3, c, o, stride=s), nn.ReLU(), conv(3, o, o))
        for c, o, s in widths
    )
    blocks = nn.ModuleList(make(forward, f=body) for body in bodies)
    built = read(make(run, stem=conv(3, 3), blocks=blocks))
    assert [2, 3] == [len(stage.blocks) for stage in built.stages]


def test_parts_that_are_added_in_a_row_do_not_exchange():
    """Res2Net's splits go on from one to the next, and none takes anything back."""

    def forward(self, x):
        a, b, c = x.chunk(3, 1)
        b = b + self.f(a)
        return torch.cat([a, b, c + self.g(b)], 1)

    bodies = {name: conv(3, 4, 4) for name in "fg"}
    net = nn.Sequential(conv(3, 3, 12), make(forward, **bodies))
    assert {"open join"} == {why.verdict for why in explain_joins(read(net))}


# What stays open


def test_every_join_is_explained():
    """Its verdict, how heavy its branches are, where they part, what hangs on it."""

    def forward(self, x):
        y = self.a(x)
        return x + self.gate(self.b(y.relu())), y

    gate = make(weigh_channels, full=conv(1))
    net = behind_stem(make(forward, a=conv(3), b=conv(3), gate=gate))
    (why,) = explain_joins(read(net))
    assert ("1:add", "residual unit") == (why.layer.name, why.verdict)
    reason = (
        "a branch of 0 weighted layers in series beside one of 2; they fork at 0, on "
        "the shortcut; tapped at 1.a; gated at 1.gate:mul"
    )
    assert reason == why.reason


# The finer rules


def test_a_convolution_beside_an_adapter_is_parallel():
    """The lightest branch of a block sees no further than the others."""

    def forward(self, x):
        return self.wide(x) + self.up(self.down(x).relu())

    net = make(forward, wide=conv(3), up=conv(1, 2, 8), down=conv(1, 8, 2))
    (why,) = explain_joins(read(behind_stem(net)))
    assert "parallel sum" == why.verdict


def test_a_term_of_another_stream_opens_nothing():
    """One stream is added to another beside its own branch, as in ResNet in ResNet."""

    def forward(self, x):
        a, b = self.left(x), self.right(x)
        for f, g in zip(self.f, self.g, strict=True):
            a, b = a + (f(a) + g(b)), g(b)
        return a

    def two():
        return nn.ModuleList(
            nn.Sequential(conv(3), nn.ReLU(), conv(3)) for _ in range(2)
        )

    net = make(forward, left=conv(3, 3), right=conv(3, 3), f=two(), g=two())
    assert [("basic", "identity")] * 2 == describe(read(net))


def test_pooled_maps_that_add_up_are_a_head():
    """A classifier of what two depths give is no block with a projection."""

    def forward(self, x):
        y = self.block(x)
        late = self.b(self.a(y).mean((2, 3)))
        return self.side(x.mean((2, 3))) + late

    heads = {"a": conv(1), "b": nn.Linear(8, 4), "side": nn.Linear(8, 4)}
    built = read(behind_stem(make(forward, block=Basic(8, 8), **heads)))
    assert [("basic", "identity")] == describe(built)


def test_blocks_in_a_gate_make_no_long_skip():
    """What weighs the branch may hold residuals; the skip around both is the block."""

    def forward(self, x):
        gate = self.gate(F.avg_pool2d(x, 2)).sigmoid()
        return x + self.main(x) * F.interpolate(gate, scale_factor=2)

    main = nn.Sequential(conv(3), nn.ReLU(), conv(3))
    gate = nn.Sequential(Basic(8, 8), Basic(8, 8))
    built = read(behind_stem(make(forward, main=main, gate=gate)))
    assert [("basic", "identity")] == describe(built)


def test_a_strided_skip_over_whole_blocks_is_long():
    """Two with two weights in a row each are blocks, whatever their width."""
    inner = conv(1, 8, 4), Basic(4, 4), Basic(4, 4), conv(3, 4, 8, stride=2)
    side = conv(1, stride=2)
    built = read(behind_stem(residual(nn.Sequential(*inner), side)))
    assert [("basic", "identity")] * 2 == describe(built)


def test_a_plain_block_ends_where_the_next_layer_reads():
    """What else is read of it is a tap, though it runs later."""

    class Block(nn.Module):
        def __init__(self, c, o):
            super().__init__()
            self.a, self.b, self.same = conv(3, c, o), conv(3, o, o), c == o

        def forward(self, x):
            y = self.b(self.a(x).relu())
            y = x + y if self.same else y
            self.last = y.mean((2, 3)).relu()
            return y

    def forward(self, x):
        x = self.second(self.first(x))
        return self.head(x.mean((2, 3))) + self.first.last.mean(1, keepdim=True)

    net = make(forward, first=Block(3, 8), second=Block(8, 8), head=nn.Linear(8, 4))
    built = read(net)
    assert ["none", "identity"] == [block.shortcut.kind for block in built.blocks]
    assert "first.b" == built.arch.layers[built.blocks[0].end].name


def test_the_main_output_has_the_most_additions_above():
    """An auxiliary head of more layers does not count for the depth."""

    def forward(self, x):
        y = self.blocks(x)
        return self.head(y.mean((2, 3))), self.aux(x.mean((2, 3)))

    aux = nn.Sequential(*(nn.Linear(8, 8) for _ in range(9)))
    blocks = nn.Sequential(Basic(8, 8), Basic(8, 8))
    net = behind_stem(make(forward, blocks=blocks, head=nn.Linear(8, 4), aux=aux))
    assert 6 == count_depth(read(net))


def test_a_condition_as_large_as_the_map_is_one():
    """A second image that is added inside a body opens nothing.

    The main input is where the shortcuts lead, whatever the other's layers.
    """

    def forward(self, x, t):
        x = self.stem(x)
        for a, b, e in zip(self.a, self.b, self.e, strict=True):
            x = x + b((a(x) + e(t)).relu())
        return x

    parts = {name: nn.ModuleList(conv(3) for _ in range(2)) for name in "ab"}
    e = nn.ModuleList(nn.Sequential(*(conv(3) for _ in range(5))) for _ in range(2))
    net = make(forward, stem=conv(3, 3), e=e, **parts)
    built = read(net, (1, 3, 16, 16), (1, 8, 16, 16))
    assert ([("basic", "identity")] * 2, 5) == (describe(built), count_depth(built))


def by_kernel(self, x):
    w = self.made(F.avg_pool2d(x, 16)).reshape(8, 1, 1, 1).expand(8, 1, 3, 3)
    return F.conv2d(x, w, padding=1, groups=8)


def by_position(self, x):
    grid = self.made(x)[:, :2].permute(0, 2, 3, 1)
    return F.grid_sample(x, grid, align_corners=False)


@pytest.mark.parametrize(("forward", "depth"), [(by_kernel, 2), (by_position, 1)])
def test_a_kernel_or_an_index_is_on_no_path(forward, depth):
    """What makes it does not count for the depth; a convolution by it does."""
    made = nn.Sequential(*(conv(1) for _ in range(4)))
    assert depth == count_depth(read(behind_stem(make(forward, made=made))))


def test_a_shared_gate_is_a_layer_of_the_main_branch():
    """So its parameters are no shortcut's."""

    def forward(self, x):
        gate = self.gate(x).sigmoid()
        return self.main(x) * gate + x * (1 - gate)

    built = read(behind_stem(make(forward, gate=conv(3), main=conv(3))))
    assert 0 == built.blocks[0].shortcut.params


def test_the_weight_of_a_product_that_adds_is_its_own():
    """A branch of nothing else is heavier than an identity by it."""

    def forward(self, x):
        return torch.addmm(x, self.act(x), self.weight)

    net = make(forward, act=nn.ReLU(), weight=nn.Parameter(torch.zeros(16, 16)))
    built = read(nn.Sequential(nn.Linear(5, 16), net), (4, 5))
    assert ["identity"] == [block.shortcut.kind for block in built.blocks]


def test_a_block_beside_a_tower_of_its_size_stays_there():
    """Two single blocks that read the same one are of its stage."""

    def forward(self, x):
        x = self.first(x)
        return torch.cat([self.a(x), self.b(x)], 1)

    parts = {name: Basic(8, 8) for name in ("first", "a", "b")}
    built = read(behind_stem(make(forward, **parts)))
    assert [3] == [len(stage.blocks) for stage in built.stages]
