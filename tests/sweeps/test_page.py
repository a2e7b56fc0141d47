"""The page of a sweep, in a browser without a network."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from resviz.sweeps import outputs
from resviz.sweeps.overviews import MAX_OVERVIEWS, draw_overviews
from resviz.sweeps.run import trace_variants
from resviz.sweeps.sweep import run_sweep
from tests.pages.report.test_axe import AXE, list_violations

pytestmark = pytest.mark.needs("chromium")

SPECS = (
    "resnet({18,34}, base_channels={32,64}, input={64,96})",
    "resnet(18, groups=3)",
)

ACCURACIES = """spec,input,top1,recipe
"resnet(18, base_channels=32)",64,50.5,a
"resnet(18, base_channels=64)",64,60,a
"resnet(34, base_channels=32)",64,58.25,b
"resnet(34, base_channels=64)",64,66,b
"resnet(34, base_channels=64)",96,71,b
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A page of nine variants, of five of which a file tells the accuracy."""
    path = tmp_path_factory.mktemp("told") / "accuracy.csv"
    path.write_text(ACCURACIES)
    result = run_sweep(SPECS, joined=path, pareto="params,-top1", jobs=1)
    return outputs.render_sweep(result, "html")


@pytest.fixture(scope="module")
def plain():
    """A page of nine variants, one of which failed."""
    return outputs.render_sweep(run_sweep(SPECS, pareto="macs,-depth", jobs=1), "html")


@pytest.fixture
def page(visit, plain):
    """The page, once it has drawn its points."""
    visited = visit(plain, offline=True)
    visited.page.wait_for_selector("#chart .point", state="attached")
    return visited


@pytest.fixture
def joined(visit, told):
    """The page with accuracies, once it has drawn its points."""
    visited = visit(told, offline=True)
    visited.page.wait_for_selector("#chart .point", state="attached")
    return visited


def read_boxes(page, selector):
    """The places of some elements: left, top, right and bottom."""
    return page.locator(selector).evaluate_all(
        "all => all.map(it => it.getBoundingClientRect())"
        ".map(it => [it.left, it.top, it.right, it.bottom])"
    )


def overlap(one, other):
    """Whether two places have more than an edge in common."""
    return (
        one[0] < other[2] - 1
        and one[2] > other[0] + 1
        and one[1] < other[3] - 1
        and one[3] > other[1] + 1
    )


def test_it_asks_for_nothing(page, joined):
    """One file, a clean console, and nothing in it that its policy does not name."""
    for visited in (page, joined):
        visited.page.locator(".point").first.press("Enter")
        assert ([], [], []) == (visited.requests, visited.console, visited.dialogs)
    policy = page.page.get_attribute("meta[http-equiv]", "content")
    assert "unsafe" not in policy


def test_it_is_small(plain, told):
    """Of nine variants it is as large as a picture, and a third are the overviews."""
    assert max(len(plain), len(told)) < 200_000


def test_all_rows_and_points(page):
    """Those on the front are marked; what failed is a row and no point."""
    page = page.page
    assert "9 of 9 rows" == page.text_content("#count")
    counts = ("tbody tr", "tbody tr.on", "tbody tr.failed", ".point", ".point .on")
    assert [9, 2, 1, 8, 2] == [page.locator(it).count() for it in counts]


def test_a_frame_over_the_points_keeps_their_rows(page):
    """And all come back."""
    page = page.page
    area = page.locator(".ground").bounding_box()
    page.mouse.move(area["x"] + 1, area["y"] + area["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] + 3, area["y"] - 3, steps=4)
    page.mouse.up()
    page.locator("#count", has_text="4 of 9").wait_for()
    assert {"34"} == set(page.locator("tbody td:nth-child(2)").all_text_contents())
    assert 4 == page.locator(".point.outside").count()
    page.click("#clear")
    page.locator("#count", has_text="9 of 9").wait_for()
    assert 0 == page.locator(".frame").count()


def test_other_axes(page):
    """Any column of numbers, those that vary too, and words."""
    titles = page.page.locator("#chart .title")
    page.page.select_option("#x", "base_channels")
    assert ["base channels", "weighted layers"] == titles.all_text_contents()
    page.page.select_option("#y", "final_shape")
    assert "2×2×256" in page.page.locator("#chart .axes text").all_text_contents()
    assert page.page.is_disabled("#log-y")
    assert 8 == page.page.locator(".point").count()
    assert [] == page.console


def test_a_logarithmic_axis(page):
    """By the switch; points of one ratio are as far apart as others of it."""
    page = page.page
    page.select_option("#x", "base_channels")
    page.check("#log-x")
    ticks = page.locator("#chart .axes text[text-anchor=middle]").all_text_contents()
    assert "50" in ticks
    assert "base channels (log)" in ticks
    page.select_option("#x", "macs")
    xs = {}
    for point in page.locator(".point").all():
        xs[point.get_attribute("aria-label")] = float(
            point.get_attribute("transform").split("(")[1].split(" ")[0]
        )
    page.check("#log-x")
    turned = sorted(
        float(p.get_attribute("transform").split("(")[1].split(" ")[0])
        for p in page.locator(".point").all()
    )
    assert turned != sorted(xs.values())
    assert turned[0] == pytest.approx(min(xs.values()), abs=1)


def test_colours_by_an_argument(joined):
    """A colour a value, told in a legend; the front keeps its shape."""
    page = joined.page
    names = page.locator("#colour option").all_text_contents()
    assert names[0] == "Pareto front"
    assert {"base channels", "input", "recipe", "top1"} <= set(names)
    page.select_option("#colour", "recipe")
    legend = page.text_content("#legend")
    assert legend == "recipe:abon the front"
    fills = page.locator(".point path").evaluate_all(
        "all => all.map(it => getComputedStyle(it).fill)"
    )
    assert {"rgb(27, 158, 119)", "rgb(217, 95, 2)"} == set(fills)
    assert [] == joined.console


def test_keys_alone_lead_to_a_comparison(page):
    """Tab to the points, arrows among them, Enter chooses, p pins."""
    visited, page = page, page.page
    page.focus("#colour")
    page.keyboard.press("Tab")
    label = "document.activeElement.getAttribute('aria-label')"
    first = page.evaluate(label)
    assert "on the front" in first
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    chosen = page.text_content("#chosen h3")
    assert page.evaluate(label).startswith(chosen)
    page.keyboard.press("p")
    assert "Pin a second variant" in page.text_content("#comparison")
    page.keyboard.press("End")
    page.keyboard.press("p")
    rows = page.locator(".comparison tbody tr").all_text_contents()
    assert any(row.startswith("parameters") and "×" in row for row in rows)
    assert page.evaluate(label).startswith("resnet(34, base_channels=64)")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("p")
    assert 2 == page.locator(".point.pinned").count()
    page.keyboard.press("Escape")
    assert "Choose a point" in page.text_content("#chosen")
    assert [] == visited.console


def test_up_and_down_go_by_the_other_axis(page):
    """Up never leads to less."""
    page = page.page
    page.select_option("#y", "params")
    page.locator(".point").first.focus()
    tops = []
    for _ in range(8):
        box = page.locator(".point:focus .reach").bounding_box()
        tops.append(round(box["y"]))
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert tops == sorted(tops)


def test_a_click_chooses_everywhere(page):
    """A point its row, and a row its point; the overview of the front is there."""
    page = page.page
    page.locator(".point:has(.on)").first.click()
    row = page.locator("tr.chosen")
    assert row.locator(".pick").text_content() == page.text_content("#chosen h3")
    assert page.locator("#chosen svg").count() == 1
    assert "483" in page.text_content("#chosen .numbers") or page.is_visible(
        "#chosen dl"
    )
    page.locator("tr.off .pick").first.click()
    name = page.text_content("#chosen h3")
    pressed = page.locator('.point[aria-pressed="true"]')
    assert pressed.get_attribute("aria-label").startswith(name)
    assert "holds the overviews of 2 variants" in page.text_content("#chosen")


def test_a_click_is_the_nearest_points(page):
    """Where marks lie close to one another, and some pixels beside; not far off."""
    page = page.page
    page.select_option("#x", "params")
    page.select_option("#y", "params")
    area = page.locator("#chart svg").bounding_box()
    for point in page.locator(".point").all():
        x, y = map(float, point.get_attribute("transform")[10:-1].split())
        page.mouse.click(area["x"] + x + 3, area["y"] + y - 3)
        pressed = page.locator('.point[aria-pressed="true"]')
        assert pressed.get_attribute("transform") == point.get_attribute("transform")
    page.locator(".point").first.focus()
    page.keyboard.press("Escape")
    page.mouse.click(area["x"] + area["width"] / 3, area["y"] + 30)
    assert "Choose a point" in page.text_content("#chosen")
    page.locator(".point").first.evaluate(
        "it => it.dispatchEvent(new Event('click', { bubbles: true }))"
    )
    name = page.text_content("#chosen h3")
    assert page.locator(".point").first.get_attribute("aria-label").startswith(name)


def test_the_front_is_a_step_line(joined):
    """On the axes that are aimed at, to the right and up; on others it is none."""
    page = joined.page
    steps = page.get_attribute(".step", "d")
    points = [
        tuple(map(float, it.get_attribute("transform")[10:-1].split()))
        for it in page.locator(".point:has(.on)").all()
    ]
    points.sort()
    expected = "".join(
        f"M{a[0]:g} {a[1]:g}L{b[0]:g} {a[1]:g}M{b[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}"
        for a, b in pairwise(points)
    )

    def numbers(path):
        return [float(n) for n in path.replace("M", " ").replace("L", " ").split()]

    assert numbers(expected) == pytest.approx(numbers(steps), rel=1e-4)
    page.select_option("#x", "macs")
    assert not page.get_attribute(".step", "d")
    assert "where both axes are aimed at" in page.text_content("#chart-note")


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_names_hide_nothing(visit, told, width):
    """No name another, nor a point; those without room are told."""
    page = visit(told, viewport={"width": width, "height": 900}).page
    page.wait_for_selector("#chart .point", state="attached")
    names = read_boxes(page, "#chart .name")
    points = read_boxes(page, "#chart .point path")
    front = page.locator(".point .on").count()
    said = page.text_content("#chart-note")
    left = front - len(names)
    assert (f"{left} name" in said) == (left > 0)
    for place, name in enumerate(names):
        others = [*names[:place], *names[place + 1 :], *points]
        assert not any(overlap(name, other) for other in others)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_columns_of_a_file_are_axes(joined):
    """And fields of the rows; what it does not tell has no point."""
    page = joined.page
    assert ["parameters", "top1"] == page.locator("#chart .title").all_text_contents()
    assert 5 == page.locator(".point").count()
    assert "3 variants without a value here" in page.text_content("#chart-note")
    assert "top1" in page.locator("thead th").all_text_contents()


def test_failed_rows_are_short(visit):
    """A long reason is folded, and opens."""
    result = run_sweep(["cifar8", f"cifar8(a='{'x' * 300}')"], jobs=1)
    page = visit(outputs.render_sweep(result, "html")).page
    row = page.locator("tr.failed")
    assert row.bounding_box()["height"] < 420
    summary = row.locator("summary")
    assert 60 == len(summary.text_content())
    summary.click()
    assert "unknown option 'a'" in row.locator("details").text_content()


def test_rows_are_sorted(page):
    """As numbers, and the other way round."""
    heading = page.page.locator("thead").get_by_role("button", name="MACs")
    column = page.page.locator("tbody td:nth-child(6)")
    for _ in range(2):
        heading.click()
    cells = [text for text in column.all_text_contents() if text]
    macs = [int(text.replace(",", "")) for text in cells]
    assert sorted(macs, reverse=True) == macs


@pytest.mark.parametrize(
    ("scheme", "colour"),
    [("light", "rgb(176, 42, 0)"), ("dark", "rgb(255, 157, 115)")],
)
def test_it_follows_the_reader(visit, plain, scheme, colour):
    """Light and dark, the points too."""
    page = visit(plain, color_scheme=scheme).page
    page.wait_for_selector("#chart .point", state="attached")
    fills = page.locator(".point path").evaluate_all(
        "all => all.map(it => getComputedStyle(it).fill)"
    )
    assert 2 == fills.count(colour)


def test_hostile_names(visit):
    """Text from a SPEC runs nothing, in rows, labels, names and commands."""
    spec = "cifar8(a='</script><img src=x onerror=alert(1)>{{7*7}}', input={32,40})"
    visited = visit(outputs.render_sweep(run_sweep([spec, "cifar8"], jobs=1), "html"))
    page = visited.page
    page.locator(".point").first.press("Enter")
    assert ([], []) == (visited.dialogs, visited.console)
    first = page.locator("tbody td").first.text_content()
    assert first == spec.removesuffix(", input={32,40})") + ")"


def test_a_command_is_copied(page):
    """Where an input is a side alone there is none, as that says no channels."""
    page = page.page
    page.locator(".point").first.press("Enter")
    assert page.get_by_role("button", name="Copy command").count() == 0


def test_overviews_are_drawn_by_a_worker(monkeypatch):
    """Of as many as are held, and none of what failed; one that dies takes nothing."""
    result = run_sweep(["cifar{8..92..6}", "cifar8(a=1)"], jobs=1)
    drawn = draw_overviews(result, range(len(result.rows)))
    assert [*range(MAX_OVERVIEWS)] == sorted(drawn)
    assert all("<svg" in svg and " style=" not in svg[:300] for svg in drawn.values())
    assert {} == draw_overviews(result, [15])
    calls = []
    monkeypatch.setattr(
        "resviz.sweeps.overviews.trace_variants",
        lambda *args, **options: calls.append(args) or trace_variants(*args, **options),
    )
    draw_overviews(result, [0])
    assert calls[0][1].draws


@pytest.mark.skipif(not AXE, reason="AXE_JS names no axe.min.js")
@pytest.mark.parametrize("width", [360, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, told, scheme, width):
    """At first, with a variant chosen, with two pinned, and in other colours."""
    assert Path(os.environ["AXE_JS"]).is_file()
    page = visit(
        told,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    ).page
    page.wait_for_selector("#chart .point", state="attached")
    found = {"first": list_violations(page)}
    page.locator(".point:has(.on)").first.press("Enter")
    page.keyboard.press("p")
    found["chosen"] = list_violations(page)
    page.keyboard.press("End")
    page.keyboard.press("p")
    found["pinned"] = list_violations(page)
    page.select_option("#colour", "recipe")
    page.check("#log-x")
    found["colours"] = list_violations(page)
    assert {name: [] for name in found} == found
