"""Hostile names in every form: it is read by what reads it, and shows text alone.

Where a form has a structure, it is that of a network whose names are words.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

import resviz
from resviz.escape import clean_name
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.metrics import fit_text
from resviz.formats.pictures import dot
from resviz.formats.tables import pdf
from resviz.pages.report import render as report

from .figures.test_mermaid import body, faults
from .hostile import NAMES, SOURCE, harmless, titled, tree

SVG = "{http://www.w3.org/2000/svg}"

CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069"
    "\u00ad\u061c\u180e\u3164\U000e0000-\U000e007f]"
)

TABLES = {
    "table": resviz.table,
    "summary": resviz.summary,
    "layers": resviz.layers,
    "shortcuts": resviz.shortcuts,
    "costs": resviz.costs_table,
    "receptive": resviz.receptive_field,
    "memory": resviz.memory,
}


class Page(HTMLParser):
    """Counts elements, attributes and comments of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = Counter()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.update([tag, *(f"{tag} {key}" for key, _ in attrs)])

    def handle_comment(self, data):
        self.found["<!--"] += 1


def letters(lines):
    """All letters of some lines, in one order; Graphviz puts some into other lines."""
    return Counter(re.sub(r"\s", "", "".join(lines).replace("\xa0", "")))


def words(svg):
    """The text of every text element."""
    return ["".join(it.itertext()) for it in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("figure", FIGURES)
def test_svg_has_our_elements_alone(figure):
    """And every line of the picture as it was cleaned."""
    drawn = draw_diagram(tree(), figure)
    tags = {it.tag.removeprefix(SVG) for it in ET.fromstring(drawn.to_svg()).iter()}
    ours = {"svg", "title", "desc", "style", "g", "rect", "circle", "polygon", "path"}
    assert tags <= {*ours, "text"}
    lines = [line for node in drawn.picture.nodes for line in node.lines]
    assert [clean_name(line) for line in lines] == words(drawn.to_svg())


@pytest.mark.needs("dot")
@pytest.mark.parametrize("figure", dot.FIGURES_WITH_GRAPH)
def test_graphviz_draws_the_letters_of_the_graph(figure):
    """No more nodes, and nothing expanded."""
    drawn = draw_diagram(tree(), figure)
    chart = drawn.picture.chart
    parts = (*chart.iter_parts(), *chart.links)
    lines = [fit_text(line, dot.MAX_LABEL_WIDTH) for it in parts for line in it.lines]
    source = drawn.to_dot()
    done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True)
    assert b"syntax error" not in done.stderr
    assert letters(lines) == letters(words(done.stdout))


@pytest.mark.needs("dot")
@pytest.mark.parametrize("name", NAMES)
def test_every_title_is_drawn_by_dot(name):
    """In the layout of its own, as a file that an XML parser reads."""
    drawn = draw_diagram(titled(name), layout="dot")
    assert letters([fit_text(name, dot.MAX_LABEL_WIDTH)]) <= letters(
        words(drawn.to_svg())
    )


@pytest.mark.needs("pdftotext")
@pytest.mark.filterwarnings("ignore::resviz.errors.FontWarning")  # of some machines
def test_pdf_and_png_are_drawn():
    """The names can be searched in the PDF."""
    drawn = draw_diagram(tree(), "layers", each=True)
    assert drawn.to_png().startswith(b"\x89PNG")
    for make in TABLES.values():
        assert pdf.render(make(tree())).startswith(b"%PDF")
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=drawn.to_pdf(), capture_output=True, check=True
    )
    for name in ("</svg>", "]]> <!-- -->", '"];', "[a](b)", "=1+1", "|pipe|cell|"):
        assert f"{name}:add" in done.stdout.decode()


