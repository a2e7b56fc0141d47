"""Asking for figures, and every way out of a diagram."""

from __future__ import annotations

import inspect
import re

import pytest

import resviz
from resviz.errors import RenderError
from resviz.figures import (
    FIGURES,
    choose_options,
    draw_diagram,
    find_figure,
)


def test_figures_by_name():
    """The overview comes first, as it is the default."""
    paths = ("overview", "block", "lanes", "layers", "volumes", "stack")
    assert (*paths, "growth", "icicle", "roofline", "field") == (*FIGURES,)


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_draws(network, figure):
    """Each gives SVG with the network's name in its title."""
    assert "<title" in draw_diagram(network("resnet18"), figure).to_svg()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"figure": "pie"}, "unknown figure 'pie': want one of overview, block"),
        ({"direction": "BT"}, "unknown direction 'BT': want one of TB, LR"),
        (
            {"style": "neon"},
            "unknown style 'neon': want one of screen, light",
        ),
    ],
)
def test_unknown_words_list_the_legal_ones(network, options, message):
    """Figure, direction and style alike."""
    with pytest.raises(RenderError, match=message):
        draw_diagram(network("resnet18"), **options)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".svg", b"<svg "),
        (".dot", b"digraph {"),
        (".gv", b"digraph {"),
        (".png", b"\x89PNG"),
        (".pdf", b"%PDF"),
        (".SVG", b"<svg "),
    ],
)
def test_suffix_chooses_the_format(network, tmp_path, suffix, start):
    """In either case of letters."""
    path = tmp_path / f"net{suffix}"
    draw_diagram(network("resnet18")).save(path)
    assert path.read_bytes().startswith(start)


def test_unknown_suffix_lists_the_legal_ones(network, tmp_path):
    """And nothing is written."""
    with pytest.raises(RenderError, match=r"'.bmp'.*\.dot.*\.pdf.*\.png.*\.svg"):
        draw_diagram(network("resnet18")).save(tmp_path / "net.bmp")
    assert [] == list(tmp_path.iterdir())


def test_notebook_shows_svg_with_ids_of_its_own(network):
    """Two cells that show one diagram share no id."""
    drawn = draw_diagram(network("resnet18"))
    first, second = (
        set(re.findall(r'id="([^"]+)"', drawn._repr_mimebundle_()[0]["image/svg+xml"]))
        for _ in range(2)
    )
    assert first
    assert not first & second


def test_drawing_imports_neither_torch_nor_pandas(network, tmp_path, run):
    """A stored record is drawn in a process that never loads them."""
    network("resnet18").save(tmp_path / "net.json")
    code = (
        "import sys; from resviz.figures import *;"
        "from resviz.record.storage import load;"
        f"arch = load({str(tmp_path / 'net.json')!r});"
        "[draw_diagram(arch, it).to_svg() for it in FIGURES];"
        "draw_diagram(arch).to_dot();"
        "sys.exit(9 if {'torch', 'pandas', 'typst'} & set(sys.modules) else 0)"
    )
    run("-c", code)


def test_the_import_check_can_fail(run):
    """The same check sees torch where it is imported."""
    code = "import sys, torch; sys.exit(9 if 'torch' in sys.modules else 0)"
    run("-c", code, code=9)


@pytest.mark.parametrize("figure", [name for name in FIGURES if name != "growth"])
def test_a_count_of_a_batch_says_so(network, figure):
    """58.1 G for 32 samples must not be read as those of the one sample drawn."""
    many = draw_diagram(resviz.trace("resnet18", batch=32), figure)
    assert "batch of 32" in many.to_svg()
    assert "batch of" not in draw_diagram(network("resnet18"), figure).to_svg()


def test_an_option_is_refused_where_no_figure_registered_it():
    """The error says which figures take it."""
    for figure, option, having in (
        ("volumes", {"direction": "LR"}, "only overview, block and icicle have one"),
        ("layers", {"at": "conv2_1"}, "only the figure 'block' shows one block"),
        ("growth", {"plain": True}, "only 'stack' has plain twins: want figure stack"),
        ("block", {"each": True}, "want figure layers or volumes, or leave out each"),
        ("flwo", {}, "unknown figure 'flwo': did you mean 'flow'"),
        (3, {}, "figure: got 3, want one of overview, block"),
        ("overview", {"stages": ["conv3_x"]}, "want text, as 'conv3_x..conv5_x'"),
        ("block", {"at": ["conv3_1", 4]}, "at: got 4, want text, as 'conv3_1'"),
        ("overview", {"font": 3}, "font: got 3, want text, as 'Times New Roman'"),
        ("overview", {"title": 3}, "title: got 3, want text, as 'Ours'"),
        ("overview", {"title": ""}, "title: got '', want text, as 'Ours'"),
        ("overview", {"style": 3}, "style: got 3, want one of screen, light"),
        ("overview", {"no_title": 2}, "no_title: got 2, want True or False"),
        ("volumes", {"each": "yes"}, "each: got 'yes', want True or False"),
    ):
        with pytest.raises(RenderError, match=having):
            choose_options(figure, **option)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figures_module_takes_what_it_is_registered_with(name):
    """By name, and nothing else; its description takes no direction."""
    for function, taken in (
        (find_figure(name).draw, {*FIGURES[name].options}),
        (find_figure(name).description, {*FIGURES[name].options} - {"direction"}),
    ):
        _, *options = inspect.signature(function).parameters
        assert taken == {*options}
