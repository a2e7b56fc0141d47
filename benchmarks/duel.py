"""Resviz and one peer take turns on the same models, in a process of their own.

`python -m benchmarks.duel PEER ROUNDS SIDE SPEC…` prints the times as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from importlib.util import find_spec

from benchmarks.peers import PEERS
from benchmarks.times import ROOT, Times, environment, race


def duel(peer: str, specs: list[str], rounds: int, side: int) -> dict | None:
    """Our times and the peer's on each network; None if it is not installed.

    Raises:
        RuntimeError: if the process fails, with what it said.
    """
    package = PEERS[peer].package
    if package and find_spec(package) is None:
        return None
    command = [sys.executable, "-m", "benchmarks.duel", peer, str(rounds), str(side)]
    done = subprocess.run(
        [*command, *specs],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr.strip()[-400:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        spec: {name: Times(*values) for name, values in times.items()}
        for spec, times in found.items()
    }


def fight(peer: str, spec: str, rounds: int, side: int) -> dict[str, Times]:
    """Both on one model, which is built before."""
    import torch

    import resviz
    from resviz.models import catalogue

    entry = PEERS[peer]
    with torch.device("meta" if entry.meta else "cpu"):
        model = catalogue.build(spec).eval()
        x = torch.zeros(1, 3, side, side)
    contestants = {
        "ours": lambda: resviz.trace(model, (3, side, side)),
        "theirs": entry.work(model, x),
    }
    return race(contestants, rounds, warm=1 if entry.slow else 2, twice=True)


def main(peer: str, rounds: str, side: str, *specs: str) -> None:
    """Print the times of both on each network."""
    warnings.simplefilter("ignore")  # the peers' own, of torch's newer versions
    found = {spec: fight(peer, spec, int(rounds), int(side)) for spec in specs}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
