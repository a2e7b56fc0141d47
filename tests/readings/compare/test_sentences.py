"""What is said of changed networks, read beside their code."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.errors import SpecError
from resviz.models import resnet18, resnet50
from resviz.models.blocks import Bottleneck
from resviz.readings.compare import compare_records
from tests.forwards import Function
from tests.readings.compare.pairs import (
    assert_adds_up,
    compare_specs,
    draw_records,
    random_source,
)
from tests.readings.compare.pairs import sentences as say
from tests.readings.structure import toys


def changed(change, build: Any = resnet50) -> tuple[Any, Any]:
    """A network, and the same after a change."""
    before = build()
    after = deepcopy(before)
    change(after)
    return before, after


class Eca(nn.Module):
    """Efficient channel attention: a convolution over channels weighs them."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x):
        weights = self.conv(x.mean((2, 3)).unsqueeze(1)).sigmoid()
        return x * weights.transpose(1, 2).unsqueeze(-1)


class Split(nn.Module):
    """Two strided convolutions side by side, each of one half of the channels."""

    def __init__(self, width, stride):
        super().__init__()
        self.left = nn.Conv2d(width // 2, width // 2, 3, stride, 1, bias=False)
        self.right = nn.Conv2d(width // 2, width // 2, 3, stride, 1, bias=False)

    def forward(self, x):
        a, b = x.chunk(2, 1)
        return torch.cat([self.left(a), self.right(b)], 1)


def test_widths_keep_their_roles_beside_another_stem():
    """Numbers of layers of one network mean nothing in the other."""
    found = say("resnet(50, stem='deep')", "resnet(50, width_per_group=128)")
    assert [
        "a 7×7 (/2) instead of three 3×3 (/2) in the stem",
        "the 3×3 of every block is twice as wide (128 instead of 64 in conv2_x)",
    ] == found


def test_a_gate_keeps_its_width_to_itself():
    """Efficient channel attention adds its own weights and nothing else."""

    def add_gates(net):
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            for block in stage:
                block.bn3 = nn.Sequential(block.bn3, Eca())

    before, after = changed(add_gates)
    (change,) = compare_specs(before, after).changes
    assert "an ECA gate in every block" == change.sentence
    assert 16 * 3 == change.share.params
    assert 10**6 > change.share.macs


def test_a_pool_turned_convolution_is_one_change_of_the_stem():
    """No map after it has another size, so nothing else has a share."""

    def turn(net):
        net.maxpool = nn.Conv2d(64, 64, 3, 2, 1, bias=False)

    before, after = changed(turn)
    (change,) = compare_specs(before, after).changes
    assert "stem" == change.what
    assert 64 * 64 * 9 == change.share.params
    assert 64 * 64 * 9 * 56 * 56 == change.share.macs


def test_one_narrow_block_is_one_block():
    """Others of its stage keep their widths, and are not meant."""

    def narrow(net):
        block = net.layer3[3]
        block.conv1 = nn.Conv2d(1024, 128, 1, bias=False)
        block.bn1, block.bn2 = nn.BatchNorm2d(128), nn.BatchNorm2d(128)
        block.conv2 = nn.Conv2d(128, 128, 3, padding=1, bias=False)
        block.conv3 = nn.Conv2d(128, 1024, 1, bias=False)

    found = say(*changed(narrow))
    assert ["the 3×3 of conv4_4 is half as wide (128 instead of 256)"] == found


def test_strides_side_by_side_count_once():
    """Two branches that stride by 2 shrink a map by 2."""

    def split(net):
        for stage, width in ((net.layer2, 128), (net.layer3, 256), (net.layer4, 512)):
            stage[0].conv2 = Split(width, 2)

    found = " ".join(say(*changed(split)))
    assert "two 3×3" in found or "3×3 to 64, 3×3 to 64" in found
    assert "stride" not in found
    assert "resolution" not in found


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ([3, 4, 1, 3], "conv4_x has five blocks fewer (1 instead of 6)"),
        ([3, 4, 7, 3], "conv4_x has one block more (7 instead of 6)"),
        ([2, 3, 5, 2], "conv2_x to conv5_x have one block less each (2 instead of 3)"),
    ],
)
def test_first_blocks_stay(layers, sentence):
    """The first block of a stage leads into it, however long the stage is."""
    found = say(50, f"resnet(block='bottleneck', layers={layers})")
    if layers == [2, 3, 5, 2]:
        sentence = "conv2_x to conv5_x have 2, 3, 5, 2 blocks instead of 3, 4, 6, 3"
    assert [sentence] == found


