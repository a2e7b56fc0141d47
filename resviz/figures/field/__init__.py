"""Field: what a position of each stage sees of the input, as boxes over an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures import sentences
from resviz.figures.field.image import read_image
from resviz.figures.field.placing import FieldPlacing
from resviz.figures.field.views import (
    list_views,
    say_field,
    select_sides,
)
from resviz.readings.receptive.gaps import describe_field_gaps
from resviz.units import format_sentence, format_sizes

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.field.views import FieldView
    from resviz.record import Architecture


def draw(arch: Architecture, *, image: str | None = None) -> Picture:
    """Draw the fields over an image, or over a grid if there is none.

    Raises:
        RenderError: for an input that is no image, where no field is known, or for a
            file that is no image.
    """
    views = read_views(arch)
    file = None if image is None else read_image(image)
    return FieldPlacing(arch, views, select_sides(arch), file).draw_picture()


def description(arch: Architecture, *, image: str | None = None) -> str:
    """Say what a position of each stage sees.

    Raises:
        RenderError: as `draw`.
    """
    if image is not None:
        read_image(image)
    height, width = select_sides(arch)
    over = f"over {'a grid' if image is None else 'an image'} of"
    told = [f"{view.name} sees {say_field(view)}" for view in read_views(arch)]
    said = (
        f"Receptive fields of {arch.label}, as boxes {over} "
        f"{format_sizes((height, width))} pixels, its input: the middle position of "
        f"{sentences.join_with_and(told)}."
    )
    return " ".join([said, *map(format_sentence, describe_field_gaps(arch))])


def read_views(arch: Architecture) -> list[FieldView]:
    """Read what is shown.

    Raises:
        RenderError: for an input that is no image, or where no field is known.
    """
    select_sides(arch)
    views = list_views(arch)
    if not views:
        unknown = (gap for gap in describe_field_gaps(arch) if gap.startswith("not"))
        why = next(unknown, "no layer reads it by windows")
        raise RenderError(
            f"{arch.label}: no field of the input is known, {why}: want figure "
            "overview or lanes"
        )
    return views
