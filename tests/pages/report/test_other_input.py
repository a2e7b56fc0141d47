"""What if the input were another: the page says what a fresh trace would."""

import pytest
from torch import nn

import resviz
from resviz.pages import report_data
from resviz.pages.report import render
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

pytestmark = pytest.mark.needs("chromium")

SHOWN = """() => ({
  totals: Object.fromEntries([...document.querySelectorAll('[data-total]')].map(
    it => [it.dataset.total, it.querySelector('.big').textContent])),
  parts: Object.fromEntries([...document.querySelectorAll('[role=treeitem]')].map(
    it => [it.dataset.id, [it.querySelector('.shape').textContent,
      it.querySelector('.amount').textContent]])),
})"""

LENSES = ("macs", "params", "activations", "memory")


class Flat(nn.Module):
    """A network that wants maps of one size, as those with a linear layer behind."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 16 * 16, 10)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def ask(page, size, batch=None):
    """Fill the fields."""
    page.fill("[data-input]", "×".join(map(str, size)))
    if batch:
        page.fill("#other-batch", str(batch))


def read_all(page):
    """What is shown under each lens."""
    shown = {}
    for lens in LENSES:
        page.locator(f'#lenses [value="{lens}"]').click()
        shown[lens] = page.evaluate(SHOWN)
    page.locator('#lenses [value="memory"]').click()
    page.locator('#views [value="pass"]').click()
    shown["peak"] = page.locator(".peak").text_content()
    return shown


@pytest.mark.parametrize(
    ("spec", "size", "batch"),
    [("resnet18", (3, 161, 97), 3), ("cifar20", (3, 40, 8), 1)],
)
def test_all_numbers_are_those_of_a_fresh_trace(visit, report, spec, size, batch):
    """Totals, shapes and costs of all stages, and the peak."""
    asked = visit(report(spec)).page
    ask(asked, size, batch)
    fresh = visit(render(resviz.trace(spec, size, batch=batch))).page
    assert read_all(fresh) == read_all(asked)


def test_totals_answer_scripts(visit, report):
    """`resviz.totals` gives what a fresh trace does."""
    page = visit(report("resnet18")).page
    arch = resviz.trace("resnet18", (3, 320, 288), batch=2)
    assert page.evaluate("resviz.totals([3, 320, 288], 2)") == {
        "params": arch.params,
        "macs": arch.macs,
        "activations": sum(layer.activations for layer in arch.layers),
        "output": [2, 1000],
    }


def test_an_impossible_size_says_where_and_why(visit):
    """The field is marked, the reason stands below, and numbers stay what they were."""
    page = visit(render(resviz.trace(Flat(), (3, 16, 16)))).page
    before = page.evaluate(SHOWN)
    ask(page, (3, 40, 40))
    reason = page.locator("#other-trouble").text_content()
    assert "fc" in reason
    assert page.locator("[data-input]").get_attribute("aria-invalid") == "true"
    assert before == page.evaluate(SHOWN)
    message = page.evaluate(
        "() => { try { resviz.totals([3, 40, 40], 1) } catch (e) { return e.message } }"
    )
    assert reason.startswith(message)
    ask(page, (3, 16, 16), 4)
    assert not page.locator("#other-trouble").is_visible()


def test_half_the_bytes(visit):
    """In float16 a forward takes what a trace of the cast model does."""

    def build():
        parts = (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        return nn.Sequential(*parts, nn.Conv2d(8, 4, 3))

    page = visit(render(resviz.trace(build(), (3, 32, 32)))).page
    page.select_option("#other-dtype", "float16")
    fresh = visit(render(resviz.trace(build().half(), "input=float16:N,3,32,32"))).page
    for each in (page, fresh):
        each.locator('#lenses [value="memory"]').click()
        each.locator('#views [value="pass"]').click()
    peaks = [each.locator(".peak").text_content() for each in (page, fresh)]
    assert peaks[0] == peaks[1]
    assert fresh.evaluate(SHOWN)["parts"] == page.evaluate(SHOWN)["parts"]


def test_the_address_holds_the_input(visit, report):
    """A link brings size and batch, and `As recorded` takes them away."""
    page = visit(report("resnet18")).page
    before = page.evaluate(SHOWN)
    page.evaluate("location.hash = 'conv3_x&size=3x64x64&batch=2'")
    page.wait_for_function("document.querySelector('#other-note').textContent")
    assert page.locator("#other-batch").input_value() == "2"
    assert page.evaluate("location.hash") == "#conv3_x&size=3x64x64&batch=2"
    page.get_by_role("button", name="As recorded").click()
    assert before["totals"] == page.evaluate(SHOWN)["totals"]
    assert page.evaluate("location.hash") == "#conv3_x"


def test_formulas_that_share_parts_are_found_in_seconds(visit):
    """Of a transformer whose sizes are made of one another, over and over."""
    page = visit(render(load(record_file("toy_transformer")))).page
    assert page.locator("[data-input]").count() == 1


def test_thousands_of_layers_follow_an_input(visit, report):
    """A page of 1,202 layers of weights has fields, and tells what a trace tells."""
    page = visit(report("cifar1202")).page
    totals = page.evaluate("window.resviz.totals([3, 40, 24], 2)")
    other = resviz.trace("cifar1202", (3, 40, 24), batch=2)
    assert (totals["macs"], totals["output"]) == (other.macs, [2, 10])


def test_what_is_not_known_says_so(visit, monkeypatch):
    """A network of more layers than a page follows has no fields, but a reason."""
    monkeypatch.setattr(report_data, "MOST_LAYERS_FOLLOWED", 60)
    page = visit(render(resviz.trace("resnet18"))).page
    assert "60 layers at most" in page.locator("#other-input").text_content()
    assert page.locator("[data-input]").count() == 0
