"""What is proposed where letters are too small, or a figure too tall."""

import warnings

import pytest

from resviz.figures import draw_diagram
from resviz.figures.drawing.fitting import MIN_LETTER_POINTS, find_letter_size
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import texts, traced

PROPOSED = {
    "the figure volumes": ("volumes", {}),
    "the figure stack": ("stack", {}),
    "the figure lanes": ("lanes", {}),
    "the figure overview with costs": ("overview", {"costs": True}),
    "it to a depth of 1": (None, {"depth": 1}),
}

NETS = (
    "resnet50", "toy_unet", "hrnet_w18_small", "efficientnet_b0", "coat_lite_tiny",
)  # fmt: skip


def draw_in_column(arch, figure, **options):
    """A figure in a column, and all that is said of it."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        drawn = draw_diagram(arch, figure, width="column", **options)
    return drawn.picture, [str(each.message) for each in heard]


@pytest.mark.parametrize("figure", ["lanes", "layers", "volumes", "overview", "stack"])
@pytest.mark.parametrize("name", NETS)
def test_what_is_proposed_is_a_remedy(name, figure):
    """It was drawn and measured: letters are read, and a page holds it."""
    arch = load(record_file(name))
    for message in draw_in_column(arch, figure)[1]:
        proposed = message.rpartition("or draw ")[2]
        if proposed == "another figure or less of it":
            continue
        other, options = PROPOSED[proposed]
        picture, said = draw_in_column(arch, other or figure, **options)
        assert [] == said
        points = find_letter_size(picture) * (picture.unit or 0)
        assert points >= MIN_LETTER_POINTS - 0.05


def test_nothing_is_proposed_that_is_as_small():
    """A CrossViT fits no column; an HRNet does in lanes, which have all its lines."""
    crossvit, hrnet = (
        draw_in_column(load(record_file(name)), figure)[1][0]
        for name, figure in (
            ("crossvit_tiny_240", "lanes"),
            ("hrnet_w18_small", "stack"),
        )
    )
    assert crossvit.endswith("or draw another figure or less of it")
    assert hrnet.endswith("or draw the figure lanes")


@pytest.mark.parametrize(("name", "says"), [("resnet18", False), ("resnet50", True)])
def test_a_stack_that_is_too_tall_for_a_screen_says_so(name, says):
    """As other figures do; on paper its size is that of the paper."""
    for width in (None, "column"):
        drawn = draw_diagram(traced(name), "stack", width=width)
        words = " ".join(texts(drawn.picture))
        assert (says and not width) == ("for zooming: letters of" in words)
