"""Equal pictures are equal bytes, in whatever process and at whatever time."""

import json

from resviz.figures import FIGURES
from resviz.formats import picture_format_names
from resviz.formats.pictures import pdf

from .test_dot import SMALL, styles

CODE = """
import hashlib, json, sys, resviz
from resviz.errors import RenderError

arch, found = resviz.trace("resnet18"), {}
for figure in sys.argv[1].split(","):
    drawn = resviz.diagram(arch, figure)
    for form in sys.argv[2].split(","):
        try:
            data = drawn.to_bytes(form)
        except RenderError as error:
            data = str(error).encode()
        found[f"{figure} {form}"] = hashlib.sha256(data).hexdigest()
for form in ("text", "markdown", "latex", "html", "csv", "json", "svg"):
    data = resviz.layers(arch).render(form).encode()
    found[f"table {form}"] = hashlib.sha256(data).hexdigest()
print(json.dumps(found))
"""


def test_two_processes_write_the_same(run):
    """Though their hashes of strings differ, for every figure in every form."""
    asked = (",".join(FIGURES), ",".join(picture_format_names()))
    first, second = (
        json.loads(run("-c", CODE, *asked, PYTHONHASHSEED=seed).stdout)
        for seed in ("1", "2")
    )
    assert len(first) >= 6 * 6 + 7
    assert first == second


def test_a_pdf_does_not_say_when_it_was_made():
    """Neither in its information nor in its metadata."""
    drawn = pdf.render(SMALL, styles.SCREEN_STYLE)
    assert b"CreationDate" not in drawn
    assert b"CreateDate" not in drawn
