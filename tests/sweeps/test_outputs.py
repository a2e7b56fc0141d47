"""What a sweep is written as: tables, a page, a picture."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import resviz
from resviz.errors import RenderError
from resviz.sweeps import chart, outputs
from resviz.sweeps.chart import colour_kinds
from resviz.sweeps.sweep import run_sweep
from resviz.sweeps.table import sweep_dataframe
from resviz.sweeps.where import parse_condition

SPECS = (
    "resnet({18,34}, base_channels={32,64}, input={64,96})",
    "resnet(18, groups=3)",
)


@pytest.fixture(scope="module")
def result():
    """A sweep of nine variants, one of which fails, with a front."""
    return run_sweep(SPECS, pareto="macs,-depth")


@pytest.fixture(scope="module")
def plain():
    """The same without a front."""
    return run_sweep(SPECS, condition="seconds >= 0")


def test_parquet(result, plain, tmp_path):
    """What pandas reads is what the DataFrame was."""
    path = tmp_path / "s.parquet"
    outputs.write_sweep(plain, path)
    read = pd.read_parquet(path)
    read["final_shape"] = [None if it is None else [*it] for it in read["final_shape"]]
    pd.testing.assert_frame_equal(sweep_dataframe(plain), read)
    assert "Int64" == str(read["macs"].dtype)


def test_csv(plain):
    """Numbers as numbers, shapes in ASCII, nothing for what is not known."""
    rows = list(csv.DictReader(io.StringIO(outputs.render_sweep(plain, "csv"))))
    assert 9 == len(rows)
    assert ("18", "32", "64", "1x256x2x2") == (
        rows[0]["depth_given"],
        rows[0]["base_channels"],
        rows[0]["input"],
        rows[0]["final_shape"],
    )
    assert ("", "resnet(18, groups=3)") == (rows[-1]["macs"], rows[-1]["spec"])


def test_columns_are_the_same_where_nothing_failed(plain, tmp_path):
    """An empty column of errors is one: files of many sweeps are read as one table."""
    sound = run_sweep(["resnet({18,34}, base_channels=32, input=64)"])
    path = tmp_path / "s.parquet"
    outputs.write_sweep(sound, path)
    read = pd.read_parquet(path)
    first, *_ = outputs.render_sweep(sound, "csv").splitlines()
    assert first.endswith(",seconds,error")
    assert "error" in json.loads(outputs.render_sweep(sound, "json"))["variants"][0]
    assert ["seconds", "error"] == [*sweep_dataframe(sound)][-2:] == [*read][-2:]
    assert (
        sweep_dataframe(plain)["error"].dtype == sweep_dataframe(sound)["error"].dtype
    )
    assert read["error"].dtype == sweep_dataframe(sound)["error"].dtype
    assert "error" not in outputs.render_sweep(sound, "text")


def test_a_final_map_has_its_channels_last(plain):
    """As maps of other tables, in text and on the chart; data has torch's order."""
    assert " 2×2×256 " in outputs.render_sweep(plain, "text")
    shown = {point["final_shape"] for point in chart.chart_points(plain)}
    assert "2×2×256" in shown
    for text in ("2x2x256", "256x2x2", "1x256x2x2"):
        condition = parse_condition(f"final_shape == '{text}'", plain.rows[0])
        assert condition.holds(plain.rows[0])
    other = parse_condition("final_shape == '2x256x2'", plain.rows[0])
    assert not other.holds(plain.rows[0])


def test_json(plain):
    """All that the table says."""
    data = json.loads(outputs.render_sweep(plain, "json"))
    assert (9, 1, None) == (data["traced"], data["failed"], data["pareto"])
    assert [1, 256, 2, 2] == data["variants"][0]["final_shape"]
    assert [
        "spec", "depth_given", "base_channels", "input", "params", "macs",
        "activations", "inference_peak_bytes", "receptive_field", "final_shape",
        "depth", "trainable_params", "not_counted", "seconds", "error",
    ] == list(data["variants"][0])  # fmt: skip


