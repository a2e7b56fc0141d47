"""Tables of one network, or of several side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import source
from resviz.api.tracing import trace_networks
from resviz.options.keywords import takes_options

if TYPE_CHECKING:
    from typing import Unpack

    from resviz.api.tracing import Networks
    from resviz.options import TraceOptions
    from resviz.source import TraceableSource
    from resviz.tables.table import Table


@takes_options
def table(networks: Networks | None = None, **tracing: Unpack[TraceOptions]) -> Table:
    """Return the paper's Table 1, a column a network; its own five if none is given.

    Args:
        networks: records, models or SPECs; a dictionary heads each column with its key.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError if a network has no residual stages.

    Example:
        >>> table([18, 50]).to_dict()["rows"][2]["cells"]
        ['[3×3, 64; 3×3, 64] ×2', '[1×1, 64; 3×3, 64; 1×1, 256] ×3']
    """
    from resviz.tables.paper import paper_table

    if networks is None:
        networks = source.PAPER_NAMES
    return paper_table(trace_networks(networks, **tracing))


@takes_options
def layers(
    network: TraceableSource,
    *,
    depth: int | None = None,
    only: str | None = None,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a layer: shapes, window, parameters, MACs.

    Args:
        network: a record, a model, or a SPEC.
        depth: fold calls that nest deeper than this into one row each.
        only: "conv", "linear", "norm", "activation", "pool" or "add".
        once: let equal blocks in a row stand once, with their number.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most MACs.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError for a wrong `depth` or `only`.
    """
    from resviz.tables.layers import layer_table

    arch = source.resolve_architecture(network, **tracing)
    return layer_table(
        arch, depth=depth, only=only, once=once, sort=sort, top=top, reverse=reverse
    )


@takes_options
def shortcuts(
    network: TraceableSource,
    *,
    only: str | None = None,
    why: bool = False,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a residual unit: what its shortcut is, why, and its cost.

    Args:
        network: a record, a model, or a SPEC.
        only: a kind of shortcut, as "projection", to leave the others out.
        why: one row an addition instead: what it was taken for, and by which rule.
        once: let equal rows of a stage stand once, with their number.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most MACs.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`.
    """
    from resviz.tables.shortcuts import shortcut_table

    arch = source.resolve_architecture(network, **tracing)
    return shortcut_table(
        arch, only=only, why=why, once=once, sort=sort, top=top, reverse=reverse
    )


@takes_options
def costs(network: TraceableSource, **tracing: Unpack[TraceOptions]) -> Table:
    """Return one row a published convention: its total, what it adds to the MACs.

    Rows that are set off are other networks of the same name, as the paper's ResNet-50
    with its stride in the first 1×1.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> rows = costs("resnet50").to_dict()["conventions"]
        >>> [row["total"] for row in rows if row["tools"][0]["name"] == "fvcore"]
        [4111512576]
    """
    from resviz.tables.costs import costs_table

    return costs_table(source.resolve_architecture(network, **tracing))


@takes_options
def receptive(
    network: TraceableSource,
    *,
    every: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a layer that changes what is seen of the input, with its field.

    Args:
        network: a record, a model, or a SPEC.
        every: show all layers, also those that see what the ones before them do.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            the largest field.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> receptive("resnet50").to_dict()["largest"]["receptive_field"]
        [427, 427]
    """
    from resviz.tables.receptive import receptive_table

    arch = source.resolve_architecture(network, **tracing)
    return receptive_table(arch, every=every, sort=sort, top=top, reverse=reverse)


@takes_options
def summary(network: TraceableSource, **tracing: Unpack[TraceOptions]) -> Table:
    """Return totals, stages and the arithmetic of the shape flow.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> summary("resnet50").to_dict()["macs"]
        4089184256
    """
    from resviz.tables.summary import summary_table

    return summary_table(source.resolve_architecture(network, **tracing))


@takes_options
def memory(
    network: TraceableSource,
    *,
    every: bool = False,
    fit: str | None = None,
    autocast: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Count bytes of parameters, the peak of a forward, what training keeps.

    Args:
        network: a record, a model, or a SPEC.
        every: one row a layer, instead of one a stage.
        fit: the largest batches for inference and training in so many bytes instead,
            as "24GiB", and where to checkpoint for more; a row a plan.
        autocast: as under `torch.autocast` to "bfloat16" or "float16", whose parameters
            stay float32; by its rules on a CPU.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most bytes held.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RecordError if a record is of an older resviz.

    Example:
        >>> memory("resnet50").to_dict()["parameter_bytes"]
        102228128
    """
    from resviz.tables.memory import memory_table

    arch = source.resolve_architecture(network, **tracing)
    return memory_table(
        arch,
        every=every,
        fit=fit,
        autocast=autocast,
        sort=sort,
        top=top,
        reverse=reverse,
    )
