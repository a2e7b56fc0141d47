"""Charts: figures without positions, for formats that place them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class ChartBox:
    """A box, a sum, or bare text.

    Attributes:
        key: unique in its chart.
        role: how it looks, a key of `styles.LOOKS`.
        lines: its text.
        tint: a key of `Style.tints`; "" for none.
    """

    key: str
    role: str
    lines: tuple[str, ...]
    tint: str = ""


@dataclass(frozen=True, slots=True)
class ChartLink:
    """An arrow between two boxes, with the words on it.

    `role` is a key of `styles.LINES`.
    """

    tail: str
    head: str
    role: str = "main"
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """A titled frame around boxes and other frames, in order."""

    key: str
    lines: tuple[str, ...]
    tint: str
    parts: tuple[ChartBox | ChartFrame, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure, not placed.

    Attributes:
        direction: in which it runs, "TB" or "LR".
        parts: boxes and frames, in order.
        links: the arrows.
        figure: its name.
    """

    direction: str
    parts: tuple[ChartBox | ChartFrame, ...]
    links: tuple[ChartLink, ...]
    figure: str = "overview"

    def iter_boxes(self) -> Iterator[ChartBox]:
        """Yield every box, those in frames included, in order."""
        pending = [*reversed(self.parts)]
        while pending:
            part = pending.pop()
            if isinstance(part, ChartBox):
                yield part
            else:
                pending += reversed(part.parts)

    def iter_frames(self) -> Iterator[ChartFrame]:
        """Yield every frame, those in frames included, in order."""
        pending = [*reversed(self.parts)]
        while pending:
            part = pending.pop()
            if isinstance(part, ChartFrame):
                yield part
                pending += reversed(part.parts)
