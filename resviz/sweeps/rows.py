"""One configuration, one row: it is built, traced, and read."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from resviz import source
from resviz.errors import ResvizError, SpecError, first_error_line
from resviz.escape import replace_unsafe
from resviz.operations.families import POOLS
from resviz.readings import costs
from resviz.readings.batch_axes import SampledShape
from resviz.readings.memory import find_peak
from resviz.readings.receptive import Axis, compute_receptive_fields
from resviz.readings.structure.graph import Graph
from resviz.readings.structure.main_path import find_main_path
from resviz.readings.structure.regions import find_multi_branch_convolutions
from resviz.readings.structure.weights import count_weighted
from resviz.source.spec import parse_spec
from resviz.tables.shapes import WrittenShape, arrange_shape
from resviz.units import AtLeast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.record import Architecture, Operation

SweepRow = dict[str, Any]

VariantArguments = tuple[str, Any, int | None]
"""What a row is made of: a SPEC, its input, its batch."""

MEASURE_NAMES = (
    "params", "macs", "activations", "inference_peak_bytes", "receptive_field",
    "final_shape", "depth", "trainable_params", "not_counted",
)  # fmt: skip
"""What a row tells of a network.

Units: parameters; MACs and output elements of convolutions, at the batch; bytes; pixels
of the input; a shape; weighted layers.
"""

TIMED_STEPS = ("build", "trace", "readings")
"""What a row takes time for."""

OUT_OF_MEMORY_SIGNS = (
    "memoryerror",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
)
"""What errors say that are for want of memory."""


class VariantTracer:
    """Makes rows. What was built is kept for the next that asks for another input.

    Args:
        tracing: the options of a trace that hold for all.
        draws: whether rows have an overview too, SVG.
    """

    def __init__(self, tracing: Mapping[str, Any], *, draws: bool = False) -> None:
        self.draws = draws
        self.tracing = {k: v for k, v in tracing.items() if v is not None}
        if "sizes" in self.tracing:
            self.tracing["sizes"] = source.parse_inputs(tuple(self.tracing["sizes"]))
        self.last_built: tuple[str, source.BuiltModel | None] = "", None

    def make_row(self, variant: VariantArguments) -> SweepRow:
        """Make the row of one variant; of one that fails, with the reason."""
        clock = StepTimer()
        values: SweepRow = {}
        error = None
        try:
            arch = self.trace_variant(variant, clock)
            values = measure_record(arch)
            if self.draws:
                from resviz.figures import draw_diagram

                values["overview"] = draw_diagram(arch, "overview").to_svg()
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - a model's code may raise anything
            error = failure_reason(raised)
        clock.end_step("readings")
        return {
            **{name: values.get(name) for name in MEASURE_NAMES},
            "lacks_weights": values.get("lacks_weights", False),
            "final_sizes": values.get("final_sizes"),
            "seconds": sum(clock.seconds.values()),
            "error": error,
            "steps": clock.seconds,
            **({"overview": values.get("overview")} if self.draws else {}),
        }

    def trace_variant(
        self, variant: VariantArguments, clock: StepTimer
    ) -> Architecture:
        """Trace one variant."""
        text, own_input, batch = variant
        spec = parse_spec(text)
        request = source.TraceRequest(None, None, None, None, None, None)._replace(
            **self.tracing
        )
        if batch is not None:
            request = request._replace(batch=batch)
        if spec.record:
            clock.end_step("build")
            return source.check_record(source.load(spec.record), text, request)
        if self.last_built[0] != text or self.last_built[1] is None:
            self.last_built = "", None
            self.last_built = text, source.build_model(spec)
        built_model = self.last_built[1]
        assert built_model
        clock.end_step("build")
        if own_input is not None:
            request = request._replace(
                sizes=source.parse_inputs(
                    resolve_input_size(own_input, built_model.usual_input)
                )
            )
        source.check_request(request)
        try:
            return built_model.trace_with(request)
        finally:
            clock.end_step("trace")


class StepTimer:
    """Seconds spent on each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(TIMED_STEPS, 0.0)
        self.last_stop = perf_counter()

    def end_step(self, step: str) -> None:
        """Count the time since the last stop to a step."""
        now = perf_counter()
        self.seconds[step] += now - self.last_stop
        self.last_stop = now


def resolve_input_size(own_input: Any, usual: Any) -> Any:
    """Work out the input of a SPEC that gives a side, two, all sizes, or text.

    Raises:
        SpecError: if it is a side, and the network is not given an image.
    """
    if isinstance(own_input, str):
        return own_input
    sides = [own_input, own_input] if isinstance(own_input, int) else [*own_input]
    if len(sides) > 2:
        return tuple(sides)
    image = isinstance(usual, tuple) and all(isinstance(n, int) for n in usual)
    if not image or len(usual) < 3:
        raise SpecError(
            f"input={own_input!r}: the network is not given an image, want text"
        )
    return (*usual[:-2], *sides)


