"""A diagram as a value: each format by its method, by `render`, and in a file."""

import pytest

import resviz
from resviz.errors import RenderError
from resviz.formats import picture_format_names


@pytest.fixture
def drawn(record):
    """The overview of ResNet-18."""
    return resviz.diagram(record("resnet18"))


@pytest.mark.parametrize("form", picture_format_names())
def test_every_format_has_a_method(drawn, form):
    """It gives what `render` gives."""
    assert drawn.render(form) == getattr(drawn, f"to_{form}")()


@pytest.mark.parametrize(("form", "kind"), [("svg", str), ("png", bytes)])
def test_text_is_text_and_pictures_are_bytes(drawn, form, kind):
    """A file holds both as bytes."""
    assert isinstance(drawn.render(form), kind)
    assert isinstance(drawn.to_bytes(form), bytes)


def test_an_unknown_format_is_named(drawn):
    """The error lists those there are."""
    with pytest.raises(RenderError, match=r"got 'gif', want one of .*svg"):
        drawn.render("gif")
