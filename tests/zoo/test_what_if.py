"""Another input of foreign networks, by a page: as `resized`, word for word."""

import random

import pytest

import resviz
from resviz.pages.what_if import build_what_if
from tests.pages.what_if import answer_in_python, ask_page
from tests.readings.resized_every import draw_input

from . import packages

pytestmark = pytest.mark.needs("chromium")

NETWORKS = (
    "convnext_atto",
    "densenet121",
    "dla34",
    "repvgg_a0",
    "resnet26d",
    "hrnet_w18_small",
)


@pytest.mark.parametrize("name", NETWORKS)
def test_formulas_say_what_resized_says(browser, name):
    """Also where sizes do not go together, and of which layer that is said."""
    _ = packages.ready()
    arch, draw = resviz.trace(f"timm:{name}"), random.Random(name)
    cases = [draw_input(draw, arch) for _ in range(15)]
    cases = [[[*(size or arch.input_shape[1:])], batch] for size, batch in cases]
    wanted = [answer_in_python(arch, *case) for case in cases]
    assert ask_page(browser, build_what_if(arch), cases) == wanted
    assert any(isinstance(answer, dict) for answer in wanted)
