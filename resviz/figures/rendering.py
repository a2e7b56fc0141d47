"""A drawn figure, and writing it in every picture format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from resviz.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

notebook_calls = count(1)


@dataclass(frozen=True, slots=True)
class Diagram:
    """One figure in one style."""

    picture: Picture
    style: Style

    def __repr__(self) -> str:
        width, height = self.size
        return f"<Diagram {self.picture.title!r}: {width:.0f} by {height:.0f} pixels>"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        return self.picture.size

    @property
    def description(self) -> str:
        """The figure in sentences; its alt text."""
        return self.picture.description

    def to_svg(self, *, salt: str = "") -> str:
        """SVG text; `salt` keeps the ids of equal figures on one page apart."""
        return self.rendered("svg", salt=salt).decode()

    def to_dot(self) -> str:
        """Graphviz source."""
        return self.rendered("dot").decode()

    def to_png(self, *, dpi: float = 96) -> bytes:
        """PNG; at 96 dpi one pixel is one of the SVG's.

        Raises:
            RenderError: without Graphviz, or if it would be too large.
        """
        return self.rendered("png", dpi=dpi)

    def to_pdf(self) -> bytes:
        """PDF of one page.

        Raises:
            RenderError: without Graphviz.
        """
        return self.rendered("pdf")

    def save(self, path: str | Path, *, dpi: float = 96) -> None:
        """Write the figure in the format of the path's suffix, whole or not at all.

        Raises:
            RenderError: for another suffix, or if it cannot be drawn or written.
        """
        from resviz.formats import format_of_suffix

        name = format_of_suffix(path, "picture")
        options = {"dpi": dpi} if name == "png" else {}
        write_atomically(path, self.rendered(name, **options))

    def rendered(self, name: str, **options: Any) -> bytes:
        """The figure in the picture format called `name`."""
        from resviz.formats import picture_format

        data = picture_format(name).render(self.picture, self.style, **options)
        return data.encode() if isinstance(data, str) else data

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows; ids differ from call to call.

        It stands in an `<img>`, which cannot see whether the notebook is dark and
        would ask the system; so it is light unless its style is another.
        """
        shown = replace(self, style=replace(self.style, dark=None))
        return {
            "image/svg+xml": shown.to_svg(salt=f"cell {next(notebook_calls)}"),
            "text/plain": f"<Diagram {self.picture.title}>",
        }
