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


@pytest.mark.parametrize(
    ("name", "dpi", "expected"),
    [
        ("x.svg", 300, "dpi: got 300 for svg, only png has pixels"),
        ("x.png", 5, "dpi: got 5, want 16 to 2400"),
        ("x.png", 2401, "dpi: got 2401, want 16 to 2400"),
    ],
)
@pytest.mark.parametrize("layout", ["resviz", "dot"])
def test_dots_an_inch(record, tmp_path, name, dpi, expected, layout):
    """Python has the bounds of the command line, and refuses them without pixels."""
    arch = record("resnet18")
    for made in (resviz.diagram(arch, layout=layout), resviz.table(arch)):
        with pytest.raises(RenderError, match=expected):
            made.save(tmp_path / name, dpi=dpi)
    assert not [*tmp_path.iterdir()]
