"""A sweep in worker processes, here and on a Dask cluster."""

import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest

import resviz
from resviz.errors import ResvizError, SpecError
from resviz.sweeps.run import BatchSizer, SweepTiming
from resviz.sweeps.supervisor import WORKERS, BatchResult
from tests.conftest import ROOT

SPECS = ("cifar{8,14}(num_classes={1..20}, input={32,48})", "cifar9")


@pytest.fixture(scope="module")
def local():
    """The table of a sweep on this machine."""
    return resviz.sweep(*SPECS, jobs=2)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a Dask scheduler on the loopback, with two worker processes."""
    folder = tmp_path_factory.mktemp("cluster")
    place = folder / "scheduler.json"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(name, *options):
        log = (folder / f"{name}.log").open("wb")
        line = [sys.executable, "-m", f"distributed.cli.dask_{name}", *options]
        line += ["--scheduler-file", place, "--host", "127.0.0.1", "--no-dashboard"]
        return subprocess.Popen(line, stdout=log, stderr=log, env=env, cwd=folder)

    running = [start("scheduler", "--port", "0")]
    running += [start("worker", "--nthreads", "1", "--no-nanny") for _ in range(2)]
    until = time.monotonic() + 60
    while not place.exists() and time.monotonic() < until:
        time.sleep(0.1)
    address = json.loads(place.read_text())["address"]
    wait = "import sys, distributed as d; d.Client(sys.argv[1], timeout=60)"
    wait += ".wait_for_workers(2, timeout=60)"
    subprocess.run([sys.executable, "-c", wait, address], check=True)
    yield address
    for process in reversed(running):
        process.terminate()
        process.wait()


def test_python_has_the_options_of_the_command():
    """The deepest of the first two, of the size that was asked for."""
    frame = resviz.sweep(
        "cifar{8,14,20}", input_size=(3, 16, 16), batch=2, limit=2, pareto="-depth"
    )
    rows = zip(frame["spec"], frame["final_shape"], strict=True)
    assert [("cifar14", [2, 64, 4, 4])] == [*rows]


def test_the_order_is_that_of_the_space(local):
    """Whatever came when."""
    inner = [(c, side) for c in range(1, 21) for side in (32, 48)]
    expected = [
        (f"cifar{d}(num_classes={c})", side) for d in (8, 14) for c, side in inner
    ]
    inputs = local[["spec", "input"]].iloc[:-1].itertuples(index=False, name=None)
    assert expected == list(inputs)
    assert "cifar9" == local["spec"].iloc[-1]


def test_a_failed_variant_is_a_row(local):
    """With its reason, and nothing else known."""
    last = local.iloc[-1]
    assert last["error"].startswith("unknown depth 9")
    assert pd.isna(last["macs"])
    assert 80 == local["error"].isna().sum()


@pytest.mark.filterwarnings("ignore")
def test_dask_gives_the_same_table(local, cluster):
    """Through a scheduler and two worker processes."""
    frame = resviz.sweep(*SPECS, scheduler=cluster)
    pd.testing.assert_frame_equal(
        local.drop(columns="seconds"), frame.drop(columns="seconds")
    )
    assert 2 == frame.attrs["cost"]["workers"]


@pytest.mark.filterwarnings("ignore")
def test_a_worker_watches_its_variants(cluster, fault):
    """One that is killed and one that hangs are rows there too; the worker lives on."""
    frame = resviz.sweep(
        fault("{killed,loops,sound}"), scheduler=cluster, timeout=2, jobs=1
    )
    assert [
        "its process was ended by SIGKILL, perhaps out of memory",
        "no answer after 2 s, in loops, faults.py line 25",
    ] == frame["error"].dropna().tolist()
    assert 112 == frame["params"].iloc[2]


def test_no_scheduler_there():
    """It says what is wanted."""
    with pytest.raises(ResvizError, match="does not answer"):
        resviz.sweep("cifar8", scheduler="tcp://127.0.0.1:9")


def test_where_the_time_went(local):
    """Every step is told, for each variant."""
    cost = local.attrs["cost"]
    assert 81 == cost["variants"]
    assert {"build", "trace", "readings", "transport"} == set(cost["seconds_each"])
    assert all(seconds > 0 for seconds in cost["seconds_each"].values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"memory": "2GiB"}, "memory: got '2GiB', want bytes as a number"),
        ({"timeout": -1}, "timeout: got -1, want seconds as a number"),
        ({"timeout": "1"}, "timeout: got '1', want seconds"),
    ],
)
def test_wrong_limits(options, said):
    """Before anything is traced."""
    with pytest.raises(SpecError, match=said):
        resviz.sweep("resnet18", **options)


def test_no_process_is_left(local):
    """Worker processes end with the sweep."""
    del local
    assert ([], set()) == (WORKERS.idle, WORKERS.busy)


def test_a_missing_library(monkeypatch):
    """It says how to get it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ResvizError, match=r"pip install 'resviz\[dask\]'"):
        resviz.sweep("cifar8", scheduler="tcp://127.0.0.1:9")


def test_a_sweep_needs_no_extra(monkeypatch):
    """On this machine Python's own library gives out the work."""
    for name in ("joblib", "distributed", "altair", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    assert resviz.sweep("cifar8", jobs=1)["error"].isna().all()


def test_batches_grow_with_the_rate():
    """As many as take a moment, so little is lost at a kill."""
    sizes = BatchSizer()
    assert 1 == sizes.size
    sizes.adapt_to(BatchResult([{}] * 10, 0.1, 0.0))
    assert 40 == sizes.size
    sizes.adapt_to(BatchResult([{}], 5.0, 0.0))
    assert 1 == sizes.size


def test_costs_add_up():
    """Transport is what no step took."""
    costs = SweepTiming(workers=2)
    costs.add_batch(
        BatchResult(
            [{"steps": {"build": 1.0, "trace": 2.0, "readings": 1.0}}] * 2, 10, 4
        )
    )
    timing = costs.to_dict()
    each = {"build": 1.0, "trace": 2.0, "readings": 1.0, "transport": 1.0}
    assert (each, 2.0) == (timing["seconds_each"], timing["start_seconds"])