def test_bytes_are_plotted_in_the_unit_of_their_axis(plain):
    """A peak of so many MiB, as the axis says and the table has it."""
    assert "peak, MiB" == chart.axis_label("inference_peak_bytes")
    row = next(row for row in plain.rows if row["error"] is None)
    point = chart.chart_points(plain)[0]
    assert row["spec"] == point["spec"]
    exact = row["inference_peak_bytes"] / 2**20
    assert pytest.approx(exact, abs=0.005) == point["inference_peak_bytes"]


def test_tables_keep_the_front_alone(result):
    """The two shallow and narrow, the two deep and narrow: equal depth, fewest MACs."""
    data = json.loads(outputs.render_sweep(result, "json"))
    assert ["resnet(18, base_channels=32)", "resnet(34, base_channels=32)"] == [
        row["spec"] for row in data["variants"]
    ]
    assert ["macs", "-depth"] == data["pareto"]


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_every_table_format(plain, form):
    """It has the variants, and what failed."""
    text = outputs.render_sweep(plain, form)
    assert "base" in text
    assert "1 of 9 failed" in text


def test_an_unknown_suffix():
    """It lists those there are, Parquet too."""
    with pytest.raises(RenderError, match=r"\.csv.*\.parquet"):
        outputs.find_sweep_format("a.xlsx")


