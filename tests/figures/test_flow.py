"""Maps to scale."""

from __future__ import annotations

import re
import subprocess

import pytest

from resviz.figures import draw_diagram
from resviz.figures.flow import (
    MAX_MAPS,
    describe_scale,
    elide_feature_maps,
    list_feature_maps,
)
from resviz.readings.structure import read_structure

from .conftest import NETWORKS, faults, texts


@pytest.mark.parametrize("name", NETWORKS)
def test_flow_is_sound(network, name):
    """No text leaves the picture or lies on another."""
    assert [] == sorted(set(faults(draw_diagram(network(name), "flow").picture)))


def test_hostile_names_are_placed_soundly(hostile):
    """Names of 20,000 characters are cut, not spilled."""
    assert [] == sorted(set(faults(draw_diagram(hostile[0], "flow").picture)))


def test_maps_of_resnet50(network):
    """Table 1 of the paper, from the input to the classes."""
    found = [
        it.shape[1:] for it in list_feature_maps(read_structure(network("resnet50")))
    ]
    assert [
        (3, 224, 224), (64, 112, 112), (64, 56, 56), (256, 56, 56), (512, 28, 28),
        (1024, 14, 14), (2048, 7, 7), (2048,), (1000,),
    ] == found  # fmt: skip


def test_stage_says_blocks_stride_and_kernels(network):
    """What leads to conv3_x."""
    by = list_feature_maps(read_structure(network("resnet50")))[4].operation_lines
    assert ("4 blocks, /2", "1×1 · 3×3 · 1×1") == by


def test_squeeze_and_excitation_is_explained(network):
    """Where it occurs, in the words of the overview's legend."""
    for name, gated in (("gated", True), ("resnet50", False)):
        said = " ".join(texts(draw_diagram(network(name), "flow").picture))
        assert gated == ("SE: squeeze-and-excitation" in said)


def test_heights_are_to_scale(network):
    """The input's map is twice as high as the stem's and 32 times conv5_x's."""
    solids = draw_diagram(network("resnet50"), "flow").picture.solids
    heights = [faces[0][0][1] - faces[0][2][1] for faces in (s.faces for s in solids)]
    assert 2 == pytest.approx(heights[0] / heights[1])
    assert 32 == pytest.approx(heights[0] / heights[6])


def test_long_flows_are_cut_short(network):
    """The middle gives way, and the arrow over it says how many."""
    found = list_feature_maps(read_structure(network("resnet50"))) * 4
    shown = elide_feature_maps(found)
    assert len(shown) <= MAX_MAPS
    assert any("more" in it.operation_lines[0] for it in shown if it.operation_lines)


@pytest.mark.needs("pdftotext", "pdfinfo")
def test_pdf_holds_words_and_solids(network):
    """One page as large as the picture; each map's name can be searched."""
    drawn = draw_diagram(network("resnet50"), "flow")
    data = drawn.to_pdf()
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    )
    for words in ("conv2_x", "56×56×256", "803 k values", "4 blocks, /2"):
        assert words in done.stdout.decode()
    done = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=True)
    box = re.search(rb"Page size: +([\d.]+) x ([\d.]+) pts", done.stdout)
    assert pytest.approx(drawn.size, abs=1) == tuple(map(float, box.groups()))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(56, 28, ", /2"), (7, 56, ", ↑8"), (8, 7, ""), (0, 4, ", ↑4"), (16, 16, "")],
)
def test_a_stage_says_by_what_its_map_grows_or_shrinks(before, after, words):
    """Never that it is divided by nothing."""
    assert words == describe_scale(before, after)
