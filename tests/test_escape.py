"""Escaping: any string survives every syntax's real parser as plain text."""

import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from unicodedata import bidirectional, category

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resviz
from resviz import escape
from resviz.record.storage import parse_record
from resviz.tables.table import Column, Table

HOSTILE = [
    "quote \" and ' and `",
    "<img src=x onerror=alert(1)>",
    "</script><script>pwned=1</script>",
    "a & b &lt; c &amp; d",
    r"back\slash \N \G \L \n \end{tabular} \input{x}",
    "{braces} %percent _under_ #hash $x$ ~ ^",
    "line\nbreak\r\nand\ttab",
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "| pipe | **bold** [link](http://x) `code` ![i](j)",
    "nul \x00 bell \x07 escape \x1b[31m",
    "rtl \u202e and zero \u200b width",
    "\ud800 lone",
    "x" * 20_000,
]


def table(text):
    """A table in which `text` stands in every place that holds a string."""
    row = {"name": text, "params": 7}
    columns = (Column("name", text), Column("params", "params", "count"))
    return Table(text, columns, (row,), [row], facts=((text, text),), notes=(text,))


@pytest.mark.parametrize("text", HOSTILE)
def test_clean_text_has_no_control_character(text):
    """One line, of at most so many characters."""
    safe = escape.clean_name(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e\u200b\ud800]", safe)
    assert len(safe) <= escape.MAX_NAME_LENGTH


def test_no_character_that_nobody_sees_gets_through():
    """Controls, formats, separators of lines, surrogates and noncharacters.

    What Unicode calls a format but draws, as the sign of a verse, is not among them.
    """
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    for code in range(0x110000):
        kind, noncharacter = category(chr(code)), code & 0xFFFE == 0xFFFE
        hidden = kind in {"Cc", "Cf", "Cs", "Zl", "Zp"} or noncharacter
        if hidden and code not in drawn:
            assert chr(code) not in escape.clean_name(f"a{chr(code)}b"), hex(code)


@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺")
def test_no_cell_begins_a_formula(sign):
    """Of any width: spreadsheets take full-width signs for the same."""
    assert escape.escape_csv(f"{sign}1+1") == f"'{sign}1+1"


class Text(HTMLParser):
    """Collects the text of a page, and every tag and attribute that it opens."""

    def __init__(self):
        super().__init__()
        self.parts, self.tags, self.attributes = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.parts.append(data)


@given(st.text())
def test_html_stays_text(text):
    """A real parser gives back what was put in, and no tag comes of it."""
    parser = Text()
    parser.feed(f"<p>{escape.escape_html(text)}</p>")
    assert (escape.clean_name(text), {"p"}) == ("".join(parser.parts), parser.tags)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_an_attribute_stays_one_in_either_quotes(quote):
    """A quotation mark ends no value, so no other attribute begins."""
    text = """a' onload='x() b" onload="x()"""
    parser = Text()
    parser.feed(f"<p title={quote}{escape.escape_html(text)}{quote}>")
    assert [("title", text)] == parser.attributes


@pytest.mark.parametrize("text", HOSTILE)
def test_an_html_table_holds_it_as_text(text):
    """In title, heading, cell, fact and note."""
    parser = Text()
    parser.feed(table(text).render("html", page=False))
    assert parser.tags <= {"div", "dl", "dt", "dd", "table", "caption", "thead",
                           "tbody", "tr", "th", "td", "p"}  # fmt: skip
    assert escape.clean_name(text) in "".join(parser.parts)


@given(st.text())
def test_csv_stays_text_and_is_no_formula(text):
    """A CSV reader gives it back; what a spreadsheet would compute has a mark."""
    rows = list(csv.reader(io.StringIO(table(text).render("csv"))))
    (cell, number) = rows[1]
    assert escape.clean_name(text) == cell.removeprefix(
        "'"
    ) or cell == escape.clean_name(text)
    assert cell[:1] not in {"=", "+", "-", "@"}
    assert "7" == number


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)"])
def test_no_cell_and_no_heading_of_csv_is_a_formula(text):
    """Each sign with which a spreadsheet begins to compute stands behind a mark."""
    columns = (Column("name", "layer"), Column("c0", text, "cell"))
    written = Table(text, columns, ({"name": text, "c0": None},), []).to_csv()
    heading, row = csv.reader(io.StringIO(written))
    assert [f"'{text}"] * 2 == [heading[1], row[0]]


