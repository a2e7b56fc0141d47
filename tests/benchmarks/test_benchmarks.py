"""The benchmarks run, and keep what they promise; no time is asserted."""

from itertools import product
from pathlib import Path

import pyperf
import pytest

from benchmarks import tasks, turns
from benchmarks.__main__ import format_value, main
from benchmarks.outcomes import compare_turns, find_slowest, fit_exponent
from benchmarks.rows import BenchmarkRow, list_rows
from benchmarks.turns import ROOT, Contestant, take_turns

KEYS = {
    *(
        f"trace/{net}/{peer}"
        for net, peer in product(
            ("resnet18", "resnet50", "resnet152"),
            (
                "torchinfo", "torchinfo-on-meta", "bare-forward-on-meta", "torchview",
                "fvcore", "torchlens",
            ),
        )
    ),
    "build/name", "build/alone", "build/clone",
    "cold/help", "cold/table", "cold/summary", "cold/report", "cold/stored",
    *(
        f"growth/{what}/{reading}"
        for what, reading in product(
            ("time", "memory"), ("record", "structure", "tables", "folded-diagram")
        )
    ),
    "deep/record/torchinfo", "deep/record/torchview", "deep/outputs", "deep/way",
    "deep/report", "sweep/rate", "sweep/apart",
}  # fmt: skip

TASKS = {
    task
    for row in list_rows(quick=True)
    for task in (row.task, row.base)
    if task and not task.startswith("run_peer")
}
"""Those that need no other package."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What a quick run of some rows keeps in a file."""
    path = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    only = ("bare-forward", "memory/structure", "sweep/rate")
    assert 0 == main(["--quick", "--json", str(path), "--only", *only])
    return pyperf.BenchmarkSuite.load(str(path))


class CallOnce:
    """A bench that calls what it is handed once, here and now."""

    def __init__(self):
        self.names = []

    def __call__(self, call, prepare=tuple, name="", values=5, **facts):
        call(*prepare())
        self.names.append(name)

    def keep(self, measure, name="", values=1, **facts):
        assert measure() > 0
        self.names.append(name)


def benchmark(name, *turns_of_values, **metadata):
    """What pyperf keeps of processes in which some values were measured."""
    runs = [
        pyperf.Run(values, metadata={"name": name, **metadata}, collect_metadata=False)
        for values in turns_of_values
    ]
    return pyperf.Benchmark(runs)


def test_rows_keep_their_keys():
    """All that was ever measured still is."""
    assert KEYS == {row.key for row in list_rows(quick=False)}


