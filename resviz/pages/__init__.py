"""HTML pages that stand alone: the report of networks, the page of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from resviz.record import Architecture
    from resviz.source import TraceableSource

MOST_NETWORKS = 12
"""Networks of one report, which holds all that is known of each."""


def check_network_count(count: int) -> None:
    """Check how many networks a report is of, before any is traced.

    Raises:
        SpecError: if they are none, or too many.
    """
    if not count:
        raise SpecError("report: got no network, want one, or several to compare")
    if count > MOST_NETWORKS:
        raise SpecError(
            f"report: got {count} networks, want {MOST_NETWORKS} at most: it holds all "
            "of each; resviz compare takes more"
        )


def render_networks(
    archs: Sequence[Architecture],
    first: TraceableSource,
    tracing: Mapping[str, Any],
) -> str:
    """Render the report of one network, or of several that are compared with the first.

    Args:
        archs: their records.
        first: what the first was traced from; a model or a SPEC is traced anew on the
            input of the others, where that differs.
        tracing: options of the traces.

    Raises:
        SpecError: as `compare_records`.
    """
    base, *variants = archs
    if not variants:
        from resviz.pages.report import render

        return render(base)
    from resviz.pages.comparison import render_comparison
    from resviz.source.other_inputs import trace_on_input_of

    resized = [trace_on_input_of(first, base, arch, tracing) for arch in variants]
    return render_comparison(archs, resized)
