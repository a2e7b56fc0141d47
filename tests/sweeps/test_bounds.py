"""Rows of a sweep's page between bounds that are typed, as a frame keeps them."""

import pytest

from resviz.sweeps import outputs
from resviz.sweeps.sweep import run_sweep
from tests.pages.report.test_axe import AXE, list_violations
from tests.sweeps.test_page import SPECS

pytestmark = pytest.mark.needs("chromium")

INSIDE = "all => all.map(it => Number(it.dataset.row)).sort()"


@pytest.fixture(scope="module")
def result():
    """Nine variants, one of which failed."""
    return run_sweep(SPECS, pareto="macs,-depth", jobs=1)


@pytest.fixture
def page(visit, result):
    """Their page, once it has drawn its points."""
    visited = visit(outputs.render_sweep(result, "html"), bypass_csp=True)
    visited.page.wait_for_selector("#chart .point", state="attached")
    return visited.page


def count_rows(page):
    """How many rows the page says it shows."""
    return int(page.locator("#count").text_content().split()[0])


def field(page, label):
    """A field by its label."""
    return page.get_by_role("textbox", name=label)


def test_bounds_keep_the_rows_between_them(page, result):
    """By keys alone; numbers may be written as axes do, and a bound is inside."""
    macs = sorted(row["macs"] for row in result.rows if row.get("macs"))
    for text in (f"{macs[3]:,}", str(macs[3]), f"{macs[3] / 1e9} G"):
        field(page, "MACs, to").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        assert count_rows(page) == 4
    assert page.locator(".point:not(.outside)").count() == 4
    page.keyboard.press("Shift+Tab")
    page.keyboard.type(str(macs[3]))
    assert count_rows(page) == macs.count(macs[3])


def test_what_is_no_number_bounds_nothing(page):
    """It is marked, and all rows are there; a failed row lies within no bounds."""
    field(page, "MACs, from").fill("many")
    assert field(page, "MACs, from").get_attribute("aria-invalid") == "true"
    assert count_rows(page) == 9
    field(page, "MACs, from").fill("0")
    assert (count_rows(page), page.locator("tr.failed").count()) == (8, 0)


def test_show_all_clears_the_fields(page):
    """And so do other axes, which have fields of their own."""
    field(page, "MACs, from").fill("1e30")
    assert count_rows(page) == 0
    page.click("#clear")
    assert (count_rows(page), field(page, "MACs, from").input_value()) == (9, "")
    field(page, "MACs, from").fill("1 T")
    page.select_option("#x", "params")
    assert (count_rows(page), field(page, "MACs, from").count()) == (9, 0)


def test_a_frame_and_its_bounds_keep_the_same(page):
    """What a frame keeps, the bounds that it writes keep; they replace it."""
    area = page.locator(".ground").bounding_box()
    page.mouse.move(area["x"] + 1, area["y"] + area["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] + 3, area["y"] - 3, steps=4)
    page.mouse.up()
    assert count_rows(page) == 4
    framed = page.locator(".point:not(.outside)").evaluate_all(INSIDE)
    bounds = field(page, "MACs, to")
    bounds.fill(bounds.input_value())
    assert page.locator(".point:not(.outside)").evaluate_all(INSIDE) == framed
    assert page.locator(".frame").count() == 0


@pytest.mark.skipif(not AXE, reason="AXE_JS names no axe.min.js")
def test_axe_finds_nothing_at_bounds(page):
    """With a bound, and with what is none."""
    for text in ("1e9", "many"):
        field(page, "MACs, from").fill(text)
        assert list_violations(page) == []
