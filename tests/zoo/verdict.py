"""One model judged: traced or not, its counts beside those of torch's own counter."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.readings import costs
from resviz.readings.structure import read_structure

from .packages import build
from .tree import compared

if TYPE_CHECKING:
    from resviz.record import Architecture

    from .packages import Built


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table.

    Attributes:
        name: as "timm:resnet50d".
        family: the module that defines it.
        input: sizes of one sample.
        traced: "yes", or the error.
        mode: "shapes", or "run" where the forward looks at values.
        layers: of the record.
        params: of the record.
        params_wanted: `sum(p.numel() for p in model.parameters())`.
        macs: of the record, one sample.
        macs_wanted: half of what `FlopCounterMode` counts, or why it does not.
        without_rule: operations that no total includes.
        blocks: how many residual blocks were found.
        stages: how many blocks each stage has, "3-4-6-3".
        tree: whether the module tree has the same blocks and shortcuts: "equal", how
            they differ, or "" where it is not known.
        build_s: seconds that building took; so for the next two.
        trace_s: tracing.
        rest_s: structure, costs, and the tables of layers, shortcuts and totals.
    """

    name: str
    family: str = ""
    input: str = ""
    traced: str = ""
    mode: str = ""
    layers: int = 0
    params: int = 0
    params_wanted: int = 0
    macs: int = 0
    macs_wanted: int | str = 0
    without_rule: str = ""
    blocks: int = 0
    stages: str = ""
    tree: str = ""
    build_s: float = 0
    trace_s: float = 0
    rest_s: float = 0

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, in words."""
        if self.traced != "yes":
            return [self.traced]
        found = []
        if self.params != self.params_wanted:
            found.append(f"{self.params:,} parameters, want {self.params_wanted:,}")
        if isinstance(self.macs_wanted, str):
            found.append(f"torch does not count it: {self.macs_wanted}")
        elif self.macs != self.macs_wanted:
            found.append(f"{self.macs:,} MACs, want {self.macs_wanted:,}")
        if self.tree not in {"", "equal"}:
            found.append(self.tree)
        return found


def verdict(name: str) -> Verdict:
    """Build, trace and judge one model."""
    start = perf_counter()
    try:
        built = build(name)
    except Exception as error:  # noqa: BLE001 - a package's own failures are rows too
        return Verdict(name, traced=f"not built: {reason(error)}")
    build_s = perf_counter() - start
    row = judged(name, built, build_s)
    gc.collect()
    return row


def judged(name: str, built: Built, build_s: float) -> Verdict:
    """The row of a model that was built."""
    sizes = "×".join(map(str, built.size))
    start = perf_counter()
    try:
        arch = resviz.trace(built.model, built.size)
    except Exception as error:  # noqa: BLE001 - as above
        return Verdict(name, built.family, sizes, reason(error), build_s=build_s)
    trace_s = perf_counter() - start
    start = perf_counter()
    found = read_structure(arch)
    for table in (resviz.layers, resviz.shortcuts, resviz.summary):
        table(arch)
    gaps = costs.find_uncounted(arch)
    total = costs.sum_record_costs(arch)
    rest_s = perf_counter() - start
    return Verdict(
        name,
        built.family,
        sizes,
        "yes",
        arch.mode,
        len(arch.layers),
        arch.params,
        sum(parameter.numel() for parameter in built.model.parameters()),
        total.macs,
        macs_wanted(built, arch),
        " ".join(f"{gap.operation}×{gap.count}" for gap in gaps),
        len(found.blocks),
        "-".join(str(len(stage.blocks)) for stage in found.stages),
        compared(name, built.model, arch),
        *(round(seconds, 4) for seconds in (build_s, trace_s, rest_s)),
    )


def macs_wanted(built: Built, arch: Architecture) -> int | str:
    """What torch counts, or why it does not.

    With gradients enabled: under `no_grad` the counter raises on models that hand a
    parameter to a child. On meta where that goes: on the CPU it counts attention and
    LSTMs as nothing. What was run for real is run on the same input again.
    """
    shape = arch.inputs[0].shape
    torch.manual_seed(0)
    sample = torch.randn(shape) if built.real else torch.empty(shape, device="meta")
    try:
        with FlopCounterMode(display=False) as counter:
            built.model(sample)
    except Exception as error:  # noqa: BLE001 - as above
        return reason(error)
    return counter.get_total_flops() // 2


def reason(error: Exception) -> str:
    """One line that says what went wrong."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}"[:200]
