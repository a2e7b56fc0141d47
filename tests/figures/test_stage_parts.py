"""Stages alone, in a stack and as blocks side by side: what is drawn, what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.stage_parts import read_stage_part
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from tests.figures.law import find_breaches
from tests.readings.structure.golden.networks import record_file

from .conftest import faults, texts

NETS = (
    "resnet18", "resnet50", "cifar56", "convnext_atto", "swin_tiny_patch4_window7_224",
    "toy_preactivation", "hrnet_w18_small", "densenet121",
)  # fmt: skip


def list_parts(arch):
    """The first stage, the last, two in a row, all from the second on."""
    names = [stage.name for stage in read_structure(arch).stages]
    return [names[0], names[-1], f"{names[0]}..{names[1]}", f"{names[1]}.."]


@pytest.mark.parametrize("figure", ["stack", "block"])
@pytest.mark.parametrize("name", NETS[:-1])
def test_the_law_holds_for_parts(name, figure):
    """Each connection is drawn, in a box, elsewhere or told of; less is a breach."""
    arch = load(record_file(name))
    for stages in list_parts(arch):
        picture = draw_diagram(arch, figure, stages=stages).picture
        words = " ".join(texts(picture))
        whole = picture.coverage
        assert whole.edges == whole.drawn + whole.declared
        assert (whole.elsewhere > 0) == (figure == "block" or "left out: " in words)
        standing = [
            edge for edge in picture.edges if edge.tail and edge.role != "order"
        ]
        fewer = [edge for edge in picture.edges if edge is not standing[0]]
        assert replace(picture, edges=(*fewer,)).coverage.drawn < whole.drawn
        if figure == "stack":
            (ledger,) = picture.ledgers
            assert {} == find_breaches([arch], [ledger], picture.edges, words), words
            assert find_breaches([arch], [ledger], fewer, words)


@pytest.mark.parametrize("width", [None, "column"])
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "cifar56", "convnext_atto"])
def test_a_part_of_a_stack_is_sound(name, width):
    """No text leaves its box; rows around it say where it comes from and leads."""
    arch = load(record_file(name))
    names = [stage.name for stage in read_structure(arch).stages]
    picture = draw_diagram(arch, "stack", stages=names[1], width=width).picture
    assert [] == [*faults(picture)]
    assert f"from {names[0]}" in texts(picture)
    assert (f"to {names[2]}" in texts(picture)) == (len(names) > 2)


def test_a_stack_has_the_boxes_of_its_stages_alone():
    """Of ResNet-50, conv3_x has four blocks of three convolutions."""
    arch = load(record_file("resnet50"))
    picture = draw_diagram(arch, "stack", stages="conv3_x", no_legend=True).picture
    assert 12 == sum(" conv, " in line for line in texts(picture))
    said = " ".join(texts(picture))
    assert "left out: stem, conv2_x, conv4_x, conv5_x, head" in said.replace(" ·", "")
    assert "totals are of the whole network" in said
    told = describe_figure(arch, "stack", stages="conv3_x")
    assert "Left out: stem, conv2_x, conv4_x, conv5_x, head." in told
    assert "from the input down" not in told


def test_networks_side_by_side_say_what_each_leaves_out():
    """Once, where it is the same."""
    archs = [load(record_file(name)) for name in ("resnet18", "resnet50")]
    said = " ".join(texts(draw_diagram(archs, "stack", stages="conv3_x").picture))
    assert 1 == said.count("left out: ")
    other = [archs[0], load(record_file("cifar56"))]
    said = " ".join(texts(draw_diagram(other, "stack", stages="conv3_x").picture))
    assert "resnet18 left out: " in said
    with pytest.raises(RenderError, match="got 'conv5_x', did you mean 'conv4_x'"):
        draw_diagram(other, "stack", stages="conv5_x")


def test_blocks_of_stages_are_those_that_differ():
    """Of two stages of ResNet-50, the projecting one and one of the others each."""
    arch = load(record_file("resnet50"))
    said = texts(draw_diagram(arch, "block", stages="conv3_x..conv4_x").picture)
    drawn = [line.split(",")[0] for line in said if line.endswith(", bottleneck")]
    assert ["conv3_1", "conv3_2", "conv4_1", "conv4_2"] == drawn
    with pytest.raises(RenderError, match="at and stages: got 'conv3_1' and 'conv3_x'"):
        draw_diagram(arch, "block", stages="conv3_x", at="conv3_1")


def test_all_stages_are_no_part():
    """Nothing is left out, and the figure is that of the whole network."""
    arch = load(record_file("resnet18"))
    assert read_stage_part(read_structure(arch), "..") is None
    whole = draw_diagram(arch, "stack").to_svg()
    assert whole == draw_diagram(arch, "stack", stages="..").to_svg()


def test_a_network_without_stages_is_told():
    """In every figure that draws parts."""
    for figure in ("stack", "block"):
        with pytest.raises(RenderError, match="stages: densenet121 has none, leave"):
            draw_diagram(load(record_file("densenet121")), figure, stages="conv2_x")


def test_a_fence_takes_stages_of_a_stack():
    """As commands and directives do, by the one declaration of options."""
    line = "resnet50 --figure stack --stages conv3_x"
    assert "conv3_x" == parse_fence_line(line)[1].options["stages"]
