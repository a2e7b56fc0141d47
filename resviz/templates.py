"""Finding and reading the templates: in the wheel, or in the checkout."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

PACKAGE_FOLDER = Path(__file__).resolve().parent


def find_template_folder() -> Path:
    """The folder of the templates: packaged beside the code, else the checkout's."""
    packaged = PACKAGE_FOLDER / "templates"
    return packaged if packaged.is_dir() else PACKAGE_FOLDER.parent / "templates"


@lru_cache(maxsize=1)
def load_environment() -> jinja2.Environment:
    """The template environment, with autoescape for every template."""
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
    """The template called `name`."""
    return load_environment().get_template(name)
