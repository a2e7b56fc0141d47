"""Another input by the script of a page, and by `resized`: how many are not equal.

`python -m tests.pages.what_if_every 100` tries so many random inputs of each network;
what follows the number are SPECs, and none are ours and forty of timm.
"""

import random
import shutil
import sys
import time

from playwright.sync_api import sync_playwright

import resviz
from resviz.errors import ResizeError
from resviz.pages.what_if import build_what_if
from tests.pages.what_if import answer_in_python, ask_page
from tests.readings.resized_every import SPECS, draw_input
from tests.zoo import packages


def try_network(browser, spec, count):
    """Print how many of some inputs are answered, refused and told otherwise."""
    arch, draw = resviz.trace(spec), random.Random(spec)
    cases = [draw_input(draw, arch) for _ in range(count)]
    cases = [[[*(size or arch.input_shape[1:])], batch] for size, batch in cases]
    wanted = [answer_in_python(arch, *case) for case in cases]
    answered = sum(isinstance(answer, dict) for answer in wanted)
    started = time.perf_counter()
    try:
        data = build_what_if(arch)
    except ResizeError as error:
        sys.stdout.write(f"{spec}: {answered} answered; no formulas: {error}\n")
        return answered > 0
    seconds = time.perf_counter() - started
    answers = ask_page(browser, data, cases)
    wrong = sum(a != b for a, b in zip(answers, wanted, strict=True))
    checks, unknowns = len(data["checks"]), len(data["unknowns"])
    sys.stdout.write(
        f"{spec}: {answered} of {count} answered, {wrong} otherwise; {seconds:.2f} s, "
        f"{checks} checks, {unknowns} unknowns\n"
    )
    return wrong > 0


def main(count, *specs):
    """Try each network; exit with 1 if one is told otherwise."""
    packages.ready()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium)
        found = [try_network(browser, spec, int(count)) for spec in specs or SPECS]
        browser.close()
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
