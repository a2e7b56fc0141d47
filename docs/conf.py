"""The site: Sphinx, since the reference is made from docstrings as it is built."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import pages  # noqa: E402 - it lies beside this file

project = "resviz"
author = "the authors of resviz"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "resviz.embed.sphinx",
]
html_theme = "furo"
html_title = "resviz"
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
exclude_patterns = ["_build"]
resviz_allow = ["nets.py"]  # the documentation's own network
numfig = True
default_role = "code"
add_module_names = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
napoleon_custom_sections = ["Shapes", "Units", "Source"]


def setup(app):
    """Write the pages that are made before the others are read."""
    app.connect("builder-inited", lambda app: pages.write(Path(app.srcdir)))
