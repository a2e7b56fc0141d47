"""Small projects are built by Sphinx itself."""

import re
import subprocess
import time
from io import StringIO
from itertools import product
from xml.etree import ElementTree as ET

import pytest
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser, directives
from docutils.utils import new_document

import resviz
from resviz.embed.sphinx import FigureDirective, TableDirective
from resviz.embed.writers import render_for_builders
from tests.conftest import ROOT

PAGE = """
Page
====

See :numref:`over`, :numref:`nets` and :ref:`a block <plain>`.

.. resviz:: 18
   :caption: All of *it*.
   :name: over

.. resviz:: 18
   :figure: block
   :at: conv3_1
   :alt: A block <that> projects.
   :width: 50%
   :name: plain

.. resviz:: 18

.. resviz-table:: 18 resnet(50, shortcut='A')
   :caption: Two nets.
   :name: nets

.. resviz-table:: 18
   :table: shortcuts
   :only: projection
   :columns: block, params
"""

OTHER = """
:orphan:

Other
=====

.. resviz:: net.py:build(width=4)
   :input: 3,8,8
   :figure: layers
"""

NET = """
from torch import nn

def build(width):
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.ReLU())
"""


def drawings(page):
    """The SVGs in a page, parsed."""
    matches = re.findall(r"<svg.*?</svg>", page.read_text(), re.DOTALL)
    return [ET.fromstring(text) for text in matches]


def test_a_page_has_its_figures(project, sphinx):
    """In line, each with ids of its own, the words given, and the width asked for."""
    folder = project(index_rst=PAGE)
    sphinx()
    page = folder / "out" / "html" / "index.html"
    ids = re.findall(r'\sid="([^"]+)"', page.read_text())
    assert len(ids) == len(set(ids))
    overview, block, _ = drawings(page)
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert "A block <that> projects." == block.findtext("svg:desc", None, space)
    assert "width:50%" in block.get("style")
    assert "ResNet-18" in overview.findtext("svg:title", None, space)


def test_a_stack_shows_several_networks(project, sphinx):
    """Side by side, and each beside its plain twin where that is asked for."""
    stack = "Page\n====\n\n.. resviz:: 18 cifar20\n   :figure: stack\n"
    folder = project(index_rst=f"{stack}   :plain:\n")
    sphinx()
    text = "".join(drawings(folder / "out" / "html" / "index.html")[0].itertext())
    assert ("ResNet-18" in text, "CIFAR" in text, "plain" in text) == (True,) * 3


def test_an_overview_lies_down(project, sphinx):
    """`:direction: LR`; an unknown word is told of, with those that there are."""
    page = "Page\n====\n\n.. resviz:: 18\n   :direction: {}\n"
    folder = project(index_rst=page.format("LR"))
    sphinx()
    (svg,) = drawings(folder / "out" / "html" / "index.html")
    _, _, width, height = map(float, svg.get("viewBox").split())
    assert width > 2 * height
    project(index_rst=page.format("XX"))
    assert "want one of TB, LR" in sphinx("html", code=1).stderr


def test_references_find_figures_and_tables(project, sphinx):
    """By number where there is a caption, by their own words elsewhere."""
    folder = project(index_rst=PAGE)
    sphinx()
    text = (folder / "out" / "html" / "index.html").read_text()
    for target, label in (
        ("over", "Fig. 1"),
        ("nets", "Table 1"),
        ("plain", "a block"),
    ):
        assert re.search(rf'href="#{target}"><span[^>]*>{label}<', text), target
        assert f'id="{target}"' in text


def test_a_table_has_the_chosen_rows_and_columns(project, sphinx):
    """The three projections of ResNet-18, with their parameters alone."""
    folder = project(index_rst=PAGE)
    sphinx()
    text = (folder / "out" / "html" / "index.html").read_text()
    last = text[text.rindex("<table>") :]
    heads = re.findall(r"<th[^>]*>(.*?)</th>", last)
    assert (["block", "params"], 3) == (heads, last.count("<tr class="))
    assert "<mtext>1×1, 2048</mtext>" in text


