"""One configuration, one row: it is built, traced, and read."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from resviz import costs, source
from resviz.errors import ResvizError, SpecError, first_line
from resviz.escape import cleaned
from resviz.footprint import peak
from resviz.receptive import Axis, fields
from resviz.source.spec import parse
from resviz.structure import spine
from resviz.structure.graph import Graph, weights
from resviz.vocabulary import AVERAGE_POOLS, MAX_POOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.record import Architecture, Operation

Row = dict[str, Any]

Variant = tuple[str, Any, int | None]
"""What a row is made of: a SPEC, its input, its batch."""

MEASURES = (
    "params", "macs", "activations", "inference_peak_bytes", "receptive_field",
    "final_shape", "depth",
)  # fmt: skip
"""What a row tells of a network.

Units: parameters; MACs and output elements of convolutions, at the batch; bytes; pixels
of the input; a shape; weighted layers.
"""

STEPS = ("build", "trace", "readings")
"""What a row takes time for."""

ROOM = ("memoryerror", "can't allocate memory", "not enough memory", "bad_alloc")
"""What errors say that are for want of memory."""


class Rows:
    """Makes rows. What was built is kept for the next that asks for another input.

    Args:
        tracing: the options of a trace that hold for all.
    """

    def __init__(self, tracing: Mapping[str, Any]) -> None:
        self.tracing = {k: v for k, v in tracing.items() if v is not None}
        if "sizes" in self.tracing:
            self.tracing["sizes"] = source.given(tuple(self.tracing["sizes"]))
        self.built: tuple[str, source.Built | None] = "", None

    def row(self, variant: Variant) -> Row:
        """The row of one variant; of one that fails, with the reason."""
        clock = Clock()
        values: Row = {}
        error = None
        try:
            arch = self.record(variant, clock)
            values = measures(arch)
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - a model's code may raise anything
            error = reason(raised)
        clock.stop("readings")
        return {
            **{name: values.get(name) for name in MEASURES},
            "seconds": sum(clock.spent.values()),
            "error": error,
            "steps": clock.spent,
        }

    def record(self, variant: Variant, clock: Clock) -> Architecture:
        """The record of one variant."""
        text, own, batch = variant
        spec = parse(text)
        asked = source.Asked(None, None, None, None, None, None)._replace(
            **self.tracing
        )
        if batch is not None:
            asked = asked._replace(batch=batch)
        if spec.record:
            clock.stop("build")
            return source.recorded(source.load(spec.record), text, asked)
        if self.built[0] != text or self.built[1] is None:
            self.built = "", None
            self.built = text, source.built(spec)
        made = self.built[1]
        assert made
        clock.stop("build")
        if own is not None:
            asked = asked._replace(sizes=source.given(sized(own, made.usual)))
        source.check_batch(asked)
        try:
            return made.traced(asked)
        finally:
            clock.stop("trace")


class Clock:
    """Seconds spent on each step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)
        self.last = perf_counter()

    def stop(self, step: str) -> None:
        """Count the time since the last stop to a step."""
        now = perf_counter()
        self.spent[step] += now - self.last
        self.last = now


def sized(own: Any, usual: Any) -> Any:
    """An input that a SPEC asks for: a side, two sides, all sizes, or text.

    Raises:
        SpecError: if it is a side, and the network is not given an image.
    """
    if isinstance(own, str):
        return own
    sides = [own, own] if isinstance(own, int) else [*own]
    if len(sides) > 2:
        return tuple(sides)
    image = isinstance(usual, tuple) and all(isinstance(n, int) for n in usual)
    if not image or len(usual) < 3:
        raise SpecError(f"input={own!r}: the network is not given an image, want text")
    return (*usual[:-2], *sides)


def measures(arch: Architecture) -> Row:
    """What is read of one record."""
    total = costs.whole(arch)
    graph = Graph(arch)  # kept nowhere, so the record goes without the collector
    path = spine(graph)
    return {
        "params": arch.params,
        "macs": total.macs,
        "activations": total.activations,
        "inference_peak_bytes": peak(arch).bytes,
        "receptive_field": largest_field(arch),
        "final_shape": final_shape(graph, path),
        "depth": sum(weights(arch.layers[index]) for index in path),
    }


def largest_field(arch: Architecture) -> int | None:
    """The largest receptive field along an axis, before all is seen.

    None if that of some layer is not known, for it may be larger.

    Units: pixels of the input.
    """
    axes = len(arch.input_shape) - 2
    read = fields(arch)
    if read.gaps:
        return None
    different = {id(layer): layer for layer in read.layers}.values()
    found = (
        max(seen.size for seen in known)
        for layer in different
        if len(known := [it for it in layer or () if isinstance(it, Axis)]) == axes > 0
    )
    return max(found, default=None)


def final_shape(graph: Graph, path: Iterable[int]) -> list[int] | None:
    """Shape of the last map on the main path, before it is pooled to one position.

    A map has the axes of an image, or those of tokens; where all of it is one position,
    as after many strides, it is what the last layer before the global pool gives. A
    window that reaches over the edge gathers no whole map, though one position may be
    left of it.
    """
    arch, found = graph.arch, None
    rank = len(arch.input_shape)
    for index in path:
        layer = arch.layers[index]
        if any(map(gathers, layer.operations)):
            if graph.extent(index)[0] <= arch.batch:
                break
        elif len(layer.output_shape) < min(rank, 3):
            break
        found = layer.output_shape
    return None if found is None else list(found)


def gathers(op: Operation) -> bool:
    """Whether an operation is a pool that may take in a whole map."""
    inside = op.window is None or not any(op.window.padding)
    return inside and op.name in AVERAGE_POOLS | MAX_POOLS


def reason(error: BaseException) -> str:
    """Why a configuration failed, on one line."""
    text = str(error) if isinstance(error, ResvizError) else first_line(error)
    if isinstance(error, SystemExit):
        text = f"its code called sys.exit({error.code!r})"
    elif not isinstance(error, ResvizError):
        text = f"{type(error).__name__}: {text}"
    if any(word in text.lower() for word in ROOM):
        text = f"out of memory: {text}"
    return cleaned(text)
