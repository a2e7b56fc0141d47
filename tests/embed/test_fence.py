"""A page with fences, built by MkDocs and by Zensical."""

import re
import subprocess
import sys
import warnings
from xml.etree import ElementTree as ET

import pytest

import resviz
from resviz.embed import fence
from resviz.embed.fence import FenceLocation
from resviz.embed.located_warnings import locate_warnings
from resviz.embed.record_cache import RecordCache
from resviz.errors import FontWarning, LetterWarning
from resviz.escape import MAX_NAME_LENGTH
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
    config = MKDOCS.format(theme=theme, plugins="markdown-exec")
    (tmp_path / "mkdocs.yml").write_text(config)
    done = build(PAGE, "mkdocs", "build", "--strict")
    assert 0 == done.returncode, done.stderr
    assert 4 == len(figures(tmp_path))


def test_zensical_shows_figures(tmp_path, build):
    """With the same fence, named by a string."""
    (tmp_path / "zensical.toml").write_text(ZENSICAL)
    done = build(PAGE, "zensical", "build", "--strict")
    assert 0 == done.returncode, done.stderr
    assert 3 == len(figures(tmp_path))


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("builder", ["mkdocs", "zensical"])
def test_a_report_stands_in_the_page(builder, tmp_path, build, browser):
    """In a frame, in which a part is selected."""
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(theme="mkdocs", plugins=""))
    (tmp_path / "zensical.toml").write_text(ZENSICAL)
    done = build(
        "# Page\n\n```resviz\n18 --figure live\n```\n", builder, "build", "--strict"
    )
    assert 0 == done.returncode, done.stderr
    page = browser.new_page()
    page.goto((tmp_path / "site" / "index.html").as_uri())
    frame = page.locator(".resviz-frame")
    frame.scroll_into_view_if_needed()
    inside = frame.content_frame
    inside.locator("[role=treeitem]", has_text="conv3_x").click()
    assert "conv3_x" == inside.locator("#selection-title").text_content()
    page.close()


def test_a_bad_fence_fails_a_strict_build(tmp_path, build):
    """And says what is wrong, in the log and in the page."""
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(theme="mkdocs", plugins=""))
    done = build("```resviz\nresnet51\n```\n", "mkdocs", "build", "--strict")
    assert 1 == done.returncode
    assert "unknown depth 51" in done.stderr
    build("```resviz\nresnet51\n```\n", "mkdocs", "build")
    assert "unknown depth 51" in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize("builder", ["mkdocs", "zensical"])
def test_files_are_found_from_the_page(builder, tmp_path, build):
    """Beside it, in the folder of all pages, or beside the configuration."""
    net = "from torch import nn\n\ndef build():\n    return nn.Conv2d(3, {}, 1)\n"
    pages = tmp_path / "docs" / "sub"
    pages.mkdir()
    (pages / "a.md").write_text(
        "\n\n".join(f"```resviz\nlayers {k}.py:build\n```" for k in ("a", "b", "c"))
    )
    for folder, name, width in (
        (pages, "a", 51), (tmp_path / "docs", "a", 5), (tmp_path, "a", 5),
        (tmp_path / "docs", "b", 52), (tmp_path, "b", 5), (tmp_path, "c", 53),
    ):  # fmt: skip
        (folder / f"{name}.py").write_text(net.format(width))
    config = MKDOCS.format(theme="mkdocs", plugins="")
    name = "!!python/name:resviz.embed.fence.formatter"
    assert name in config
    allowing = "!!python/object/apply:resviz.embed.fence.allowing"
    allow = '["docs/*.py", "c.py"]'
    (tmp_path / "mkdocs.yml").write_text(
        config.replace(name, f"{allowing} {{kwds: {{allow: {allow}}}}}")
    )
    table = f'{{object="resviz.embed.fence.allowing", kwds={{allow={allow}}}}}'
    (tmp_path / "zensical.toml").write_text(
        ZENSICAL.replace('"resviz.embed.fence.formatter"', table)
    )
    done = build("# Page\n", builder, "build", "--strict")
    assert 0 == done.returncode, done.stderr
    text = (tmp_path / "site" / "sub" / "a" / "index.html").read_text()
    assert {"224×224×51", "224×224×52", "224×224×53"} <= {
        *re.findall(r"224×224×5\d", text)
    }
    assert ">224×224×5<" not in text