def test_the_picture(result):
    """An SVG with a title and a description that says what it shows."""
    svg = ET.fromstring(outputs.render_sweep(result, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    assert "9 variants swept" == svg.findtext(f"{space}title")
    description = svg.findtext(f"{space}desc")
    assert "8 variants by MACs and weighted layers." in description
    assert "(less macs, more depth) lie 2: resnet(18, base_channels=32)" in description
    assert "1 of 9 failed." in description
    assert "img" == svg.get("role")


def test_colours_that_can_be_told_apart():
    """Few values have one each, many numbers a ramp; many words are not offered."""
    result = run_sweep(["cifar{8..56..6}(num_classes={5..14}, batch={1,2})"], limit=180)
    assert {
        "num_classes": "quantitative", "batch": "ordinal", "final_shape": "nominal",
    } == colour_kinds(result)  # fmt: skip


@pytest.mark.needs("chromium")
class TestPage:
    """The page, in a browser without a network."""

    @pytest.fixture
    def page(self, visit, result):
        """The page, once it has drawn its points."""
        visited = visit(outputs.render_sweep(result, "html"), offline=True)
        visited.page.wait_for_selector("#chart svg .mark-symbol")
        return visited

    def test_it_asks_for_nothing(self, page):
        """One file, and a clean console."""
        assert ([], [], []) == (page.requests, page.console, page.dialogs)

    def test_all_rows_and_points(self, page):
        """Those on the front are marked; what failed is a row and no point."""
        assert "9 of 9 rows" == page.page.text_content("#count")
        assert 9 == page.page.locator("tbody tr").count()
        assert 2 == page.page.locator("tbody tr.on").count()
        assert 1 == page.page.locator("tbody tr.failed").count()
        assert 8 == page.page.locator("#chart svg .mark-symbol.role-mark path").count()

    def test_a_frame_over_the_points_keeps_their_rows(self, page):
        """And all come back."""
        area = page.page.locator("#chart svg .background").first.bounding_box()
        mouse = page.page.mouse
        mouse.move(area["x"] + 1, area["y"] + area["height"] / 2)
        mouse.down()
        mouse.move(area["x"] + area["width"] + 3, area["y"] - 3, steps=4)
        mouse.up()
        page.page.locator("#count", has_text="4 of 9").wait_for()
        depths = page.page.locator("tbody td:nth-child(2)").all_text_contents()
        assert {"34"} == set(depths)
        page.page.click("#clear")
        page.page.locator("#count", has_text="9 of 9").wait_for()

    def test_other_axes(self, page):
        """Any column of numbers, those that vary too."""
        titles = page.page.locator("#chart svg .role-axis-title")
        page.page.select_option("#x", "base_channels")
        page.page.locator("#chart").get_by_text("base channels").wait_for()
        assert {"base channels", "weighted layers"} == set(titles.all_text_contents())
        assert [] == page.console

    @pytest.fixture
    def worded(self, visit):
        """The page of four variants that differ in a word."""
        result = run_sweep(["cifar8(num_classes={5,10}, shortcut={'A','B'})"])
        visited = visit(outputs.render_sweep(result, "html"), offline=True)
        visited.page.wait_for_selector("#chart svg .mark-symbol")
        return visited

    def test_words_are_axes(self, worded):
        """Each has its place, and a frame over one keeps its rows."""
        page = worded.page
        page.select_option("#x", "shortcut")
        page.locator("#chart svg .role-axis-title", has_text="shortcut").wait_for()
        page.select_option("#y", "final_shape")
        page.locator("#chart svg").get_by_text("8×8×64").wait_for()
        assert {"A", "B"} <= set(page.locator("#chart svg text").all_text_contents())
        area = page.locator("#chart svg .background").first.bounding_box()
        page.mouse.move(area["x"] + 1, area["y"] + 1)
        page.mouse.down()
        across, down = area["width"] / 2, area["height"] - 2
        page.mouse.move(area["x"] + across, area["y"] + down, steps=4)
        page.mouse.up()
        page.locator("#count", has_text="2 of 4").wait_for()
        shown = page.locator("tbody td:nth-child(3)").all_text_contents()
        assert ["A", "A"] == shown
        assert ([], []) == (worded.console, worded.requests)

    def test_colours_by_an_argument(self, worded):
        """A colour a value, told in a legend; the front keeps its shape."""
        page = worded.page
        names = page.locator("#colour option").all_text_contents()
        assert ["Pareto front", "num classes", "shortcut", "final map"] == names
        page.select_option("#colour", "shortcut")
        page.locator("#chart svg .role-legend-title", has_text="shortcut").wait_for()
        paths = page.locator("#chart svg .mark-symbol.role-mark path")
        fills = {paths.nth(k).get_attribute("fill") for k in range(4)}
        assert {"#1b9e77", "#d95f02"} == fills
        page.select_option("#colour", "num_classes")
        page.locator("#chart svg .role-legend-title", has_text="num classes").wait_for()
        assert ([], []) == (worded.console, worded.requests)

    def test_rows_are_sorted(self, page):
        """As numbers, and the other way round."""
        heading = page.page.get_by_role("button", name="MACs")
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
    def test_it_follows_the_reader(self, visit, result, scheme, colour):
        """Light and dark, the points too."""
        visited = visit(outputs.render_sweep(result, "html"), color_scheme=scheme)
        visited.page.wait_for_selector("#chart svg .mark-symbol")
        paths = visited.page.locator("#chart svg .mark-symbol.role-mark path")
        fills = [paths.nth(k).get_attribute("fill") for k in range(8)]
        assert 2 == fills.count(colour)

    def test_hostile_names(self, visit, tmp_path):
        """Text from a SPEC runs nothing."""
        spec = "cifar8(a='</script><img src=x onerror=alert(1)>{{7*7}}', input={32,40})"
        page = visit(outputs.render_sweep(run_sweep([spec, "cifar8"]), "html"))
        page.page.wait_for_selector("#chart svg .mark-symbol")
        assert ([], []) == (page.dialogs, page.console)
        first = page.page.locator("tbody td").first.text_content()
        assert first == spec.removesuffix(", input={32,40})") + ")"


def test_a_page_needs_its_library(monkeypatch):
    """It says so before a long run, and how to get it."""
    monkeypatch.setitem(__import__("sys").modules, "altair", None)
    with pytest.raises(resviz.ResvizError, match=r"pip install 'resviz\[sweep\]'"):
        outputs.check_libraries("html")