def measure_record(arch: Architecture) -> SweepRow:
    """Read what a row tells of one record."""
    total = costs.sum_record_costs(arch)
    graph = Graph(arch)  # kept nowhere, so the record goes without the collector
    path = find_main_path(graph, find_multi_branch_convolutions(graph))
    return {
        "params": arch.params,
        "macs": total.macs,
        "activations": total.activations,
        "inference_peak_bytes": find_peak(arch).bytes,
        "receptive_field": find_largest_axis_field(arch),
        **measure_final_map(graph, path),
        "depth": sum(count_weighted(graph.layers[index]) for index in path),
        "trainable_params": arch.trainable_params,
        "not_counted": describe_gaps(arch),
        "lacks_weights": bool(costs.find_uncounted_weights(arch)),
    }


def mark_lower_bounds(row: Mapping[str, Any]) -> SweepRow:
    """Mark what a row has at least, since something in it is not counted."""
    is_at_least = {
        "macs": row.get("not_counted"),
        "depth": row.get("lacks_weights"),
        "macs_diff": row.get("not_counted"),
        "depth_diff": row.get("lacks_weights"),
    }
    bounds = {
        name: AtLeast(row[name])
        for name, lacks in is_at_least.items()
        if lacks and row.get(name) is not None
    }
    return {**row, **bounds}


def describe_gaps(arch: Architecture) -> str | None:
    """Name what no count includes; None if nothing is left out."""
    gaps = [f"{gap.operation} {gap.count}×" for gap in costs.find_uncounted(arch)]
    gaps += [f"what made an operand of {name}" for name in arch.unseen]
    return ", ".join(gaps) or None


def find_largest_axis_field(arch: Architecture) -> int | None:
    """Find the largest receptive field along an axis, before all is seen.

    None if that of some layer is not known, for it may be larger.

    Units: pixels of the input.
    """
    all_fields = compute_receptive_fields(arch)
    axes = len(all_fields.axes)
    if all_fields.unknown:
        return None
    distinct = {id(layer): layer for layer in all_fields.layers}.values()
    sizes = (
        max(axis.size for axis in known)
        for layer in distinct
        if len(known := [axis for axis in layer or () if isinstance(axis, Axis)])
        == axes
        > 0
    )
    return max(sizes, default=None)


def measure_final_map(graph: Graph, path: Iterable[int]) -> SweepRow:
    """Return the final map's shape, and its sizes as people read them, H×W×C."""
    arch, index = graph.arch, find_final_layer(graph, path)
    if index is None:
        return {"final_shape": None, "final_sizes": None}
    shape = arch.stored_layers[index].output_shape
    written = arrange_shape(arch, shape, axis=graph.channel_axes.get(index))
    return {"final_shape": [*shape], "final_sizes": [*written.sizes]}


def find_final_layer(graph: Graph, path: Iterable[int]) -> int | None:
    """Find what gives the last map on the main path, before it is pooled to one value.

    A map has the axes of an image, or those of tokens; where all of it is one position,
    as after many strides, it is what the last layer before the global pool gives. A
    window that reaches over the edge gathers no whole map, though one position may be
    left of it.
    """
    arch, final = graph.arch, None
    rank = len(arch.input_shape)
    for index in path:
        layer = arch.stored_layers[index]
        if any(map(may_pool_whole_map, layer.operations)):
            if graph.size_of_node(index)[0] <= arch.batch:
                break
        elif len(layer.output_shape) < min(rank, 3):
            break
        final = index
    return final


def write_final_map(row: SweepRow) -> SweepRow:
    """Let the final map of a row be written as other tables write maps."""
    shape, sizes = row.get("final_shape"), row.get("final_sizes")
    if not shape or not sizes:  # of a variant that failed, or a row of an older resviz
        return row
    sampled = SampledShape(tuple(shape), tuple(shape[1:]))
    return {**row, "final_shape": WrittenShape(sampled, tuple(sizes))}


def may_pool_whole_map(op: Operation) -> bool:
    """Tell whether an operation is a pool that may take in a whole map."""
    inside = op.window is None or not any(op.window.padding)
    return inside and op.name in POOLS


def failure_reason(error: BaseException) -> str:
    """Say why a configuration failed, on one line."""
    text = str(error) if isinstance(error, ResvizError) else first_error_line(error)
    if isinstance(error, SystemExit):
        text = f"its code called sys.exit({error.code!r})"
    elif not isinstance(error, ResvizError):
        text = f"{type(error).__name__}: {text}"
    if any(word in text.lower() for word in OUT_OF_MEMORY_SIGNS):
        text = f"out of memory: {text}"
    return replace_unsafe(text)
