"""What all pages share: one skeleton, one palette, one policy."""

import re

import pytest

import resviz
from resviz.formats.tables.html import render
from resviz.templates import content_security_policy, find_template_folder, render_page

PAGES = ("report.html", "sweep.html", "table_page.html")


@pytest.mark.parametrize("name", PAGES)
def test_pages_have_one_skeleton(name):
    """A page's head is the base template's."""
    text = (find_template_folder() / name).read_text()
    assert '{% extends "page.html" %}' in text
    assert "<head>" not in text


def test_colours_of_the_pages_are_told_once():
    """No other style sheet of ours says what is light and what is dark."""
    telling = [
        path.name
        for path in find_template_folder().glob("*.css")
        if re.search(r"light-dark\(\s*#", path.read_text())
    ]
    assert ["page.css"] == telling


def test_every_colour_token_is_defined():
    """A sheet uses the tokens of the base's alone, or sets its own."""
    sheets = {
        path.name: path.read_text() for path in find_template_folder().glob("*.css")
    }
    defined = set(re.findall(r"(--[\w-]+):", "".join(sheets.values()))) | {"--bar"}
    used = set(re.findall(r"var\((--[\w-]+)", "".join(sheets.values())))
    assert used <= defined


def test_a_table_page_runs_nothing_and_loads_nothing():
    """Its policy allows styles alone."""
    page = render(resviz.table("resnet18"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src &#39;none&#39;; script-src &#39;none&#39;" in policy[1]


def test_a_script_is_allowed_by_its_hash():
    """The SHA-256 of nothing, from the standard's own example, in base64."""
    empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    assert f"script-src {empty};" in content_security_policy("")


def test_a_title_is_text():
    """A hostile title ends no element."""
    table = resviz.table("resnet18")
    page = render_page(
        "table_page.html", title="</title><script>", table=table, cell=lambda *_: ""
    )
    assert "<script>" not in page
