"""How fast rows come, by a clock that the tests turn."""

import pytest

from resviz.sweeps.progress import Pace

ROW = {"error": None}


@pytest.fixture
def wait(monkeypatch):
    """A function that lets so many seconds go by."""
    now = [1000.0]
    monkeypatch.setattr("resviz.sweeps.progress.monotonic", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def made(pace, wait, seconds, each):
    """Let so many rows be made in each of some seconds."""
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


def test_the_start_of_workers_is_no_pace(wait):
    """Ten seconds without a row, then ten a second: the rate is ten at once."""
    pace = Pace(1000)
    wait(10)
    pace.count(ROW, True)
    made(pace, wait, 2, 10)
    assert "21 of 1,000" == str(pace)
    made(pace, wait, 2, 10)
    assert "41 of 1,000, 10 a second, 96 s left" == str(pace)


def test_the_rate_is_that_of_late(wait):
    """After 30 seconds at two a second nothing is left of a hundred a second."""
    pace = Pace(100_000)
    made(pace, wait, 60, 100)
    assert 99 < pace.rate <= 100
    made(pace, wait, 40, 2)
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
    made(pace, wait, 10, 1)
    assert "11 of 1,000, 1 a second, 16 min left, 1 failed" == str(pace)
