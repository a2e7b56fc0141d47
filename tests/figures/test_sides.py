"""Several blocks side by side."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest

import resviz
from resviz.embed.fence import formatter
from resviz.errors import LetterWarning, RenderError, SpecError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.block.places import choose_blocks
from resviz.options import FIGURE_OPTIONS
from tests.figures.law import find_breaches
from tests.figures.test_law import list_chart_words, list_views, load_frozen

from .conftest import faults, texts

GROUPS = (
    ("resnet18", "resnet50"),
    ("variant D", "resnet50", "option C", "cifar110"),
    ("gated", "split", "branches", "resnet50"),
    ("preactivated", "functional", "alternating", "long"),
)
"""Networks to be compared; some have nothing but a block in common."""

FROZEN = (
    ("resnet18", "resnet50", "seresnet50"),
    ("resnest14d", "skresnet18", "dla34"),
    ("swin_tiny_patch4_window7_224", "convnext_atto"),
    ("resnetv2_50", "toy_unet"),
)
"""Records to be compared."""


def find_sums(picture):
    """The additions of a picture."""
    return [node for node in picture.nodes if node.lines == ("+",)]


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("width", [None, "column"])
@pytest.mark.parametrize("names", GROUPS)
@pytest.mark.filterwarnings("ignore::resviz.errors.LetterWarning")
def test_sides_are_sound(network, names, width, direction):
    """No text leaves its box or another's, no wire crosses a box."""
    archs, options = [*map(network, names)], {"direction": direction, "width": width}
    picture = draw_diagram(archs, "block", **options).picture
    assert [] == sorted(set(faults(picture)))


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_hostile_names_stay_text_in_every_form(hostile, network, direction):
    """In headings they are wrapped and cut, and escaped as in other figures."""
    archs = [hostile[0], network("resnet18"), hostile[0]]
    drawn = draw_diagram(archs, "block", direction=direction)
    assert [] == sorted(set(faults(drawn.picture)))
    for form in ("svg", "tikz", "mermaid", "dot", "drawio"):
        rendered = drawn.render(form)
        assert "\x1b" not in rendered
        assert form == "dot" or "</script>" not in rendered


def test_inputs_and_additions_are_in_line(network):
    """As in Figure 5 of the paper, though one block has a convolution more."""
    archs = [network("resnet18"), network("resnet50")]
    for direction, along, across in (("TB", 1, 0), ("LR", 0, 1)):
        drawn = draw_diagram(archs, "block", direction=direction).picture
        first, second = find_sums(drawn)
        assert first.at[along] == pytest.approx(second.at[along])
        assert second.at[across] - first.at[across] > 100
        ends = [node for node in drawn.nodes if " ".join(node.lines).startswith("x ")]
        assert 2 == len(ends)
        assert ends[0].at[1] == pytest.approx(ends[1].at[1]) or direction == "LR"


def test_networks_are_named_above_their_blocks(network):
    """Also without a title; one that is wished for stands above them all."""
    archs = [network("resnet18"), network("resnet50")]
    for options in ({}, {"no_title": True}, {"title": "Two"}):
        picture = draw_diagram(archs, "block", **options).picture
        names = [node for node in picture.nodes if node.role == "title"]
        wanted = [*filter(None, [options.get("title")]), "resnet18", "resnet50"]
        assert {*wanted} == {node.lines[0] for node in names}
        assert picture.title == options.get("title", "resnet18 and resnet50, conv3_1")


def test_blocks_of_one_network_are_named(network):
    """Their network is the title, which can be left out or be another."""
    arch, at = network("resnet50"), ["conv2_2", "layer2.0"]
    for options, titles in (
        ({}, ["resnet50"]),
        ({"no_title": True}, []),
        ({"title": "Ours"}, ["Ours"]),
    ):
        picture = draw_diagram(arch, "block", at=at, **options).picture
        named = [node.lines[0] for node in picture.nodes if node.role == "title"]
        assert {*titles, "conv2_2, bottleneck", "conv3_1, bottleneck"} == {*named}
        assert "equal: conv2_3" in texts(picture)
    bare = draw_diagram(arch, "block", at=at, no_legend=True).picture
    assert "equal: conv2_3" not in texts(bare)


def test_every_network_has_every_block(network):
    """Two networks at two places are four blocks."""
    archs = [network("resnet18"), network("resnet50")]
    drawn = draw_diagram(archs, "block", at=("conv2_2", "conv3_1"))
    assert 4 == len(find_sums(drawn.picture))
    assert 4 == drawn.to_mermaid().count("subgraph")


def test_one_name_in_a_list_is_that_block(network):
    """The picture is that of the name itself."""
    arch = network("resnet50")
    alone, listed = (
        draw_diagram(arch, "block", at=at).picture for at in ("conv3_1", ["conv3_1"])
    )
    assert alone == listed


@pytest.mark.parametrize(
    ("specs", "name"),
    [
        (("resnet18", "resnet50"), "conv3_1"),
        (("cifar20(shortcut='A')", "cifar20(shortcut='C')"), "conv3_1"),
        (("resnet(50, stride_in='1x1')", "resnet50"), "conv3_1"),
        (("resnet50", "resnet50"), "conv2_1"),
        (("resnet18", "resnet18(shortcut='C')"), "conv3_1"),
    ],
)
def test_the_block_is_one_where_they_differ(specs, name):
    """If all have it, and no shortcut is an identity there, else the first."""
    archs = [resviz.trace(spec) for spec in specs]
    chosen = choose_blocks(archs, None)
    assert [[name]] * 2 == [[place.name for place in places] for places in chosen]


