"""Templates: where they lie, and the page that they make."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import escape

if TYPE_CHECKING:
    import jinja2

PACKAGE_FOLDER = Path(__file__).resolve().parent


def find_template_folder() -> Path:
    """Return the folder of the templates: beside the code, else the checkout's."""
    packaged = PACKAGE_FOLDER / "templates"
    return packaged if packaged.is_dir() else PACKAGE_FOLDER.parent / "templates"


@lru_cache(maxsize=1)
def load_environment() -> jinja2.Environment:
    """Load the template environment, with autoescape for every template."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(find_template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def load_template(name: str) -> jinja2.Template:
    """Load the template called `name`."""
    return load_environment().get_template(name)


def read_template_text(name: str) -> str:
    """Return the text of a file of our own beside the templates."""
    return (find_template_folder() / name).read_text(encoding="utf-8")


def render_page(
    name: str, *, title: str, scripts: tuple[str, ...] = (), **content: Any
) -> str:
    """Render a whole page: one file that asks for no other.

    Args:
        name: of a template that extends "page.html".
        title: of the page, not yet escaped.
        scripts: JavaScript that is ours or an installed package's, in order.
        content: what the template shows.
    """
    from markupsafe import Markup

    return load_template(name).render(
        **content,
        title=title,
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - nothing is filled in
        policy=content_security_policy(*scripts),
        clean=escape.clean_name,
    )


def content_security_policy(*scripts: str) -> str:
    """Return a Content-Security-Policy that lets `scripts` run and fetches nothing.

    The figures set styles in attributes, which a hash cannot allow.
    """
    digests = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
