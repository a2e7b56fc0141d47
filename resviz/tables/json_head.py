"""The head of what commands print as JSON: whose it is, of which resviz."""

from __future__ import annotations

from typing import Any

from resviz import __version__

VERSIONS: dict[str, int] = {}
"""The version of a command's JSON, 1 where it does not stand here. It goes up where a
key changes its meaning or goes; keys are added without."""


def json_head(command: str) -> dict[str, Any]:
    """Return the keys that say whose JSON it is; tables join them to their own.

    Example:
        >>> json_head("summary")["format"]
        'resviz.summary'
    """
    return {
        "format": f"resviz.{command}",
        "version": VERSIONS.get(command, 1),
        "resviz": __version__,
    }