@pytest.mark.parametrize("names", FROZEN)
def test_what_sides_do_not_draw_is_declared(names):
    """In the picture, its sentences and its chart: the sum over the networks."""
    archs = [*map(load_frozen, names)]
    diagram = draw_diagram(archs, "block")
    for wires, ledgers, words in list_views(diagram):
        assert {} == find_breaches(archs, ledgers, wires, words), words
        wire = next(wire for wire in reversed(wires) if wire.tail)
        fewer = [other for other in wires if other is not wire]
        assert find_breaches(archs, ledgers, fewer, words)
    alone = [draw_diagram(arch, "block").coverage for arch in archs]
    covered = diagram.coverage
    assert covered.edges == sum(each.edges for each in alone)
    assert covered.edges == covered.drawn + covered.declared


def test_connections_between_two_blocks_are_counted_once():
    """Of one network all blocks are in one count, also neighbours."""
    arch = load_frozen("resnet50")
    at = ["conv2_1", "conv2_2", "conv4_6", "conv5_1"]
    diagram = draw_diagram(arch, "block", at=at)
    for wires, ledgers, words in list_views(diagram):
        assert {} == find_breaches([arch], ledgers, wires, words), words
    assert draw_diagram(arch, "block").coverage.edges == diagram.coverage.edges


def test_sentences_tell_every_block(network):
    """Their number first."""
    archs = [network("resnet18"), network("resnet50")]
    said = describe_figure(archs, "block")
    assert said.startswith("2 blocks side by side. conv3_1 of resnet18, a basic block")
    assert "conv3_1 of resnet50, a bottleneck block" in said
    assert said == draw_diagram(archs, "block").description
    assert "side by side" not in describe_figure(archs[0], "block")


def test_a_chart_frames_each_block(network):
    """In Mermaid and in DOT, by the words above it."""
    drawn = draw_diagram(network("resnet50"), "block", at=["conv2_1", "conv2_2"])
    words = list_chart_words(drawn.picture.chart)
    for name in ("resnet50", "conv2_1, bottleneck", "equal: conv2_3"):
        assert name in words
        assert name in drawn.to_mermaid().replace("#44;", ",").replace("#58;", ":")
        assert name in drawn.to_dot()
    assert 2 == drawn.to_dot().count("subgraph")


def test_a_narrow_sheet_has_more_rows(network):
    """A column holds one block a row, too tall for a page; a page two, as large."""
    archs = [network(name) for name in ("resnet18", "resnet50", "resnext50", "gated")]
    rows = {}
    too_tall = pytest.warns(LetterWarning, match="15.7in tall")
    for width, told in (
        (None, nullcontext()), ("page", nullcontext()), ("column", too_tall)
    ):  # fmt: skip
        with told:
            drawn = draw_diagram(archs, "block", width=width, no_legend=True)
        rows[width] = len({round(node.at[1]) for node in find_sums(drawn.picture)})
    assert {None: 1, "page": 2, "column": 4} == rows


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (["conv2_1", "conv9_1"], "resnet18: unknown block 'conv9_1': want conv2_1 to"),
        (["conv2_1", "layer1.0"], "'conv2_1' and 'layer1.0' are one block of resnet18"),
        (["conv2_1", "conv2_1"], "are one block of resnet18: want each once"),
        ([], r"at: got \[\], want the name of a block, 'conv3_1', or a list of names"),
        (["conv2_1", 3], "at: got 3, want text, as .conv3_1."),
        (31, "at: got 31, want text, as .conv3_1."),
    ],
)
def test_wrong_blocks_are_refused_in_words(network, at, message):
    """With the network where one of several is meant, and what there is."""
    for ask in (describe_figure, draw_diagram):
        with pytest.raises(RenderError, match=message):
            ask([network("resnet50"), network("resnet18")][::-1], "block", at=at)


def test_a_network_without_blocks_is_named(network):
    """Beside one that has some."""
    with pytest.raises(RenderError, match="plain: there are no residual blocks"):
        draw_diagram([network("resnet18"), network("plain")], "block")


def test_several_names_are_written_between_commas():
    """In directives, fences and commands; a comma alone names none."""
    option = FIGURE_OPTIONS["at"]
    assert ("conv2_1", "layer2.0") == option.parse(" conv2_1, layer2.0,")
    with pytest.raises(SpecError, match="want one as conv3_1"):
        option.parse(" , ")


def test_keys_name_networks(record):
    """Above their blocks."""
    arch = record("resnet18")
    named = resviz.diagram({"A": arch, "B": arch}, figure="block")
    assert {"A", "B"} <= {*texts(named.picture)}


def test_a_fence_takes_several():
    """As the command line does."""
    for line in ("18 --figure block --at conv2_1 --at conv3_1", "18 50 --figure block"):
        markup = formatter(line, "resviz", "", {}, None)
        assert "failure" not in markup
        assert 2 == len(re.findall(r">\+<", markup))
