"""The nodes of the Sphinx extension, and how each builder writes them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from docutils import nodes
from sphinx.util import logging

from resviz.embed.live import STILL_NOTE
from resviz.errors import ResvizError
from resviz.files import write_atomically
from resviz.formats.tables.html import render as html_table
from resviz.templates import find_template_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator
    from sphinx.writers.latex import LaTeXTranslator
    from sphinx.writers.text import TextTranslator

    from resviz.pages.live import LivePage
    from resviz.tables.table import Table

LOG = logging.getLogger(__name__)


ABOVE_CAPTION = (
    r"\ifcsname spx@image@maxheight\endcsname"
    r"\csname spx@image@maxheight\endcsname=0.85\textheight\fi"
)
"""LaTeX that leaves room on the page for a caption, where Sphinx leaves none."""


class figure_node(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801 - as docutils
    """A figure: `piece`, `salt`, `alt`, `width`, `html`; of a report also `live`."""


class table_node(nodes.General, nodes.Element):  # noqa: N801 - as docutils
    """A table: `html`, `latex` and `text`."""


class captioned_table_node(nodes.General, nodes.Element):  # noqa: N801 - as docutils
    """A table with a caption; numbered as tables are."""


def render_for_builders(table: Table, options: Mapping[str, Any]) -> dict[str, str]:
    """Render a table for every builder; a caption takes the place of its title."""
    titled = replace(table, title="") if "caption" in options else table
    return {
        "html": html_table(titled, page=False),
        "latex": table.render("latex"),
        "text": titled.render("text", width=100),
    }


def register_nodes(app: Sphinx) -> None:
    """Add the nodes, their writers, a style sheet and what LaTeX needs."""
    app.add_node(
        figure_node,
        html=(html_drawing, None),
        latex=(latex_drawing, None),
        text=(text_drawing, None),
        man=(plain_drawing, None),
        texinfo=(plain_drawing, None),
    )
    app.add_node(
        table_node,
        html=(html_rows, None),
        latex=(latex_rows, None),
        text=(text_rows, None),
        man=(plain_rows, None),
        texinfo=(plain_rows, None),
    )
    no_frame = (lambda *_: None, lambda *_: None)
    texinfo_frame = (texinfo_tabular, lambda *_: None)
    app.add_enumerable_node(
        captioned_table_node,
        "table",
        find_caption,
        html=(html_tabular, html_tabular_end),
        latex=(latex_tabular, latex_tabular_end),
        text=no_frame,
        man=no_frame,
        texinfo=texinfo_frame,
    )
    app.add_latex_package("booktabs")
    app.add_latex_package("amsmath")
    app.add_css_file("resviz.css")
    app.connect("builder-inited", write_style_sheet)


def write_style_sheet(app: Sphinx) -> None:
    """Put the tables' style sheet where pages find it."""
    if app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        write_atomically(
            static / "resviz.css", (find_template_folder() / "embed.css").read_bytes()
        )


def find_caption(node: nodes.Node) -> str:
    """Find what a reference to a table says."""
    return next((caption.astext() for caption in node.findall(nodes.caption)), "")


def html_drawing(self: HTML5Translator, node: figure_node) -> NoReturn:
    """Write the SVG itself, so that it follows the page, or a report in a frame."""
    opening = self.starttag(node, "div", "", CLASS="resviz-drawing")
    markup = node["html"]
    if node["live"] and not self.builder.embedded:
        address = write_page_file(self, node["live"])
        markup = node["live"].to_html(address=address, width=node["width"] or "100%")
    elif node["live"]:  # a book has no frames
        markup += f"<p>{STILL_NOTE}</p>"
    self.body.append(f"{opening}{markup}</div>\n")
    raise nodes.SkipNode


def write_page_file(self: HTML5Translator, live: LivePage) -> str:
    """Write a report to a file among the pictures of a site, and return its address."""
    digest = hashlib.sha256(live.page.encode()).hexdigest()
    name = f"resviz-{digest[:16]}.html"
    folder = Path(self.builder.outdir, self.builder.imagedir)
    folder.mkdir(parents=True, exist_ok=True)
    live.save(folder / name)
    return f"{self.builder.imgpath}/{name}"


