"""Templates: where they lie, and the page that they make."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import escape

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

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


def read_script(names: tuple[str, ...]) -> str:
    """Read the script of a page, in which its files share one scope.

    Comments and indents are left out, as no text goes over two lines there.
    """
    lines = (
        line.strip() for name in names for line in read_template_text(name).splitlines()
    )
    code = [line for line in lines if line and not line.startswith("//")]
    return "\n".join(['"use strict";', "(() => {", *code, "})();"])


def json_for_script(content: object) -> str:
    """Write JSON that no HTML parser takes for anything else."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def render_page(
    name: str,
    *,
    title: str,
    scripts: tuple[str, ...] = (),
    strict: bool = False,
    **content: Any,
) -> str:
    """Render a whole page: one file that asks for no other.

    Args:
        name: of a template that extends "page.html".
        title: of the page, not yet escaped.
        scripts: JavaScript that is ours or an installed package's, in order.
        strict: whether its style sheets, too, are allowed by hash alone; then it sets
            no style in attributes.
        content: what the template shows.
    """
    from markupsafe import Markup

    page = load_template(name).render(
        **content,
        title=title,
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - nothing is filled in
        policy=POLICY_PLACE,
        clean=escape.clean_name,
    )
    page = STYLE_SHEET.sub(lambda sheet: squeeze_styles(sheet[0]), page)
    styles = STYLE_SHEET.findall(page) if strict else None
    policy = Markup.escape(content_security_policy(*scripts, styles=styles))
    return page.replace(POLICY_PLACE, policy, 1)


def render_part(name: str, **content: Any) -> Markup:
    """Render a part of a page, safe to insert.

    Args:
        name: of its template.
        content: what the template shows.
    """
    from markupsafe import Markup

    text = load_template(name).render(**content, clean=escape.clean_name)
    return Markup(text)  # noqa: S704 - a template escapes what it is given


POLICY_PLACE = "the policy of this page"
"""What stands for the policy until the style sheets of a page are known."""

STYLE_SHEET = re.compile(r"<style>(.*?)</style>", re.DOTALL)
"""A style sheet in a page; texts have no `<` of their own there."""


STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STYLE_SPACE = re.compile(r"\s*([{};,])\s*")
"""White space in a style sheet that says nothing; our strings hold no such signs."""


def squeeze_styles(text: str) -> str:
    """Leave comments, and the space around braces and commas, out of a style sheet.

    Example:
        >>> squeeze_styles("a, b { color: red; } /* why */")
        'a,b{color: red;}'
    """
    return STYLE_SPACE.sub(r"\1", STYLE_COMMENT.sub("", text)).strip()


def content_security_policy(*scripts: str, styles: list[str] | None = None) -> str:
    """Return a Content-Security-Policy that lets `scripts` run and fetches nothing.

    Args:
        scripts: what may run.
        styles: the style sheets that are followed, and no style in an attribute; None
            for all, in attributes too, as a hash cannot allow those.
    """
    script_hashes = " ".join(map(write_hash, scripts)) or "'none'"
    style_hashes = " ".join(map(write_hash, dict.fromkeys(styles or ())))
    allowed = "'unsafe-inline'" if styles is None else style_hashes or "'none'"
    return (
        f"default-src 'none'; script-src {script_hashes}; "
        f"style-src {allowed}; base-uri 'none'; form-action 'none'"
    )


def write_hash(text: str) -> str:
    """Write the hash of a script or a style sheet as a policy has it."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
