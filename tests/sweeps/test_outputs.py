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


def render_text(result, form):
    """What a sweep is as text."""
    return str(outputs.render_sweep(result, form))


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
    rows = list(csv.DictReader(io.StringIO(render_text(plain, "csv"))))
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
    first, *_ = render_text(sound, "csv").splitlines()
    assert first.endswith(",seconds,error")
    assert "error" in json.loads(render_text(sound, "json"))["variants"][0]
    assert ["seconds", "error"] == [*sweep_dataframe(sound)][-2:] == [*read][-2:]
    assert (
        sweep_dataframe(plain)["error"].dtype == sweep_dataframe(sound)["error"].dtype
    )
    assert read["error"].dtype == sweep_dataframe(sound)["error"].dtype
    assert "error" not in render_text(sound, "text")


def test_a_final_map_has_its_channels_last(plain):
    """As maps of other tables, in text and on the chart; data has torch's order."""
    assert " 2×2×256 " in render_text(plain, "text")
    shown = {point["final_shape"] for point in chart.chart_points(plain)}
    assert "2×2×256" in shown
    for text in ("2x2x256", "256x2x2", "1x256x2x2"):
        condition = parse_condition(f"final_shape == '{text}'", plain.rows[0])
        assert condition.holds(plain.rows[0])
    other = parse_condition("final_shape == '2x256x2'", plain.rows[0])
    assert not other.holds(plain.rows[0])


def test_json(plain):
    """All that the table says."""
    data = json.loads(render_text(plain, "json"))
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
    data = json.loads(render_text(result, "json"))
    assert ["resnet(18, base_channels=32)", "resnet(34, base_channels=32)"] == [
        row["spec"] for row in data["variants"]
    ]
    assert ["macs", "-depth"] == data["pareto"]


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_every_table_format(plain, form):
    """It has the variants, and what failed."""
    text = render_text(plain, form)
    assert "base" in text
    assert "1 of 9 failed" in text


def test_an_unknown_suffix():
    """It lists those there are, Parquet too."""
    with pytest.raises(RenderError, match=r"\.csv.*\.parquet"):
        outputs.find_sweep_format("a.xlsx")


def test_the_picture(result):
    """An SVG with a title and a description that says what it shows."""
    svg = ET.fromstring(render_text(result, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    assert "9 variants swept" == svg.findtext(f"{space}title")
    description = str(svg.findtext(f"{space}desc"))
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


def test_a_picture_needs_its_library(monkeypatch):
    """It says so before a long run, and how to get it; a page needs none."""
    monkeypatch.setitem(__import__("sys").modules, "altair", None)
    outputs.check_libraries("html")
    with pytest.raises(resviz.ResvizError, match=r"pip install 'resviz\[sweep\]'"):
        outputs.check_libraries("svg")