@pytest.mark.needs("pdflatex", "pdftotext")
def test_the_pdf_has_them_too(project, sphinx):
    """With the text of figures and tables, and the numbers of the references."""
    folder = project(index_rst=PAGE)
    sphinx("latex")
    out = folder / "out" / "latex"
    (source,) = out.glob("*.tex")
    for _ in range(2):
        latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = subprocess.run(latex, cwd=out, capture_output=True, text=True)
        assert 0 == done.returncode, done.stdout[-2000:]
    subprocess.run(["pdftotext", "-layout", source.with_suffix(".pdf"), out / "t.txt"])
    text = (out / "t.txt").read_text()
    assert re.search(r"See Fig. 1, Table 1 and\s+a block", text)
    for words in ("3×3 conv, 64→128, /2", "Table 1: Two nets.", "conv5_1"):
        assert words in text


@pytest.mark.needs("pdflatex", "pdftotext")
def test_every_figure_is_in_the_pdf(project, sphinx):
    """Solids, plots and stacks are PDF as the rest, no wider than the text."""
    words = {
        "volumes": "56×56×64",
        "growth": "Receptive field",
        "stack": "3×3 conv, 64",
    }
    figures = (f".. resviz:: 18\n   :figure: {figure}\n" for figure in words)
    folder = project(index_rst="\n".join(("Page\n====\n", *figures)))
    sphinx("latex")
    out = folder / "out" / "latex"
    (source,) = out.glob("*.tex")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    done = subprocess.run(latex, cwd=out, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout[-2000:]
    assert not re.search(r"Overfull .hbox \([1-9]\d", done.stdout)
    subprocess.run(["pdftotext", "-layout", source.with_suffix(".pdf"), out / "t.txt"])
    text = (out / "t.txt").read_text()
    assert [] == [figure for figure, word in words.items() if word not in text]


@pytest.mark.needs("pdflatex")
def test_a_caption_fits_the_page(project, sphinx):
    """Below a figure that is as high as it may be."""
    page = "Page\n====\n\n.. resviz:: 34\n   :figure: stack\n   :caption: A stack.\n"
    folder = project(index_rst=page)
    sphinx("latex")
    (source,) = (folder / "out" / "latex").glob("*.tex")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    done = subprocess.run(latex, cwd=source.parent, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout[-2000:]
    assert "Float too large" not in done.stdout


@pytest.mark.parametrize("builder", ["text", "man", "texinfo", "epub", "singlehtml"])
def test_other_builders_say_it_in_words(builder, project, sphinx):
    """Or show it, where they are HTML."""
    folder = project(
        index_rst=PAGE,
        conf_py='extensions = ["resviz.embed.sphinx"]\nnumfig = True\n'
        'version = copyright = "1"\nman_pages = [("index", "page", "", [], 1)]\n'
        'texinfo_documents = [("index", "page", "Page", "me", "page", "", "")]\n',
    )
    sphinx(builder)
    files = [path for path in (folder / "out" / builder).rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in files]
    assert any(b"conv3_1" in text and b"projects." in text for text in texts)


def test_the_readmes_directives_work(project, sphinx):
    """As they are printed."""
    printed = re.search(
        r"```rst\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    folder = project(index_rst=f"Page\n====\n\n{printed[1]}")
    sphinx()
    page = folder / "out" / "html" / "index.html"
    assert 1 == len(drawings(page))
    assert 1 == page.read_text().count("<table>")


@pytest.mark.needs("chromium")
def test_a_figure_follows_the_page(project, sphinx, browser):
    """The page's own switch first, which Furo sets on the body; else the system."""
    folder = project(index_rst=PAGE)
    sphinx("html", "-D", "html_theme=furo")
    address = (folder / "out" / "html" / "index.html").as_uri()
    for system, page in product(("light", "dark"), ("auto", "light", "dark")):
        tab = browser.new_page(color_scheme=system)
        tab.add_init_script(f"localStorage.setItem('theme', '{page}')")
        tab.goto(address)
        ground = tab.evaluate(
            "getComputedStyle(document.querySelector('svg.resviz g > rect')).fill"
        )
        tab.close()
        dark = page == "dark" or (page == "auto" and system == "dark")
        assert ground == ("rgb(18, 22, 28)" if dark else "rgb(255, 255, 255)"), page


def test_two_processes_read_and_write(project, sphinx):
    """`-j 2` with many pages draws each once, and warns of nothing."""
    pages = {f"page{k}_rst": OTHER.replace("Other", f"Oth {k}") for k in range(6)}
    folder = project(index_rst=PAGE, net_py=NET, **pages)
    sphinx("html", "-j", "2")
    counts = [
        len(drawings(folder / "out" / "html" / f"page{k}.html")) for k in range(6)
    ]
    assert [1] * 6 == counts


def test_a_second_build_traces_nothing(project, sphinx, monkeypatch):
    """Not even when every page is read anew: torch stays unimported."""
    checked = """
extensions = ["resviz.embed.sphinx"]
resviz_allow = ["net.py"]
numfig = True
import os, sys
def check(app, error):
    if "torch" in sys.modules and "NO_TORCH" in os.environ:
        raise RuntimeError("torch was imported")
def setup(app):
    app.connect("build-finished", check)
"""
    folder = project(index_rst=PAGE, other_rst=OTHER, net_py=NET, conf_py=checked)
    sphinx()
    monkeypatch.setenv("NO_TORCH", "1")
    first = (folder / "out" / "html" / "index.html").read_text()
    sphinx("html", "-E", fresh=True)
    assert first == (folder / "out" / "html" / "index.html").read_text()
    (folder / "doctrees" / "resviz").rename(folder / "elsewhere")
    assert "torch was imported" in sphinx("html", "-E", code=2, fresh=True).stderr


def test_a_changed_model_is_drawn_anew(project, sphinx):
    """The page depends on the file, and the record on its content."""
    folder = project(index_rst=OTHER.replace(":orphan:", ""), net_py=NET)
    sphinx()
    time.sleep(0.01)
    (folder / "net.py").write_text(NET.replace("width, 1", "width, 5"))
    sphinx()
    text = (folder / "out" / "html" / "index.html").read_text()
    assert "5×5" in text
    assert "net.py:build(width=4)" in text
    assert str(folder) not in text


BAD = {
    "resnet51": "unknown depth 51",
    "": "want one network, got none",
    "18 34": "overview: want one network, got 18 34; the figures block, stack and",
    "resnet(50": "want ')' before its end",
    "missing.json": "cannot be read",
}


@pytest.mark.parametrize("spec", BAD)
def test_a_bad_spec_is_a_located_warning(spec, project, sphinx):
    """With file and line; `-W` fails the build, and the page is there without it."""
    folder = project(index_rst=f"Page\n====\n\n.. resviz:: {spec}\n")
    message = sphinx("html", code=1).stderr
    assert "index.rst:4: WARNING: resviz:" in message
    assert BAD[spec] in message
    assert (folder / "out" / "html" / "index.html").exists()


def test_a_bad_option_is_one_too(project, sphinx):
    """An unknown block, which only the drawing knows."""
    page = "Page\n====\n\n.. resviz:: 18\n   :figure: block\n   :at: conv9_1\n"
    project(index_rst=page)
    assert "index.rst:4: WARNING: resviz:" in sphinx("html", code=1).stderr


def test_small_letters_are_told_at_the_line_of_the_document(project, sphinx):
    """With the option as a directive has it; the build goes on, under `-W` too."""
    project(index_rst="Page\n====\n\n.. resviz:: 18\n   :text: 4pt\n")
    said = sphinx("html").stderr
    assert "index.rst:4: LetterWarning: " in said
    assert "give it :text: 6pt, or draw another" in said


def test_a_figure_from_left_to_right(project, sphinx):
    """`:direction: LR` is wider than high, as on the command line."""
    page = "Page\n====\n\n.. resviz:: 18\n   :direction: LR\n"
    folder = project(index_rst=page)
    sphinx()
    (svg,) = drawings(folder / "out" / "html" / "index.html")
    assert float(svg.get("width")) > float(svg.get("height"))


def test_networks_are_compared(project, sphinx):
    """In a stack with plain twins, and in the growth, for HTML and for LaTeX."""
    page = "Page\n====\n\n.. resviz:: 18 34\n   :figure: stack\n   :plain:\n\n"
    folder = project(index_rst=f"{page}.. resviz:: 18 34\n   :figure: growth\n")
    sphinx()
    stack, growth = drawings(folder / "out" / "html" / "index.html")
    for svg in (stack, growth):
        text = "".join(svg.itertext())
        assert "ResNet-18" in text
        assert "ResNet-34" in text
    assert "plain" in "".join(stack.itertext())
    sphinx("latex")
    assert 2 == len([*(folder / "out" / "latex").glob("resviz-*.pdf")])


def test_a_table_has_the_options_of_its_command(project, sphinx):
    """`:depth:`, `:once:`, `:every:` in its old spelling, and names of one's own."""
    page = "Page\n====\n\n.. resviz-table:: 18\n   :table: layers\n   :depth: 1\n\n"
    page += ".. resviz-table:: 18\n   :table: layers\n   :once:\n\n"
    page += ".. resviz-table:: 18\n   :table: memory\n   :all:\n\n"
    folder = project(index_rst=f'{page}.. resviz-table:: "Mine=18" Ours=34\n')
    sphinx()
    text = (folder / "out" / "html" / "index.html").read_text()
    expected = (
        resviz.layers("resnet18", depth=1),
        resviz.layers("resnet18", once=True),
        resviz.memory("resnet18", every=True),
        resviz.table({"Mine": 18, "Ours": 34}),
    )
    for table in expected:
        assert table.to_html() in text


@pytest.mark.parametrize("form", ["html", "text"])
def test_a_caption_takes_the_place_of_a_title(record, form):
    """No table is called twice."""
    table = resviz.shortcuts(record("resnet18"))
    bare, captioned = (
        render_for_builders(table, options)[form] for options in ({}, {"caption": "A."})
    )
    assert (True, False) == (table.title in bare, table.title in captioned)


def test_an_option_of_another_table_is_a_warning(project, sphinx):
    """It says which tables have it."""
    project(index_rst="Page\n====\n\n.. resviz-table:: 18\n   :depth: 1\n")
    message = sphinx("html", code=1).stderr
    assert "depth: 'table' has no such option; layers do" in message


def test_a_wrong_word_is_told_the_right_ones(project, sphinx):
    """Every direction, in the case in which it is written."""
    project(index_rst="Page\n====\n\n.. resviz:: 18\n   :direction: up\n")
    assert "got 'up', want one of TB, LR" in sphinx("html", code=1).stderr


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            "resviz:: 18\n   :figur: block",
            'option: "figur", did you mean "figure"? want',
        ),
        ("resviz-table:: 18\n   :colums: a", '"colums", did you mean "columns"? want'),
        ("resviz:: 18\n   :costs: yes", "got 'yes', want no value, or leave it out"),
        ("resviz:: 18\n   :width: wide", "got 'wide', want a length, as 3.25in or 60%"),
    ],
)
def test_a_wrong_option_is_told_the_right_ones(lines, words):
    """In docutils' own frame, which says where."""
    name, _, rest = lines.partition(":: ")
    directive = {"resviz": FigureDirective, "resviz-table": TableDirective}[name]
    settings = get_default_settings(Parser)
    settings.warning_stream = told = StringIO()
    document = new_document("page.rst", settings)
    directives.register_directive(name, directive)
    Parser().parse(f"A\n=\n\n.. {name}:: {rest}\n", document)
    assert words in told.getvalue()
    assert "page.rst:4:" in told.getvalue()


