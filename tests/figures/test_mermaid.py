"""Mermaid: by a strict grammar of what is written, and by Mermaid itself if given."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz import escape
from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import (
    Chart,
    ChartBox,
    ChartFrame,
    ChartLink,
    Picture,
)
from resviz.formats.pictures import mermaid
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import HOSTILE

SCRIPT = os.environ.get("MERMAID_JS", "")
"""Path of `mermaid.min.js`, of the npm package `mermaid`; CI fetches it."""

NAMES = (
    *HOSTILE,
    "1. list", "12) x", "- item", "+", "* item", "# heading", "> quote", "---", "===",
    "#35; #quot; &#35;", "ﬂ°°60¶ß ﬂ°lt¶ß", "fa:fa-car", "`**bold**` __c__ _d_ ~~e~~",
    "[l](http://x.y) www.example.com a@b.cd", "<img src=x onerror=alert(1)>",
    "$$x^2$$", "%%{init: {}}%%", "end", "subgraph x", "A --> B", "style x:y fill:#f00;",
    'click n0 "javascript:alert(1)"', "a;b", "direction LR", "graph TD; A-->B",
    "constructor", "@{shape: x}", "text<br/>more", "accTitle: x", "conv2_x, 2.5 M, v1.",
)  # fmt: skip
"""Names that are syntax of Mermaid, of its Markdown or of HTML."""

LABEL = r'"(?:[^\x00-\x1f"#<>&;`{}\[\]|\\*$%:@~+]|#\d+;|<br>)+"'

STATEMENTS = [
    re.compile(pattern)
    for pattern in (
        rf" +(n\d+)(\({LABEL}\)|\(\({LABEL}\)\))",
        rf" +subgraph [sf][\d_]+\[{LABEL}\]",
        r" +end",
        rf"  (n\d+) (-->|-\.->)(\|{LABEL}\|)? (n\d+)",
        r"  acc(Title|Descr): [^<>&\"]*",
        r"  classDef \w+ fill:(none|#\w{6}),stroke:(none|#\w{6})(,color:#\w{6})?",
        r"  class n\d+(,n\d+)* \w+",
        r"  style [sf][\d_]+ fill:none,stroke:#\w{6}",
        r"  linkStyle \d+ stroke-dasharray:\d \d",
    )
]
"""Every statement that we write."""


def toy(text):
    """A chart that says one text in each place that holds one."""
    parts = (
        ChartBox("n0", "block", (text,), "stem"),
        ChartFrame("s0", (text,), "stem", (ChartBox("n1", "sum", (text,)),)),
    )
    link = ChartLink("n0", "n1", "projection", (text,))
    return Picture(text, text, (1, 1), (), chart=Chart("TB", parts, (link,)))


def body(picture):
    """The lines of a picture's chart, without the fixed head."""
    text = mermaid.render(picture, styles.SCREEN_STYLE)
    head, _, rest = text.partition("\nflowchart ")
    assert head.startswith("---\nconfig:")
    direction, *lines = rest.rstrip("\n").split("\n")
    assert direction in {"TB", "LR"}
    return lines


def faults(lines):
    """What breaks the grammar: strange lines, unknown boxes, frames left open."""
    known = [m[1] for line in lines if (m := STATEMENTS[0].fullmatch(line))]
    links = [m for line in lines if (m := STATEMENTS[3].fullmatch(line))]
    opened = sum(line.lstrip().startswith("subgraph ") for line in lines)
    yield from (ln for ln in lines if not any(s.fullmatch(ln) for s in STATEMENTS))
    yield from (m[0] for m in links if not {m[1], m[4]} <= set(known))
    if opened != sum(line.strip() == "end" for line in lines):
        yield "frames are left open"
    if len(known) != len(set(known)):
        yield "a box occurs twice"


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize(
    "name",
    ["resnet18", "resnet50", "resnet152", "cifar110", "gated", "plain", "alternating",
     "functional", "backbone", "option C"],
)  # fmt: skip
def test_every_overview_keeps_to_the_grammar(network, name, direction):
    """Every line is a statement, every arrow leads from a box to a box."""
    drawn = draw_diagram(network(name), "overview", direction=direction)
    assert [] == list(faults(body(drawn.picture)))


