"""Forwards that are called with the wrong arguments: what they take instead."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING

from resviz.errors import first_line

if TYPE_CHECKING:
    from resviz.tracing.recorder import Recorder

MOST = 6
"""Parameters of a forward that are named; some of transformers take twenty."""

GIVE = "give each as --input 'name=int64:1,128', in Python inputs=(…) or kwargs={…}"


def miscalled(error: Exception, recorder: Recorder) -> str | None:
    """What to do about arguments that a model's forward lacks or does not know."""
    reason = first_line(error)
    root = recorder.clone.root
    if isinstance(error, TypeError) and "forward()" in reason:
        if recorder.calls.open[-1].module is not root:
            return None
        known = taken(root)
        wrong = reason.rpartition("keyword argument ")[2].split(".")[0].strip("'")
        near = get_close_matches(wrong, known, n=1) if "unexpected" in reason else []
        hint = f"did you mean {near[0]!r}? " if near else ""
        give = f": {GIVE}" if "missing" in reason else ""
        return f"{hint}it takes ({told(known)}){give}"
    named = ("_" in name and name in reason for name in taken(root))
    lacks = "NoneType" in reason or any(named)
    if lacks and len(recorder.names) < len(taken(root)):
        return f"its forward takes ({told(taken(root))}): {GIVE}"
    return None


def taken(module: object) -> list[str]:
    """The names of a forward's parameters."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        return []
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.kind not in starred]


def told(names: list[str]) -> str:
    """The first of some names."""
    return ", ".join(names[:MOST]) + (", …" if len(names) > MOST else "")
