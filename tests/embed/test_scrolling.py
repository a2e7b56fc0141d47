"""Figures that scroll say so, where they do and nowhere else."""

import pytest

import resviz
from resviz.embed.requests import figure_html

HINT = "scroll to see all"

READ = """
[...document.querySelectorAll('.resviz-figure')].map(figure => ({
    scrolls: figure.scrollWidth > figure.clientWidth,
    hint: [...figure.children].slice(1).map(e => e.getBoundingClientRect().height)}))
"""


def write_page(arch, *, width="", **options):
    """A page with one figure."""
    drawn = resviz.diagram(arch, **options)
    return f"<!doctype html><body>{figure_html(drawn, salt='a', width=width)}"


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("options", "widths"),
    [
        ({"direction": "LR"}, {1200: False, 700: True, 380: True}),
        ({"figure": "block"}, {700: False, 380: False, 200: True}),
    ],
)
def test_a_hint_is_seen_where_a_figure_scrolls(record, browser, options, widths):
    """As wide as the window is; the hint is one line high, or nothing."""
    for width, scrolls in widths.items():
        page = browser.new_page(viewport={"width": width, "height": 700})
        page.set_content(write_page(record("resnet18"), **options))
        (found,) = page.evaluate(READ)
        page.close()
        assert scrolls == found["scrolls"]
        (height,) = found["hint"]
        assert (height > 12) == scrolls
        assert (height == 0) != scrolls


def test_what_shrinks_with_its_column_has_no_hint(record):
    """It never scrolls, whatever width it was given."""
    arch = record("resnet18")
    for width in ("80%", "500", "12cm"):
        assert HINT not in write_page(arch, width=width)
    assert HINT in write_page(arch)
