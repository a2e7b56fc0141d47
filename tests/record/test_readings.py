"""What a record and its parts say of themselves: `arch.macs`, `block.shortcut.kind`."""

import json
import pickle

import msgspec
import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RecordError, UnknownNameError
from resviz.record.layers import LAYER_PLACES
from resviz.record.places import RECORD_PLACES
from resviz.tables.places import TABLE_PLACES


@pytest.fixture(scope="module")
def arch():
    """ResNet-50, traced once."""
    return resviz.trace("resnet50")


def test_totals_are_those_of_the_paper(arch):
    """Torchvision publishes 25,557,032 parameters and 4.09 GMACs."""
    totals = (arch.params, arch.macs, arch.activations)
    assert (25_557_032, 4_089_184_256, 11_113_984) == totals


def test_depth_is_the_number_in_the_name(arch):
    """Source: He et al. 2015, section 3.3."""
    assert 50 == arch.depth


def test_stages_are_those_of_table_1(arch):
    """Source: He et al. 2015, table 1."""
    stages = [(stage.name, len(stage.blocks)) for stage in arch.stages]
    assert [("conv2_x", 3), ("conv3_x", 4), ("conv4_x", 6), ("conv5_x", 3)] == stages


def test_blocks_of_stages_are_those_of_the_network(arch):
    """In execution order."""
    assert arch.blocks == tuple(b for stage in arch.stages for b in stage.blocks)


def test_a_layer_knows_its_costs(arch):
    """64 · 56² outputs of a 1×1 over 64 channels."""
    layer = arch["layer1.0.conv1"]
    assert (64 * 56**2 * 64, 64 * 64) == (layer.macs, layer.params)


def test_a_layer_knows_its_block_and_stage(arch):
    """The very objects that the record gives."""
    layer = arch["layer2.0.conv1"]
    assert layer.block is arch.stages[1].blocks[0]
    assert layer.stage is arch.stages[1]


def test_stem_and_head_lie_in_no_stage(arch):
    """Nor in a block."""
    outside = [(layer.stage, layer.block) for layer in (*arch.stem, *arch.head)]
    assert {(None, None)} == set(outside)


class PreActivation(nn.Module):
    """A block that is led by a norm and an activation."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(8)
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.shortcut = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        before = self.norm(x).relu()
        return self.shortcut(before) + self.conv2(self.conv1(before).relu())


def test_every_layer_of_a_block_knows_it():
    """Also the norm and activation that lead a block with preactivation."""
    net = nn.Sequential(nn.Conv2d(3, 8, 1), PreActivation(), PreActivation())
    blocks = resviz.trace(net, (3, 8, 8)).blocks
    assert ["1", "2"] == [block.path for block in blocks]
    assert [2, 2] == [len(block.preactivation) for block in blocks]
    assert all(layer.block is block for block in blocks for layer in block.layers)


def test_a_block_has_the_papers_name(arch):
    """Its number counts from 1 in its stage."""
    assert ["conv2_1", "conv2_2", "conv2_3"] == [b.name for b in arch.stages[0].blocks]


def test_a_block_knows_its_stage(arch):
    """The object that holds it."""
    assert arch.stages[2] is arch.stages[2].blocks[5].stage


def test_costs_of_parts_add_up(arch):
    """Stem, stages and head are the network."""
    parts = [layer.macs for layer in (*arch.stem, *arch.head)]
    parts += [stage.macs for stage in arch.stages]
    assert arch.macs == sum(parts)
    assert arch.stages[0].macs == sum(block.macs for block in arch.stages[0].blocks)


def test_shortcuts_say_why_they_project(arch):
    """One for the width alone, three for width and resolution."""
    reasons = [s.reason for s in arch.shortcuts if s.kind == "projection"]
    assert ["channels", "both", "both", "both"] == reasons


def test_a_shortcut_knows_its_block_and_cost(arch):
    """231,211,008 MACs of the first stage hold 51,380,224 of its projection."""
    shortcut = arch.blocks[0].shortcut
    assert shortcut.block is arch.blocks[0]
    assert (56**2 * 64 * 256, 64 * 256 + 2 * 256) == (shortcut.macs, shortcut.params)


def test_the_layers_of_a_shortcut_are_layers(arch):
    """Its convolution and its norm; () for an identity."""
    names = [layer.name for layer in arch.blocks[0].shortcut.layers]
    assert ["layer1.0.downsample.0", "layer1.0.downsample.1"] == names
    assert () == arch.blocks[1].shortcut.layers


def test_the_flow_names_each_resolution(arch):
    """From the input to the pooled position."""
    assert [224, 112, 56, 28, 14, 7, 1] == [step.size[0] for step in arch.flow]


def test_the_main_path_has_the_depth(arch):
    """Its convolutions and its linear layer are 50."""
    weighted = [la for la in arch.main_path if la.type in {"Conv2d", "Linear"}]
    assert arch.depth == len(weighted)


def test_what_is_unusual_is_said():
    """A stride in the first 1×1, as in the paper."""
    remarks = resviz.trace("resnet(50, stride_in='1x1')").remarks
    assert any("1×1" in remark for remark in remarks)


class Exponential(nn.Module):
    """A forward with an operation that no rule knows."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return torch.matrix_exp(self.conv(x))


