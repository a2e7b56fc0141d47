"""What a process that builds a project runs."""

import os
import sys
from pathlib import Path

from tests.conftest import ROOT


def build_in(folder, arguments):
    """Run `sphinx-build` in a folder; what it says goes to files there."""
    from sphinx.cmd.build import build_main

    os.chdir(folder)
    sys.path[:0] = [str(folder), str(ROOT)]  # as `python -m sphinx` has it
    for stream, name in ((sys.stdout, "stdout.txt"), (sys.stderr, "stderr.txt")):
        stream.flush()
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(build_main(arguments))
