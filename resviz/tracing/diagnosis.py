"""Saying why a forward failed: at which layer, with which shapes, what would work."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from torch import nn

from resviz.errors import first_line
from resviz.tracing.operations import per_axis
from resviz.tracing.recorder import Enter, Recorder, Step, tensors
from resviz.tracing.shapes import slid

Shape = tuple[int, ...]
Runs = Callable[[Shape], bool]

LARGEST = 2048
"""Side in pixels above which no working input is looked for."""


class Mismatch(NamedTuple):
    """What a layer wanted, in words, and whether another input size may do."""

    words: str
    sized: bool = True


def explain(error: Exception, recorder: Recorder, shape: Shape, runs: Runs) -> str:
    """One line: where it failed, what came in, what was wanted, what would work.

    Args:
        error: what the forward raised.
        recorder: what was seen up to there.
        shape: of the model's input.
        runs: whether the model takes an input of a given shape; asked only where the
            size is what is wrong, since it runs the forward again.
    """
    reason = first_line(error)
    try:
        return failure(reason, recorder, shape, runs)
    except Exception:  # noqa: BLE001 - an odd module must not hide the reason
        return reason


def failure(reason: str, recorder: Recorder, shape: Shape, runs: Runs) -> str:
    """The line that `explain` gives, unless a module is too odd to be described."""
    given = f"for an input of {shape}"
    if not recorder.open:
        return f"{reason}, {given}"
    enter = recorder.open[-1]
    where = f"{enter.path or 'the model'} ({type(enter.module).__name__})"
    shapes = [tuple(tensor.shape) for tensor in tensors(enter.args)]
    if not shapes:
        return f"{where}: {reason}, {given}"
    known = mismatch(enter.module, shapes[0], recorder)
    got = " and ".join(map(str, shapes))
    sizes = working_sizes(shape, runs) if known and known.sized else None
    said = f"{where}: {known.words if known else reason}, got {got}, {given}"
    return f"{said}; {sizes}" if sizes else said


def mismatch(module: nn.Module, shape: Shape, recorder: Recorder) -> Mismatch | None:
    """What a layer wanted instead of an input of `shape`, if that is known."""
    if isinstance(module, nn.Linear) and shape[-1] != module.in_features:
        return Mismatch(
            f"want {module.in_features} input features, {pooled(recorder)}"
            f"in_features would have to be {shape[-1]}"
        )
    if isinstance(module, nn.Conv2d) and len(shape) == 4:
        if shape[1] != module.in_channels:
            return Mismatch(f"want {module.in_channels} input channels", sized=False)
        if not fits(module, shape):
            kernel = pair(module.kernel_size)
            return Mismatch(f"the {kernel} kernel does not fit into the padded map")
    pools = (nn.AvgPool2d, nn.MaxPool2d)
    if isinstance(module, pools) and len(shape) == 4 and not fits(module, shape):
        size = pair(module.kernel_size)
        return Mismatch(f"the {size} window does not fit into the map")
    norms = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    single = shape[0] * prod(shape[2:]) == 1
    if isinstance(module, norms) and module.training and single:
        return Mismatch(
            "in training, want more than one value per channel: a larger batch or map"
        )
    return None


def fits(module: nn.Module, shape: Shape) -> bool:
    """Whether a convolution's or pool's window has a place in a map of `shape`."""
    padding = module.padding
    if isinstance(padding, str):
        return True
    numbers = (module.kernel_size, 1, padding, getattr(module, "dilation", 1))
    return slid(shape[2:], *(per_axis(number, 2) for number in numbers)) is not None


def pooled(recorder: Recorder) -> str:
    """What the last average pool before the failing layer gave, in words."""
    events = recorder.events
    for position in reversed(range(len(events))):
        event = events[position]
        if isinstance(event, Enter) and isinstance(event.module, nn.AvgPool2d):
            step = next(e for e in events[position:] if isinstance(e, Step))
            before, (c, *after) = step.shapes[0], step.outputs[0].shape[1:]
            return (
                f"{event.path} ({pair(event.module.kernel_size)} average pool) makes "
                f"{c} maps of {pair(tuple(after))} from {pair(before[2:])}: "
            )
    return ""


def pair(size: int | tuple[int, ...]) -> str:
    """A kernel size as "7×7"."""
    return f"{size}×{size}" if isinstance(size, int) else "×".join(map(str, size))


def working_sizes(shape: Shape, runs: Runs) -> str | None:
    """Which square inputs near `shape` the model takes, in words; None if none.

    Assumes that those that work form one range, as for any stack of windows.
    """
    if len(shape) != 4:
        return None
    batch, channels, *given = shape

    def works(side: int) -> bool:
        return runs((batch, channels, side, side))

    candidates = [224, 32, *(2**k for k in range(3, 12) if 2**k <= LARGEST)]
    inner = next((side for side in candidates if works(side)), None)
    if inner is None:
        return None
    least = edge(0, inner, works)
    largest = None if works(LARGEST) else edge(LARGEST, inner, works)
    if min(given) < least or largest is None:
        return f"the least input that works is {least}×{least}"
    return f"inputs from {least}×{least} to {largest}×{largest} work"


def edge(outside: int, inside: int, works: Callable[[int], bool]) -> int:
    """The last side that works on the way from `inside` to `outside`."""
    while abs(inside - outside) > 1:
        middle = (inside + outside) // 2
        if works(middle):
            inside = middle
        else:
            outside = middle
    return inside