def test_what_is_no_pdf_is_said_in_words(project, sphinx):
    """As text, and the builder warns, with the page; here because the library fails."""
    folder = project(
        index_rst="Page\n====\n\n.. resviz:: 18\n   :alt: 18 layers & 1 #.\n",
        typst_py="def compile(*_, **__):\n    raise RuntimeError('no room')\n",
    )
    message = sphinx("latex", code=1).stderr
    assert "index.rst:4: WARNING: resviz: pdf: no room" in message
    (source,) = (folder / "out" / "latex").glob("*.tex")
    assert r"18 layers \& 1 \#." in source.read_text()


def test_a_figure_is_laid_out_for_a_width(project, sphinx):
    """In a page and in LaTeX, which includes its PDF as it is."""
    options = "   :width: 8cm\n   :text: 7pt\n   :no-title:\n   :no-legend:\n"
    folder = project(index_rst=f"Page\n====\n\n.. resviz:: 18\n{options}")
    sphinx()
    (figure,) = drawings(folder / "out" / "html" / "index.html")
    assert 302 == round(float(figure.get("width")))
    assert "width:302" in figure.get("style")
    assert "25.6 M" not in ET.tostring(figure, "unicode")
    sphinx("latex")
    (tex,) = (folder / "out" / "latex").glob("*.tex")
    assert re.search(r"sphinxincludegraphics{resviz-\w+\.pdf}", tex.read_text())
