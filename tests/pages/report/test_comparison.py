"""The page of several networks: what changed, and views that lead to one another."""

import re
from functools import cache

import pytest

import resviz
from resviz.pages.report import render
from resviz.record.storage import load
from tests.pages.report.media import show_as
from tests.readings.structure.golden.networks import record_file

SMALL = ("resnet18", "resnet(18, stem='deep', num_classes=10)", "resnet34")


@cache
def compared(*specs):
    """The page of some SPECs or golden records, rendered once."""
    archs = [
        load(record_file(spec.removeprefix("record:")))
        if spec.startswith("record:")
        else resviz.trace(spec)
        for spec in specs
    ]
    return resviz.report(archs)


@pytest.fixture
def pair(visit):
    """ResNet-18 and one with another stem and head, in a browser; both were seen."""
    page = visit(compared(*SMALL[:2])).page
    for number in (1, 0):
        page.locator(f'#networks [value="{number}"]').click()
    return page


def rows_of(page, letter):
    """The names of the rows that a network's table shows."""
    return page.locator(f"#{letter}-panel table.layers tbody tr[data-id]").evaluate_all(
        "rows => rows.map(row => row.dataset.id)"
    )


def selected(page, letter):
    """What is selected in a network."""
    return page.locator(f"#{letter}-selection").get_attribute("data-id")


def test_one_page_is_smaller_than_several():
    """Script and styles are there once."""
    singles = sum(len(render(resviz.trace(spec)).encode()) for spec in SMALL)
    assert len(compared(*SMALL).encode()) < 0.9 * singles


def test_the_page_of_one_is_that_of_a_list_of_one():
    """Nothing of a comparison is on it."""
    assert resviz.report(["resnet18"]) == resviz.report("resnet18")
    assert "startComparison" not in resviz.report("resnet18")


@pytest.mark.parametrize("number", [1, 2])
def test_shares_add_up_to_the_difference(number):
    """As they are printed, column by column; so they lead from A to B."""
    html = compared(*SMALL)
    table = html.split('<table class="changes-table">')[number].split("</table>")[0]
    rows = [
        [
            float(re.sub("<[^>]*>|,", "", cell).replace("−", "-"))
            for cell in re.findall('<td class="number">(.*?)</td>', row)
        ]
        for row in table.split("<tr")[2:]
    ]
    first, *changes, difference, last = rows
    assert changes
    for column in range(4):
        total = sum(row[column] for row in changes)
        assert total == pytest.approx(difference[column], abs=0.02)
        assert first[column] + total == pytest.approx(last[column], abs=0.02)


def test_figures_of_equal_networks_have_other_ids():
    """What labels a figure is in one place, also where a network is there twice."""
    ids = re.findall(r'\bid="([^"]*)"', compared("resnet18", "resnet18"))
    assert len(ids) == len({*ids})


def test_families_are_told_in_a_sentence():
    """And nothing is marked one by one."""
    html = compared("resnet18", "record:vit_tiny_patch16_224")
    assert "different families" in html
    assert html.count("data-change=") == 1
    assert '<figure class="diff">' not in html


def test_a_second_network_is_no_path():
    """The error says how several are written."""
    arch = resviz.trace("resnet18")
    with pytest.raises(resviz.ResvizError, match=r"report\(\[a, b\]\)"):
        resviz.report(arch, arch)


@pytest.mark.parametrize(("count", "words"), [(0, "no network"), (13, "12 at most")])
def test_how_many(count, words):
    """None, and too many, are refused before any is traced."""
    with pytest.raises(resviz.SpecError, match=words):
        resviz.report(["no such network"] * count)


def test_the_command_takes_several(run, tmp_path):
    """Names of one's own stand on the page."""
    path = tmp_path / "two.html"
    run(
        "-m",
        "resviz",
        "report",
        "Plain=18",
        "Deep=resnet(18,stem='deep')",
        "-o",
        str(path),
    )
    assert "<h1>Plain → Deep</h1>" in path.read_text()


