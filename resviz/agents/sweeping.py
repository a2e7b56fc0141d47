"""The tool that sweeps: variants by braces, each of which an agent may trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.agents.session import AgentSession

MOST_VARIANTS = 500
"""So many variants one call may trace; an agent waits for all of them."""


def answer_sweep(
    session: AgentSession,
    specs: list[str],
    tracing: dict[str, Any],
    options: dict[str, Any],
) -> Any:
    """Trace variants, and give a row for each."""
    from resviz.sweeps.order import RowOrder
    from resviz.sweeps.sweep import run_sweep
    from resviz.sweeps.table import sweep_table

    check_variants(session, specs)
    if "baseline" in options:
        session.cache.resolve_spec(options["baseline"])
    order = RowOrder(
        options.pop("sort", None),
        options.pop("top", None),
        options.pop("reverse", False),
    )
    condition = options.pop("where", None)
    result = run_sweep(specs, condition=condition, order=order, **tracing, **options)
    try:
        return sweep_table(result).to_dict()
    finally:
        result.journal.close()


def check_variants(session: AgentSession, specs: Sequence[str]) -> None:
    """Check that an agent may trace every variant, and that they are not too many.

    Raises:
        SpecError: for a SPEC that it may not have, a file of SPECs, or too many.
    """
    from resviz.sweeps.grammar import expand_braces
    from resviz.sweeps.space import GLOB_SIGN, Space

    for spec in specs:
        if spec.strip().endswith(".txt"):
            raise SpecError(
                f"{spec}: a tool reads no file of SPECs, want its lines, as "
                "'resnet({18,34})'"
            )
        network = spec.partition("(")[0].strip()
        hubs = [name.rpartition(":")[0] for name in expand_braces(network)]
        for hub in filter(None, hubs if GLOB_SIGN.search(network) else ()):
            session.cache.resolve_spec(f"{hub}:models")  # to list them imports it
    space = Space(specs)
    if space.variant_count > MOST_VARIANTS:
        raise SpecError(
            f"specs: got {space.variant_count:,} variants, want {MOST_VARIANTS} at "
            "most; want fewer values between braces, or more calls"
        )
    for variant in space:
        session.cache.resolve_spec(variant.spec)
