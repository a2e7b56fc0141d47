"""What a page works out of another input is what `resized` says, in the same words."""

import random

import pytest

import resviz
from resviz.errors import ResizeError
from resviz.pages.what_if import build_what_if
from tests.pages.what_if import answer_in_python, ask_page
from tests.readings.structure.golden.networks import OWN
from tests.readings.test_resized import ANSWERED, LINES, Code, Pooled

pytestmark = pytest.mark.needs("chromium")


def draw_cases(number, *, channels=3):
    """Sizes and batches: odd, non-square, small, wrong, the recorded batch."""
    draw = random.Random(number)
    sides = [(draw.randint(1, 90), draw.randint(1, 300)) for _ in range(20)]
    cases = [[[channels, *pair], draw.choice([None, 1, 2, 7])] for pair in sides]
    return [*cases, [[channels, 64, 64], 3], [[channels + 1, 64, 64], None]]


def compare(browser, arch, cases):
    """Compare what both say; return how many were answered."""
    answers = ask_page(browser, build_what_if(arch), cases)
    wanted = [answer_in_python(arch, *case) for case in cases]
    assert answers == wanted
    return sum(isinstance(answer, dict) for answer in wanted)


@pytest.mark.parametrize("spec", sorted({*OWN.values()}))
def test_networks_of_ours(browser, spec):
    """All of them, at any size of positions, and not of channels."""
    assert compare(browser, resviz.trace(spec), draw_cases(len(spec))) == 21


@pytest.mark.parametrize("training", [False, True])
def test_usual_operations(browser, training):
    """Odd maps, ceil mode, transposed windows, gates, slices."""
    arch = resviz.trace(Pooled(), (3, 64, 64), training=training)
    cases = [*draw_cases(1), *([[3, 64, side], 2] for side in range(20, 90))]
    assert 20 < compare(browser, arch, cases) < len(cases)


@pytest.mark.parametrize("line", LINES)
def test_what_code_may_work_out(browser, line):
    """It is refused there and here, in the same words, or not even begun."""
    arch = resviz.trace(Code(LINES[line]), (3, 16, 16))
    cases = [*draw_cases(2), *([[3, side, 16], 1] for side in range(1, 33))]
    try:
        answered = compare(browser, arch, cases)
    except ResizeError:
        for size, batch in cases:
            if (size, batch or 1) != ([3, 16, 16], 1):
                assert isinstance(answer_in_python(arch, size, batch), str)
        answered = 0
    assert answered > 1 if line in ANSWERED else answered < len(cases)


def test_inputs_that_are_none(browser):
    """They are refused in words before anything is worked out."""
    data = build_what_if(resviz.trace("18"))
    cases = [[[3, 0, 5], None], [[3, 5], None], [[3, 5, 5, 5], None], [[3, 1.5, 5], 1],
             [[3, 32, 32], 0]]  # fmt: skip
    for answer in ask_page(browser, data, cases):
        assert "recorded was (1, 3, 224, 224)" in answer
