"""The options that every figure takes, read into what it is laid out on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resviz.errors import FontWarning, RenderError, SpecError, warn_caller
from resviz.figures.drawing.metrics import FONT_FACTOR, find_font_group
from resviz.figures.drawing.sheet import Sheet
from resviz.options import DRAW_OPTIONS
from resviz.units import parse_length

if TYPE_CHECKING:
    from collections.abc import Mapping


def build_sheet(chosen: Mapping[str, Any]) -> Sheet:
    """Build the sheet that options ask for.

    Raises:
        RenderError: for a title that shall stand there and shall not, or a length
            that is none.
    """
    title = chosen["title"] or ""
    if title and chosen["no_title"]:
        raise RenderError(f"title: got {title!r} and no title, want one of them")
    width, text = (read_length(name, chosen[name]) for name in LENGTH_LIMITS)
    shown = not chosen["no_title"], not chosen["no_legend"]
    font, heat = read_font(chosen["font"]), chosen["heat"] or ""
    return Sheet(title, *shown, width, text, font, heat, chosen["names"])


FONT_FAMILY = re.compile(r"[^\W_][\w .-]{0,63}")
"""The name of one family: a list of them, or quotes, would be syntax."""


def read_font(name: str | None) -> str:
    """Return the family of letters; "" for the usual one.

    Warns where its widths are not known.

    Raises:
        RenderError: for what is no name of one family.
    """
    if name is None:
        return ""
    family = str(name).strip()
    if not FONT_FAMILY.fullmatch(family):
        raise RenderError(f"font: got {name!r}, want one family, as 'Times New Roman'")
    if not find_font_group(family):
        message = (
            f"font: the widths of {family} are not known, its letters are taken for "
            f"{FONT_FACTOR - 1:.0%} wider than those of Helvetica: look at the figure, "
            "or want Helvetica, Times New Roman or Courier New"
        )
        warn_caller(FontWarning(message))
    return family


GROUND_COLOUR = re.compile(r"#[0-9a-f]{6}")


def read_ground(text: str | None) -> str:
    """Return a background: "none", "style", a colour, or "" for the usual one.

    Raises:
        RenderError: for another word.
    """
    ground = str(text or "").strip().casefold()
    ground = "#ffffff" if ground == "white" else ground
    if ground not in {"", "none", "style"} and not GROUND_COLOUR.fullmatch(ground):
        raise RenderError(
            f"background: got {text!r}, want none, style, white or a colour as #fff8e7"
        )
    return ground


LENGTH_LIMITS = {"width": (36, 14_400), "text": (1, 144)}
"""Points of the least and the greatest length that each option takes."""


def read_length(name: str, text: str | None) -> float | None:
    """Return a length in points; None where none is given.

    Raises:
        RenderError: for what is no length, or too small or too large a one.
    """
    if text is None:
        return None
    least, most = LENGTH_LIMITS[name]
    try:
        points = parse_length(text, DRAW_OPTIONS[name].example)
    except SpecError as error:
        raise RenderError(f"{name}: {error}") from error
    if not least <= points <= most:
        raise RenderError(
            f"{name}: got {text!r}, want {least / 72:.2g}in to {most / 72:.4g}in"
            if name == "width"
            else f"{name}: got {text!r}, want {least}pt to {most}pt"
        )
    return points
