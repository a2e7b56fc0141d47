"""Stages alone, in a stack and as blocks side by side: what is drawn, what is said."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import choose_figure, describe_figure, draw_diagram
from resviz.figures.growth.series import build_all_series
from resviz.figures.stage_parts import find_part, read_stage_part
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from resviz.units import format_count
from tests.figures.law import find_breaches, list_edges, read_declared
from tests.figures.test_law import STANDS_FOR_EDGE, list_views
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


def count_edges_elsewhere(arch, stages):
    """The edges of a record's JSON that begin and end before some stages, or behind."""
    structure = read_structure(arch)
    numbers = find_part(structure, stages)
    first, last, count = numbers[0], numbers[-1], len(structure.stages)
    begin = structure.stages[first - 1].blocks[-1].end if first else -1
    end = structure.stages[last].blocks[-1].end
    behind = len(arch.layers) + len(arch.outputs) if last + 1 == count else end
    total = 0
    for source, _, reader in list_edges(arch):
        is_before = first > 0 and reader <= begin
        is_returned = first > 0 and reader >= len(arch.layers) and source <= begin
        total += is_before or is_returned or source > behind
    return total


@pytest.mark.parametrize("figure", ["lanes", "volumes", "layers"])
@pytest.mark.parametrize("name", [*NETS[:-1], "toy_unet", "dla34", "crossvit_tiny_240"])
def test_the_law_holds_for_parts_of_graphs(name, figure):
    """Every edge is drawn, in a box, or before or behind; a wire less is missing."""
    arch = load(record_file(name))
    for stages in list_parts(arch):
        if read_stage_part(read_structure(arch), stages) is None:
            continue
        diagram = draw_diagram(arch, figure, stages=stages)
        for wires, (ledger,), words in list_views(diagram):
            told, true = read_declared(words), ledger.count_edges(wires)
            assert len(list_edges(arch)) == told["edges"] == true.edges
            assert 0 == true.missing
            off = abs(count_edges_elsewhere(arch, stages) - told["elsewhere"])
            assert off <= (figure == "layers"), stages  # a row may hold a norm behind
            for kind in ("drawn", "inside", "turns", "elsewhere"):
                assert getattr(true, kind) == told[kind], kind
            step = 1 if figure != "layers" else max(len(wires) // 8, 1)
            for wire in wires[::step]:
                if STANDS_FOR_EDGE[figure](wire, ledger):
                    fewer = [other for other in wires if other is not wire]
                    assert ledger.count_edges(fewer).missing, wire


def test_stages_that_end_before_those_around_them_are_refused():
    """As one of two branches' fusions, in words whose remedy draws them."""
    arch = load(record_file("crossvit_tiny_240"))
    name = "blocks.0–1.fusion.0"
    for figure in ("lanes", "volumes", "layers"):
        with pytest.raises(RenderError, match=f"ends before .* does, want .*{name}, "):
            draw_diagram(arch, figure, stages=name)
        assert draw_diagram(arch, figure, stages=f"..{name}").coverage.elsewhere


def test_stages_choose_the_figure_that_the_network_has():
    """What is no chain is drawn in lanes, also of a part; bars are of an overview."""
    branched, chain = (load(record_file(n)) for n in ("hrnet_w18_small", "resnet18"))
    assert "lanes" == choose_figure(branched, stages="layer1")
    assert "overview" == choose_figure(branched, stages="layer1", costs=True)
    assert "overview" == choose_figure(chain, stages="conv3_x")


def test_what_runs_beside_stages_is_told():
    """The first branch of HRNet runs from its second to its fourth module."""
    arch = load(record_file("hrnet_w18_small"))
    stages = "stage2–4.0.branches.0"
    for figure in ("lanes", "volumes", "layers"):
        diagram = draw_diagram(arch, figure, stages=stages)
        said = " ".join(texts(diagram.picture)).replace(" · ", " ")
        beside = "stage2–4.0.branches.1, stage3–4.0.branches.2"
        for words in (said, diagram.description):
            assert re.search(
                rf"in part, for it runs in between: {beside}", words, re.IGNORECASE
            )
            assert re.search(
                "left out: stem, layer1, stage4.0.branches.3, inc", words, re.IGNORECASE
            )


def test_parts_of_graphs_have_a_node_before_and_behind():
    """Of a U-Net the skips past a stage lead from the one to the other."""
    picture = draw_diagram(
        load(record_file("toy_unet")), "lanes", stages="down3"
    ).picture
    words = {node.lines[0]: node.at for node in picture.nodes if node.lines}
    plain = [node for node in picture.nodes if node.role == "small plain"]
    before, behind = (
        next(node.key for node in plain if node.left < words[name][0] < node.right)
        for name in ("from down2", "to block2")
    )
    wires = {(edge.tail, edge.head) for edge in picture.edges}
    assert (before, behind) in wires


@pytest.mark.parametrize(
    ("stages", "size"),
    [("conv3_x", (56, 256)), ("conv4_x", (28, 512)), ("conv5_x", (14, 1024))],
)
def test_what_comes_into_a_part_has_the_size_of_table_1(stages, size):
    """Source: He et al. 2015, Table 1, the output of the stage before."""
    arch, (side, width) = load(record_file("resnet50")), size
    for figure in ("layers", "volumes"):
        said = texts(draw_diagram(arch, figure, stages=stages).picture)
        assert f"{side}×{side}×{width}" in said
        shapes = [line for line in said if re.fullmatch(r"\d+×\d+×\d+", line)]
        sides = {int(line.split("×")[0]) for line in shapes}
        assert side == max(sides)
    graph = draw_diagram(arch, "lanes", stages=stages).picture.ledgers[0].graph
    first = next(iter(graph.nodes.values()))
    assert (side * side, width) == (first.resolution.positions, first.width)


def test_boxes_around_a_part_have_no_cost():
    """What fills boxes leaves them empty: their layers are not drawn."""
    arch = load(record_file("resnet50"))
    for figure in ("lanes", "volumes", "layers"):
        (ledger,) = draw_diagram(arch, figure, stages="conv4_x").picture.ledgers
        part = read_stage_part(read_structure(arch), "conv4_x")
        holders = ledger.find_holders()
        held = {end for end, boxes in holders.items() if boxes and end >= 0}
        assert held <= {*range(len(arch.layers) + 1)} - {*part.before} - {*part.after}
        assert held


def test_growth_plots_the_layers_of_stages():
    """Those of ResNet-50's conv3_x are the 11th to the 22nd; all is counted before."""
    arch = load(record_file("resnet50"))
    whole = build_all_series([arch])
    (points,) = build_all_series([arch], "conv3_x")
    assert [*range(11, 23)] == [point.depth for point in points]
    assert points == whole[0][10:22]
    picture = draw_diagram(arch, "growth", stages="conv3_x").picture
    said = texts(picture)
    assert {"11", "22"} <= {*said}
    assert "1" not in said
    words = " ".join(said).replace(" · ", " ")
    assert "counted from the input on" in words
    assert "left out: stem, conv2_x, conv4_x, conv5_x, head" in words
    told = describe_figure(arch, "growth", stages="conv3_x")
    assert "resnet50 from layer 11 on stands after 22 layers at 1.44 M param" in told
    assert "Left out: stem, conv2_x, conv4_x, conv5_x, head, 81 layers with" in told


def test_growth_of_several_networks_needs_stages_of_each():
    """And says what each leaves out, once where it is the same."""
    archs = [load(record_file(name)) for name in ("resnet18", "resnet50")]
    assert 1 == describe_figure(archs, "growth", stages="conv3_x").count("Left out")
    other = [archs[0], load(record_file("cifar56"))]
    told = describe_figure(other, "growth", stages="conv3_x")
    assert "Resnet18 left out: stem, conv2_x, conv4_x, conv5_x, head." in told
    with pytest.raises(RenderError, match="got 'conv5_x', did you mean 'conv4_x'"):
        draw_diagram(other, "growth", stages="conv5_x")


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
    assert "Left out: stem, conv2_x, conv4_x, conv5_x, head, 81 layers with" in told
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
    for figure in ("stack", "lanes", "volumes", "layers", "growth"):
        line = f"resnet50 --figure {figure} --stages conv3_x"
        assert "conv3_x" == parse_fence_line(line)[1].options["stages"]


def test_what_runs_in_parallel_is_left_out_apart():
    """Of a stack of one branch the others are told, and what weights they have."""
    arch = load(record_file("hrnet_w18_small"))
    structure = read_structure(arch)
    stages = {stage.name: stage for stage in structure.stages}
    name, others = "stage2–4.0.branches.0", ("branches.1", "branches.2")
    weights = [
        arch.layers[index].params
        for each in stages.values()
        if each.name.endswith(others)
        for index in each.layer_indices
        if arch.layers[index].params
    ]
    expected = f"{len(weights)} layers with {format_count(sum(weights))} parameters"
    for figure in ("overview", "stack"):
        told = " ".join(texts(draw_diagram(arch, figure, stages=name).picture))
        parallel = told.partition("left out, in parallel: ")[2]
        assert expected in parallel.partition("totals are")[0], told
        assert "stage4.0.branches.3" in told.partition(" head, ")[0]
