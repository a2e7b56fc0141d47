"""Nothing is cut in a figure without a word: it wraps, or a warning says it."""

from __future__ import annotations

import re
import warnings

import pytest
import torch
from torch import nn

from resviz import trace
from resviz.cli import main
from resviz.errors import LetterWarning
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.metrics import (
    break_word,
    max_text_width,
    split_amounts,
)
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import faults, texts

TITLE = "Our deep residual network with attention, trained on twelve million pictures"


def draw_with_warnings(arch, figure, **options):
    """A figure, and what is said of words that are cut."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        drawn = draw_diagram(arch, figure, **options)
    return drawn, [str(each.message) for each in heard if " cut, as " in str(each)]


def shows_cut_words(drawn):
    """Whether a line ends in the middle of what it says."""
    return any(re.search(r"\S…(?!:)", line) for line in texts(drawn.picture))


NETS = (
    "densenet121", "fastvit_t8", "lraspp_mobilenet_v3_large", "mvit_v1_b", "shvit_s1",
)  # fmt: skip
"""Networks with long names, long labels, or both."""


@pytest.mark.parametrize("figure", ["overview", "volumes", "layers", "growth"])
@pytest.mark.parametrize("width", [None, "column"])
@pytest.mark.parametrize("name", NETS)
def test_long_words_are_wrapped(name, figure, width):
    """None is cut on a screen or in a column; strides stand behind long labels."""
    drawn, said = draw_with_warnings(load(record_file(name)), figure, width=width)
    assert not shows_cut_words(drawn)
    assert [] == said


class Levels(nn.Module):
    """A network with many outputs."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 256, 1) for _ in range(5))

    def forward(self, x):
        return [conv(x[..., k:]) for k, conv in enumerate(self.convs)]


class Pair(nn.Module):
    """A network that reads an image and words."""

    def __init__(self):
        super().__init__()
        self.image, self.words = nn.Conv2d(3, 8, 1), nn.Embedding(10, 8)

    def forward(self, image, words):
        return self.image(image).mean((2, 3)) + self.words(words).mean(1)


OVERVIEWS = [{}, {"costs": True}, {"width": "column"}, {"direction": "LR"}]


@pytest.mark.parametrize("options", [*OVERVIEWS, {"direction": "LR", "width": "5in"}])
def test_inputs_are_wrapped(options):
    """Above a narrow overview, and left of one that leads to the right."""
    inputs = torch.zeros(1, 3, 224, 224), torch.zeros(1, 77, dtype=torch.int64)
    arch = trace(Pair(), inputs=inputs)
    drawn, said = draw_with_warnings(arch, "overview", **options)
    assert [] == said
    words = " ".join(texts(drawn.picture))
    assert "224×224×3 and 77" in words, words
    assert [] == [*faults(drawn.picture)]


@pytest.mark.parametrize("figure", ["icicle", "field"])
@pytest.mark.parametrize("name", ["densenet121", "hrnet_w18_small", "googlenet"])
def test_names_are_whole_or_left_out(name, figure):
    """A box says nothing where it has no room for a name, and that is told."""
    drawn, said = draw_with_warnings(load(record_file(name)), figure)
    assert [] == said
    assert not shows_cut_words(drawn)


@pytest.mark.parametrize("options", OVERVIEWS)
def test_outputs_and_what_is_left_out_are_wrapped(options):
    """Below a narrow overview, and between its blocks."""
    for arch in (trace(Levels(), (3, 128, 128)), load(record_file("dpn68"))):
        drawn, said = draw_with_warnings(arch, "overview", **options)
        assert [] == said
        assert not shows_cut_words(drawn)
        assert [] == [*faults(drawn.picture)]


def test_a_stride_is_not_cut_off():
    """In the list of layers boxes are as wide as their labels."""
    drawn = draw_diagram(load(record_file("efficientnet_b0")), "layers")
    assert "5×5, 672, depthwise, /2" in texts(drawn.picture)
    assert [] == sorted({*faults(drawn.picture)})


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("width", [None, "column"])
def test_what_is_cut_is_said(network, figure, width):
    """A title that no width holds is cut with a warning, one that is held without."""
    for title in (TITLE, "x" * 300):
        drawn, said = draw_with_warnings(
            network("resnet18"), figure, width=width, title=title
        )
        assert shows_cut_words(drawn) == bool(said), said
        assert all(len(line) < 300 for line in said)
    assert len(said) == 1
    assert "1 label is cut, as 'xxxx" in said[0]


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("figure", ["overview", "volumes", "lanes", "layers", "growth"])
def test_a_long_title_is_wrapped_in_a_column(network, figure, direction):
    """What stands below it makes room."""
    options = {"direction": direction} if figure == "overview" else {}
    drawn, said = draw_with_warnings(
        network("resnet18"), figure, width="column", title=TITLE, **options
    )
    assert [] == said
    words = " ".join(texts(drawn.picture))
    assert TITLE in words
    assert [] == [fault for fault in faults(drawn.picture) if "Our deep" in fault]


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (["--title", "x" * 300], "1 label is cut, as "),
        (["--background", "#888888"], "warning: background: small letters on #888888"),
    ],
)
def test_a_command_says_it_in_a_line(capsys, tmp_path, options, warning):
    """What has no option that helps is no error."""
    target = tmp_path / "a.svg"
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        main(["diagram", "18", *options, "-o", str(target)])
    assert target.exists()
    assert warning in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("blocks_token_only", ["blocks_", "token_only"]),
        ("ReparamLargeKernelConv", ["Reparam", "LargeKernel", "Conv"]),
        ("backbone.11–12", ["backbone.", "11–12"]),
        ("stage2.0", ["stage2.0"]),
        ("x" * 40, []),
        ("._tokens_only_here", ["._tokens_", "only_here"]),
    ],
)
def test_words_break_where_they_may(word, lines):
    """Behind dots and underscores, before capitals, before a digit if it must be."""
    assert lines == break_word(word, 72, 12)
    assert max_text_width(lines) <= 72


@pytest.mark.parametrize("name", ["_2", ".1", "conv2_1", "a--b", "–.x_y", "._", "x.1"])
@pytest.mark.parametrize("room", [4, 8, 12, 16])
def test_no_mark_of_a_name_stands_alone(name, room):
    """One too wide for all breaks has none: "_" over "2" would read as a fraction."""
    lines = break_word(name, room, 12)
    assert all(any(map(str.isalnum, line)) for line in lines) or lines == [name]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("attention, 1 head, 64 windows", ["attention,", "1 head,", "64 windows"]),
        ("3×3, 72, /2 ×2", ["3×3,", "72,", "/2 ×2"]),
        ("1×1, 64", ["1×1,", "64"]),
        ("3×3 max pool, /2", ["3×3", "max", "pool,", "/2"]),
        ("100000000 windows", ["100000000", "windows"]),
    ],
)
def test_an_amount_stays_with_what_it_counts(label, words):
    """A line ends in "3 heads," and never in "64", unless both are wider than it."""
    assert words == split_amounts(label, 80)


def test_a_warning_without_remedy_is_spelt_as_it_is():
    """No option stands in it."""
    assert "pale" == LetterWarning("pale").spell("--{} {}")