@pytest.mark.parametrize("builder", ["mkdocs", "zensical"])
def test_a_warning_names_page_and_line(builder, tmp_path, build):
    """And a strict build ends with 1, of Zensical too, which sees no warnings."""
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(theme="mkdocs", plugins=""))
    (tmp_path / "zensical.toml").write_text(ZENSICAL)
    page = (
        "# Page\n\n```resviz\n18\n```\n\n- list\n\n    ```resviz\n    net51\n    ```\n"
    )
    done = build(page, builder, "build", "--strict")
    assert 1 == done.returncode
    assert "index.md:10: resviz: unknown network 'net51'" in done.stderr + done.stdout


def test_a_line_that_stands_twice_is_named_by_its_page(tmp_path):
    """Which of the two it is, nothing tells."""
    (tmp_path / "a.md").write_text("```resviz\n18\n```\n\n```resviz\n50\n18\n```\n")
    here = FenceLocation("sub/a.md", (tmp_path,))
    assert ["sub/a.md", "sub/a.md:6"] == [*map(here.locate_line, ("18", "50"))]


@pytest.mark.parametrize("inside", ["", "# costs 18\n\n", "> "])
def test_an_empty_fence_is_named_by_its_line(tmp_path, inside):
    """That of its first row, for it has no line to look for."""
    inset = inside if inside == "> " else ""
    fenced = f"{inset}```resviz\n{inside}\n{inset}```\n"
    (tmp_path / "a.md").write_text(f"# Page\n\n```resviz\n18\n```\n\n{fenced}")
    here = FenceLocation("sub/a.md", (tmp_path,))
    assert "sub/a.md:7" == here.locate_fence("resviz", inside.strip("> "))


def test_a_warning_on_an_empty_fence_has_its_line(tmp_path, build):
    """In the log of MkDocs."""
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(theme="mkdocs", plugins=""))
    done = build("# Page\n\n```resviz\n# none\n```\n", "mkdocs", "build", "--strict")
    assert 1 == done.returncode
    assert "index.md:3: resviz: fence: is empty" in done.stderr


def test_several_networks_are_compared():
    """In a stack, which is wider than one alone, and in the growth."""
    wide = [
        float(re.search(r'<svg[^>]* width="([\d.]+)"', html)[1])
        for line in (
            "18 --figure stack",
            "18 34 --figure stack",
            "18 34 --figure growth",
        )
        for html in fence.render_lines([line], RecordCache())
    ]
    assert wide[0] < wide[1]
    (plain,) = fence.render_lines(["diagram 34 --figure stack --plain"], RecordCache())
    assert "plain" in plain


def test_a_figure_can_be_told_in_words():
    """`describe` gives a paragraph, whole."""
    (paragraph,) = fence.render_lines(["describe 50"], RecordCache())
    description = resviz.describe(resviz.trace("resnet50"))
    assert MAX_NAME_LENGTH < len(description)
    assert f"<p>{description}</p>" == paragraph


def test_a_line_can_be_a_comment():
    """As in a file of settings."""
    source = "# what it costs\n\n  \ncosts 18\n"
    assert 1 == fence.formatter(source, "", "", {}, None).count("<table>")


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("\n", {}, "fence: is empty"),
        ("# nothing", {}, "fence: is empty"),
        ("18", {"width": "300"}, "got {width=300}, want options in the line"),
    ],
)
def test_what_would_be_ignored_is_refused(source, options, message):
    """An empty fence, and options in its first line."""
    assert message in fence.formatter(source, "", "", options, None)


def test_a_table_brings_its_style():
    """Marked rows and columns of numbers look as they ought to in any theme."""
    (shown,) = fence.render_lines(["layers 18 --only conv"], RecordCache())
    assert " table .marked td { background: #" in shown
    assert '<tr class="marked">' in shown
    assert "the resolution changes" in shown