def test_everything_is_wider_only_where_everything_is():
    """Inside, the blocks keep their width."""
    found = say(50, "resnet(50, base_channels=128, width_per_group=32)")
    assert "the stem gives 128 channels instead of 64" in found
    assert not any("everything" in sentence for sentence in found)
    assert ["everything is twice as wide (512 instead of 256 in conv2_x)"] == say(
        50, "resnet(50, base_channels=128)"
    )


def test_changes_that_undo_each_other_are_one():
    """A stem that strides no more and a first stage that does leave the rest alone."""

    def move(net):
        net.maxpool = nn.Identity()
        net.layer1[0].conv2.stride = (2, 2)
        net.layer1[0].downsample[0].stride = (2, 2)

    before, after = changed(move)
    comparison = compare_specs(before, after)
    assert ["stem"] == [change.what for change in comparison.changes]
    (change,) = comparison.changes
    assert "no 3×3 max pool (/2) in the stem; conv2_x strides by 2" == change.sentence


def test_padded_shortcuts_of_other_stride_are_padded_still():
    """No item of theirs comes or goes."""
    a, b = (f"resnet(50, shortcut='A'{more})" for more in ("", ", output_stride=16"))
    assert [
        "conv5_x keeps its resolution, stride 1 instead of 2, its kernels dilated by 2"
    ] == say(a, b)


def rename(net):
    """Rename all children of a network, and wrap it."""

    def forward(x):
        x = net.maxpool(F.relu(net.bn1(net.conv1(x))))
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            for block in stage:
                y = F.relu(block.bn1(block.conv1(x)))
                y = F.relu(block.bn2(block.conv2(y)))
                y = block.bn3(block.conv3(y))
                x = F.relu(y + (block.downsample(x) if block.downsample else x))
        x = torch.flatten(net.avgpool(x), 1)
        return F.linear(x, net.fc.weight, net.fc.bias)

    return Function(forward)


@pytest.mark.parametrize(
    "copy",
    [
        deepcopy,
        nn.Sequential,
        lambda net: nn.Sequential(nn.Identity(), nn.ModuleDict({"a": net})["a"]),
        rename,
    ],
    ids=["copied", "in a sequence", "behind an identity", "as a function"],
)
def test_copies_are_the_same_network(copy):
    """Names, wrappers and functions in the place of modules change nothing."""
    net = resnet50()
    comparison = compare_specs(net, copy(net))
    assert () == comparison.changes
    assert "are the same network" in comparison.headline


class DropPath(nn.Module):
    """Stochastic depth, as it is written out everywhere."""

    def forward(self, x):
        """Drop whole samples in training."""
        if not self.training:
            return x
        return x * x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(0.9).div_(0.9)


@pytest.mark.parametrize(
    "layer", [nn.Dropout(0.1), nn.Dropout2d(), DropPath()], ids=lambda m: str(m)[:9]
)
def test_what_does_nothing_in_evaluation_is_told(layer):
    """It is no change there, and one in training."""

    def build(*more):
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), *more, nn.Conv2d(4, 4, 3)
        ).requires_grad_()

    options = {"input_size": (3, 9, 9)}
    idle, acting = (
        resviz.compare(build(), build(layer), **options, training=training)
        for training in (False, True)
    )
    assert idle.title.endswith("are the same network in evaluation")
    name = type(layer).__name__
    assert any(f"{name} does nothing in evaluation" in note for note in idle.notes)
    assert not any("does nothing" in note for note in acting.notes)
    assert "dropout more" in str(acting)
    both = resviz.compare(build(), build(layer), build(nn.Identity()), **options)
    assert [note.partition(": ")[2] for note in both.notes[1:3]] == [
        "the same network in evaluation", "the same network",
    ]  # fmt: skip
    alike = resviz.compare(build(), build(nn.Identity()), **options)
    assert alike.title.endswith("are the same network")
    assert not any("does nothing" in note for note in alike.notes)


