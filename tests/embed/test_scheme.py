"""A figure in a page is light or dark as the page is, in a real browser."""

import pytest

import resviz

pytestmark = pytest.mark.needs("chromium")

GROUNDS = {"rgb(255, 255, 255)": "light", "rgb(18, 22, 28)": "dark"}

PAGES = {
    "<body>": ("light", "light"),
    '<html data-bs-theme="light"><body>': ("light", "light"),
    '<html data-bs-theme="dark"><body>': ("dark", "dark"),
    '<body data-theme="auto">': ("light", "dark"),
    '<body data-theme="light" style="color-scheme:light dark">': ("light", "light"),
    '<body data-theme="dark">': ("dark", "dark"),
    '<body data-md-color-scheme="default">': ("light", "light"),
    '<body data-md-color-scheme="slate">': ("dark", "dark"),
    '<body data-jp-theme-light="true">': ("light", "light"),
    '<body data-jp-theme-light="false">': ("dark", "dark"),
    '<body class="vscode-dark">': ("dark", "dark"),
    '<html theme="dark"><body>': ("dark", "dark"),
    '<html class="dark"><body>': ("dark", "dark"),
    '<html style="color-scheme:dark"><body>': ("dark", "dark"),
    '<html style="color-scheme:light dark"><body>': ("light", "dark"),
    '<meta name="color-scheme" content="light dark"><body>': ("light", "dark"),
}
"""How a page begins, and how its figures are where the system is light and dark."""


@pytest.fixture(scope="module", params=["light", "dark"])
def tab(request, browser):
    """A page of a browser whose system is light, then dark."""
    return request.param, browser.new_page(color_scheme=request.param)


def ground(page):
    """Whether the first figure of a page is light or dark."""
    fill = "getComputedStyle(document.querySelector('svg[role=img] g > rect')).fill"
    return GROUNDS[page.evaluate(fill)]


def test_figures_follow_every_kind_of_page(tab, record):
    """A page that says nothing is light, as the rest of it is."""
    system, page = tab
    svg = resviz.diagram(record("resnet18")).to_svg()
    grounds = {}
    for opening in PAGES:
        page.set_content(f"<!DOCTYPE html>{opening}{svg}")
        grounds[opening] = ground(page)
    assert {key: pair[system == "dark"] for key, pair in PAGES.items()} == grounds


def test_a_figure_of_its_own_follows_the_system(tab, record, tmp_path):
    """The file, opened."""
    system, page = tab
    resviz.diagram(record("resnet18")).save(tmp_path / "r.svg")
    page.goto((tmp_path / "r.svg").as_uri())
    assert system == ground(page)
