"""Names are text, whatever they hold; only the page's own script runs."""

import msgspec
import pytest

from resviz.pages.report import render

HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 2'>",
    '"><svg onload=alert(3)>',
    "{{ 7 * 7 }}{% raw %}",
    "</style><style>* { display: none }",
    "</title></table></main><!--",
    "&lt;b&gt; &amp; &#60;",
)
"""Names on which the page must show every character."""

BROKEN = (
    "two\nlines\tand \x00\x1b[31m controls",
    "\u202eright to left\ufeff",
    "x" * 9000,
)
"""Names of which it must show a harmless form."""


def renamed(arch, names):
    """A record whose first layers, their types, its name and title are hostile."""
    layers = list(arch.layers)
    for index, name in enumerate(names):
        layers[index] = msgspec.structs.replace(layers[index], name=name, type=name)
    first, second = names[0], names[-1]
    return msgspec.structs.replace(
        arch, stored_layers=tuple(layers), name=first, title=second
    )


@pytest.fixture
def hostile(record):
    """The report of a record with hostile names."""
    return render(renamed(record("resnet18"), HOSTILE))


@pytest.mark.needs("chromium")
def test_names_stay_text(visit, hostile):
    """The browser shows every character of every name."""
    page = visit(hostile).page
    cells = page.locator("table.layers tbody th").all_text_contents()
    assert list(HOSTILE) == cells[: len(HOSTILE)]
    assert HOSTILE[-1] == page.locator("h1").text_content()


@pytest.mark.needs("chromium")
def test_nothing_runs(visit, hostile):
    """No name runs as a script, asks for a file, or opens a dialog."""
    seen = visit(hostile)
    assert seen.page.evaluate("window.pwned") is None
    assert ([], [], []) == (seen.dialogs, seen.requests, seen.console)


@pytest.mark.needs("chromium")
def test_filter_reads_names_as_text(visit, hostile):
    """A hostile name can be searched for."""
    page = visit(hostile).page
    page.fill("#search", "<IMG")
    assert page.locator("table.layers tbody tr:visible").count() == 1


@pytest.mark.needs("chromium")
def test_broken_names_become_harmless(visit, record):
    """Controls are replaced, lines joined, endless names cut."""
    page = visit(render(renamed(record("resnet18"), BROKEN))).page
    cells = page.locator("table.layers tbody th").all_text_contents()[:3]
    assert "two lines and \ufffd\ufffd[31m controls" == cells[0]
    assert "\ufffdright to left\ufffd" == cells[1]
    assert "x" * 499 + "…" == cells[2]


@pytest.mark.needs("chromium")
def test_policy_stops_other_scripts(visit, report):
    """A script that got into the page all the same does not run."""
    html = report("resnet18").replace(
        "</body>", "<script>window.pwned = 1</script></body>"
    )
    seen = visit(html)
    assert seen.page.evaluate("window.pwned") is None
    assert any("Content Security Policy" in line for line in seen.console)


@pytest.mark.needs("chromium")
def test_policy_is_what_stops_them(visit, report):
    """Without the policy that script would run: the check can fail."""
    html = report("resnet18").replace(
        "</body>", "<script>window.pwned = 1</script></body>"
    )
    seen = visit(html.replace('http-equiv="Content-Security-Policy"', ""))
    assert seen.page.evaluate("window.pwned") == 1


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def picture_width(visit, html, tmp_path):
    """The width of a picture beside the page that `html` tries to show."""
    (tmp_path / "picture.svg").write_text(PICTURE)
    page = visit(html.replace("</body>", "<img src='picture.svg'></body>")).page
    return page.locator("img").evaluate("it => it.naturalWidth")


@pytest.mark.needs("chromium")
def test_policy_stops_requests(visit, report, tmp_path):
    """A picture that got into the page is not loaded."""
    assert picture_width(visit, report("resnet18"), tmp_path) == 0


@pytest.mark.needs("chromium")
def test_policy_is_what_stops_requests(visit, report, tmp_path):
    """Without the policy the picture would be loaded: the check can fail."""
    html = report("resnet18").replace('http-equiv="Content-Security-Policy"', "")
    assert picture_width(visit, html, tmp_path) == 9


def test_no_address(report):
    """The page names no address but those that are names of formats."""
    html = report("resnet50").replace("http://www.w3.org/2000/svg", "")
    assert "://" not in html
    assert " src=" not in html
