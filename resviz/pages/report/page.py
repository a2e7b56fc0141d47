"""What the page is made of besides the record: its script, its policy, its figures."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.templates import load_environment

if TYPE_CHECKING:
    from markupsafe import Markup

    from resviz.record import Architecture


def read_template_text(name: str) -> Markup:
    """The text of a file of our own beside the templates, to be inserted as it is."""
    from markupsafe import Markup

    env = load_environment()
    assert env.loader is not None
    text, _, _ = env.loader.get_source(env, name)
    return Markup(text)  # noqa: S704 - the file is ours, nothing is filled in


def content_security_policy(*scripts: str) -> str:
    """A Content-Security-Policy that lets `scripts` run, and nothing be fetched.

    The figures set styles in attributes, which a hash cannot allow.
    """
    digests = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure as SVG, or why there is none."""

    svg: Markup | None = None
    trouble: str = ""


def draw_report_figure(arch: Architecture, name: str) -> ReportFigure:
    """One of the figures of `resviz.figures`."""
    from markupsafe import Markup

    from resviz.figures import draw_diagram

    try:
        svg = draw_diagram(arch, name).to_svg()
    except RenderError as error:
        return ReportFigure(trouble=str(error))
    return ReportFigure(Markup(svg))  # noqa: S704 - the format escapes what it writes