@pytest.mark.needs("chromium")
class TestInABrowser:
    """What the script makes of it."""

    @pytest.mark.parametrize(
        "specs",
        [SMALL, ("resnet18", "record:vit_tiny_patch16_224"), ("resnet18", "cifar20")],
    )
    def test_quiet(self, visit, specs):
        """The page asks for nothing, and says nothing on the console."""
        seen = visit(compared(*specs))
        seen.page.locator("#networks button").last.click()
        assert ([], []) == (seen.requests, seen.console)

    def test_one_is_shown(self, pair):
        """A button shows the other; both are there on paper."""
        shown = pair.locator(".panel:visible h2.panel-name")
        assert "ResNet-18" in shown.text_content()
        assert shown.count() == 1
        pair.locator("#networks button").last.click()
        assert "stem='deep'" in shown.text_content()
        assert shown.count() == 1
        show_as(pair, "print")
        assert shown.count() == 2

    def test_a_change_selects_its_layers_in_both(self, pair):
        """The classifier is one row in each, marked with more than a colour."""
        pair.locator('[data-change="2"]').click()
        assert (["fc"], ["fc"]) == (rows_of(pair, "a"), rows_of(pair, "b"))
        assert ("fc", "fc") == (selected(pair, "a"), selected(pair, "b"))
        assert "those of change 2" in pair.locator("#b-shown").text_content()
        row = pair.locator('#b-panel table.layers [data-id="fc"] .differs')
        assert row.text_content() == "≠changed 2"
        pair.locator('[data-change="1"]').click()
        stem = ["conv1.0", "conv1.1", "conv1.2", "conv1.3"]
        assert stem == rows_of(pair, "b")[:4]
        assert "conv1" in rows_of(pair, "a")
        pair.locator("#b-clear").click()
        assert len(rows_of(pair, "b")) == 10
        assert "those in stem" in pair.locator("#b-shown").text_content()

    def test_marks_say_what_came_and_went(self, visit):
        """Blocks that ResNet-34 has more are added, one way; removed, the other."""
        for specs, letter, kind in (
            (("resnet18", "resnet34"), "b", "added"),
            (("resnet34", "resnet18"), "a", "removed"),
        ):
            page = visit(compared(*specs)).page
            page.locator("#networks button").nth("ab".index(letter)).click()
            marks = page.locator(f"#{letter}-panel tbody tr[data-id] .mark")
            assert {kind} == {*marks.evaluate_all("all => all.map(it => it.title)")}
            assert marks.count() == 125 - 69

    def test_what_is_selected_is_so_in_all(self, pair):
        """By what a layer is, not by its name: the stem's norm is `conv1.7` in B."""
        pair.evaluate("location.hash = 'a/layer2.0.conv2'")
        pair.wait_for_function("location.hash === '#a/layer2.0.conv2'")
        assert selected(pair, "b") == "layer2.0.conv2"
        pair.locator("#networks button").last.click()
        assert pair.evaluate("location.hash") == "#b/layer2.0.conv2"
        words = pair.locator("#b-selection .beside-line").text_content()
        assert "In A, ResNet-18: layer2.0.conv2. It is the same." in words

    def test_links_say_which_network(self, visit):
        """Of a letter, of a change, and those of a page of one network."""
        page = visit(compared(*SMALL)).page
        for address, shown, part in (
            ("c/layer1.2.conv1&lens=params", "c", "layer1.2.conv1"),
            ("layer4.1.conv2", "a", "layer4.1.conv2"),
            ("b/conv1.3&lens=macs", "b", "conv1.3"),
            ("b/&change=2", "b", "fc"),
        ):
            page.evaluate("address => { location.hash = address }", address)
            page.wait_for_function(
                "([id, part]) => !document.querySelector(`#${id}-panel`).hidden &&"
                " document.querySelector(`#${id}-selection`).dataset.id === part",
                arg=[shown, part],
            )
        assert page.evaluate("location.hash") == "#b/fc&change=2"

    def test_one_field_is_that_of_all(self, pair):
        """Where inputs agree: totals are those of fresh traces."""
        assert pair.locator("[data-input]").count() == 1
        assert pair.locator("form.other").count() == 1
        pair.fill("[data-input]", "3×160×96")
        archs = [resviz.trace(spec, (3, 160, 96)) for spec in SMALL[:2]]
        cells = pair.locator('[data-compared="macs"] td').all_text_contents()
        macs = [arch.macs for arch in archs]
        assert cells[0] == f"{macs[0]:,}"
        assert cells[1] == f"{macs[1]:,} +{macs[1] - macs[0]:,}"
        assert pair.locator("#compared-note").is_visible()

    def test_all_follow_or_none(self, visit):
        """A size that one cannot take says which one, and changes neither."""
        page = visit(compared("resnet18", "record:vit_tiny_patch16_224")).page
        before = page.locator('[data-compared="macs"]').text_content()
        page.fill("[data-input]", "3×200×200")
        assert "vit_tiny" in page.locator("#other-trouble").text_content()
        assert before == page.locator('[data-compared="macs"]').text_content()

    def test_other_inputs_have_their_own_fields(self, visit):
        """One changes alone then."""
        page = visit(compared("resnet18", "cifar20")).page
        page.locator("#networks button").last.click()
        page.fill("#b-panel [data-input]", "3×64×64")
        arch = resviz.trace("cifar20", (3, 64, 64))
        cells = page.locator('[data-compared="macs"] td').all_text_contents()
        assert cells[1].startswith(f"{arch.macs:,} ")
        assert page.evaluate("resviz.totals([3, 64, 64], 1).macs") == arch.macs

    def test_totals_answer_scripts(self, pair):
        """Of each network, and of the one that is shown."""
        macs = [resviz.trace(spec, (3, 64, 64)).macs for spec in SMALL[:2]]
        ask = "resviz.networks.map(it => it.totals([3, 64, 64], 1).macs)"
        assert macs == pair.evaluate(ask)
        for number in (1, 0):
            pair.locator("#networks button").nth(number).click()
            assert macs[number] == pair.evaluate("resviz.totals([3, 64, 64], 1).macs")

    def test_keyboard_alone(self, pair):
        """From the first key to the rows of a change, and out of them again."""
        while not pair.evaluate("document.activeElement.dataset.change"):
            pair.keyboard.press("Tab")
        pair.keyboard.press("Tab")
        pair.keyboard.press("Enter")
        assert rows_of(pair, "b") == ["fc"]
        pair.keyboard.press("t")
        assert pair.evaluate("document.activeElement.closest('.panel').id") == "b-panel"
        pair.keyboard.press("Escape")
        assert selected(pair, "b") == "head"
        assert len(rows_of(pair, "b")) < 9

    def test_side_by_side(self, visit):
        """Where there is room, the first stands beside the other."""
        page = visit(compared(*SMALL), viewport={"width": 1920, "height": 900}).page
        page.locator("#networks button").nth(2).click()
        page.locator("#beside").click()
        visible = page.locator(".panel:visible").evaluate_all(
            "all => all.map(it => [it.id, it.getBoundingClientRect().top])"
        )
        assert ["a-panel", "c-panel"] == [name for name, _ in visible]
        assert visible[0][1] == visible[1][1]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1920

    @pytest.mark.parametrize("width", [360, 1280])
    def test_no_sideways_scrolling(self, visit, width):
        """Wide tables scroll in their frames."""
        page = visit(compared(*SMALL), viewport={"width": width, "height": 800}).page
        for number in range(3):
            page.locator("#networks button").nth(number).click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_without_script(self, visit):
        """All is there, and no control that does nothing."""
        page = visit(compared(*SMALL), java_script_enabled=False).page
        assert page.locator(".panel:visible").count() == 3
        controls = "button:visible, input:visible, select:visible"
        assert page.locator(controls).count() == 0


@pytest.mark.needs("chromium")
def test_a_network_is_drawn_when_it_is_seen(visit):
    """Until then it has no views; then they show the state of now, as any others."""
    page = visit(compared(*SMALL[:2])).page
    items = page.locator("#b-tree [role=treeitem]")
    counts = items.count(), page.locator("#a-tree [role=treeitem]").count()
    assert counts[0] == 0 < counts[1]
    page.fill("[data-input]", "3×320×320")
    page.locator('#a-views [value="pass"]').click()
    page.locator('#a-tree [data-id="conv3_x"]').click()
    page.locator('#networks [value="1"]').click()
    assert items.count() > 0
    assert selected(page, "b") == "conv3_x"
    assert page.locator("#b-pass svg path").count() > 0
    other = resviz.trace(SMALL[1], (3, 320, 320))
    exact = page.locator("#b-panel [data-total=MACs] .exact").text_content()
    assert exact.startswith(f"{other.macs:,} ")
    note = page.locator("#b-stages").get_by_text("At the recorded 1×3×224×224.")
    assert note.is_visible()
