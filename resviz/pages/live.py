"""A report in a frame: in a notebook, and in pages that are somebody else's."""

from __future__ import annotations

import warnings
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.calls import knows_keywords
from resviz.errors import FontWarning, RenderError, SpecError
from resviz.figures.sentences import join_with_and
from resviz.files import check_suffix, write_atomically
from resviz.formats.tables.html import SUFFIXES
from resviz.pages import render_networks
from resviz.readings import costs
from resviz.templates import load_template, read_template_text
from resviz.units import LENGTH_POINTS, format_count, parse_length

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from resviz.figures.rendering import Diagram
    from resviz.record import Architecture
    from resviz.source import TraceableSource

FRAME_HEIGHT = "720px"
"""How tall a frame is that was given no height: tree and table have a dozen rows."""

HEIGHT_LIMITS = 240, 4000
"""Pixels of the lowest and the tallest frame."""


@dataclass(frozen=True, slots=True)
class LivePage:
    """A report that shows itself in notebooks, as a page in a frame.

    Attributes:
        page: the report, one file that asks for no other.
        label: of the network, or of all.
        totals: of each, in words.
        still: a figure, for where no page can be shown.
        height: of the frame, a length of CSS.
    """

    page: str
    label: str
    totals: str
    still: Diagram
    height: str

    def __repr__(self) -> str:
        return f"<LivePage {self.label!r}: {self.totals}, in a notebook a page>"

    @knows_keywords
    def to_html(self, *, address: str = "", width: str = "100%") -> str:
        """Return the frame, to stand in another page.

        It has one line, and signs of ASCII alone, so that it comes to no harm in
        Markdown, nor where the other page forgets to name its encoding.

        Args:
            address: of the page, where it is a file; if left out, the frame holds it.
            width: a length of CSS.
        """
        return write_frame(self, address, width)

    @knows_keywords
    def save(self, path: str | Path) -> None:
        """Write the page to a file of its own, whole or not at all.

        Raises:
            RenderError: if it cannot be written, or its name is that of no page.
        """
        check_suffix(path, "a report", SUFFIXES)
        write_atomically(path, self.page.encode())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Return what a notebook shows: the frame, and a figure where it is printed.

        A notebook of somebody else has frames taken out until it is trusted, and
        shows a sentence that says so.
        """
        frame = write_frame(self, in_notebook=True)
        bundle = {"text/html": frame, "text/plain": repr(self)}
        # What cannot be drawn as pixels is a page all the same.
        with suppress(RenderError), warnings.catch_warnings():
            warnings.simplefilter("ignore", FontWarning)
            bundle["image/png"] = b64encode(self.still.to_png()).decode()
        return bundle


def make_live_page(
    archs: Sequence[Architecture],
    first: TraceableSource,
    tracing: Mapping[str, Any],
    height: str,
) -> LivePage:
    """Make the report of one network or of several, to be shown in a frame.

    Args:
        archs: their records.
        first: what the first was traced from, as of `render_networks`.
        tracing: options of the traces.
        height: of the frame, as `read_frame_height` gives it.

    Raises:
        SpecError: as `render_networks`.
    """
    page = render_networks(archs, first, tracing)
    label = join_with_and([arch.label for arch in archs])
    totals = "; ".join(map(tell_totals, archs))
    return LivePage(page, label, totals, draw_still(archs), height)


def tell_totals(arch: Architecture) -> str:
    """Say in a few words what a network has and takes."""
    total = costs.sum_record_costs(arch)
    sign = "at least " if total.leaves_out else ""
    params, macs = format_count(arch.params), format_count(total.macs)
    return f"{params} parameters, {sign}{macs} MACs"


def draw_still(archs: Sequence[Architecture]) -> Diagram:
    """Draw what stands for a page: what changed between two networks, or the first."""
    from resviz.figures import draw_diagram

    if len(archs) == 2:
        with suppress(RenderError, SpecError):  # of two that have little in common
            return draw_diagram(archs, diff=True, style="paper")
    return draw_diagram(archs[0], style="paper")


def write_frame(
    live: LivePage, address: str = "", width: str = "100%", *, in_notebook: bool = False
) -> str:
    """Write the frame of a page, as `LivePage.to_html` does.

    Args:
        live: the page.
        address: of its file; if left out, the frame holds it.
        width: a length of CSS.
        in_notebook: whether a sentence is to be seen where frames are taken out.
    """
    markup = load_template("frame.html").render(
        label=live.label,
        totals=live.totals,
        height=live.height,
        width=width,
        address=address,
        held="" if address else escape_held_page(live.page),
        script=join_lines(read_template_text("frame.js")),
        in_notebook=in_notebook,
    )
    return join_lines(markup)


def read_frame_height(height: str | int | None) -> str:
    """Return the height of a frame as CSS has it.

    Raises:
        RenderError: for what is no length, or too low or too tall.

    Example:
        >>> [read_frame_height(height) for height in (None, 800, "20cm")]
        ['720px', '800px', '20cm']
    """
    if height is None:
        return FRAME_HEIGHT
    is_number = isinstance(height, (int, float)) and not isinstance(height, bool)
    text = f"{height}px" if is_number else str(height)
    least, most = HEIGHT_LIMITS
    try:
        pixels = parse_length(text, FRAME_HEIGHT) / LENGTH_POINTS["px"]
    except SpecError as error:
        raise RenderError(f"height: {error}") from error
    if not least <= pixels <= most:
        raise RenderError(f"height: got {height!r}, want {least}px to {most}px")
    return text.strip().casefold().replace(" ", "")


def escape_held_page(page: str) -> str:
    """Write a page as the value of an attribute between single quotes.

    Double quotes, of which it has most, stay as they are.
    """
    for sign in "&'<>\n":
        page = page.replace(sign, f"&#{ord(sign)};")
    return page.encode("ascii", "xmlcharrefreplace").decode()


def join_lines(text: str) -> str:
    """Write a text of ours on one line, without its comments and indents."""
    lines = (line.strip() for line in text.splitlines())
    return " ".join(line for line in lines if line and not line.startswith("//"))
