"""`resviz sweep`: what goes to stdout, to stderr, and to files."""

import json

import pytest

from resviz.cli import main
from resviz.cli.sweep import ByteSize, Pace, ProgressLines

from .test_cli import UNCOUNTED


@pytest.fixture
def sweep(capfdbinary, monkeypatch):
    """Runs a sweep in this process: exit code, stdout, stderr, without progress."""
    monkeypatch.setattr("resviz.cli.sweep.SECONDS_BETWEEN_LINES", 1e9)

    def run(*args):
        try:
            main(["sweep", *map(str, args)])
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def test_text(sweep):
    """A row a variant; nothing on stderr where nothing failed."""
    code, out, err = sweep("cifar{8,14}", "-j", 1)
    assert (0, "") == (code, err)
    assert "cifar14" in out
    assert "269,722" not in out


def test_where_limit_and_pareto(sweep):
    """What is kept of twelve variants, six of which are looked at."""
    code, out, _ = sweep(
        "cifar8(num_classes={1..6}, input={32,48})", "-j", 1, "--limit", 6,
        "--where", "num_classes > 1 and macs < 2e7", "--pareto", "macs,-params",
        "--format", "json",
    )  # fmt: skip
    data = json.loads(out)
    assert (0, 6, 0) == (code, data["traced"], data["failed"])
    assert [(2, 32), (3, 32), (4, 32)] == [
        (row["num_classes"], row["input"]) for row in data["variants"]
    ]


def test_differences_from_a_baseline(sweep):
    """They have columns and signs, and conditions may ask for them."""
    args = ("cifar{8,14}", "-j", 1, "--baseline", "cifar14")
    code, out, _ = sweep(*args, "--where", "macs < 0.9 * baseline_macs")
    assert (0, True) == (code, "Δ: more than cifar14, which has " in out)
    (row,) = [line for line in out.splitlines() if line.startswith("cifar8")]
    assert "−97,216" in row
    code, out, _ = sweep(*args, "--sort", "depth_diff", "--format", "json")
    data = json.loads(out)
    first, second = data["variants"]
    assert [0, -6] == [first["depth_diff"], second["depth_diff"]]
    assert second["params"] - data["baseline"]["params"] == second["params_diff"]


def test_an_empty_table_fails_on_demand(sweep):
    """With 1, after it is written."""
    args = ("cifar8", "-j", 1, "--where", "macs < 1")
    assert 0 == sweep(*args)[0]
    code, out, err = sweep(*args, "--fail-empty")
    assert (1, True) == (code, "0 of 1 where macs < 1" in out)
    assert "no row is left, and --fail-empty wants one\n" == err


@pytest.mark.parametrize(
    ("baseline", "code", "message"),
    [
        ("cifar{8,14}", 2, "baseline: got 'cifar{8,14}', 2 variants, want one"),
        ("cifar9", 3, "baseline: cifar9: unknown"),
    ],
)
def test_a_baseline_that_is_none(sweep, baseline, code, message):
    """It is told before the variants are traced."""
    got, out, err = sweep("cifar8", "-j", 1, "--baseline", baseline)
    assert (code, "") == (got, out)
    assert message in err


