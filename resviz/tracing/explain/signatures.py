"""Forwards that are called with the wrong arguments: what they take instead."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING

from resviz.errors import first_error_line

if TYPE_CHECKING:
    from resviz.tracing.recorder import Recorder

MAX_PARAMETERS_NAMED = 6
"""Parameters of a forward that are named; some of transformers take twenty."""

HOW_TO_GIVE_INPUTS = (
    "give each as --input 'name=int64:1,128', in Python inputs=(…) or kwargs={…}"
)


def explain_wrong_arguments(error: Exception, recorder: Recorder) -> str | None:
    """Explain which arguments a model's forward lacks or does not know."""
    reason = first_error_line(error)
    root = recorder.clone.root
    if isinstance(error, TypeError) and "forward()" in reason:
        if recorder.calls.open_calls[-1].module is not root:
            return None
        parameter_names = list_forward_parameters(root)
        wrong_name = reason.rpartition("keyword argument ")[2].split(".")[0].strip("'")
        close_names = (
            get_close_matches(wrong_name, parameter_names, n=1)
            if "unexpected" in reason
            else []
        )
        hint = f"did you mean {close_names[0]!r}? " if close_names else ""
        give = f": {HOW_TO_GIVE_INPUTS}" if "missing" in reason else ""
        return f"{hint}it takes ({shorten_names(parameter_names)}){give}"
    mentions = (
        "_" in name and name in reason for name in list_forward_parameters(root)
    )
    lacks_argument = "NoneType" in reason or any(mentions)
    if lacks_argument and len(recorder.input_names) < len(
        list_forward_parameters(root)
    ):
        names = shorten_names(list_forward_parameters(root))
        return f"its forward takes ({names}): {HOW_TO_GIVE_INPUTS}"
    return None


def list_forward_parameters(module: object) -> list[str]:
    """Return the names of a forward's parameters."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        return []
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind not in starred]


def shorten_names(names: list[str]) -> str:
    """Join the first few names, and mark that more follow."""
    return ", ".join(names[:MAX_PARAMETERS_NAMED]) + (
        ", …" if len(names) > MAX_PARAMETERS_NAMED else ""
    )