@pytest.mark.needs("pdflatex", "pdftotext")
def test_one_paper_holds_every_figure_and_table(tmp_path):
    """Pdflatex sets them all, and what it has letters for comes back."""
    paper = []
    for figure in FIGURES:
        draw_diagram(tree(), figure).save(tmp_path / f"{figure}.tex")
        paper.append(rf"\input{{{figure}}}")
    paper += [make(tree()).render("latex") for make in TABLES.values()]
    head = r"\documentclass{article}\usepackage{booktabs,amsmath,tikz}\begin{document}"
    text = "\n\\clearpage\n".join([head, *paper, r"\end{document}"])
    (tmp_path / "paper.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert 0 == done.returncode, done.stdout.decode(errors="replace")[-2000:]
    command = ["pdftotext", "-layout", "paper.pdf", "-"]
    read = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    shown = read.stdout.decode().replace("’", "'")
    for name in ("</svg>", "[a](b)", "**b**", "$%&#", "|pipe|cell|", "=1+1"):
        assert shown.count(name) > 3


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_keeps_to_the_grammar(name):
    """With as many statements as for any name."""
    lines = body(draw_diagram(titled(name)).picture)
    assert [] == list(faults(lines))
    assert len(lines) == len(body(draw_diagram(titled("word")).picture))


@pytest.mark.parametrize("name", TABLES)
def test_html_has_the_elements_of_harmless_names(name):
    """And their attributes; in text a row is a row."""
    shown, other = (TABLES[name](arch) for arch in (tree(), harmless()))
    assert Page(other.render("html")).found == Page(shown.render("html")).found


@pytest.mark.parametrize("name", TABLES)
def test_markdown_has_the_blocks_of_harmless_names(name):
    """Read as GitHub does, with addresses that become links by themselves."""

    def blocks(table):
        tokens = MarkdownIt("gfm-like").parse(table.render("markdown"))
        inner = [child.type for token in tokens for child in token.children or []]
        plain = {"text", "text_special", "softbreak"}
        return Counter(it.type for it in tokens), Counter(
            kind for kind in inner if kind not in plain
        )

    assert blocks(TABLES[name](harmless())) == blocks(TABLES[name](tree()))


@pytest.mark.parametrize("name", TABLES)
def test_csv_and_json_have_the_shape_of_harmless_names(name):
    """No cell begins as a formula, and JSON gives back what the table holds."""
    shown, other = (TABLES[name](arch) for arch in (tree(), harmless()))
    rows, others = (
        list(csv.reader(io.StringIO(it.render("csv")))) for it in (shown, other)
    )
    assert [len(row) for row in others] == [len(row) for row in rows]
    assert not [cell for row in rows for cell in row if cell[:1] in {*"=+-@\t"}]
    assert shown.to_dict() == json.loads(shown.render("json"))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", TABLES)
def test_text_keeps_to_the_terminal(name, width):
    """No line is longer, and none holds what a terminal obeys."""
    lines = TABLES[name](tree()).render("text", width=width).splitlines()
    assert [] == [line for line in lines if cell_len(line) > width]
    assert not CONTROLS.search("".join(lines))


@pytest.mark.parametrize("name", TABLES)
def test_sheets_have_our_elements_alone(name):
    """Tables as figures are figures."""
    root = ET.fromstring(TABLES[name](tree()).render("svg"))
    ours = {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    assert {it.tag.removeprefix(SVG) for it in root.iter()} <= ours


def test_the_report_has_the_elements_of_harmless_names():
    """Scripts, styles and attributes included; long names take more lines of text."""
    mild, wild = (Page(report(arch)).found for arch in (harmless(), tree()))
    lines = [name for name in mild if name.partition(" ")[0] == "text"]
    assert lines
    assert mild.keys() == wild.keys()
    assert mild == wild | {name: mild[name] for name in lines}


@pytest.mark.parametrize("figure", FIGURES)
def test_words_are_on_one_line(figure):
    """Alt text holds no control character."""
    assert not CONTROLS.search(draw_diagram(tree(), figure).description)


def test_the_command_line_prints_no_control_character(run, tmp_path):
    """Nor does an error that names a block which is not there."""
    (tmp_path / "net.py").write_text(SOURCE)
    spec = f"{tmp_path / 'net.py'}:build"
    size = ("--input", "3,16,16")
    done = run("-m", "resviz", "layers", spec, *size)
    assert not CONTROLS.search(done.stdout)
    command = ("-m", "resviz", "diagram", spec, *size, "--figure", "block", "--at")
    assert not CONTROLS.search(run(*command, "\x1b[31m\u202e", code=2).stderr)