WRONG = {
    "18 --figure nothing": "got 'nothing', want one of overview, block, lanes",
    "18 34": "overview: want one network, got 18 34; the figures block, stack and",
    "stack": "unknown network 'stack'",
    "diagram": "want one network, got none",
    "tabel 18": "unknown command 'tabel': did you mean 'table'? want one of diagram",
    "report 18": "a document has no command 'report': want one of diagram, describe",
    "compare 18 34": "a document has no command 'compare': want one of diagram",
    "layers 18 --every": "'layers' has no such option; receptive and memory do",
    "costs 18 --srot a": "costs has no option --srot: want one of columns, input",
    "18 --at conv3_1": "at: got 'conv3_1' for 'overview', only the figure 'block'",
    "18 --width wide": "got 'wide', want a length",
    "18 --width 3": "width: got '3', pixels without a unit, want 0.5in to 200in, as 3.",
    "18 --width 0.1in": "width: got '0.1in', want 0.5in to 200in, as 3.25in",
    "18 --mode fast": "got 'fast', want one of auto, shapes, run",
    "18 --widht 9": "diagram has no option --widht: did you mean 'width'? want one",
    "layers 18 --depht 2": "layers has no option --depht: did you mean 'depth'?",
    "summary 18 --depth 2": "depth: 'summary' has no such option; layers do",
    "memory 18 --every --mode fast": "got 'fast', want one of auto, shapes, run",
    "18 --only conv": "no option --only",
    "table 18 --at conv3_1": "no option --at",
    "summary": "summary: want one network, got none",
    "summary 18 34": "want one network, got 18 34",
    "costs 18 --only conv": "has no kinds; layers and shortcuts do",
    "layers 18 --once --depth 0": "got '0', want a whole number from 1 on",
    "layers 18 --columns height": "unknown column 'height'",
    "18 --width 'a\"b'": "want a length",
    "resnet(18": "want ')' before its end",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said(line):
    """In the words of the command line."""
    (message,) = fence.render_lines([line], RecordCache())
    assert WRONG[line] in message.replace("&#x27;", "'")


def test_hostile_words_stay_text():
    """What a page's author wrote is shown, not run."""
    lines = ["<script>alert(1)</script>", '18 --alt "</desc><script>alert(1)</script>"']
    for shown in fence.render_lines(lines, RecordCache()):
        assert "<script>" not in shown


@pytest.mark.parametrize("show", ["summary", "layers", "shortcuts", "costs"])
def test_every_table_has_a_fence(show):
    """By the name of its command."""
    (shown,) = fence.render_lines([f"{show} 18"], RecordCache())
    assert "<table>" in shown


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("layers 18 --depth 2 --once", {"depth": 2, "once": True}),
        ("memory 18 --every", {"every": True}),
        ("receptive 18 --all", {"every": True}),
        ("summary 18 --columns name,macs", {"columns": ["name", "macs"]}),
        ("summary 18 --batch 4 --training", {"batch": 4, "training": True}),
    ],
)
def test_a_table_has_the_options_of_its_function(line, options):
    """The fence shows what Python does with the same options."""
    name, spec, *_ = line.split()
    columns = options.pop("columns", None)
    table = getattr(resviz, name)(spec, **options)
    (shown,) = fence.render_lines([line], RecordCache())
    expected = table.select_columns(columns) if columns else table
    assert expected.to_styled_html().replace("\n", "") == shown


def test_a_network_goes_by_a_name_of_ones_own():
    """In a table and in a figure of several networks."""
    lines = ['table "Ours (a=1)=resnet18" 34', "A=18 34 --figure stack"]
    table, figure = fence.render_lines(lines, RecordCache())
    assert "Ours (a=1)</th>" in table
    assert ">A<" in figure
    assert "ResNet-18" not in table + figure


def test_table_1_alone_is_the_papers():
    """As on the command line."""
    (shown,) = fence.render_lines(["table"], RecordCache())
    assert 5 == shown.count("(paper)</th>")


def test_a_warning_stands_at_the_line_of_its_page(tmp_path):
    """With the options of a fence, and no line of our own."""
    (tmp_path / "a.md").write_text("# A\n\n```resviz\n18 --text 4pt\n```\n")
    here = FenceLocation("a.md", (tmp_path,))
    with pytest.warns(LetterWarning, match="give it --text 6pt, or") as caught:
        list(fence.render_lines(["18 --text 4pt"], RecordCache(), here))
    assert [("a.md", 4)] == [(one.filename, one.lineno) for one in caught]
    with pytest.warns(FontWarning, match="widths of Inter") as caught:
        list(fence.render_lines(["18 --font Inter"], RecordCache(), here))
    assert [("a.md", 1)] == [(one.filename, one.lineno) for one in caught]


def test_a_warning_of_another_stays_where_it_is():
    """As that of a model's own code."""
    with pytest.warns(UserWarning, match="mine") as caught, locate_warnings("a", 1, ""):
        warnings.warn("mine", stacklevel=1)
    assert [__file__] == [one.filename for one in caught]


@pytest.mark.parametrize(("width", "css"), [("500", "500px"), ("60%", "60%")])
def test_a_bare_width_is_in_pixels(width, css):
    """CSS knows no number without a unit."""
    (shown,) = fence.render_lines([f"18 --width {width}"], RecordCache())
    assert f"width:{css}" in shown
