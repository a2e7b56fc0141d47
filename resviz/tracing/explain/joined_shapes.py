"""What is wrong where tensors of one shape should meet, and what would make them equal.

Axes are those of maps (N, C, …) or of tokens (N, T, C); which of both a tensor of three
axes holds is not known, so that nothing is claimed of them alone.
"""

from __future__ import annotations

from typing import NamedTuple

Shape = tuple[int, ...]


class Mismatch(NamedTuple):
    """What a layer or an operation wanted instead of what it was given.

    Attributes:
        words: in a few words.
        size_search: "window" if another input size may do, "rounding" if one that
            divides better may, "inputs" if another shape or dtype may, where no layer
            with weights ran before; "" if none will.
        remedy: what to do, if that is known.
        ratio: wanted by given positions, near which the size that works lies; 0 if
            not known.
        input_sizes: of one sample, which the remedy names; they may not do elsewhere.
    """

    words: str
    size_search: str = ""
    remedy: str = ""
    ratio: float = 0
    input_sizes: Shape = ()


def describe_shape_mismatch(
    words: str, shapes: list[Shape], constant: list[bool], joined_axis: int | None
) -> Mismatch:
    """Describe shapes that should be equal, with a remedy if one is likely.

    Args:
        words: what is wrong.
        shapes: of the operands.
        constant: whether each is a parameter, or made without the input.
        joined_axis: the axis along which a concatenation joins; None of what
            stretches axes of one.
    """
    first, other, is_constant = find_differing_pair(shapes, constant, joined_axis)
    missing_axes = describe_missing_axes(first, other)
    if missing_axes or (joined_axis is not None and len(first) != len(other)):
        return Mismatch(words, remedy=missing_axes)
    rank = max(len(first), len(other))  # torch aligns axes from the last
    first, other = ((1,) * (rank - len(shape)) + shape for shape in (first, other))
    differing = list_differing_axes(first, other, joined_axis)
    if is_constant and differing:
        return describe_constant_mismatch(words, first, other, differing)
    if len(first) < 3 or differing[:1] == [0]:
        return Mismatch(words)
    if differing == [1]:
        return Mismatch(words, remedy=describe_axis_remedy(first, other))
    if 1 not in differing:
        return Mismatch(words, "rounding", describe_map_remedy(first, other))
    return Mismatch(words, remedy=describe_projection(first, other))


def find_differing_pair(
    shapes: list[Shape], constant: list[bool], joined_axis: int | None
) -> tuple[Shape, Shape, bool]:
    """Find a flowing shape and the first that differs, and whether that is constant."""
    start = next((n for n, fixed in enumerate(constant) if not fixed), 0)
    first = shapes[start]
    for position, shape in enumerate(shapes):
        same_rank = len(shape) == len(first)
        if not same_rank or list_differing_axes(first, shape, joined_axis):
            return first, shape, constant[position]
    return first, shapes[-1], False


def list_differing_axes(
    first: Shape, other: Shape, joined_axis: int | None
) -> list[int]:
    """List the axes that should be equal and are not."""
    stretches = joined_axis is None
    return [
        axis
        for axis, (a, b) in enumerate(zip(first, other, strict=False))
        if a != b and axis != joined_axis and not (stretches and 1 in {a, b})
    ]


def describe_missing_axes(first: Shape, other: Shape) -> str:
    """Say how the shorter of two shapes gets the axes that it lacks at its end."""
    short, long = sorted((first, other), key=len)
    if len(short) == len(long) or len(short) < 2 or long[: len(short)] != short:
        return ""
    axes = ", ".join([":"] * len(short) + ["None"] * (len(long) - len(short)))
    return f"give the one of fewer axes the others, as by [{axes}]"


def describe_constant_mismatch(
    words: str, flowing: Shape, constant: Shape, differing: list[int]
) -> Mismatch:
    """Describe a parameter that was made for other positions or channels."""
    axis = differing[-1] if len(flowing) > 3 else differing[0]
    is_position = axis > 1 or (axis == 1 and len(flowing) == 3)
    wanted, given = constant[axis], flowing[axis]
    remedy = (
        f"one is made without the input, for {wanted} on axis {axis} instead of {given}"
    )
    ratio = wanted / given if is_position and given else 0
    if len(flowing) > 3:
        ratio **= 2
    return Mismatch(words, "window" if is_position else "", remedy, ratio)


def describe_axis_remedy(first: Shape, other: Shape) -> str:
    """Say what makes the axes behind the batch equal."""
    if len(first) == 3:
        return (
            "make axis 1 equal: channels by a convolution of 1, tokens by their number"
        )
    if {*first[2:]} == {1} or {*other[2:]} == {1}:
        return f"make the channels equal, {first[1]} and {other[1]}"
    return f"make the channels equal, as by a {name_kernel(first)} convolution"


def describe_map_remedy(first: Shape, other: Shape) -> str:
    """Say what makes two maps of one width equal: a stride, or padding."""
    stride = find_stride(first, other)
    if stride:
        return (
            f"make the maps equal, as by a {name_kernel(first)} convolution of stride "
            f"{stride}"
        )
    lost = {abs(a - b) for a, b in zip(first[2:], other[2:], strict=True)}
    if len(lost) == 1 and not sum(lost) % 2:
        return f"make the maps equal, as by padding={sum(lost) // 2}"
    return "make the maps equal, as by one stride"


def describe_projection(first: Shape, other: Shape) -> str:
    """Say which projection makes a shortcut of another width and size fit."""
    stride = find_stride(first, other)
    if not stride:
        return ""
    small, large = sorted((first, other), key=lambda shape: shape[2:])
    return (
        f"make the shortcut a {name_kernel(first)} convolution of stride {stride}, "
        f"{large[1]}→{small[1]} channels"
    )


def find_stride(first: Shape, other: Shape) -> int:
    """Find the stride from one map to the other, the same on all axes; 0 if none."""
    small, large = sorted((first[2:], other[2:]))
    stride = round(large[0] / small[0]) if small[0] else 0
    fits = stride > 1 and all(
        -(-before // stride) == after
        for before, after in zip(large, small, strict=True)
    )
    return stride if fits else 0


def name_kernel(shape: Shape) -> str:
    """Name a kernel of one position, as "1×1"."""
    return "×".join("1" for _ in shape[2:])