def test_what_is_not_counted_is_named():
    """The sum holds what is known, and the layer's own count is unknown."""
    arch = resviz.trace(Exponential(), (3, 8, 8))
    names = [gap.operation for gap in arch.uncounted]
    assert arch.macs == arch["conv"].macs == 3 * 4 * 64
    assert names
    assert {None} == {arch[gap.first].macs for gap in arch.uncounted}


def test_the_second_call_of_a_module_has_a_name():
    """ResNet's activation runs three times a block."""
    arch = resviz.trace("resnet50")
    first, second = arch["layer1.0.relu"], arch["layer1.0.relu#2"]
    assert first.index < second.index


def test_a_module_is_no_layer(arch):
    """The error names the first layer in it."""
    with pytest.raises(UnknownNameError, match=r"11 layers: .* 'layer1.0.conv1'"):
        arch["layer1.0"]


def test_a_misspelt_layer_is_named(arch):
    """As a KeyError, whose text is not quoted twice."""
    with pytest.raises(KeyError) as caught:
        arch["layer1.0.convl"]
    assert str(caught.value).startswith("resnet50 has no layer 'layer1.0.convl', did")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("conv3_x", "'conv3_x' is a stage: want arch.stages[1].layers"),
        ("conv3_1", "'conv3_1' is a block: want arch.blocks[3].layers"),
        (0, "resnet50 has no layer 0: want a name, or arch.layers[0]"),
        ("xyz", "resnet50 has no layer 'xyz': want one of 175, as 'conv1'"),
    ],
)
def test_what_is_no_layer_is_said_to_be_elsewhere(arch, key, words):
    """Stages, blocks and numbers have their own places."""
    with pytest.raises(UnknownNameError) as caught:
        arch[key]
    assert str(caught.value).endswith(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flops", "'flops': want arch.macs; FLOPs are 2 × MACs"),
        ("input_size", "want arch.input_shape, of the whole batch"),
        (
            "n_params",
            ", did you mean 'params' or 'frozen_params' or 'trainable_params'",
        ),
    ],
)
def test_a_guessed_attribute_of_a_record_is_told_the_right_one(arch, name, words):
    """As an AttributeError, so that `hasattr` works."""
    with pytest.raises(AttributeError) as caught:
        getattr(arch, name)
    assert "'Architecture' object has no attribute" in str(caught.value)
    assert str(caught.value).endswith(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kernel_size", "want layer.window.kernel"),
        ("stride", "want layer.window.stride"),
        ("mac", ", did you mean 'macs'"),
    ],
)
def test_a_guessed_attribute_of_a_layer_is_told_the_right_one(arch, name, words):
    """Of a `Layer`, as it is documented."""
    with pytest.raises(AttributeError) as caught:
        getattr(arch["conv1"], name)
    assert str(caught.value).startswith("'Layer' object has no attribute")
    assert str(caught.value).endswith(words)