def latex_drawing(self: LaTeXTranslator, node: figure_node) -> NoReturn:
    """Write a PDF beside the document; warn of what cannot be one, and say it."""
    from resviz.embed.sphinx import open_record_cache

    labels = self.hypertarget_to(node, anchor=True) if node["ids"] else ""
    has_caption = isinstance(node.parent, nodes.figure)
    try:
        cache = open_record_cache(self.builder.env, node["document"])
        pdf = node["piece"].draw_request(cache).to_pdf()
        name = f"resviz-{hashlib.sha256(node['html'].encode()).hexdigest()[:16]}.pdf"
        write_atomically(Path(self.builder.outdir) / name, pdf)
    except ResvizError as error:
        LOG.warning("resviz: %s", error, location=node, type="resviz")
        self.body.append(labels + self.encode(node["alt"]))
        raise nodes.SkipNode from error
    size = self.latex_image_length(node["width"]) if node["width"] else ""
    size = f"[width={size}]" if size else ""
    body = rf"\sphinxincludegraphics{size}{{{name}}}"
    if node["live"]:
        body += rf"\par{{\footnotesize {self.encode(STILL_NOTE)}\par}}"
    if has_caption:
        body = f"{{{ABOVE_CAPTION}{body}}}"
    else:
        body = f"\n\\begin{{center}}{labels}{body}\\end{{center}}\n"
    self.body.append(body)
    raise nodes.SkipNode


def text_drawing(self: TextTranslator, node: figure_node) -> NoReturn:
    """Say what the figure shows."""
    self.new_state()
    self.add_text(write_picture_words(node))
    self.end_state()
    raise nodes.SkipNode


def plain_drawing(self: Any, node: figure_node) -> NoReturn:
    """Say what the figure shows, where a writer has no paragraphs of its own."""
    self.visit_Text(nodes.Text(write_picture_words(node)))
    raise nodes.SkipNode


def write_picture_words(node: figure_node) -> str:
    """Write the words that stand for a figure where there are no pictures."""
    note = f" {STILL_NOTE}" if node["live"] else ""
    return f"[image: {node['alt']}]{note}"


def html_rows(self: HTML5Translator, node: table_node) -> NoReturn:
    """Write the table, which scrolls where the page is narrow."""
    opening = self.starttag(node, "div", "", CLASS="resviz-scroll", tabindex="0")
    self.body.append(f"{opening}{node['html']}</div>\n")
    raise nodes.SkipNode


def latex_rows(self: LaTeXTranslator, node: table_node) -> NoReturn:
    """Write the table, with the label of its frame."""
    has_frame = isinstance(node.parent, captioned_table_node)
    labelled = node.parent if has_frame else node
    labels = (
        self.hypertarget_to(labelled, anchor=not has_frame) if labelled["ids"] else ""
    )
    self.body.append(f"\n{labels}\n{{{node['latex']}}}\n")
    raise nodes.SkipNode


def text_rows(self: TextTranslator, node: table_node) -> NoReturn:
    """Write the table as on a terminal."""
    self.new_state(0)
    self.add_text(node["text"])
    self.end_state(wrap=False)
    raise nodes.SkipNode


def plain_rows(self: Any, node: table_node) -> NoReturn:
    """Write the table as a literal block."""
    block = nodes.literal_block(node["text"], node["text"])
    block.walkabout(self)
    raise nodes.SkipNode


def texinfo_tabular(self: Any, node: captioned_table_node) -> NoReturn:
    """Write a caption above the table; texinfo's own want a figure."""
    for child in node:
        caption = isinstance(child, nodes.caption)
        paragraph = nodes.paragraph("", "", *child.children) if caption else child
        paragraph.walkabout(self)
    raise nodes.SkipNode


def html_tabular(self: HTML5Translator, node: captioned_table_node) -> None:
    """Begin a frame around caption and table."""
    self.body.append(self.starttag(node, "figure", CLASS="resviz-tabular"))


def html_tabular_end(self: HTML5Translator, node: captioned_table_node) -> None:
    """End the frame."""
    del node
    self.body.append("</figure>\n")


def latex_tabular(self: LaTeXTranslator, node: captioned_table_node) -> None:
    """Begin a floating table."""
    del node
    self.body.append("\n\\begin{table}[htbp]\n\\centering\\capstart\n")


def latex_tabular_end(self: LaTeXTranslator, node: captioned_table_node) -> None:
    """End it."""
    del node
    self.body.append("\\end{table}\n")
