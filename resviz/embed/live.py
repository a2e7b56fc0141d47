"""The report in a document: a page in a frame, and a figure where frames are not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from resviz.embed.requests import CSS_LENGTH, FigureRequest, split_width
from resviz.errors import SpecError
from resviz.figures import DEFAULTS, FIGURES
from resviz.pages import check_network_count
from resviz.pages.live import draw_still, make_live_page, read_frame_height

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.embed.record_cache import RecordCache
    from resviz.figures.rendering import Diagram
    from resviz.pages.live import LivePage
    from resviz.record import Architecture

LIVE = "live"
"""What a document calls the report as a figure."""

DOCUMENT_FIGURES = (*FIGURES, LIVE)
"""What a document can show as a figure."""

STILL_NOTE = "A still picture: as HTML this is the report, a page to work with."
"""What stands below the figure where no page can be shown."""


@dataclass(frozen=True)
class LiveRequest:
    """One report in a frame.

    Attributes:
        specs: the networks; what changed from the first to each other is told.
        height: of the frame, a length of CSS.
        alt: what the figure shows that stands for it where there are no frames.
        tracing: of `resviz.trace`.
    """

    specs: tuple[str, ...]
    height: str
    alt: str = ""
    tracing: Mapping[str, Any] = field(default_factory=dict)

    def make_page(self, cache: RecordCache) -> LivePage:
        """Make the page.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        archs = self.load_networks(cache)
        return make_live_page(archs, archs[0], {}, self.height)

    def draw_request(self, cache: RecordCache) -> Diagram:
        """Draw the figure that stands for the page.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        still = draw_still(self.load_networks(cache))
        if not self.alt:
            return still
        return replace(still, picture=replace(still.picture, description=self.alt))

    def load_networks(self, cache: RecordCache) -> list[Architecture]:
        """Return the records of the networks.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        return [cache.load_or_trace(spec, self.tracing) for spec in self.specs]


def read_request(
    specs: tuple[str, ...],
    options: Mapping[str, Any],
    place: Mapping[str, Any],
    tracing: Mapping[str, Any],
) -> tuple[FigureRequest | LiveRequest, str]:
    """Read what a document asks for as a figure, and the width in CSS that it wants.

    Args:
        specs: the networks.
        options: of `FIGURE_OPTIONS`, by name; "live" is a figure here.
        place: of `PLACE_OPTIONS`, by name.
        tracing: of a trace.

    Raises:
        SpecError: for an option that the figure does not take, or too many networks.
    """
    figure, height = options.get("figure"), place.get("height")
    alt = place.get("alt") or ""
    laid_out, width = split_width(options.get("width") or "")
    if figure == LIVE:
        check_live_options(specs, options)
        width = width or laid_out.get("width", "")
        if width and not CSS_LENGTH.fullmatch(width.lower()):
            raise SpecError(f"width: got {width!r} for {LIVE!r}, want 80% or 400px")
        return LiveRequest(specs, read_frame_height(height), alt, tracing), width
    if height is not None:
        raise SpecError(
            f"height: got {height!r} for {figure or 'overview'!r}, only the figure "
            f"{LIVE!r} has one: want figure {LIVE}, or leave out height"
        )
    sized = {name: value for name, value in options.items() if name != "width"}
    return FigureRequest(specs, sized | laid_out, alt, tracing), width


def check_live_options(specs: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Check that a report has networks, and nothing that a figure has.

    Raises:
        SpecError: if it is not so.
    """
    check_network_count(len(specs))
    for name, value in options.items():
        if name not in {"figure", "width"} and value != DEFAULTS[name]:
            got = ", ".join(value) if isinstance(value, tuple) else value
            got = "" if value is True else f"got {got!r}, "
            raise SpecError(
                f"{name}: {got}the figure {LIVE!r} is a page and takes only height and "
                f"width: leave out {name}, or want another figure"
            )
