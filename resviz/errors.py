"""The errors that resviz raises; one line each: where, what, got, want, remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.record import Architecture


class ResvizError(Exception):
    """Base class of all errors that resviz raises."""

    exit_code = 2


class SpecError(ResvizError, ValueError):
    """A name, depth, option or expression that cannot be read."""


class OptionError(SpecError, TypeError):
    """An option that a function or a document does not have."""


class BuildError(ResvizError, RuntimeError):
    """A readable SPEC whose model cannot be built or imported."""

    exit_code = 3


class WeightsError(ResvizError, RuntimeError):
    """Pretrained weights that cannot be fetched, read or loaded."""

    exit_code = 3


class TraceError(ResvizError, RuntimeError):
    """A model whose forward cannot be followed to its end.

    Attributes:
        partial: the record up to the failing layer, if there is one.
    """

    exit_code = 3

    def __init__(self, message: str, partial: Architecture | None = None) -> None:
        super().__init__(message)
        self.partial = partial


class RecordError(ResvizError, ValueError):
    """A record that breaks one of its invariants, or a file that holds none."""


class UnknownNameError(ResvizError, KeyError):
    """A name that no layer of a record has, or no column of a table."""

    __str__ = Exception.__str__


class RenderError(ResvizError, RuntimeError):
    """An output that cannot be made or written."""


def first_error_line(error: BaseException) -> str:
    """Return the first line of a foreign error's message, its class if it has none."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        lines = []
    return lines[0].strip() if lines else type(error).__name__