@pytest.mark.parametrize(
    ("layers", "words"), [("2, 3, 1, 3", "the first block of"), ("1, 1, 1, 1", "every")]
)
def test_what_blocks_more_do_not_share_is_no_change_of_every_block(layers, words):
    """The only block is the first where others come: these have no stride to move."""
    found = say(
        "resnet(block='bottleneck', layers=[1, 1, 1, 1], stride_in='1x1')",
        f"resnet(block='bottleneck', layers=[{layers}])",
    )
    assert "the stride moves from the first 1×1 to the 3×3 in " + words in found[-1]


def test_an_inserted_block_is_one_insertion():
    """In second place, with all that follow moved by one."""

    def insert(net):
        net.layer2.insert(1, Bottleneck(512, 128))

    before, after = changed(insert)
    (change,) = compare_specs(before, after).changes
    assert "conv3_x has one block more (5 instead of 4)" == change.sentence
    block = resviz.trace(after).stages[1].blocks[1]
    assert (block.params, block.macs) == (change.share.params, change.share.macs)


class Attend(nn.Module):
    """Attention over all positions, added to what goes in."""

    def __init__(self, width):
        super().__init__()
        self.attend = nn.MultiheadAttention(width, 8, batch_first=True)

    def forward(self, x):
        rows = x.flatten(2).transpose(1, 2)
        rows = rows + self.attend(rows, rows, rows, need_weights=False)[0]
        return rows.transpose(1, 2).reshape(x.shape)