def test_what_is_not_counted_is_marked(sweep, tmp_path, monkeypatch):
    """In its row, and on stderr where it has weights; the exit code is 4."""
    (tmp_path / "far.py").write_text(UNCOUNTED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    spec = "far.py:Centres(count=7, linear={True,False})"
    code, out, err = sweep(spec, "-j", 1, "--input", 4)
    assert 4 == code
    assert err.endswith("weights are not counted, linalg_lstsq 1×\n")
    assert 1 == err.count("warning: ")
    rows = [" ".join(line.split()) for line in out.splitlines() if "far.py" in line]
    assert "linear=True) 28 ≥ 28 1 _linalg_svd 1×" == rows[0].partition("count=7, ")[2]
    assert (
        "linear=False) 28 ≥ 0 ≥ 0 linalg_lstsq 1×" == rows[1].partition("count=7, ")[2]
    )
    _, out, _ = sweep(spec, "-j", 1, "--input", 4, "--format", "json")
    first, second = json.loads(out)["variants"]
    assert (28, "_linalg_svd 1×") == (first["macs"], first["not_counted"])
    assert (0, "linalg_lstsq 1×") == (second["macs"], second["not_counted"])
    code, out, _ = sweep(spec, "-j", 1, "--input", 4, "--where", "macs > 0")
    assert (0, True) == (code, "1 of 2 where macs > 0\n1 row left out of" in out)


def test_what_fails_is_told(sweep):
    """On stderr, and with exit code 3 if all did."""
    code, _, err = sweep("cifar{8,9}", "-j", 1)
    assert (0, "1 of 2 failed\n") == (code, err)
    code, out, err = sweep("cifar9", "-j", 1)
    assert (3, "1 of 1 failed\n") == (code, err)
    assert "unknown depth 9" in " ".join(out.split())


def test_what_fails_is_counted_where_a_condition_leaves_it_out(sweep):
    """It has no row, and the exit code knows of the one that has."""
    code, out, err = sweep(
        "cifar{8,9}", "-j", 1, "--where", "macs > 0", "--format", "json"
    )
    assert (0, "1 of 2 failed\n") == (code, err)
    assert ["cifar8"] == [row["spec"] for row in json.loads(out)["variants"]]


def test_a_file_is_whole_and_alone(sweep, tmp_path):
    """Its journal is gone."""
    path = tmp_path / "s.csv"
    assert (0, "", "") == sweep("cifar8", "-j", 1, "-o", path)
    assert [path] == list(tmp_path.iterdir())
    assert path.read_text().startswith("spec,params,macs,")


def test_the_options_of_a_trace(sweep):
    """They hold where a SPEC says nothing else."""
    _, out, _ = sweep(
        "cifar8", "cifar8(batch=4, input=16)", "-j", 1, "--batch", 2,
        "--input", "3,64,64", "--training", "--format", "json",
    )  # fmt: skip
    assert [[2, 64, 16, 16], [4, 64, 4, 4]] == [
        row["final_shape"] for row in json.loads(out)["variants"]
    ]


def test_what_is_given_to_all_is_said(sweep):
    """Below the table, and in JSON."""
    args = ("cifar8", "-j", 1, "--batch", 2, "--input", "3,64,64")
    _, out, _ = sweep(*args)
    assert "where no SPEC says more: input N,3,64,64, batch 2" in out
    _, out, _ = sweep(*args, "--format", "json")
    data = json.loads(out)
    assert (["N,3,64,64"], 2) == (data["input"], data["batch"])


def test_a_condition_that_a_row_does_not_allow(sweep, tmp_path):
    """Exit code 2 with the row; what was traced is not lost."""
    path = tmp_path / "s.csv"
    args = ("cifar{8,14}", "-j", 1, "-o", path)
    code, _, err = sweep(*args, "--where", "params / (depth - 14) < 0")
    assert (2, False) == (code, path.exists())
    assert "divides by zero, in the row of 'cifar14': mend it" in " ".join(err.split())
    code, _, err = sweep(*args, "--where", "depth > 8", "--resume")
    assert (0, "", 2) == (code, err, path.read_text().count("\n"))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("cifar{8",), "lacks a closing '}'"),
        (("",), "spec: got '', want a name or depth"),
        (("cifar8", " "), "spec: got '', want a name or depth"),
        (("{cifar8,}",), "spec: got '', want a name or depth"),
        (("cifar8", "--where", "flops < 1"), "no column 'flops', want one of spec,"),
        (("cifar8", "--where", "params < 'x'"), "compares a number with a string"),
        (("cifar8", "--where", "params < 6e5 or 1/0"), "'1 / 0' divides by zero"),
        (("resnet({18,34})", "--where", "depth_given == '18'"), "a number with a str"),
        (("cifar8(stem={'3x3','v1'})", "--where", "stem == 3"), "string or a shape wi"),
        (("cifar{20..}",), "got '{20..}', braces take two or more, {18,34}, or"),
        (("cifar8", "--pareto", "flops"), "no column 'flops', want some of params"),
        (("cifar8", "--resume"), "resume: want an output"),
        (("cifar8", "-o", "a.xlsx"), "no format for suffix '.xlsx'"),
        (("none.txt",), "none.txt: cannot be read"),
        (("cifar8", "--memory", "much"), "want bytes as 2GiB, 500M or 0"),
        (("cifar8(input={8,16})", "--input", "3,9,9"), "its own input=: leave out one"),
        (("cifar8(batch=2)", "cifar14(batch=3)", "--batch", 2), "its own batch="),
    ],
)
def test_wrong_usage(sweep, args, message):
    """Exit code 2, before anything is traced."""
    code, out, err = sweep(*args)
    assert (2, "") == (code, out)
    assert message in " ".join(err.split())


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GiB", 2 * 2**30), ("500M", 500 * 2**20), ("1.5 kb", 1536), ("7", 7), ("0", 0)],
)
def test_memory_is_told_in_binary_units(text, size):
    """A K is 1,024 bytes."""
    assert size == ByteSize().convert(text, None, None)


