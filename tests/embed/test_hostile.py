"""Hostile names in documents: Sphinx, the fence, regions of Markdown."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from resviz.cli import main
from resviz.embed import fence
from resviz.embed.record_cache import RecordCache
from resviz.escape import clean_prose
from tests.hostile import NAMES, SOURCE, harmless, tree

PRINTED = [name for name in NAMES if name.isprintable() and name.strip() == name]
"""Those that an author can write on one line."""

FIGURES = ("overview", "block", "layers", "volumes", "growth", "icicle", "field")

PAGE = "Page\n====\n\n" + "".join(
    f".. resviz:: net.py:build\n   :input: 3,16,16\n   :figure: {figure}\n"
    f"   :alt: {PRINTED[k]} {' '.join(PRINTED)}\n\n"
    for k, figure in enumerate(FIGURES)
)
PAGE += "".join(
    f".. resviz-table:: net.py:build\n   :input: 3,16,16\n   :table: {table}\n\n"
    for table in ("table", "summary", "layers", "shortcuts", "costs", "memory")
)
"""Every figure and table of the network, with hostile words for alt text."""

MARKDOWN = "".join(
    f"<!-- resviz: {command} -->\n<!-- /resviz -->\n\n"
    for command in (
        "table a.json", "summary a.json", "layers a.json", "shortcuts a.json",
        "memory a.json", "diagram a.json --format mermaid",
        "diagram a.json --figure layers -o layers.svg",
    )
)  # fmt: skip


class Tags(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = Counter()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found[tag] += 1


def test_sphinx_html_shows_them_as_text(project, sphinx):
    """Every figure is XML with the author's words; no element is added."""
    folder = project(index_rst=PAGE, net_py=SOURCE)
    sphinx()
    text = (folder / "out" / "html" / "index.html").read_text()
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    descriptions = [ET.fromstring(svg)[1].text for svg in drawings]
    assert [
        clean_prose(f"{it} {' '.join(PRINTED)}") for it in PRINTED[: len(descriptions)]
    ] == descriptions
    assert len(FIGURES) == len(descriptions)
    assert "<script>alert" not in text
    assert not Tags("".join(drawings)).found.keys() & {"script", "img", "a"}


@pytest.mark.needs("pdflatex")
def test_sphinx_latex_compiles(project, sphinx):
    """With a PDF for every figure, and every table."""
    folder = project(index_rst=PAGE, net_py=SOURCE)
    sphinx("latex")
    out = folder / "out" / "latex"
    (source,) = out.glob("*.tex")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    done = subprocess.run(latex, cwd=out, capture_output=True)
    assert 0 == done.returncode, done.stdout.decode(errors="replace")[-2000:]
    assert len(FIGURES) == len(list(out.glob("resviz-*.pdf")))


@pytest.mark.parametrize("builder", ["text", "man"])
def test_other_builders_take_them(project, sphinx, builder):
    """Where the alt text stands for the figure."""
    project(
        index_rst=PAGE,
        net_py=SOURCE,
        conf_py='extensions = ["resviz.embed.sphinx"]\nresviz_allow = ["net.py"]\n'
        'version = copyright = "1"\nman_pages = [("index", "page", "", [], 1)]\n',
    )
    sphinx(builder)


def test_a_fence_shows_them_as_text(project, monkeypatch):
    """Figures with the author's words, and tables."""
    allow = '[tool.resviz]\nallow = ["net.py"]\n'
    monkeypatch.chdir(project(net_py=SOURCE, pyproject_toml=allow))
    spec = "net.py:build --input 3,16,16"
    for figure in FIGURES:
        line = f"diagram {spec} --figure {figure} --alt '</desc><script>x</script>]]>'"
        (shown,) = fence.render_lines([line], RecordCache())
        assert not Tags(shown).found.keys() & {"script", "img", "a"}
        (svg,) = re.findall(r"<svg.*?</svg>", shown)
        assert "</desc><script>x</script>]]>" == ET.fromstring(svg)[1].text
    for table in ("table", "summary", "layers", "shortcuts"):
        (shown,) = fence.render_lines([f"{table} {spec}"], RecordCache())
        assert "<table>" in shown
        assert "<script" not in shown


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    """A function from a record to the blocks of a file whose regions show it."""

    def embedded(arch):
        monkeypatch.chdir(tmp_path)
        arch.save("a.json")
        Path("a.md").write_text(MARKDOWN)
        assert not main(["embed", "a.md"])
        assert not main(["embed", "--check", "a.md"])
        ET.parse("layers.svg")
        tokens = MarkdownIt("gfm-like").parse(Path("a.md").read_text())
        return Counter((token.type, token.info) for token in tokens)

    return embedded


def test_regions_have_the_blocks_of_harmless_names(embedded):
    """Filled twice they are the same, though a name is the closing marker."""
    assert embedded(harmless()) == embedded(tree())
