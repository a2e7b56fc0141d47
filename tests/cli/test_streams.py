"""Standard streams that are closed, full or read no further, and what is left then."""

import shlex
import subprocess
import sys

import pytest

FULL = "error: stdout: cannot be written, No space left on device\n"
CLOSED = "error: stdout: cannot be written, Bad file descriptor\n"


@pytest.fixture
def run_in_shell(record, tmp_path):
    """A function from a command and its redirections to its exit code and messages."""
    record("resnet18").save(tmp_path / "r18.json")

    def run(command, streams):
        """Run a command of `resviz` on `r18.json` in an empty folder."""
        words = [sys.executable, "-m", "resviz", *shlex.split(command)]
        done = subprocess.run(
            ["/bin/sh", "-c", f"{shlex.join(words)} {streams}"],
            check=False,
            capture_output=True,
            cwd=tmp_path,
            timeout=120,
        )
        return done.returncode, done.stderr.decode()

    return run


@pytest.mark.parametrize(
    ("streams", "reason"),
    [(">&-", CLOSED), (">/dev/full", FULL), ("<&- >&-", CLOSED),
     (">&- 2>&-", ""), (">/dev/full 2>/dev/full", "")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["summary r18.json", "--help", "summary --help"])
def test_a_result_that_nobody_gets_is_an_error(command, streams, reason, run_in_shell):
    assert run_in_shell(command, streams) == (2, reason)


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&-", "| true"])
def test_streams_that_are_not_needed(streams, run_in_shell):
    assert run_in_shell("summary r18.json", streams) == (0, "")


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", ">/dev/full 2>/dev/full"])
def test_a_file_is_written_without_any_stream(streams, run_in_shell, tmp_path):
    command = "diagram r18.json -o r18.svg"
    assert run_in_shell(command, streams) == (0, "")
    assert (tmp_path / "r18.svg").read_text().endswith("</svg>\n")


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_the_code_says_what_no_message_can(streams, run_in_shell):
    """A wrong SPEC and an unknown command."""
    assert run_in_shell("summary nonsense", streams) == (2, "")
    assert run_in_shell("nonsense", streams) == (2, "")
