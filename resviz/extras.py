"""Libraries that an extra of resviz brings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from resviz.errors import ResvizError


def import_extra(name: str, extra: str) -> Any:
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
