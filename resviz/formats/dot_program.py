"""Graphviz' own drawing of a figure's graph, by the program `dot` on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.formats.pictures import dot
from resviz.formats.pictures.pdf import POINTS_PER_INCH
from resviz.formats.pictures.png import CSS_PIXELS_PER_INCH, SHARP_SCALE

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

DRAWN_FORMATS = ("svg", "pdf", "png")
"""Formats that `dot` draws."""

MAX_SECONDS = 60
"""Seconds that `dot` may take; 64 boxes, each linked to all, would take 200."""

CREATION_DATE = re.compile(rb"/CreationDate \(D:[^()]*\)")
"""When cairo drew a PDF; `SOURCE_DATE_EPOCH` does not reach every version of it."""


def draw_with_dot(
    picture: Picture,
    style: Style,
    form: str,
    *,
    dpi: float = SHARP_SCALE * CSS_PIXELS_PER_INCH,
) -> bytes:
    """Draw a picture's graph as SVG, PDF or PNG where `dot` places it.

    Equal graphs give equal bytes: blanks, which keep the offsets, are in the date's
    place.

    Raises:
        RenderError: if the figure is no graph, or `dot` is missing, fails, or takes
            longer than `MAX_SECONDS`.
    """
    source = dot.render(picture, style)
    program = shutil.which("dot")
    if program is None:
        raise RenderError(
            "layout: 'dot' was not found: install Graphviz so that it is on PATH, or "
            "leave the layout out, which needs no program"
        )
    resolution = dpi * POINTS_PER_INCH / CSS_PIXELS_PER_INCH
    options = [f"-Gdpi={resolution:g}"] if form == "png" else []
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; data goes to stdin
            [program, f"-T{form}", *options],
            input=source.encode(),
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
            env=os.environ | {"SOURCE_DATE_EPOCH": "0"},
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"{picture.title}: dot took longer than {MAX_SECONDS} seconds: leave the "
            "layout out, or write .dot and lay it out with another program"
        ) from error
    except OSError as error:
        raise RenderError(f"dot: {error}") from error
    if done.returncode or not done.stdout:
        message = done.stderr.decode(errors="replace").strip()
        raise RenderError(f"dot: {message or f'exit status {done.returncode}'}")
    return CREATION_DATE.sub(lambda match: b" " * len(match[0]), done.stdout)