@given(st.text())
def test_json_stays_text(text):
    """JSON keeps the string as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert text == json.loads(table(text).render("json"))[0]["name"]


@pytest.mark.parametrize(
    "sign", ["\x7f", "\x9b", "\u2028", "\u202e", "\ufeff", "\ud800"]
)
def test_json_holds_no_sign_that_turns_or_breaks_text(sign):
    """It is written as an escape, which gives it back, and goes into a file."""
    written = table(f"a{sign}b").to_json()
    assert sign not in written
    assert f"a{sign}b" == json.loads(written.encode())[0]["name"]


@given(st.text())
@settings(max_examples=200)
def test_markdown_stays_text(text):
    """A GitHub Markdown parser renders it as text alone, in one cell."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        table(text).render("markdown")
    )
    cells = [t for t in tokens if t.type == "inline" and t.level == 4]
    inner = {child.type for t in cells for child in t.children}
    assert inner <= {"text", "text_special"}
    shown = "".join(child.content for child in cells[2].children)
    assert escape.clean_name(text).strip() == shown.strip()


@pytest.mark.parametrize("text", ["a@example.org", "www.example.org", "http://e.org"])
def test_markdown_makes_no_link_of_an_address(text):
    """Though GitHub, and its parser here, link them where they stand bare."""
    from markdown_it import MarkdownIt

    def kinds(source):
        tokens = MarkdownIt("gfm-like").parse(source)
        return {child.type for token in tokens for child in token.children or ()}

    assert "link_open" in kinds(text)
    assert "link_open" not in kinds(escape.escape_markdown(text))


@pytest.mark.parametrize(
    "text", ["12) item", "12. item", "- a", "+ a", "---", "a\n==="]
)
def test_a_paragraph_of_markdown_stays_one(text):
    """No list, no rule and no heading comes of how a note begins."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like").parse(escape.escape_markdown_paragraph(text))
    assert ["paragraph_open", "inline", "paragraph_close"] == [t.type for t in tokens]


def test_markdown_leaves_plain_names_alone():
    """An underscore between letters and a hyphen need no escape."""
    assert "conv2_x of ResNet-50" == escape.escape_markdown("conv2_x of ResNet-50")


@pytest.mark.needs("pdflatex", "pdftotext")
def test_latex_compiles_and_stays_text(tmp_path):
    """Pdflatex takes all of them, and the ASCII ones can be read in the PDF."""
    body = "\n".join(table(text).render("latex") for text in HOSTILE)
    text = pdf_text(tmp_path, body)
    for words in ("=1+1", "{braces}", "%percent", "</script>", r"back\slash"):
        assert words in text


@pytest.mark.needs("pdflatex", "pdftotext")
@pytest.mark.parametrize("text", ["a--b", "a---b", "x,,y", "p<<q>>r", "v''w"])
def test_latex_joins_no_two_signs(tmp_path, text):
    """Its fonts would make one dash or quotation mark of them."""
    assert text in pdf_text(tmp_path, escape.escape_latex(text)).replace("’", "'")


@pytest.mark.needs("pdflatex", "pdftotext")
@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("table", "ResNet-18"),
        ("layers", "BatchNorm2d"),
        ("shortcuts", "projection"),
        ("summary", "224→112→56→28→14→7→1"),
    ],
)
def test_every_table_compiles(tmp_path, kind, word):
    """With booktabs and amsmath alone."""
    made = getattr(resviz, kind)("resnet18").render("latex")
    assert word in pdf_text(tmp_path, made)


def pdf_text(folder, body):
    """The text of a page of LaTeX that needs booktabs and amsmath only."""
    page = r"\documentclass{article}\usepackage{booktabs,amsmath}\begin{document}"
    (folder / "x.tex").write_text(f"{page}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    tool = shutil.which("pdftotext")
    command = [tool, "-layout", "x.pdf", "-"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, check=True
    ).stdout.decode()


@pytest.mark.parametrize("text", HOSTILE[:-2])
@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html", "csv", "json"])
def test_a_loaded_record_with_hostile_names(record, text, form):
    """Whatever a file says, every format takes it."""
    data = msgspec.to_builtins(record("resnet18"))
    data["name"] = data["title"] = data["layers"][0]["name"] = text
    data["layers"][0]["type"] = data["calls"][2]["path"] = text
    arch = parse_record(json.dumps(data).encode())
    for made in (resviz.layers, resviz.shortcuts, resviz.summary, resviz.table):
        assert made(arch).render(form)


def test_prose_is_long_but_its_words_are_not():
    """Sentences of more characters than a name stay whole, on one line."""
    sentence = "word " * 500
    assert sentence == escape.clean_prose(sentence)
    assert escape.clean_name("x" * 20_000) == escape.clean_prose("x" * 20_000)
    assert escape.MAX_PROSE_LENGTH == len(escape.clean_prose("ab " * 20_000))
    assert "a b \ufffd" == escape.clean_prose("a\nb \x1b")
    assert "&lt;/desc&gt;" == escape.escape_html_prose("</desc>")


def test_no_sign_turns_the_text_around_it():
    """Whatever Unicode calls an embedding, an override or an isolate is replaced."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    signs = [c for c in map(chr, range(0x3000)) if bidirectional(c) in turning]
    assert 9 == len(signs)
    assert ["a\ufffdb"] * 9 == [escape.clean_name(f"a{sign}b") for sign in signs]