def test_a_quick_run_has_the_same_tasks():
    """On smaller networks alone."""
    named = [{row.task.split()[0] for row in list_rows(quick=q)} for q in (True, False)]
    assert named[0] == named[1]


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_can_be_done(task, tmp_path, monkeypatch):
    """It hands over at least one thing, each of another name, all of which run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    name, *words = task.split()
    bench = CallOnce()
    getattr(tasks, name)(bench, *words)
    assert 0 < len(bench.names) == len(set(bench.names))


def test_the_file_says_where_it_was_measured(measured):
    """The system, Python, and versions of resviz and torch."""
    facts = {"cpu_count", "platform", "python_version", "resviz_version"}
    assert facts | {"torch_version"} <= set(measured.get_metadata())


def test_every_task_is_kept(measured):
    """By its words, with its works where it has several."""
    names = set(measured.get_benchmark_names())
    assert {
        "trace resnet18 64 meta", "bare_forward resnet18 64 meta",
        "grow memory structure 20,56,110: 110",
        "sweep quick", "sweep quick: build", "sweep quick: transport",
    } <= names  # fmt: skip


def test_bytes_are_called_so(measured):
    """Of memory."""
    memory = measured.get_benchmark("grow memory structure 20,56,110: 110")
    assert ("byte", 1) == (memory.get_unit(), memory.get_nvalue())


def test_a_sweep_says_on_what(measured):
    """How many variants, and how many workers shared them."""
    facts = measured.get_benchmark("sweep quick").get_metadata()
    assert 8 == facts["variants"]
    assert facts["workers"] >= 1


def test_two_checkouts_are_compared(tmp_path, capsys):
    """Each with its own code and its own benchmarks; both are kept."""
    for name in ("benchmarks", "resviz", "templates"):
        (tmp_path / name).symlink_to(ROOT / name)
    kept = tmp_path / "figures.json"
    args = ["--against", str(tmp_path), "--only", "cold/help", "--turns", "1"]
    assert 0 == main([*args, "--json", str(kept)])
    assert "resviz --help" in capsys.readouterr().out
    for path in (kept, Path(f"{kept}.against")):
        suite = pyperf.BenchmarkSuite.load(str(path))
        assert ["command --help"] == suite.get_benchmark_names()


def test_what_another_checkout_lacks_is_no_failure(tmp_path, capsys):
    """A task that its benchmarks do not know is a row that says so."""
    (tmp_path / "resviz").symlink_to(ROOT / "resviz")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    (tmp_path / "benchmarks").mkdir()
    for path in (ROOT / "benchmarks").glob("*.py"):
        text = path.read_text()
        text = text.replace("def command(", "def another_command(")
        (tmp_path / "benchmarks" / path.name).write_text(text)
    args = ["--against", str(tmp_path), "--only", "cold/help", "--turns", "1"]
    assert 0 == main(args)
    assert "there is no task 'command'" in capsys.readouterr().out


def test_a_missing_peer_is_a_row_and_a_failure_is_told(monkeypatch, capsys):
    """With a verdict and without a value; only the failure is one for the shell."""
    reasons = {"run_peer": "No module named 'torchview'", "trace": ""}

    def run_nothing(contestant, _):
        return (), reasons.get(contestant.task.split()[0], "failed: broken")

    monkeypatch.setattr(turns, "run_worker", run_nothing)
    reasons["trace"] = "No module named 'torch'"
    assert 0 == main(["--only", "deep/record/torchview"])
    assert "not installed" in capsys.readouterr().out
    assert 1 == main(["--only", "deep/report"])
    assert "failed: broken" in capsys.readouterr().out


def test_contestants_take_turns(monkeypatch):
    """There and back, so that a noisy machine is noisy for each, and none twice."""
    order = []

    def note_task(contestant, _):
        order.append(contestant.task)
        return [benchmark(contestant.task, [1.0])], ""

    monkeypatch.setattr(turns, "run_worker", note_task)
    figures = take_turns([Contestant("a"), Contestant("b"), Contestant("a")], 3)
    assert "abbaab" == "".join(order)
    assert [3, 3] == [b.get_nrun() for b in figures[ROOT].benchmarks.values()]


def test_rows_that_share_a_task_share_no_runs(monkeypatch, capsys, tmp_path):
    """Torch is started anew beside stored records, and all of it is kept."""
    starts = []

    def note_task(contestant, _):
        starts.append(contestant.task)
        return [benchmark(contestant.task, [1.0])], ""

    monkeypatch.setattr(turns, "run_worker", note_task)
    kept = tmp_path / "figures.json"
    assert 0 == main(["--only", "cold/help", "cold/stored", "--json", str(kept)])
    assert "failed" not in capsys.readouterr().out
    suite = pyperf.BenchmarkSuite.load(str(kept))
    assert 5 + 5 == starts.count("import_torch")
    assert 5 + 5 == suite.get_benchmark("import_torch").get_nrun()


def test_a_ratio_is_taken_turn_by_turn():
    """1/2 and 3/4: of medians of processes, not of all values together."""
    ours = {"": benchmark("a", [1.0, 1.0, 9.0], [3.0])}
    theirs = {"": benchmark("b", [2.0], [4.0])}
    assert 0.625 == compare_turns(ours, theirs).value


def test_several_works_are_compared_by_their_geometric_mean():
    """Of those that both have: a ratio of 4 and one of 1 make 2."""
    ours = {"x": benchmark("x", [4.0]), "y": benchmark("y", [5.0])}
    theirs = {"x": benchmark("x", [1.0]), "y": benchmark("y", [5.0])}
    new = {"z": benchmark("z", [7.0])}
    assert compare_turns(ours | new, theirs).value == pytest.approx(2)


def test_the_slowest_work_is_named():
    """With its share of another's time, and how many import torch."""
    ours = {"x": benchmark("x", [1.0]), "y": benchmark("y", [2.0], imports_torch="yes")}
    outcome = find_slowest(ours, {"": benchmark("torch", [4.0])})
    assert (0.5, "y, of 2; torch imported by 1") == (outcome.value, outcome.note)


def test_growth_is_an_exponent():
    """Squares of the layers grow with n², and no pair of sizes is steeper."""
    works = {
        str(n): benchmark(str(n), [float(n * n)], layers=n) for n in (10, 100, 1000)
    }
    outcome = fit_exponent(works, {})
    assert outcome.value == pytest.approx(2)
    assert outcome.note.endswith("ms, steepest n^2.00")


@pytest.mark.parametrize(
    ("value", "limit", "more", "verdict"),
    [
        (1.1, 1.1, False, "pass"),
        (1.2, 1.1, False, "short"),
        (1.2, 1.1, True, "pass"),
        (1.0, 1.1, True, "short"),
        (1.0, None, False, ""),
    ],
)
def test_a_row_judges_its_value(value, limit, more, verdict):
    """By its limit, from whichever side."""
    assert verdict == BenchmarkRow("", "", "", limit=limit, more=more).judge(value)


def test_small_ratios_are_written_as_parts():
    """As the targets are."""
    assert ["1/8", "1/150", "0.35", "1.15"] == [
        format_value(value, "×") for value in (1 / 8, 1 / 150, 0.35, 1.15)
    ]