class Wide(nn.Module):
    """A residual block of one 5×5."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 5, padding=2)

    def forward(self, x):
        return x + self.conv(x)


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([Attend(2048)], "one block more (4 instead of 3), built as attention"),
        ([Wide(2048)], "one block more (4 instead of 3), built as 5×5 to 2048"),
        ([Bottleneck(2048, 512)], "one block more (4 instead of 3)"),
        (
            [Bottleneck(2048, 512), Wide(2048)],
            "two blocks more (5 instead of 3), one of them built as 5×5 to 2048",
        ),
        (
            [Wide(2048), Attend(2048)],
            "two blocks more (5 instead of 3), built as 5×5 to 2048, and 1 other kind",
        ),
    ],
    ids=["attention", "5×5", "alike", "both", "two kinds"],
)
def test_blocks_built_otherwise_are_no_more_of_the_same(blocks, sentence):
    """What they are built as is told, also the other way round."""
    before, after = changed(lambda net: net.layer4.extend(blocks))
    (found,) = say(before, after)
    assert f"conv5_x has {sentence}" == found
    (back,) = say(after, before)
    assert sentence.partition("), ")[2] == back.partition("), ")[2]


def test_what_is_not_compared_is_never_called_the_same():
    """A shuffle of channels is a reshape, which no sentence tells."""

    class Shuffle(nn.Module):
        def forward(self, x):
            return x.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2)

    def shuffle(net):
        net.layer1[1].relu = nn.Sequential(net.layer1[1].relu, Shuffle())

    comparison = compare_specs(*changed(shuffle))
    assert "same" not in comparison.headline
    assert comparison.changes


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda n: setattr(n.layer3[0].conv2, "dilation", (2, 2)), None),
        (lambda n: setattr(n, "fc", nn.Linear(512, 10)), "the head has 10 classes"),
        (lambda n: setattr(n, "bn1", nn.GroupNorm(8, 64)), "group norm instead of"),
        (lambda n: setattr(n, "relu", nn.SiLU()), "SiLU instead of ReLU in the stem"),
    ],
)
def test_small_changes_are_named(change, sentence):
    """Each by itself, in its place."""
    before, after = changed(change, resnet18)
    if sentence is None:
        after.layer3[0].conv2.padding = (2, 2)
        sentence = "is dilated by 2"
    (found,) = say(before, after)
    assert sentence in found


def test_a_turned_comparison_has_as_many_changes():
    """From B to A goes what came, by the negative difference."""
    rng = random_source(3)
    for a, b in zip(draw_records(rng, 15), draw_records(rng, 15), strict=True):
        there, back = compare_records(a, b), compare_records(b, a)
        assert len(there.changes) == len(back.changes)
        assert there.difference.macs == -back.difference.macs


def test_networks_with_little_in_common_are_two_families():
    """Described, and not told edit by edit; the sum is theirs all the same."""
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    comparison = compare_specs(plain, 18)
    (change,) = comparison.changes
    assert "family" == change.what
    assert "Sequential has no residual blocks; ResNet-18 is 8 basic blocks" in (
        change.sentence
    )


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "paper34"])
def test_blocks_of_one_kind_alone_are_little_in_common(name):
    """A U-Net of basic blocks has hardly a weight of a ResNet."""
    unet, resnet = (resviz.trace(net, (3, 32, 32)) for net in (toys.UNet(), name))
    for a, b in ((unet, resnet), (resnet, unet)):
        assert ["family"] == [change.what for change in compare_records(a, b).changes]


@pytest.mark.parametrize(("one", "other"), [("cifar20", "resnet101"), ("paper34", 50)])
def test_networks_of_one_family_are_told_edit_by_edit(one, other):
    """However few weights are in both."""
    comparison = compare_specs(one, other)
    assert not comparison.is_of_families
    assert len(comparison.changes) > 1


def test_equal_titles_get_their_names():
    """The same title twice would tell nobody which is which."""
    a, b = (resviz.trace(build(), name=name) for build, name in
            ((resnet18, "a"), (resnet50, "b")))  # fmt: skip
    comparison = compare_records(a, b)
    assert comparison.names[0] != comparison.names[1]


def test_modes_are_not_mixed():
    """Training and evaluation run other operations."""
    with pytest.raises(SpecError, match="want both alike"):
        compare_records(resviz.trace(18), resviz.trace(18, training=True))


class Encoder(nn.Module):
    """Two blocks of attention over patches and a class token."""

    def __init__(self, width=32, heads=2, patch=4):
        super().__init__()
        self.heads = heads
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "norm1": nn.LayerNorm(width),
                    "qkv": nn.Linear(width, 3 * width),
                    "proj": nn.Linear(width, width),
                    "norm2": nn.LayerNorm(width),
                    "up": nn.Linear(width, 4 * width),
                    "down": nn.Linear(4 * width, width),
                }
            )
            for _ in range(2)
        )

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        n, length, width = x.shape
        block: Any
        for block in self.blocks:
            qkv = block["qkv"](block["norm1"](x))
            q, k, v = qkv.view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            scores = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
            mixed = (scores @ v).transpose(1, 2).reshape(n, length, width)
            x = x + block["proj"](mixed)
            hidden = nn.functional.gelu(block["up"](block["norm2"](x)))
            x = x + block["down"](hidden)
        return x


def test_a_wider_transformer_strides_nowhere():
    """Heads are no positions; what attention costs more is the width's."""
    a, b = (
        resviz.trace(Encoder(width, heads), (3, 16, 16))
        for width, heads in ((32, 2), (64, 4))
    )
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    (change,) = comparison.changes
    assert "everything is twice as wide (64 instead of 32)" == change.sentence


def test_larger_patches_own_what_fewer_tokens_save():
    """The stride of the stem leaves 5 tokens of 17."""
    a, b = (resviz.trace(Encoder(patch=p), (3, 16, 16)) for p in (4, 8))
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    kernel, stride = comparison.changes
    assert "the 4×4 of the stem is an 8×8" == kernel.sentence
    assert "strides by 8 instead of 4" in stride.sentence
    assert b.macs - a.macs == kernel.share.macs + stride.share.macs
    assert stride.share.macs < 0 < kernel.share.macs


def test_more_heads_are_told():
    """Of as many channels: the scores are more, and nothing is wider."""
    a, b = (resviz.trace(Encoder(heads=n), (3, 16, 16)) for n in (2, 4))
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    assert comparison.changes
    said = " ".join(change.sentence for change in comparison.changes)
    assert "wide" not in said
    assert "stride" not in said
