"""A run that is killed goes on where it stopped, and gives the same table."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from resviz.errors import RecordError, RenderError, SpecError
from resviz.sweeps.journal import Journal
from resviz.sweeps.supervisor import Settings
from tests.conftest import ROOT

SPACE = "cifar8(num_classes={1..300}, input={32,40})"


ATTENTIVE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("resviz", run_name="__main__", alter_sys=True)
"""
"""What runs in the background ignores Ctrl-C, and so would all that it starts."""


def command(output, *options):
    """A sweep as a process of its own."""
    line = [sys.executable, "-c", ATTENTIVE, "sweep", SPACE, "-o", str(output)]
    return subprocess.Popen([*line, *options], cwd=ROOT, stderr=subprocess.PIPE)


def finished(output, *options):
    """A sweep that was left to its end, and its table without times."""
    process = command(output, *options)
    _, err = process.communicate(timeout=100)
    assert 0 == process.returncode, err.decode()
    return pd.read_csv(output).drop(columns="seconds")


def rows_of(journal):
    """How many rows a journal has, which another process may be writing."""
    with TemporaryDirectory() as folder:
        try:
            for path in journal.parent.glob(f"{journal.name}*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(f"{folder}/{journal.name}")) as database:
                return database.execute("SELECT count(*) FROM rows").fetchone()[0]
        except (OSError, sqlite3.Error):  # as long as there is none
            return 0


def test_killed_three_times_and_resumed(tmp_path):
    """SIGKILL loses nothing that was written, and the table is an undisturbed one's."""
    output = tmp_path / "cut.csv"
    journal = tmp_path / "cut.csv.journal"
    kept = []
    for options in ((), ("--resume",), ("--resume",)):
        process = command(output, *options)
        before = sum(kept[-1:])
        while process.poll() is None and rows_of(journal) < before + 25:
            time.sleep(0.02)
        assert process.poll() is None, process.stderr.read().decode()
        process.kill()
        process.communicate()
        kept.append(rows_of(journal))
        assert not output.exists()
    assert 25 <= kept[0] < kept[1] < kept[2] < 600
    resumed = finished(output, "--resume")
    assert [output] == list(tmp_path.iterdir())
    pd.testing.assert_frame_equal(finished(tmp_path / "whole.csv"), resumed)


def test_ctrl_c(tmp_path):
    """It says how to go on, and leaves no process behind."""
    psutil = pytest.importorskip("psutil")
    output = tmp_path / "cut.csv"
    process = command(output)
    while process.poll() is None and rows_of(tmp_path / "cut.csv.journal") < 10:
        time.sleep(0.02)
    cells = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert 130 == process.returncode
    assert f"{output}.journal: --resume goes on" in err.decode()
    gone, alive = psutil.wait_procs(cells, timeout=20)
    assert ([], True) == (alive, bool(gone))


def test_a_run_that_made_no_row_leaves_no_journal(tmp_path):
    """There is nothing to go on with."""
    with closing(Journal(tmp_path / "a.journal", Settings(), resume=False)):
        pass
    assert [] == list(tmp_path.iterdir())


def test_a_run_that_was_killed_before_its_first_row_is_no_hindrance(tmp_path):
    """The next one need not resume it, nor have its settings: nothing would be lost."""
    path = tmp_path / "a.journal"
    Journal(path, Settings(), resume=False).database.close()
    assert path.exists()
    with closing(Journal(path, Settings(batch=2), resume=False)) as journal:
        assert {} == journal.rows


@pytest.fixture
def path(tmp_path):
    """A journal with one row."""
    path = tmp_path / "a.journal"
    with closing(Journal(path, Settings(), resume=False)) as journal:
        journal.add(("resnet18", "None", None), {"params": 1})
    return path


def test_the_rows_are_found_again(path):
    """By the key of their configuration."""
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert {("resnet18", "None", None): {"params": 1}} == journal.rows
        journal.add(("resnet34", "None", None), {"params": 2})
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert [1, 2] == [row["params"] for row in journal.rows.values()]


def test_a_run_that_was_cut_off_is_not_overwritten(path):
    """It says what to do."""
    with pytest.raises(SpecError, match="--resume goes on, or delete it"):
        Journal(path, Settings(), resume=False)


def test_other_settings_are_refused(path):
    """It says which differ."""
    with pytest.raises(SpecError, match=r"kept with batch None.*now it is batch 2"):
        Journal(path, Settings(batch=2), resume=True)


def test_other_limits_make_anew_what_met_them(path):
    """More time may be enough now; all other rows stay."""
    late = {"error": "no answer after 60 s, in forward"}
    full = {"error": "its process was ended by SIGKILL, perhaps out of memory"}
    wrong = {"error": "unknown depth 9"}
    with closing(Journal(path, Settings(), resume=True)) as journal:
        for name, row in (("late", late), ("full", full), ("wrong", wrong)):
            journal.add((name, "None", None), row)
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert 4 == len(journal.rows)
    longer = Settings(timeout=300.0)
    with closing(Journal(path, longer, resume=True)) as journal:
        assert ["resnet18", "wrong"] == [spec for spec, *_ in journal.rows]
        journal.add(("late", "None", None), late | {"seconds": 300})
    with closing(Journal(path, longer, resume=True)) as journal:
        assert ["resnet18", "wrong", "late"] == [spec for spec, *_ in journal.rows]
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert ["resnet18", "wrong"] == [spec for spec, *_ in journal.rows]


def test_two_sweeps_into_one_file(path):
    """The second one is told so, and neither loses a row."""
    with closing(Journal(path, Settings(), resume=True)) as journal:
        for resume in (False, True):
            with pytest.raises(SpecError, match="another sweep is writing it"):
                Journal(path, Settings(), resume=resume)
        journal.add(("resnet34", "None", None), {"params": 2})
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert 2 == len(journal.rows)


def test_another_resviz_is_refused(path):
    """Its rows may be read off otherwise."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("""UPDATE settings SET value = '"0.0.1"' WHERE rowid = 1""")
    with pytest.raises(SpecError, match=r"kept with resviz '0\.0\.1'"):
        Journal(path, Settings(), resume=True)


@pytest.mark.parametrize(
    "text",
    ["not a journal\n", '{"resviz": "0.8", "batch": null}\n[["a", "None"], {}]\n'],
)
def test_what_is_no_journal_is_refused(path, text):
    """Nor is one of lines of JSON, as they were before; it is left as it is."""
    path.write_text(text)
    for resume in (False, True):
        with pytest.raises(RecordError, match=r"is no journal of a sweep.*: delete it"):
            Journal(path, Settings(), resume=resume)
    assert text == path.read_text()


def test_another_database_is_refused(tmp_path):
    """It is left as it is."""
    path = tmp_path / "a.journal"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE rows (key, value)")
    content = path.read_bytes()
    with pytest.raises(RecordError, match="is no journal of a sweep: delete it"):
        Journal(path, Settings(), resume=True)
    assert content == path.read_bytes()


def test_an_empty_file_is_a_new_journal(path):
    """A run that was killed before it wrote anything."""
    path.write_bytes(b"")
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert {} == journal.rows


def test_a_folder_that_is_not_there(tmp_path):
    """It says that nothing can be written there."""
    with pytest.raises(RenderError, match="cannot be written, unable to open"):
        Journal(tmp_path / "none" / "a.journal", Settings(), resume=False)


def test_a_full_disk(path):
    """It says so, and what was kept before is still there."""
    with closing(Journal(path, Settings(), resume=True)) as journal:
        journal.database.execute("PRAGMA max_page_count = 1")
        row = {"error": "x" * 100_000}
        with pytest.raises(RenderError, match=r"cannot be written, .*full"):
            journal.add(("resnet34", "None", None), row)
    with closing(Journal(path, Settings(), resume=True)) as journal:
        assert {"params": 1} == journal.rows["resnet18", "None", None]
