"""Many configurations, one table: a space of SPECs, traced on all cores or a cluster.

`space` says which variants there are, `rows` what is read of one, `worker` is the
process that traces, `supervisor` watches it, `run` gives out the work and gathers rows,
`sweep` keeps those that are wanted, `outputs` writes them as a `table` or a `chart`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from resviz.errors import ResvizError


def import_extra(name: str, extra: str = "sweep") -> Any:
    """Import a library that an extra of resviz brings.

    Raises:
        ResvizError: if it is not there.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ResvizError(
            f"{name} is not installed: pip install 'resviz[{extra}]'"
        ) from error
