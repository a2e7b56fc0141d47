"""The rows of the table: what is measured, against what, and what it must reach."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import outcomes
from benchmarks.peers import PEERS

TOLERANCE = 1.05
"""What a task may take here, as a share of what it takes in another checkout."""

COMMANDS = {
    "help": ("--help", 0.12),
    "table": ("table", 1.15),
    "summary": ("summary resnet50", 1.15),
    "report": ("report resnet152 -o r.html", 1.6),
}
"""What is started cold, and its targets."""


@dataclass(frozen=True)
class BenchmarkRow:
    """One line.

    Attributes:
        key: its name, which `--only` takes a part of.
        work: what is done.
        task: what a worker does for it, a function of `tasks` and its words.
        against: what it is compared with, "" for an absolute figure.
        base: the task that it is compared with.
        evaluate: makes the outcome of the works of both tasks.
        unit: how the value is written; "×" is a ratio, "n^" an exponent.
        limit: what it must reach, in seconds or bytes; None where nothing was asked.
        aim: what it should reach.
        more: whether more is better.
        turns: how many processes do each task.
        batch: rows whose tasks take turns together, "" for this one alone.
    """

    key: str
    work: str
    task: str
    against: str = ""
    base: str = ""
    evaluate: Callable = outcomes.compare_turns
    unit: str = "×"
    limit: float | None = None
    aim: float | None = None
    more: bool = False
    turns: int = 5
    batch: str = ""

    def judge(self, value):
        """Return "pass" or "short" of the limit, "" if there is none."""
        if self.limit is None:
            return ""
        better = value > self.limit if self.more else value < self.limit
        return "pass" if better or value == self.limit else "short"


def list_rows(*, quick):
    """Give all rows in the order of the table. Source of the targets: issue 5."""
    nets = ("resnet18",) if quick else ("resnet18", "resnet50", "resnet152")
    spec, deep = nets[-1], "cifar56" if quick else "cifar1202"
    depths = "20,56,110" if quick else "110,1202,9998"  # of CIFAR nets, of 6 n + 2
    for name, peer in PEERS.items():
        for net in nets:
            words = f"{net} {64 if quick else 224} {peer.device}"
            yield BenchmarkRow(
                f"trace/{net}/{name.replace(' ', '-')}", f"trace {net}",
                f"trace {words}", name, f"{peer.task} {words}",
                limit=peer.limit, aim=peer.aim, batch=f"trace/{net}",
            )  # fmt: skip
    yield BenchmarkRow(
        "build/name", f"build and trace {spec} by name", f"trace_by_name {spec}",
        evaluate=outcomes.take_median, unit="ms", limit=0.06,
    )  # fmt: skip
    yield BenchmarkRow(
        "build/alone", f"build {spec}", f"build {spec}",
        "on meta, initialised", f"initialise {spec}",
    )  # fmt: skip
    yield BenchmarkRow(
        "build/clone", f"clone that protects {spec}", f"clone {spec}",
        "its trace", f"trace {spec} 224 cpu",
    )  # fmt: skip
    for name, (words, limit) in COMMANDS.items():
        yield BenchmarkRow(
            f"cold/{name}", f"resviz {words}".partition(" -o")[0], f"command {words}",
            "import torch", "import_torch", limit=limit, batch="cold",
        )  # fmt: skip
    yield BenchmarkRow(
        "cold/stored", f"slowest output of a stored {spec}",
        f"stored {spec} {8 if quick else 1}", "import torch", "import_torch",
        outcomes.find_slowest, limit=0.35,
    )  # fmt: skip
    for reading in ("record", "structure", "tables", "folded-diagram"):
        for what, turns in (("time", 2), ("memory", 1)):
            yield BenchmarkRow(
                f"growth/{what}/{reading}",
                f"{what} of {reading.replace('-', ' ')} by layers",
                f"grow {what} {reading} {depths}",
                evaluate=outcomes.fit_exponent, unit="n^", limit=1.1, turns=turns,
            )  # fmt: skip
    for peer, limit in (("torchinfo", 0.5), ("torchview", None)):
        yield BenchmarkRow(
            f"deep/record/{peer}", f"trace {deep}", f"trace {deep} 32 cpu",
            peer, f"run_peer {peer} {deep} 32 cpu", limit=limit, batch="deep/record",
        )  # fmt: skip
    yield BenchmarkRow(
        "deep/outputs", f"slowest output of {deep}",
        f"outputs {deep} {12 if quick else 1}",
        evaluate=outcomes.find_slowest, unit="s", limit=3, turns=2,
    )  # fmt: skip
    yield BenchmarkRow(
        "deep/way", f"{deep}: build, record, structure, diagram, report",
        f"usual_way {deep}", evaluate=outcomes.take_median, unit="s", turns=3,
    )  # fmt: skip
    yield BenchmarkRow(
        "deep/report", f"report of {deep}", f"report_size {deep}",
        evaluate=outcomes.take_median, unit="MB", limit=3e6, turns=1,
    )  # fmt: skip
    for name, words in (
        ("rate", "1,600 variants"), ("apart", "600 variants without a block in common")
    ):  # fmt: skip
        yield BenchmarkRow(
            f"sweep/{name}", f"sweep of {'8 variants' if quick else words}",
            f"sweep {'quick' if quick else name}",
            evaluate=outcomes.tell_rate, unit="/min", limit=10_000, more=True, turns=3,
        )  # fmt: skip


def pair_rows(rows, name):
    """Give a row a task, which compares it with the same task of another checkout."""
    tasks = set()
    for row in rows:
        if row.task not in tasks:
            tasks.add(row.task)
            yield BenchmarkRow(
                row.key, row.work, row.task, name, row.task, limit=TOLERANCE,
                turns=row.turns,
            )  # fmt: skip
