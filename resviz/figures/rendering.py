"""A drawn figure, and writing it in every picture format."""

from __future__ import annotations

import warnings
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from resviz.calls import knows_keywords
from resviz.errors import FontWarning, RenderError, make_attribute_refusal
from resviz.figures.places import FIGURE_PLACES
from resviz.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    import graphviz

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style
    from resviz.readings.contraction.coverage import EdgeCoverage

LACKING_FORMATS: dict[str, tuple[tuple[str, ...], str]] = {
    "width": (
        ("dot", "mermaid"),
        "is laid out by the program that reads it, leave out width and text",
    ),
    "background": (
        ("tikz", "mermaid"),
        "stands on the ground of what it is put into, leave it out",
    ),
    "font": (
        ("mermaid",),
        "has the font of the program that reads it, leave it out",
    ),
}
"""Options of figures, which formats cannot follow them, and why."""

notebook_calls = count(1)


@dataclass(frozen=True, slots=True)
class Diagram:
    """One figure in one style.

    Attributes:
        picture: the figure, placed by resviz.
        style: its colours.
        layout: what places it in SVG, PDF and PNG, "resviz" or "dot".
    """

    picture: Picture
    style: Style
    layout: str = "resviz"

    if not TYPE_CHECKING:
        __getattr__ = make_attribute_refusal("Diagram", FIGURE_PLACES)

    def __repr__(self) -> str:
        width, height = self.size
        return f"<Diagram {self.picture.title!r}: {width:.0f} by {height:.0f} pixels>"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels of a screen, 96 an inch."""
        return self.picture.pixels

    @property
    def description(self) -> str:
        """The figure in sentences; its alt text."""
        return self.picture.description

    @property
    def coverage(self) -> EdgeCoverage | None:
        """Where the edges of the record are: `edges`, `drawn` and `declared`.

        Those that are drawn and those that the picture declares are all. None for a
        figure that does not show how layers are connected.
        """
        return self.picture.coverage

    @knows_keywords
    def to_svg(self, *, salt: str = "") -> str:
        """Return SVG; `salt` keeps the ids of equal figures on one page apart."""
        return self.to_bytes("svg", salt=salt).decode()

    def to_graphviz(self) -> graphviz.Digraph:
        """Return the figure's graph, to style and render further with Graphviz.

        Raises:
            RenderError: for a figure that is no graph; says which are.
        """
        from resviz.formats.pictures.dot import build_digraph

        return build_digraph(self.picture, self.style)

    @knows_keywords
    def to_png(self, *, dpi: float | None = None) -> bytes:
        """Return a PNG of 16 to 2400 dpi; at 96 one pixel is one of the SVG's.

        By default it has 192, less if it is large.

        Raises:
            RenderError: for another resolution, or if it would be too large.
        """
        return self.to_bytes("png", **({} if dpi is None else {"dpi": dpi}))

    def to_pdf(self) -> bytes:
        """Return a PDF of one page."""
        return self.to_bytes("pdf")

    def to_dot(self) -> str:
        """Return Graphviz source.

        Raises:
            RenderError: for a figure that is no graph.
        """
        return self.to_bytes("dot").decode()

    def to_mermaid(self) -> str:
        """Return a Mermaid flowchart.

        Raises:
            RenderError: for a figure that is no graph.
        """
        return self.to_bytes("mermaid").decode()

    def to_tikz(self) -> str:
        """Return a TikZ picture, to be read by LaTeX's `input`."""
        return self.to_bytes("tikz").decode()

    def to_pptx(self) -> bytes:
        """Return a slide of shapes and connectors, to be edited in PowerPoint.

        Raises:
            RenderError: for a figure whose lines join no shapes, or one larger than
                a slide.
            ResvizError: without python-pptx, the extra `pptx`.
        """
        return self.to_bytes("pptx")

    def to_drawio(self) -> str:
        """Return a page of shapes and connectors, to be edited in draw.io.

        Raises:
            RenderError: for a figure whose lines join no shapes.
        """
        return self.to_bytes("drawio").decode()

    def render(self, format: str = "svg", **options: Any) -> str | bytes:  # noqa: A002 - the CLI's word
        """Return the figure in one of the picture formats; PNG, PDF, PPTX as bytes.

        Raises:
            RenderError: if there is no such format, with those there are, or dpi for
                what has no pixels.
        """
        from resviz.formats import check_dpi, picture_format

        check_dpi(format, **options)
        check_format(self.picture, format)
        if self.layout == "dot":
            from resviz.formats.dot_program import DRAWN_FORMATS, draw_with_dot

            if format in DRAWN_FORMATS:
                options.pop("salt", None)
                return draw_with_dot(self.picture, self.style, format, **options)
        return picture_format(format).render(self.picture, self.style, **options)

    def to_bytes(self, format: str, **options: Any) -> bytes:  # noqa: A002 - the CLI's word
        """Return what a file in one of the picture formats holds.

        Raises:
            RenderError: as `render`.
        """
        rendered = self.render(format, **options)
        return rendered.encode() if isinstance(rendered, str) else rendered

    @knows_keywords
    def save(self, path: str | Path, *, dpi: float | None = None) -> None:
        """Write the figure in the format of the path's suffix, whole or not at all.

        Args:
            path: where to write it.
            dpi: of PNG, 16 to 2400; if left out 192, less if it is large.

        Raises:
            RenderError: for another suffix, or if it cannot be drawn or written.
        """
        from resviz.formats import format_of_suffix

        name = format_of_suffix(path, "picture")
        options = {} if dpi is None else {"dpi": dpi}
        write_atomically(path, self.to_bytes(name, **options))

    def _repr_mimebundle_(
        self, **_: Any
    ) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
        """Return what a notebook shows, and the size of its pixels.

        A notebook of somebody else has its SVG dropped until it is trusted, and shows
        the PNG. Ids differ from call to call. The SVG stands in an `<img>`, which
        cannot see whether the notebook is dark and would ask the system; so it is
        light unless its style is another.
        """
        picture = replace(self.picture, ground=self.picture.ground or "style")
        shown = replace(self, picture=picture, style=replace(self.style, dark=None))
        bundle = {
            "image/svg+xml": shown.to_svg(salt=f"cell {next(notebook_calls)}"),
            "text/plain": f"<Diagram {self.picture.title}>",
        }
        sizes: dict[str, dict[str, int]] = {}
        # What cannot be drawn as pixels is still shown as SVG, with all its letters.
        with suppress(RenderError), warnings.catch_warnings():
            warnings.simplefilter("ignore", FontWarning)
            bundle["image/png"] = b64encode(shown.to_png()).decode()
            width, height = map(round, self.size)
            sizes["image/png"] = {"width": width, "height": height}
        return bundle, sizes


def check_format(picture: Picture, form: str) -> None:
    """Check that a format can follow what was asked of a picture.

    Raises:
        RenderError: if it cannot; lists those that can.
    """
    from resviz.formats import picture_format_names

    asked = {
        "width": picture.unit is not None,
        "background": picture.ground not in {"", "none"},
        "font": picture.font != "",
    }
    for option, (lacking, reason) in LACKING_FORMATS.items():
        if asked[option] and form in lacking:
            others = [name for name in picture_format_names() if name not in lacking]
            raise RenderError(
                f"{option}: {form} {reason}, or want one of {', '.join(others)}"
            )
