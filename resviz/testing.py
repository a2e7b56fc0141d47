"""What tests of one's own say of a network: it keeps within limits, or is as it was.

In a test of pytest or unittest; nothing has to be installed beside resviz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import source
from resviz.budgets.configuration import read_budget
from resviz.budgets.run import read_stored_record
from resviz.budgets.verdicts import Trial

if TYPE_CHECKING:
    from os import PathLike

    from resviz.record import Architecture
    from resviz.source import TraceableSource


def assert_within(
    network: TraceableSource,
    *,
    record: str | PathLike[str] | Architecture | None = None,
    **limits: Any,
) -> Architecture:
    """Assert that a network keeps its limits, and return its record.

    Args:
        network: a record, a model, or a SPEC.
        record: the stored record from which limits are told, or its file.
        limits: as the keys of `[[tool.resviz.check]]`, with _ for -: `max_macs="4.1G"`,
            `max_params`, `max_activations`, `max_peak_memory="2GiB"`; from the record
            `macs="+2%"`, `params`, `activations`, `peak_memory`; `stages=[3, 4, 6, 3]`,
            `depth`, `projections`, `output_size`, `output_shape`; `equal=True`; and
            `input`, `batch`, `training`, `mode`, `method` of the trace.

    Raises:
        AssertionError: one line a limit that does not hold, and what changed since the
            record as a table.
        SpecError: for an unknown limit, or one that cannot be read.
        ResvizError: if the network cannot be traced, or the record not read.

    Example:
        >>> assert_within("resnet50", max_params="26M", stages=[3, 4, 6, 3]).depth
        50
    """
    __tracebackhide__ = True
    from resviz.record import Architecture

    table: dict[str, Any] = {key.replace("_", "-"): limits[key] for key in limits}
    if record is not None:
        is_record = isinstance(record, Architecture)
        table["record"] = record.name if is_record else str(record)
    budget = read_budget(table, "assert_within", named=False)
    arch = source.resolve_architecture(network, **budget.tracing)
    stored = record if isinstance(record, Architecture) else read_stored_record(budget)
    trial = Trial(arch, budget, stored)
    lines = [v.sentence for v in trial.judge() if not v.passed]
    if not lines:
        return arch
    text = "\n".join(f"{arch.label}: {line}" for line in lines)
    if trial.comparison is not None and trial.comparison.every:
        from resviz.tables.compare import comparison_table

        text += f"\n\n{comparison_table(trial.comparison)}"
    raise AssertionError(text)
