"""Marked regions: found, filled, and all else left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.embed.regions import fill_regions
from resviz.errors import SpecError

OPEN, CLOSE = "<!-- resviz: table 18 -->", "<!-- /resviz -->"


COLONLESS = "got '<!-- resviz table 18 -->', want a colon after the word"


def fill(text, content="new"):
    """A text with each region filled alike."""
    return fill_regions(text, "a.md", lambda _: content)[0]


def test_what_stands_between_the_markers_is_replaced():
    """With an empty line above and below, which a table needs."""
    text = f"before\n{OPEN}\nold\nolder\n{CLOSE}\nafter"
    assert f"before\n{OPEN}\n\nnew\n\n{CLOSE}\nafter" == fill(text)


@given(st.text(), st.text())
def test_text_without_markers_is_left_as_it_is(before, after):
    """Whatever line ends and characters it has."""
    assert f"{before}\r{after}" == fill(f"{before}\r{after}")


def test_text_around_a_region_is_left_as_it_is():
    """Tabs, spaces at line ends, form feeds, no newline at the end."""
    before, after = "\ufeffa \t\n\x0c\x85\u2028b\r\n\n", "\n\x0b  c\t"
    filled = fill(f"{before}{OPEN}\n{CLOSE}{after}")
    assert filled.startswith(f"{before}{OPEN}\n")
    assert filled.endswith(f"{CLOSE}{after}")


def test_line_ends_are_those_of_the_marker():
    """A file of Windows stays one."""
    filled = fill(f"{OPEN}\r\nold\r\n{CLOSE}\r\n", "a\nb")
    assert f"{OPEN}\r\n\r\na\r\nb\r\n\r\n{CLOSE}\r\n" == filled


def test_filling_again_changes_nothing():
    """And says so."""
    once = fill(f"{OPEN}\n{CLOSE}\n")
    assert (once, []) == fill_regions(once, "a.md", lambda _: "new")


def test_the_command_and_line_are_handed_on():
    """Of every region, in order."""
    seen = []
    text = f"{OPEN}\n{CLOSE}\n\n  <!--resviz:summary 50-->\n{CLOSE}"
    fill_regions(text, "a.md", lambda region: seen.append(region) or "x")
    commands = [(region.line, region.command) for region in seen]
    assert [(1, "table 18"), (4, "summary 50")] == commands


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{OPEN}\n```\n",
        f"```html\n{OPEN}\nx\n{CLOSE}\n```",
        f"~~~\n```\n{OPEN}\n~~~",
        f"````md\n```\n{OPEN}\n```\n{OPEN}\n````",
        f"```\n{OPEN}\n",
        f"    {OPEN}\n    {CLOSE}\n",
        f"Write `{OPEN}` above, `{CLOSE}` below.",
        f"- item\n\n      {OPEN}\n",
        f"- item\n\ntext\n\n    {OPEN}\n",
        f">     {OPEN}\n",
        f"1. item\n\n    ```\n    {OPEN}\n    ```\n",
        f"- item\n\n  ```\n      {OPEN}\n  ```\n",
        f"- item\n  - ```\n    {OPEN}\n    ```\n",
        f"<div>\n    {OPEN}\n</div>\n",
        f"text\n    {OPEN}\n",
        "<!-- rest: of it -->",
        "<!-- results -->",
        "<!-- resviz is a tool -->",
        "<!-- resviz embed fills what follows -->",
        "<!-- resize: to 50 % -->",
        "<!-- revise: table 18 -->",
        "Write `<!-- reviz: table 18 -->`.",
    ],
)
def test_what_is_no_marker_is_left_alone(text):
    """Fenced, indented, inline, or another word."""
    assert text == fill(text)


@pytest.mark.parametrize(
    ("before", "indent"),
    [("- item\n", "  "), ("1. item\n\n", "    "), ("- a\n    - b\n\n", "      "),
     ("> quoted\n>\n", "> "), ("- item\n\n", "\t")],
)  # fmt: skip
def test_a_region_stays_in_its_list_or_quotation(before, indent):
    """Each of its lines stands as deep as the marker; empty ones end with no space."""
    filled = fill(f"{before}{indent}{OPEN}\n{indent}{CLOSE}\n", "a\n\nb")
    empty = indent.rstrip()
    lines = [indent + OPEN, empty, f"{indent}a", empty, f"{indent}b", empty]
    assert before + "\n".join((*lines, indent + CLOSE, "")) == filled


def test_a_byte_order_mark_stays_first():
    """And hides no marker on the first line."""
    text = f"\ufeff{OPEN}\n{CLOSE}\n"
    assert f"\ufeff{OPEN}\n\nnew\n\n{CLOSE}\n" == fill(text)


def test_a_chart_in_a_region_does_not_hide_its_end():
    """Its fence is closed before."""
    text = f"{OPEN}\n```mermaid\nflowchart TB\n```\n{CLOSE}\n"
    assert f"{OPEN}\n\nnew\n\n{CLOSE}\n" == fill(text)


@pytest.mark.parametrize(
    "before",
    ["<p align=center>\n", "<!--\nnote\n-->\n", "> ```\n> code\n", "- ~~~\n  code\n\n",
     "text\r    more\n"],
    ids=repr,
)  # fmt: skip
def test_a_marker_that_is_html_opens_a_region(before):
    """Inside other HTML, and where a quotation or a list ends its block of code."""
    filled_text = f"{before}{OPEN}\n\nnew\n\n{CLOSE}\n"
    assert filled_text == fill(f"{before}{OPEN}\n{CLOSE}\n")


def test_a_marker_is_found_in_a_deep_list():
    """Twenty levels are no more than the parser follows."""
    items = "".join(f"{'  ' * depth}- a\n" for depth in range(20))
    indent = "  " * 20
    filled = fill(f"{items}\n{indent}{OPEN}\n{indent}{CLOSE}\n")
    assert f"\n{indent}new\n" in filled


def test_a_fence_after_a_line_of_backticks_in_text():
    """Backticks behind backticks are no fence but code inside a line."""
    text = f"```a`b```\n{OPEN}\n{CLOSE}\n"
    assert "new" in fill(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"\n{OPEN}\nx", "a.md:2: region is not closed, want <!-- /resviz --> after"),
        (f"{OPEN}\n{OPEN}\n{CLOSE}", "a.md:1: region is not closed"),
        (f"x\n\n{CLOSE}", "a.md:3: <!-- /resviz --> closes no region"),
        ("<!-- resviz: table\n18 -->", "a.md:1: want the marker on a line of its own"),
        (f"{OPEN} x\n{CLOSE}", "a.md:1: want the marker on a line of its own"),
        (f"{OPEN}\n```\n{CLOSE}\n```", "a.md:1: region is not closed"),
        (f"> {OPEN}\n", "a.md:1: region is not closed"),
        (f"x\n{OPEN.upper()}\n", "a.md:2: got '<!-- RESVIZ: TABLE 18 -->', want the"),
        ("<!-- resvis: table 18 -->", "a.md:1: got '<!-- resvis: table 18 -->', want"),
        ("<!-- reviz: table 18 -->", "a.md:1: got '<!-- reviz: table 18 -->', want"),
        ("<!-- res-viz: x -->", "a.md:1: got '<!-- res-viz: x -->', want the markers"),
        ("x\n<!--rezviz:x-->", "a.md:2: got '<!--rezviz:x-->', want the markers"),
        ("<!-- resviz table 18 -->", f"a.md:1: {COLONLESS}"),
        (
            f"x\n<!-- resviz 18 -->\n{CLOSE}",
            "a.md:2: got '<!-- resviz 18 -->', want a",
        ),
        ("<!-- reviz table 18 -->", "a.md:1: got '<!-- reviz table 18 -->', want a"),
        (f"{OPEN}\n<!-- / resviz -->", "a.md:2: got '<!-- / resviz -->', want the"),
        (f"{OPEN}\n<!-- /resvix -->", "a.md:2: got '<!-- /resvix -->', want the"),
    ],
)
def test_broken_markers_are_named_by_file_and_line(text, message):
    """Nothing is guessed."""
    with pytest.raises(SpecError) as error:
        fill(text)
    assert str(error.value).startswith(message)