def test_a_timeout_of_0_is_none(sweep):
    """A variant may take as long as it likes."""
    assert (0, "") == sweep("cifar8", "-j", 1, "--timeout", 0)[::2]


def test_progress_where_stderr_is_no_terminal(monkeypatch, capfd):
    """A line now and then, with what is known."""
    monkeypatch.setattr("resviz.cli.sweep.SECONDS_BETWEEN_LINES", -1)
    lines = ProgressLines(4)
    lines({"error": None}, True)
    lines({"error": "why"}, True)
    assert ["sweep: 1 of 4", "sweep: 2 of 4, 1 failed"] == (
        capfd.readouterr().err.splitlines()
    )


ROW = {"error": None}


@pytest.fixture
def wait(monkeypatch):
    """Return a function that lets so many seconds of a clock go by."""
    now = [1000.0]
    monkeypatch.setattr("resviz.cli.sweep.monotonic", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def count_rows(pace, wait, seconds, each):
    """Count so many rows in each of some seconds."""
    for _ in range(seconds):
        wait(1)
        for _ in range(each):
            pace.count(ROW, True)


def test_rows_of_a_run_before_have_no_pace(wait):
    """They are done at once; nothing is left to guess from."""
    pace = Pace(591)
    for _ in range(500):
        pace.count(ROW, False)
    wait(10)
    assert "500 of 591" == str(pace)


def test_what_a_run_before_has_done_is_not_left(wait):
    """Of a thousand 500 were there, 51 came at ten a second: 45 seconds."""
    pace = Pace(1000)
    for _ in range(500):
        pace.count(ROW, False)
    pace.count(ROW, True)
    count_rows(pace, wait, 5, 10)
    assert "551 of 1,000, 10 a second, 45 s left" == str(pace)


def test_the_start_of_workers_is_no_pace(wait):
    """Ten seconds without a row, then ten a second: the rate is ten at once."""
    pace = Pace(1000)
    wait(10)
    pace.count(ROW, True)
    count_rows(pace, wait, 2, 10)
    assert "21 of 1,000" == str(pace)
    count_rows(pace, wait, 2, 10)
    assert "41 of 1,000, 10 a second, 96 s left" == str(pace)


def test_the_rate_is_that_of_late(wait):
    """After 30 seconds at two a second nothing is left of a hundred a second."""
    pace = Pace(100_000)
    count_rows(pace, wait, 60, 100)
    assert 99 < pace.rate <= 100
    count_rows(pace, wait, 40, 2)
    assert 2 == pace.rate


def test_slow_rows(wait):
    """One in 40 seconds, longer than the window; hours are told as such."""
    pace = Pace(1000)
    for _ in range(4):
        wait(40)
        pace.count(ROW, True)
    assert "4 of 1,000, 1.5 a minute, 11.1 h left" == str(pace)


def test_minutes(wait):
    """And what failed."""
    pace = Pace(1000)
    pace.count({"error": "why"}, True)
    count_rows(pace, wait, 10, 1)
    assert "11 of 1,000, 1 a second, 16 min left, 1 failed" == str(pace)
