"""What the script adds: sorting, filtering, the theme; and the page without it."""

import pytest

pytestmark = pytest.mark.needs("chromium")

ROWS = "table.layers tbody tr"


@pytest.fixture
def eighteen(visit, report):
    """ResNet-18's report in a browser, with all columns of its layers."""
    return open_with_all_columns(visit, report("resnet18"))


def open_with_all_columns(visit, html):
    """Open a report and show all columns of the layer table."""
    page = visit(html).page
    page.check("#columns")
    return page


def column(page, key):
    """The texts of one column of the layer table, those that are shown."""
    titles = page.locator("table.layers thead th")
    classes = titles.evaluate_all("cells => cells.map(cell => cell.classList[0])")
    index = classes.index(key)
    return page.locator(ROWS).evaluate_all(
        "(rows, index) => rows.map(row => row.cells[index].textContent)",
        index,
    )


def numbers(texts):
    """Counts as numbers."""
    return [int(text.replace(",", "")) for text in texts]


def header(page, key):
    """One heading of the layer table."""
    return page.locator(f"table.layers thead th.{key}")


def test_quiet(visit, report):
    """The page asks for nothing and says nothing on the console."""
    seen = visit(report("resnet50"))
    assert ([], []) == (seen.requests, seen.console)


def test_sort_by_click(eighteen):
    """A click sorts numbers from the largest, a second from the smallest."""
    header(eighteen, "params").locator("button").click()
    assert header(eighteen, "params").get_attribute("aria-sort") == "descending"
    in_order = numbers(column(eighteen, "params"))
    assert sorted(in_order, reverse=True) == in_order
    header(eighteen, "params").locator("button").click()
    assert header(eighteen, "params").get_attribute("aria-sort") == "ascending"
    assert in_order[::-1] == numbers(column(eighteen, "params"))


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_sort_by_keyboard(eighteen, key):
    """A heading sorts when it has the focus and a key is pressed."""
    before = column(eighteen, "name")
    header(eighteen, "name").locator("button").focus()
    eighteen.keyboard.press(key)
    after = column(eighteen, "name")
    assert before != after
    assert sorted(before) == sorted(after)


def test_every_heading_sorts(eighteen):
    """Each column has a button, and sorting by it marks it alone."""
    titles = eighteen.locator("table.layers thead th")
    for index in range(titles.count()):
        titles.nth(index).locator("button").click()
        marked = titles.evaluate_all(
            "cells => cells.map(cell => cell.hasAttribute('aria-sort'))"
        )
        assert [k == index for k in range(titles.count())] == marked


def test_names_sort_by_their_numbers(visit, report):
    """layer1.2 stands before layer1.10."""
    page = open_with_all_columns(visit, report("cifar110"))
    header(page, "name").locator("button").click()
    names = column(page, "name")
    assert names.index("layer1.2.conv1") < names.index("layer1.10.conv1")


def test_shapes_sort_by_their_values(eighteen):
    """Shapes sort by the number of values, not by their first digit."""
    header(eighteen, "output_shape").locator("button").click()
    shapes = column(eighteen, "output_shape")
    assert shapes[0].startswith("112×112×64")
    assert shapes[-1].startswith("512")


def test_missing_values_come_last(eighteen):
    """Layers without a kernel stand last, whichever way the rest is sorted."""
    for _ in range(2):
        header(eighteen, "kernel").locator("button").click()
        assert column(eighteen, "kernel")[0]
        assert not column(eighteen, "kernel")[-1]


def test_order_of_execution_comes_back(eighteen):
    """Sorting by number restores the first order."""
    before = column(eighteen, "name")
    header(eighteen, "macs").locator("button").click()
    assert before != column(eighteen, "name")
    header(eighteen, "index").locator("button").click()
    assert before == column(eighteen, "name")


def test_search(eighteen):
    """Searching keeps the layers whose name or type has every word."""
    eighteen.fill("#search", "LAYER2 conv2d")
    names = column(eighteen, "name")
    assert names
    assert all(name.startswith("layer2.") for name in names)
    assert {"Conv2d"} == set(column(eighteen, "type"))


def test_kind(eighteen):
    """Choosing a kind keeps its layers: ResNet-18 has 20 convolutions."""
    eighteen.select_option("#kind", "conv")
    assert len(column(eighteen, "name")) == 20
    assert eighteen.locator("#shown").text_content() == "20 of 69 layers, of kind conv"


def test_resolution_kind(eighteen):
    """The layers that change the resolution can be chosen."""
    eighteen.select_option("#kind", "resolution")
    assert eighteen.locator(f"{ROWS}:visible .change").count() == len(
        column(eighteen, "name")
    )


def test_sums_follow(eighteen):
    """The sums are those of the rows that are shown."""
    eighteen.select_option("#kind", "conv")
    eighteen.fill("#search", "layer4")
    for key in ("params", "macs"):
        total = sum(numbers(column(eighteen, key)))
        assert f"{total:,}" == eighteen.locator(f"#sum-{key}").text_content()


def test_nothing_found(eighteen):
    """A search without hits says so, and sums to nothing."""
    eighteen.fill("#search", "no such layer")
    assert eighteen.locator("#shown").text_content().startswith("0 of 69 layers")
    assert eighteen.locator("#sum-params").text_content() == "0"


def test_clear(eighteen):
    """Clearing brings every layer back and puts the cursor into the search."""
    eighteen.fill("#search", "conv1")
    eighteen.select_option("#kind", "conv")
    eighteen.click("#clear")
    assert len(column(eighteen, "name")) == 69
    assert eighteen.evaluate("document.activeElement.id") == "search"


def test_script_changes_no_sum(visit, report):
    """The script's first sums are those that the page has without it."""
    on = visit(report("resnet50")).page
    off = visit(report("resnet50"), java_script_enabled=False).page
    sums = off.locator("noscript table.layers tfoot td").all_text_contents()
    scripted = [on.locator(key).text_content() for key in ("#sum-params", "#sum-macs")]
    assert sums == scripted
    count = off.locator("noscript .count").text_content()
    assert on.locator("#shown").text_content() == count


def test_without_script(visit, report):
    """Without scripts the table is whole and no dead control is shown."""
    page = visit(report("resnet18"), java_script_enabled=False).page
    assert page.locator(f"{ROWS}:visible").count() == 69
    assert page.locator("button:visible, input:visible, select:visible").count() == 0


def test_skip_link_comes_first(visit, report):
    """The first stop of the keyboard is the skip link, and it can be seen there."""
    page = visit(report("resnet18")).page
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    assert link.evaluate("it => it === document.activeElement")
    assert link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_focus_is_visible(visit, report):
    """What has the keyboard's focus has an outline."""
    page = visit(report("resnet18")).page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid 2px" in outline


def test_landmarks(eighteen):
    """There is one main part and one first heading; sections are named."""
    assert eighteen.locator("main").count() == eighteen.locator("h1").count() == 1
    sections = eighteen.locator("main > section")
    for index in range(sections.count()):
        name = sections.nth(index).get_attribute("aria-labelledby")
        assert eighteen.locator(f"#{name}").text_content()
