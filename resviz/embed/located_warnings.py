"""Warnings of a figure, at the line of the document that asks for it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from resviz.errors import FontWarning, LetterWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def locate_warnings(path: str, line: int, form: str) -> Iterator[None]:
    """Show warnings of figures at a line of a document; others stay where they are.

    Args:
        path: of the document.
        line: its number.
        form: how the document writes an option, "--{} {}".
    """
    with warnings.catch_warnings():
        show_other = warnings.showwarning
        warnings.showwarning = partial(show_located, show_other, path, line, form)
        yield


def show_located(
    show_other: Callable[..., None],
    path: str,
    line: int,
    form: str,
    message: Warning | str,
    category: type[Warning],
    *where: Any,
) -> None:
    """Show a warning of a figure at a line of a document, another as Python does."""
    if issubclass(category, (FontWarning, LetterWarning)):
        if isinstance(message, LetterWarning):
            message = LetterWarning(message.spell(form), *message.option)
        show_other(message, category, path, line)
    else:
        show_other(message, category, *where)
