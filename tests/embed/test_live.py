"""The report as a figure of documents: in Sphinx, in a fence, and where it is none."""

import re

import pytest

import resviz
from resviz.embed.fence import formatter
from resviz.embed.live import LIVE, STILL_NOTE, LiveRequest, read_request
from resviz.embed.record_cache import RecordCache
from tests.embed.test_sphinx import NET
from tests.pages.report.conftest import Visit

PAGE = """
Page
====

.. resviz:: 18
   :figure: live
   :height: 500px
   :caption: A page.

.. resviz:: cifar8
   :figure: live
   :batch: 2
   :width: 80%
"""


IS_PAGE = "the figure 'live' is a page and takes only height and width: leave out"

WRONG = {
    ".. resviz:: " + 13 * "18 " + "\n   :figure: live": "got 13 networks, want 12 at",
    ".. resviz:: 18\n   :figure: live\n   :at: a, b": f"at: got 'a, b', {IS_PAGE} at",
    ".. resviz:: 18\n   :figure: live\n   :plain:": f"plain: {IS_PAGE} plain",
    ".. resviz:: 18\n   :height: 500px": "height: got '500px' for 'overview', only the",
    ".. resviz:: 18\n   :figure: live\n   :height: 5px": "want 240px to 4000px",
    ".. resviz:: 18\n   :figure: live\n   :width: column": "got 'column' for 'live'",
    ".. resviz:: net.py:build(width=4)\n   :figure: live": "only if it is allowed",
}
"""What stands in a page, and what is said of it."""


def write_fence(line):
    """What a fence of one line is in a page."""
    return formatter(line, "resviz", "resviz", {}, None)


def list_frames(page):
    """The address and the style of each frame in a page."""
    return re.findall(r'<iframe .*?style="(.*?)" src="(.*?)"', page.read_text())


class TestSphinx:
    """A page with two of them."""

    def test_html_has_frames(self, project, sphinx):
        """Each shows a file among the pictures, and a link leads to it."""
        folder = project(index_rst=PAGE)
        sphinx()
        page = folder / "out/html/index.html"
        (style, address), (other_style, other) = list_frames(page)
        assert "width:100%;max-width:100%;height:500px" in style
        assert "width:80%;max-width:100%;height:720px" in other_style
        assert resviz.report("resnet18") == (page.parent / address).read_text()
        assert resviz.report("cifar8", batch=2) == (page.parent / other).read_text()
        assert page.read_text().count(f'<a href="{address}">') == 1

    def test_a_page_in_a_folder_finds_them(self, project, sphinx):
        """Also where every page is a folder of its own."""
        folder = project(
            index_rst=":orphan:\n\n.. toctree::\n\n   page\n", page_rst=PAGE
        )
        sphinx("dirhtml")
        page = folder / "out/dirhtml/page/index.html"
        assert [True, True] == [
            (page.parent / address).is_file() for _, address in list_frames(page)
        ]

    @pytest.mark.parametrize("builder", ["text", "man", "epub"])
    def test_others_have_a_picture_and_say_it(self, project, sphinx, builder):
        """A book has no frames; what has no pictures has words."""
        folder = project(
            index_rst=PAGE,
            conf_py='extensions = ["resviz.embed.sphinx"]\nversion = "1"\n'
            'man_pages = [("index", "p", "p", [], 1)]\nepub_copyright = "us"\n',
        )
        sphinx(builder)
        name = {"text": "index.txt", "man": "p.1", "epub": "index.xhtml"}[builder]
        text = " ".join((folder / "out" / builder / name).read_text().split())
        assert text.count(STILL_NOTE) == 2
        assert "<iframe" not in text
        assert (builder == "epub") == ("<svg" in text)

    @pytest.mark.needs("pdflatex")
    def test_latex_has_a_picture_and_says_it(self, project, sphinx):
        """The overview, which is a PDF."""
        folder = project(index_rst=PAGE)
        sphinx("latex")
        (tex,) = (folder / "out/latex").glob("*.tex")
        assert tex.read_text().count(r"\footnotesize A still picture: as HTML") == 2
        assert len(list(tex.parent.glob("resviz-*.pdf"))) == 2

    def test_what_is_wrong_is_said(self, project, sphinx):
        """Each at its line, and what may not be imported is not."""
        conf = 'extensions = ["resviz.embed.sphinx"]\n'
        page = "Page\n====\n\n" + "\n\n".join(WRONG)
        project(index_rst=page, net_py=NET, conf_py=conf)
        said = sphinx(code=1).stderr
        for directive, want in WRONG.items():
            line = page[: page.index(directive)].count("\n") + 1
            assert re.search(rf"index\.rst:{line}\D.*{re.escape(want)}", said), want

    @pytest.mark.needs("chromium")
    def test_it_works_in_a_browser(self, project, sphinx, browser):
        """Of the theme that has a switch of its own: what is selected, and the dark."""
        conf = 'extensions = ["resviz.embed.sphinx"]\nhtml_theme = "furo"\n'
        folder = project(index_rst=PAGE, conf_py=conf)
        sphinx()
        context = browser.new_context(color_scheme="light")
        page = context.new_page()
        page.goto((folder / "out/html/index.html").as_uri())
        frame = page.frames[1]
        frame.click("[role=treeitem]:has-text('conv3_x')")
        assert "conv3_x" in frame.text_content("#selection")
        frame.wait_for_selector("html[data-theme=light]", state="attached")
        page.evaluate("document.body.dataset.theme = 'dark'")
        frame.wait_for_selector("html[data-theme=dark]", state="attached")
        context.close()


