"""Words that are cut in a figure: noted where they are, told where they are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from resviz.errors import LetterWarning, warn_caller
from resviz.escape import clean_name
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Picture

noted: ContextVar[set[str] | None] = ContextVar("noted", default=None)
"""What was cut while a figure is drawn, as it is shown; None at other times."""


MAX_SHOWN = 60
"""Characters of a title, and of what is cut, in a warning."""


@contextmanager
def note_cuts() -> Iterator[set[str]]:
    """Note what is cut for as long as the context lasts."""
    cuts: set[str] = set()
    token = noted.set(cuts)
    try:
        yield cuts
    finally:
        noted.reset(token)


def note_cut(shown: str) -> str:
    """Note what is left of words that are cut, and return it."""
    cuts = noted.get()
    if cuts is not None:
        cuts.add(shown)
    return shown


def warn_of_cuts(picture: Picture, cuts: set[str]) -> None:
    """Warn of the words of a picture that are cut; others were for another layout."""
    lines = [line for node in picture.nodes for line in node.lines]
    marks = [shown for shown in cuts if len(shown) > 1]  # a lone "…" stands for itself
    cut = [line for line in lines if any(shown in line for shown in marks)]
    if not cut:
        return
    verb = "is" if len(cut) == 1 else "are"
    title = clean_name(picture.title)[:MAX_SHOWN]
    warn_caller(
        LetterWarning(
            f"{title}: {format_plural(len(cut), 'label')} {verb} "
            f"cut, as {cut[0][-MAX_SHOWN:]!r}: give it a shorter title or more width; "
            "the table layers has all names in full"
        )
    )