def test_every_place_that_is_named_is_there(arch, tmp_path, monkeypatch):
    """Names are no attributes; what an error points to exists."""
    monkeypatch.chdir(tmp_path)  # where `save` writes
    layer, table = arch["conv1"], resviz.layers(arch)
    names = {"arch": arch, "layer": layer, "table": table}
    places = {"arch": RECORD_PLACES, "layer": LAYER_PLACES, "table": TABLE_PLACES}
    for value, name, place in [
        (names[key], *item) for key in names for item in places[key].items()
    ]:
        assert not hasattr(value, name)
        if " of the function" not in place and "…" not in place:
            code = place.partition(";")[0].partition(", o")[0]
            eval(code, names | {"resviz": resviz, "json": json})
    for name, place in resviz.PLACES.items():
        assert not hasattr(resviz, name)
        eval(place.partition("(")[0], {"resviz": resviz})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("macs", "want table['macs']"),
        ("iloc", "want table.to_pandas().iloc"),
        ("colums", ", did you mean 'columns' or 'select_columns'"),
    ],
)
def test_a_guessed_attribute_of_a_table_is_told_the_right_one(arch, name, words):
    """Names of pandas, and columns."""
    with pytest.raises(AttributeError) as caught:
        getattr(resviz.layers(arch), name)
    assert str(caught.value).startswith("'Table' object has no attribute")
    assert str(caught.value).endswith(words)


@pytest.mark.parametrize(
    ("name", "words"), [("plot", ": want resviz.diagram"), ("layer", "did you mean")]
)
def test_a_guessed_function_is_told_the_right_one(name, words):
    """Of the package itself."""
    with pytest.raises(AttributeError, match=words):
        getattr(resviz, name)


def test_public_modules_need_no_import_of_their_own(run):
    """Named, they are there; torch is imported with the models alone."""
    code = "import sys, resviz; resviz.testing; assert 'torch' not in sys.modules; "
    run("-c", code + "resviz.models.resnet18")


def test_a_record_holds_its_layers_by_name(arch):
    """`in`, `len` and iteration agree with `layers`."""
    assert "conv1" in arch
    assert "conv9" not in arch
    assert (len(arch), arch.layers) == (len(arch.layers), tuple(arch))


def test_a_layer_travels_with_its_record(arch):
    """Through pickle, as to another process."""
    layer = pickle.loads(pickle.dumps(arch["layer2.0.conv1"]))
    assert (arch["layer2.0.conv1"], "conv3_1") == (layer, layer.block.name)


def test_a_block_travels_with_its_record(arch):
    """Its name is read off the record that came with it."""
    assert "conv3_1" == pickle.loads(pickle.dumps(arch.blocks[3])).name


def test_a_link_to_the_record_is_not_stored(arch):
    """JSON holds the layer as a trace made it."""
    linked, stored = arch.layers[0], arch.stored_layers[0]
    assert msgspec.json.encode(stored) == msgspec.json.encode(linked)


def test_layers_of_a_changed_record_know_the_changed_one(arch):
    """Though both share what is stored."""
    renamed = msgspec.structs.replace(arch, name="another")
    assert ("another", "resnet50") == (renamed["fc"].arch.name, arch["fc"].arch.name)


def test_a_stored_layer_knows_no_record(arch):
    """The error says where the others are."""
    with pytest.raises(RecordError, match=r"part of no record: want arch\.layers"):
        _ = arch.stored_layers[0].block


@pytest.mark.parametrize(
    ("part", "want"),
    [
        (
            lambda arch: arch["conv1"],
            "<Layer conv1: Conv2d of (1, 3, 224, 224), gives (1, 64, 112, 112)>",
        ),
        (
            lambda arch: arch.stages[0],
            "<Stage conv2_x: 3 bottleneck blocks, gives (1, 256, 56, 56)>",
        ),
        (
            lambda arch: arch.blocks[0],
            (
                "<Block conv2_1 at layer1.0: bottleneck, projection, "
                "gives (1, 256, 56, 56)>"
            ),
        ),
        (
            lambda arch: arch.shortcuts[0],
            (
                "<Shortcut projection: 1×1, for channels, "
                "(1, 64, 56, 56) to (1, 256, 56, 56)>"
            ),
        ),
    ],
    ids=["layer", "stage", "block", "shortcut"],
)
def test_parts_are_shown_on_one_line(arch, part, want):
    """What it is, and what it gives."""
    assert want == repr(part(arch))
