"""How the page looks: light and dark, narrow, printed."""

import re

import pytest

from tests.pages.report.media import show_as

pytestmark = pytest.mark.needs("chromium")

WHITE, NIGHT = "rgb(255, 255, 255)", "rgb(18, 22, 28)"


def background(page):
    """The colours behind the page and behind its first figure."""
    return tuple(
        page.locator(selector).first.evaluate(f"it => getComputedStyle(it).{name}")
        for selector, name in (("body", "backgroundColor"), ("figure svg rect", "fill"))
    )


def contrast(page, selector):
    """WCAG's contrast of an element's text with the page."""
    colour = page.locator(selector).first.evaluate("it => getComputedStyle(it).color")

    def luminance(rgb):
        parts = [int(part) / 255 for part in re.findall(r"\d+", rgb)[:3]]
        linear = [
            p / 12.92 if p <= 0.04 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        ]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted(map(luminance, (colour, background(page)[0])))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("scheme", "colour"), [("light", WHITE), ("dark", NIGHT)])
def test_follows_the_reader(visit, report, scheme, colour):
    """The page and its figures are light or dark as the reader's system is."""
    page = visit(report("resnet18"), color_scheme=scheme).page
    assert (colour, colour) == background(page)


@pytest.mark.parametrize(("scheme", "other"), [("light", NIGHT), ("dark", WHITE)])
def test_theme_button(visit, report, scheme, other):
    """The button overrides the system, for the figures too, and back."""
    page = visit(report("resnet18"), color_scheme=scheme).page
    before = background(page)
    page.click("#theme")
    assert (other, other) == background(page)
    page.click("#theme")
    assert before == background(page)


def test_theme_button_names_what_it_does(visit, report):
    """The button says which theme it brings."""
    page = visit(report("resnet18"), color_scheme="dark").page
    assert page.locator("#theme").text_content() == "Light theme"
    page.click("#theme")
    assert page.locator("#theme").text_content() == "Dark theme"


TEXTS = ("h1", ".exact", ".lead", ".change", ".zero", "thead th", "nav a", ".kind")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit, report, scheme):
    """Text stands out from the page by at least 4.5, as WCAG's level AA wants."""
    page = visit(report("resnet18"), color_scheme=scheme).page
    page.check("#columns")
    contrasts = {selector: contrast(page, selector) for selector in TEXTS}
    assert {} == {
        selector: ratio for selector, ratio in contrasts.items() if ratio < 4.5
    }


@pytest.mark.parametrize("width", [400, 800, 1280])
@pytest.mark.parametrize(
    "spec",
    [
        "resnet50",
        "cifar110",
        "resnet(50, replace_stride_with_dilation=[False,True,True])",
    ],
)
def test_no_sideways_scrolling(visit, report, spec, width):
    """The page itself never scrolls sideways; wide tables do in their frames."""
    page = visit(report(spec), viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [400, 1280])
def test_heading_sticks(visit, report, width):
    """The headings of the layer table stay in sight while its rows go by."""
    page = visit(report("resnet50"), viewport={"width": width, "height": 800}).page
    page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    row = page.locator("table.layers tbody tr").nth(100)
    row.evaluate("it => it.scrollIntoView({ block: 'center' })")
    box = page.locator("table.layers thead th.index").bounding_box()
    assert 0 <= box["y"] < row.bounding_box()["y"] < 800


@pytest.mark.parametrize("scripted", [True, False])
def test_bars(visit, report, scripted):
    """The largest layer has the full bar, and others theirs in proportion."""
    page = visit(report("resnet18"), java_script_enabled=scripted).page
    bars = page.locator("table.layers tbody :is(.bar, .zero)").evaluate_all(
        "cells => cells.map(it => [getComputedStyle(it).getPropertyValue('--bar'),"
        " it.textContent.replaceAll(',', '')])"
    )
    params = [(int(bar or 0), int(text)) for bar, text in bars[::2]]
    assert len(params) == 69
    most = max(number for _, number in params)
    assert all(abs(100 * number / most - bar) <= 0.5 for bar, number in params)


def test_print_has_no_controls(visit, report):
    """Paper shows the rows, and neither controls nor navigation."""
    page = visit(report("resnet18")).page
    show_as(page, "print")
    assert page.locator("nav:visible, input:visible, select:visible").count() == 0
    assert not page.locator("#theme").is_visible()
    assert page.locator("table.layers tbody tr:visible").count() == 69


def test_print_clips_nothing(visit, report):
    """On paper every table is as wide as its frame at most."""
    page = visit(report("resnet50"), viewport={"width": 700, "height": 1000}).page
    show_as(page, "print")
    frames = page.locator(".scroll").evaluate_all(
        "all => all.map(it => [it.scrollWidth - it.clientWidth,"
        " getComputedStyle(it).overflowX])"
    )
    assert {(0, "visible")} == set(map(tuple, frames))


def test_print_is_light(visit, report):
    """A page that was made dark is light on paper, figures and all."""
    page = visit(report("resnet18")).page
    page.click("#theme")
    assert (NIGHT, NIGHT) == background(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    show_as(page, "print")
    assert (WHITE, WHITE) == background(page)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    show_as(page, "screen")
    assert (NIGHT, NIGHT) == background(page)
