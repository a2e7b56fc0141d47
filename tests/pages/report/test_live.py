"""A report in a frame of another page, in a browser without a network."""

from html.parser import HTMLParser

import pytest

import resviz
from resviz.errors import RenderError
from resviz.pages.live import read_frame_height
from tests.pages.report.media import show_as

OUTSIDE = '<!DOCTYPE html><html><body style="background:{}">{}</body></html>'


def wait_for_theme(frame, theme):
    """Wait until the page in a frame is light or dark because of the page around."""
    frame.wait_for_selector(f"html[data-theme={theme}]", state="attached")


class FrameReader(HTMLParser):
    """Reads the attributes of the first frame."""

    def __init__(self, markup):
        super().__init__()
        self.frame = {}
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        """Note the attributes."""
        if tag == "iframe" and not self.frame:
            self.frame = dict(attrs)


@pytest.fixture(scope="module")
def live():
    """The page of a small network."""
    return resviz.explore("resnet18", height=500)


def test_the_frame_holds_the_report(live):
    """To the letter, in one line of ASCII."""
    markup = live.to_html()
    frame = FrameReader(markup).frame
    assert resviz.report("resnet18") == live.page == frame["srcdoc"]
    assert markup.isascii()
    assert "\n" not in markup
    assert ("allow-scripts", "Report of ResNet-18: 11.7 M parameters, 1.81 G MACs") == (
        frame["sandbox"],
        frame["title"],
    )


def test_a_hostile_name_stays_in_its_attribute():
    """Neither quotes nor tags of a name end the frame, nor its label."""
    arch = resviz.trace("cifar8", name="""'"><script>alert(1)</script>&lt;""")
    markup = resviz.explore(arch).to_html()
    frame = FrameReader(markup).frame
    assert frame["srcdoc"] == resviz.report(arch)
    assert "<script>alert" not in markup
    assert str(frame["title"]).startswith(
        """Report of '"><script>alert(1)</script>&lt;:"""
    )


def test_a_record_explores_itself():
    """By the same page."""
    arch = resviz.trace("cifar8")
    assert arch.explore(height="9cm") == resviz.explore(arch, height="9cm")


def test_several_are_one_page():
    """Of records, SPECs or both, as `report` writes it; the label names all."""
    arch = resviz.trace("cifar8")
    live = arch.explore("cifar14", height=800)
    assert live.page == resviz.report([arch, "cifar14"])
    assert live.label == "ResNet-8 (CIFAR) and ResNet-14 (CIFAR)"
    assert live.totals.count(" MACs") == 2
    assert live.page == resviz.explore([arch, "cifar14"]).page
    with pytest.raises(resviz.SpecError, match="got 13 networks, want 12 at most"):
        resviz.explore(13 * ["cifar8"])


def test_it_is_saved_as_the_report(live, tmp_path):
    """Whole, and under the name of a page alone."""
    live.save(tmp_path / "r.html")
    assert live.page == (tmp_path / "r.html").read_text(encoding="utf-8")
    with pytest.raises(RenderError, match=r"want \.html"):
        live.save(tmp_path / "r.png")


@pytest.mark.parametrize(
    ("height", "want"),
    [
        ("tall", "as 720px"),
        ("column", "want a length with its unit, as 720px: one of pt, px"),
        ("640", "as 720px"),
        ("50%", "as 720px"),
        (True, "got 'True'"),
        (10, "got 10, want 240px to 4000px"),
        ("3m", "as 720px"),
        ("300in", "want 240px to 4000px"),
        ('1px" onload="alert(1)', "as 720px"),
    ],
)
def test_a_height_that_is_none(height, want):
    """It says what one is, before anything is drawn."""
    with pytest.raises(RenderError, match=f"^height: .*{want}"):
        read_frame_height(height)


def test_lower_bounds_are_said():
    """Of a network in which something is not counted."""
    import torch

    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 8, 3)

        def forward(self, x):
            return torch.linalg.svdvals(self.conv(x))

    live = resviz.explore(Odd(), input_size=(3, 8, 8))
    assert live.totals.startswith("224 parameters, at least 7.78 k MACs")


