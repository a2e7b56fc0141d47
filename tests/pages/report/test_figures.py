"""Figures at another input: equal to those of a record of that size, or they say so."""

import re

import pytest

from resviz.pages.report import draw_lanes, draw_report_figure, draw_volumes, render
from resviz.record.storage import load
from tests.pages.report.test_other_input import ask
from tests.readings.structure.golden.networks import record_file

pytestmark = pytest.mark.needs("chromium")

TEXTS = """name => [...document.querySelectorAll(`figure.${name} svg text`)].map(
  it => it.textContent)"""

DRAWINGS = {
    "lanes": draw_lanes,
    "overview": lambda arch: draw_report_figure(arch, "overview"),
    "volumes": draw_volumes,
}


def open_record(visit, name):
    """A golden record, and its report in a browser."""
    arch = load(record_file(name))
    return arch, visit(render(arch)).page


def list_notes(page, name):
    """What a figure says of its size."""
    notes = page.locator(f"figure.{name} figcaption .note").all()
    return [note.text_content().strip() for note in notes if note.is_visible()]


def list_sizes(texts):
    """The sizes and the totals among the texts of a figure.

    What equal blocks are called, and how many stand together, goes by the room.
    """
    size = re.compile(r"(input |output )?\d+(×\d+)+|.*multiply-adds")
    return {text for text in texts if size.fullmatch(text)}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("resnet18", (3, 161, 97)),
        ("resnet50_dilated", (3, 320, 320)),
        ("seresnet50", (3, 96, 160)),
        ("densenet121", (3, 256, 192)),
        ("toy_unet", (3, 64, 96)),
        ("r3d_18", (3, 12, 96, 80)),
        ("toy_pyramid", (3, 96, 64)),
        ("hrnet_w18_small", (3, 160, 160)),
        ("vit_tiny_patch16_224", (3, 224, 224)),
    ],
)
def test_figures_follow_or_say_so(visit, name, size):
    """Sizes and totals are those of a drawing of the other size, else of the record."""
    arch, page = open_record(visit, name)
    ask(page, size)
    other = arch.resized(size)
    said = {}
    for figure, draw in DRAWINGS.items():
        texts = page.evaluate(TEXTS, figure)
        if not texts:
            continue
        stays = any(note.startswith("At the") for note in list_notes(page, figure))
        svg = draw(arch if stays else other).svg
        wanted = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
        assert list_sizes(wanted) == list_sizes(texts), figure
        said[figure] = stays
    if name in {"resnet18", "resnet50_dilated", "seresnet50", "toy_unet"}:
        assert not any(said.values()), said


def test_as_recorded_puts_all_back(visit):
    """Notes go, and each text is what it was."""
    _, page = open_record(visit, "resnet18")
    before = {name: page.evaluate(TEXTS, name) for name in DRAWINGS}
    ask(page, (3, 320, 320), 4)
    assert before != {name: page.evaluate(TEXTS, name) for name in DRAWINGS}
    page.get_by_role("button", name="As recorded").click()
    assert before == {name: page.evaluate(TEXTS, name) for name in DRAWINGS}
    assert (
        not page.get_by_text("the recorded 1×3×224×224").locator("visible=true").all()
    )


def test_each_table_that_stays_says_so(visit):
    """Stages, costs, shape flow, shortcuts and Table 1 tell of which input they are."""
    _, page = open_record(visit, "resnet18")
    ask(page, (3, 320, 320))
    for place in ("#stages", "#costs", "#flow", "#shortcuts", ".column"):
        note = page.locator(place).get_by_text("At the recorded 1×3×224×224.")
        assert note.is_visible(), place