@pytest.mark.parametrize("name", ["resnet18", "backbone", "branches", "parallel"])
def test_lanes_keep_to_the_grammar(network, name):
    """A frame for each motif, an arrow for each line."""
    drawn = draw_diagram(network(name), "lanes")
    assert [] == list(faults(body(drawn.picture)))


def test_the_grammar_can_fail():
    """A label that ends early, an arrow to nowhere and a frame left open are seen."""
    for line in ('  n0("a" b")', "  n0 --> n9", '  subgraph s0["x"]', '  n0("a<b>")'):
        assert list(faults(['  n0("a")', '  n1("b")', line]))


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_keep_to_the_grammar(name):
    """In a box, a frame, on an arrow, in title and description."""
    assert [] == list(faults(body(toy(name))))


@given(st.text(min_size=1))
def test_entities_give_back_the_text(text):
    """But for the ligature that Mermaid uses itself."""
    said = escape.escape_mermaid(text)
    assert re.fullmatch(r'(?:[^"<>&;#]|#\d+;)*', said)
    back = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), said)
    own = escape.clean_name(text).strip().replace("ﬂ", "fl").replace("¶ß", "¶ ß")
    assert own == back


@pytest.mark.parametrize("text", ["direction TB", "ﬂ°°35¶ß", "a ¶ß b"])
def test_a_text_is_neither_a_direction_nor_an_entity(text):
    """Mermaid finds the one in the lines of a subgraph, and writes the other itself."""
    written = escape.escape_mermaid(text)
    assert not re.search(r"direction\s|ﬂ|(¶|#182;)(ß|#223;)", written)


def test_common_words_stay_readable():
    """What figures say of ordinary networks needs no entity."""
    for said in ("1×1, 64 → 3×3, 64, /2", "conv2_x", "25.6 M parameters · 4.09 G"):
        assert said == escape.escape_mermaid(said)


def test_identity_is_solid_and_projection_dashed(network):
    """And both are written on their arrows."""
    lines = body(draw_diagram(network("resnet18")).picture)
    assert 4 == sum('-->|"identity"|' in line for line in lines)
    dashed = [line for line in lines if "-.->" in line]
    assert 3 == len(dashed)
    assert all("projection<br>1×1, /2, " in line for line in dashed)


def test_the_links_with_dashes_are_those_of_shortcuts(network):
    """Mermaid styles a link by its number, the first being 0; the others are solid."""
    lines = body(draw_diagram(network("resnet50")).picture)
    links = [line for line in lines if re.search(r" (-->|-\.->)", line)]
    styled = {int(line.split()[1]) for line in lines if "linkStyle" in line}
    assert {k for k, line in enumerate(links) if "-.->" in line} == styled


def test_padded_shortcuts_are_dotted():
    """A third kind of line, and its words."""
    import resviz

    text = resviz.diagram("resnet(18, shortcut='A')").to_bytes("mermaid").decode()
    assert "stroke-dasharray:1 4" in text
    assert "pad with zeros" in text


def test_blocks_that_take_turns_are_one_subgraph(network):
    """With their number once, in its title."""
    lines = mermaid.render(
        draw_diagram(network("alternating")).picture, styles.find_style("light")
    ).splitlines()
    (title,) = (number for number, line in enumerate(lines) if "×10" in line)
    assert "subgraph" in lines[title]
    assert 4 == lines[title:].index("    end") - 1


def test_stages_are_subgraphs(network):
    """Four stages, and four frames around folded blocks."""
    lines = body(draw_diagram(network("resnet50")).picture)
    assert 4 == sum("subgraph s" in line for line in lines)
    counts = [m[1] for line in lines if (m := re.search(r'subgraph f.*"(×\d+)"', line))]
    assert ["×2", "×3", "×5", "×2"] == counts


