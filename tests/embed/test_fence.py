"""A page with fences, built by MkDocs and by Zensical."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from resviz.embed import fence
from resviz.embed.shelf import Shelf
from tests.conftest import ROOT

PAGE = """
# Page

```resviz
18
```

```resviz
diagram 18 --figure block --at conv3_1 --alt "A block <that> projects."
table 18 34
```

- in a list

    ```resviz
    18
    ```

```python exec="on" html="true"
import resviz
print(resviz.diagram("resnet18", "block", at="conv2_1").to_svg())
```
"""

MKDOCS = """
site_name: Nets
theme: {theme}
markdown_extensions:
  - pymdownx.superfences:
      custom_fences:
        - name: resviz
          class: resviz
          validator: !!python/name:resviz.embed.fence.validator
          format: !!python/name:resviz.embed.fence.formatter
plugins: [{plugins}]
"""

ZENSICAL = """
[project]
site_name = "Nets"

[project.markdown_extensions.pymdownx.superfences]
custom_fences = [
  { name = "resviz", class = "resviz", validator = "resviz.embed.fence.validator", \
format = "resviz.embed.fence.formatter" },
]
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A function that builds the page with a command, and gives the process."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "docs").mkdir()

    def build(page, *command):
        (tmp_path / "docs" / "index.md").write_text(page)
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    return build


def figures(folder):
    """The SVGs of the page, parsed; their ids must differ."""
    text = (folder / "site" / "index.html").read_text()
    found = [
        ET.fromstring(svg)
        for svg in re.findall(r"<svg[^>]*aria-labelledby.*?</svg>", text, re.DOTALL)
    ]
    ids = [one.get("id") for svg in found for one in svg.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert text.count("<mtext>3×3, 512</mtext>") >= 4
    return [svg[0].text for svg in found]


@pytest.mark.parametrize("theme", ["mkdocs", "material"])
def test_mkdocs_shows_figures(theme, tmp_path, build):
    """Strictly, and what markdown-exec prints as well."""
    given = MKDOCS.format(theme=theme, plugins="markdown-exec")
    (tmp_path / "mkdocs.yml").write_text(given)
    done = build(PAGE, "mkdocs", "build", "--strict")
    assert 0 == done.returncode, done.stderr
    assert 4 == len(figures(tmp_path))


def test_zensical_shows_figures(tmp_path, build):
    """With the same fence, named by a string."""
    (tmp_path / "zensical.toml").write_text(ZENSICAL)
    done = build(PAGE, "zensical", "build", "--strict")
    assert 0 == done.returncode, done.stderr
    assert 3 == len(figures(tmp_path))


def test_a_bad_fence_fails_a_strict_build(tmp_path, build):
    """And says what is wrong, in the log and in the page."""
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(theme="mkdocs", plugins=""))
    done = build("```resviz\nresnet51\n```\n", "mkdocs", "build", "--strict")
    assert 1 == done.returncode
    assert "unknown depth 51" in done.stderr
    build("```resviz\nresnet51\n```\n", "mkdocs", "build")
    assert "unknown depth 51" in (tmp_path / "site" / "index.html").read_text()


WRONG = {
    "18 --figure nothing": "unknown figure 'nothing'",
    "18 34": "shows one network, got 2",
    "18 --nothing": "unrecognized arguments: --nothing",
    "18 --only conv": "no option --only",
    "table 18 --at conv3_1": "no option --at",
    "summary": "summary: want one network, got none",
    "summary 18 34": "want one network, got 18 34",
    "costs 18 --only conv": "has no kinds",
    "layers 18 --columns height": "unknown column 'height'",
    "18 --width 'a\"b'": "want a length",
    "resnet(18": "want ')' before its end",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said(line):
    """In the words of the command line."""
    assert WRONG[line] in fence.shown(line, Shelf()).replace("&#x27;", "'")


def test_several_networks_stand_in_one_figure():
    """A stack with plain twins, and the growth."""
    shown = fence.shown("18 34 --figure stack --plain", Shelf())
    assert "plain" in shown
    assert "ResNet-34" in shown
    assert "ResNet-34" in fence.shown("diagram 18 34 --figure growth", Shelf())


def test_hostile_words_stay_text():
    """What a page's author wrote is shown, not run."""
    shown = fence.shown("<script>alert(1)</script>", Shelf())
    assert "<script>" not in shown
    shown = fence.shown('18 --alt "</desc><script>alert(1)</script>"', Shelf())
    assert "<script>" not in shown


@pytest.mark.parametrize("show", ["summary", "layers", "shortcuts", "costs"])
def test_every_table_has_a_fence(show):
    """By the name of its command."""
    assert "<table>" in fence.shown(f"{show} 18", Shelf())


def test_table_1_alone_is_the_papers():
    """As on the command line."""
    shown = fence.shown("table", Shelf())
    assert 5 == shown.count("(paper)</th>")


@pytest.mark.parametrize(("width", "css"), [("50", "50px"), ("60%", "60%")])
def test_a_bare_width_is_in_pixels(width, css):
    """CSS knows no number without a unit."""
    assert f"width:{css}" in fence.shown(f"18 --width {width}", Shelf())