class TestFence:
    """A line of a fence."""

    def test_the_page_is_held(self):
        """On one line, so that no blank one ends it as HTML."""
        markup = write_fence("18 --figure live --height 30cm --input 3,96,96")
        assert markup.count("\n") == 0
        assert "height:30cm" in markup
        assert "96&#215;96" in markup

    def test_a_search_of_the_site_finds_no_words_of_ours(self):
        """What stands beside the frame is nothing, as it is no notebook's."""
        markup = write_fence("cifar8 --figure live")
        assert "" == re.sub(r"<[^>]*>", "", markup).strip()

    @pytest.mark.parametrize(
        ("line", "want"),
        [
            ("18 --figure live --at conv2_1", "leave out at"),
            ("18 --figure live --heat macs", "leave out heat"),
            ("18 --height 500px", "want figure live, or leave out height"),
            ("18 --figure live --height 5", "with its unit, as 720px"),
            ("18 --figure lives", "did you mean &#x27;live&#x27;?"),
            ("describe 18 --figure live", "a page has no sentence"),
            ("net.py:build --figure live", "only if it is allowed"),
            ("--figure live", "got no network, want one, or several"),
        ],
    )
    def test_what_is_wrong_is_said(self, line, want):
        """In the page."""
        assert want in write_fence(line)

    def test_several_are_one_page(self):
        """As the command writes it; what stands for it shows what changed."""
        request, _ = read_request(("cifar8", "cifar14"), {"figure": LIVE}, {}, {})
        assert isinstance(request, LiveRequest)
        cache = RecordCache()
        assert request.make_page(cache).page == resviz.report(["cifar8", "cifar14"])
        still = request.draw_request(cache).description
        want = resviz.diagram(["cifar8", "cifar14"], diff=True).description
        assert want == still

    @pytest.mark.needs("chromium")
    @pytest.mark.parametrize("ground", ["white", "#0f1115"])
    def test_it_works_in_a_browser(self, browser, tmp_path, ground):
        """Two of them, in a page without a word on its encoding."""
        lines = [write_fence(f"{name} --figure live") for name in ("18", "cifar8")]
        path = tmp_path / "page.html"
        path.write_text(f"<body style='background:{ground}'>{''.join(lines)}")
        context = browser.new_context()
        visited = Visit(context.new_page(), path.as_uri())
        visited.page.mouse.wheel(0, 700)
        for frame in visited.page.frames[1:]:
            frame.wait_for_selector("[role=treeitem]")
            frame.wait_for_selector(
                f"html[data-theme={'light' if ground == 'white' else 'dark'}]",
                state="attached",
            )
        assert ([], []) == (visited.console, visited.requests)
        context.close()


class TestElsewhere:
    """Where a picture has to be a file, there is none."""

    WANT = (
        "got 'live', a page of Sphinx or MkDocs: want resviz report SPEC -o page.html"
    )

    def test_in_python(self):
        """By the error of an unknown figure."""
        with pytest.raises(resviz.RenderError, match=re.escape(self.WANT)):
            resviz.diagram("resnet18", "live")

    def test_in_markdown(self, embed, tmp_path):
        """At the line of its region."""
        path = tmp_path / "a.md"
        region = "<!-- resviz: diagram 18 --figure live -o a.svg -->"
        path.write_text(f"# A\n\n{region}\n<!-- /resviz -->\n")
        code, said = embed(str(path))
        assert code
        assert f"a.md:3: Invalid value for '--figure': {self.WANT}" in said
