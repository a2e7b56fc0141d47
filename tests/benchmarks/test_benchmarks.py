"""The benchmarks run, and keep what they promise; no time is asserted."""

import json

import pytest

from benchmarks.rows import Row, bound
from benchmarks.times import race

ROW = {
    "key", "work", "against", "unit", "limit", "aim", "value", "quartiles", "verdict",
    "ours", "theirs", "note", "details",
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """What a quick run of two groups keeps in a file."""
    from benchmarks.__main__ import main

    path = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    only = ("bare-forward", "resnet18/torchview", "build", "structure")
    only = (*only, "deep/report", "sweep")
    main(["--quick", "--json", str(path), "--only", *only])
    return json.loads(path.read_text())


def test_the_file_says_where_it_was_measured(kept):
    """The processor, its cores, and versions of resviz, torch and all peers."""
    assert {"format", "version", "quick", "when", "machine", "rows"} == set(kept)
    facts = {"processor", "cores", "system", "load", "python", "versions"}
    assert facts == set(kept["machine"])
    packages = {"resviz", "torch", "torchinfo", "torchview", "fvcore", "torchlens"}
    assert packages == set(kept["machine"]["versions"])


def test_rows_have_their_keys(kept):
    """Each row, whatever it measures."""
    assert [ROW] * 10 == [set(row) for row in kept["rows"]]


def test_a_ratio_has_both_times(kept):
    """Medians, quartiles, the least and the processor's, of as many rounds."""
    (row,) = (r for r in kept["rows"] if r["against"] == "bare forward on meta")
    times = {"median_ms", "quartiles_ms", "least_ms", "cpu_median_ms", "runs"}
    assert [times] * 2 == [set(row["ours"]), set(row["theirs"])]
    assert 2 == row["ours"]["runs"]


def test_a_missing_peer_is_a_row(kept):
    """With a verdict and without a value."""
    (row,) = (r for r in kept["rows"] if r["against"] == "torchview")
    assert (row["value"] is None) == (row["verdict"] == "not installed")


@pytest.mark.parametrize(
    ("value", "limit", "more", "verdict"),
    [
        (1.1, 1.1, False, "pass"),
        (1.2, 1.1, False, "short"),
        (1.2, 1.1, True, "pass"),
        (1.0, 1.1, True, "short"),
        (1.0, None, False, ""),
        (None, 1.1, False, "not installed"),
    ],
)
def test_a_row_judges_its_value(value, limit, more, verdict):
    """By its limit, from whichever side."""
    row = Row(key="", work="", value=value, unit="×", limit=limit, more=more)
    assert verdict == row.verdict


def test_small_ratios_are_said_as_parts():
    """As the targets are."""
    assert ["1/8", "1/150", "0.35", "1.15"] == [
        bound(value, "×") for value in (1 / 8, 1 / 150, 0.35, 1.15)
    ]


def test_contestants_take_turns():
    """So that a noisy machine is noisy for each; the warm-up is not counted."""
    turns = []
    work = {name: (lambda _, n=name: turns.append(n)) for name in "ab"}
    found = race(work, 2, warm=1, prepare=lambda: turns.append("-"))
    assert "-a-b" * 3 == "".join(turns)
    assert [2, 2] == [len(times.wall) for times in found.values()]


def test_a_sweep_says_where_its_time_went(kept):
    """Four parts of each variant, and how many workers shared them."""
    (row,) = (r for r in kept["rows"] if r["key"] == "sweep/rate")
    parts = {"build", "trace", "readings", "transport"}
    assert parts == set(row["details"]["ms_each"])
    assert (8, "/min") == (row["details"]["variants"], row["unit"])