@pytest.mark.needs("chromium")
class TestInABrowser:
    """Two frames in a page."""

    @pytest.fixture
    def outside(self, visit, live):
        """A function that opens a page with two frames below a screen of nothing."""

        def outside(ground="white", **options):
            inner = f'<p style="height:900px">before</p>{live.to_html()}'
            inner += resviz.explore("cifar8").to_html()
            visited = visit(OUTSIDE.format(ground, inner), **options)
            visited.page.evaluate("scrollTo(0, document.body.scrollHeight)")
            for frame in visited.page.frames[1:]:
                frame.wait_for_selector("[role=treeitem]")
            visited.page.evaluate("scrollTo(0, 700)")
            return visited

        return outside

    @pytest.fixture
    def frames(self, outside):
        """The page and both of its frames, once they can be used."""
        visited = outside()
        return visited, *visited.page.frames[1:]

    def test_they_do_not_disturb_one_another(self, frames):
        """What is selected in one is not in the other, nor in the address."""
        visited, one, other = frames
        address = visited.page.url
        one.click("[role=treeitem]:has-text('conv3_x')")
        assert "conv3_x" in one.text_content("#selection")
        assert "conv3_x" not in other.text_content("#selection")
        assert address == visited.page.url

    def test_nothing_is_asked_for(self, frames):
        """By neither, and the console is clean; the frame is of no origin."""
        visited, one, _ = frames
        assert ([], []) == (visited.requests, visited.console)
        assert "null" == one.evaluate("origin")

    def test_links_stay_inside(self, frames):
        """A link to a section scrolls the frame, and the page around stays."""
        visited, one, _ = frames
        one.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        before = visited.page.evaluate("scrollY")
        one.evaluate("document.querySelector('a[href=\"#shortcuts\"]').click()")
        one.wait_for_selector("#shortcuts:target")
        assert 500 < one.evaluate("scrollY")
        assert (before, visited.page.url) == (
            visited.page.evaluate("scrollY"),
            visited.page.url,
        )
        assert one.is_visible("#explore")

    def test_a_deep_link_selects(self, frames):
        """Within the frame alone."""
        visited, one, other = frames
        one.evaluate("location.hash = 'layer2.0.conv2&lens=params'")
        one.wait_for_selector("#selection:has-text('layer2.0.conv2')")
        assert "true" == one.get_attribute("#lenses [value=params]", "aria-pressed")
        assert "true" == other.get_attribute("#lenses [value=macs]", "aria-pressed")
        assert 700 == visited.page.evaluate("scrollY")

    def test_a_frame_put_back_shows_what_it_showed(self, frames):
        """A notebook takes out frames that are out of sight, which ends their page."""
        visited, one, other = frames
        one.click("[role=treeitem]:has-text('conv3_x')")
        one.fill("[data-input]", "3×96×96")
        one.click("#lenses [value=params]")
        before = one.evaluate("performance.timeOrigin")
        visited.page.evaluate(
            "() => { const [it] = document.querySelectorAll('iframe');"
            " const { parentElement, nextSibling } = it; it.remove();"
            " parentElement.insertBefore(it, nextSibling); }"
        )
        visited.page.wait_for_function("frames.length === 2")
        back = next(it for it in visited.page.frames[1:] if it != other)
        back.wait_for_selector("#selection[data-id=conv3_x]")
        assert before != back.evaluate("performance.timeOrigin")
        assert "3×96×96" == back.input_value("[data-input]")
        assert "true" == back.get_attribute("#lenses [value=params]", "aria-pressed")
        assert "ResNet" in other.text_content("#selection-title")

    def test_no_stranger_selects(self, frames):
        """An address is followed from the page around alone, and only if it is one."""
        visited, one, other = frames
        visited.page.evaluate(
            "frames[0].postMessage({ resvizAddress: 5 }, '*');"
            "frames[0].postMessage({ resvizAddress: '#no such part' }, '*')"
        )
        title = other.evaluate(
            "async () => { postMessage({ resvizAddress: '#stem' }, '*');"
            " await new Promise((done) => setTimeout(done, 50));"
            " return document.querySelector('#selection').dataset.id; }"
        )
        assert ("", "") == (title, one.get_attribute("#selection", "data-id"))
        visited.page.evaluate("frames[0].postMessage({ resvizAddress: '#stem' }, '*')")
        one.wait_for_selector("#selection[data-id=stem]")
        assert [] == visited.console

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(
        ("ground", "theme"),
        [("white", "light"), ("#111", "dark"), ("oklch(0.2 0.02 250)", "dark")],
    )
    def test_it_is_dark_on_a_dark_ground(self, outside, scheme, ground, theme):
        """Whatever the system is; and it follows when the page changes."""
        page = outside(ground, color_scheme=scheme).page
        one, other = page.frames[1:]
        wait_for_theme(one, theme)
        wait_for_theme(other, theme)
        turned = "light" if theme == "dark" else "dark"
        page.evaluate(
            "ground => { document.body.style.background = ground }",
            "white" if turned == "light" else "black",
        )
        wait_for_theme(one, turned)

    def test_a_page_without_a_ground_is_its_scheme(self, outside):
        """As one that follows the system and sets no colour."""
        page = outside("none", color_scheme="dark").page
        wait_for_theme(page.frames[1], "light")
        page.evaluate("document.documentElement.style.colorScheme = 'light dark'")
        wait_for_theme(page.frames[1], "dark")

    def test_what_the_reader_chose_stays(self, frames):
        """The page around has no say any more, nor has a stranger's message."""
        visited, one, other = frames
        one.click("#theme")
        visited.page.evaluate("document.body.style.background = 'rgb(250, 250, 250)'")
        wait_for_theme(other, "light")
        visited.page.wait_for_timeout(300)
        assert "dark" == one.evaluate("document.documentElement.dataset.theme")
        visited.page.evaluate(
            "frames[1].postMessage({ resvizTheme: '<b>' }, '*');"
            "frames[1].postMessage(null, '*')"
        )
        theme = other.evaluate(
            "async () => { postMessage({ resvizTheme: 'dark' }, '*');"
            " await new Promise((done) => setTimeout(done, 20));"
            " return document.documentElement.dataset.theme; }"
        )
        assert "light" == theme
        assert [] == visited.console

    def test_its_head_is_short(self, frames):
        """So that the explorer is in sight of a frame; not so on a page of its own."""
        _, one, _ = frames
        assert 420 > one.evaluate("document.querySelector('.panes').offsetTop")
        assert not one.is_visible(".origin")

    def test_alone_nothing_is_left_out(self, visit, live):
        """The report itself has its whole head."""
        page = visit(live.page).page
        assert page.is_visible(".origin")
        assert not page.evaluate(
            "document.documentElement.classList.contains('framed')"
        )

    def test_in_print(self, frames):
        """A frame has all of its rows on paper."""
        visited, one, _ = frames
        show_as(visited.page, "print")
        assert 69 == one.locator("table.layers tbody tr").count()

    def test_copying_works_inside(self, frames):
        """Though the page is of no origin."""
        _, one, _ = frames
        one.click("[data-copy=command]")
        one.wait_for_selector("#copied:has-text('resviz layers resnet18')")

    def test_where_frames_are_taken_out_words_are_left(self, visit, live):
        """As in a notebook until it is trusted; else they are not seen."""
        shown = live._repr_mimebundle_()["text/html"]
        page = visit(OUTSIDE.format("white", shown)).page
        note = page.get_by_text("11.7 M parameters, 1.81 G MACs. Its page is left out")
        assert not note.is_visible()
        page.evaluate("document.querySelector('iframe').remove()")
        assert note.is_visible()