@pytest.mark.parametrize("figure", ["layers", "volumes"])
def test_other_figures_are_refused(network, figure):
    """With what would work instead."""
    drawn = draw_diagram(network("resnet18"), figure)
    with pytest.raises(RenderError, match=r"overview, block, lanes alone; write \.svg"):
        drawn.to_bytes("mermaid")


def test_more_than_githubs_edges_are_refused():
    """501 edges are too many, 500 are not."""
    picture = toy("x")
    links = picture.chart.links * 501
    many = replace(picture, chart=replace(picture.chart, links=links))
    with pytest.raises(RenderError, match="501 edges, and GitHub draws at most 500"):
        mermaid.render(many, styles.SCREEN_STYLE)
    fewer = replace(picture, chart=replace(picture.chart, links=links[:500]))
    assert mermaid.render(fewer, styles.SCREEN_STYLE)


def test_more_than_githubs_text_is_refused():
    """Long before GitHub says that it is too much."""
    picture = toy("x")
    box = ChartBox("n0", "block", ("y" * 400,) * 200)
    long = replace(picture, chart=replace(picture.chart, parts=(box,), links=()))
    with pytest.raises(RenderError, match="GitHub reads at most 50000"):
        mermaid.render(long, styles.SCREEN_STYLE)


DRAW = """async text => {
  mermaid.initialize({startOnLoad: false, securityLevel: 'strict'});
  document.body.innerHTML = (await mermaid.render('g', text)).svg;
  const said = tag => [...document.querySelectorAll(tag)].map(e => e.textContent);
  return {boxes: said('.nodeLabel'), edges: said('.edgeLabel'), title: said('title'),
    links: document.querySelectorAll('.flowchart-link').length,
    tags: [...document.querySelectorAll('body *')].map(e => e.tagName.toLowerCase())};
}"""


@pytest.fixture(scope="module")
def drawn(browser):
    """A function that draws a chart with Mermaid in a browser."""
    page = browser.new_page()
    page.add_script_tag(path=Path(SCRIPT))
    return lambda text: page.evaluate(DRAW, text)


@pytest.mark.needs("chromium")
@pytest.mark.skipif(not SCRIPT, reason="MERMAID_JS names no mermaid.min.js")
class TestMermaidItself:
    @pytest.mark.parametrize("name", NAMES)
    def test_hostile_names_are_text(self, drawn, name):
        """Words of boxes and arrows come back, and bring no element along."""
        found = drawn(mermaid.render(toy(name), styles.SCREEN_STYLE))
        want = escape.clean_name(name).strip().replace("ﬂ", "fl").replace("¶ß", "¶ ß")
        said = [" ".join(it.split()) for it in (*found["boxes"], *found["edges"])]
        assert {" ".join(want.split())} == set(filter(None, said))
        assert not {"img", "a", "script", "strong", "em", "i", "ul"} & {*found["tags"]}

    @pytest.mark.parametrize("name", ["resnet50", "cifar110", "gated", "plain"])
    def test_overviews_are_drawn(self, drawn, network, name):
        """With all their arrows."""
        picture = draw_diagram(network(name)).picture
        found = drawn(mermaid.render(picture, styles.SCREEN_STYLE))
        assert sum(
            isinstance(part, ChartBox) for part in picture.chart.iter_parts()
        ) <= len(found["boxes"])
        assert [f"{picture.title}"] == found["title"]

    @pytest.mark.parametrize("figure", ["overview", "block", "lanes"])
    @pytest.mark.parametrize("name", ["hrnet_w18_small", "toy_unet"])
    def test_each_link_is_drawn(self, drawn, name, figure):
        """Also those that show the order alone; and what is not drawn is said."""
        picture = draw_diagram(load(record_file(name)), figure).picture
        found = drawn(mermaid.render(picture, styles.SCREEN_STYLE))
        assert len(picture.chart.links) == found["links"]
        told = " ".join(found["boxes"])
        assert f"of {picture.chart.coverage.edges} connections" in told
