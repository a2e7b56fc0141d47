"""Progress: only on a terminal's stderr, and only for what takes long."""

import io
import time

import pytest

from resviz.cli import shared


class Stream(io.StringIO):
    """A stderr that may be a terminal."""

    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "seconds", "is_shown"),
    [(True, 0.3, True), (True, 0, False), (False, 0.3, False)],
)
def test_what_takes_long_is_said_on_a_terminal(
    monkeypatch, terminal, seconds, is_shown
):
    """And the line is wiped when it is done."""
    stream = Stream(terminal=terminal)
    monkeypatch.setattr(shared, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr("sys.stderr", stream)
    with shared.tell_if_slow("reading resnet152"):
        time.sleep(seconds)
    text = stream.getvalue()
    assert is_shown == ("reading resnet152 …" in text)
    assert is_shown == text.endswith("\r\x1b[K")
