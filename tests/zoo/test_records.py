"""The records of the gallery are those of today's resviz and of the timm they name."""

import re
from importlib.metadata import version

import pytest

from tests.conftest import ROOT

from . import records


@pytest.mark.parametrize("name", records.names())
def test_a_kept_record_is_current(name):
    """A trace says the same; else run `python -m tests.zoo.records`."""
    assert records.kept(name) == records.record(name)


def test_the_gallery_names_the_version_of_timm():
    """The one that the records are compared with."""
    text = (ROOT / "docs" / "exhibits.py").read_text()
    assert [version("timm")] == re.findall(r'^TIMM = "(.+)"$', text, re.MULTILINE)
