"""What the JSON of other commands holds, as types: bounds, and what judges several."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from resviz.tables.json_types import JsonHead, TraceHead


class ComparedJson(TypedDict):
    """One of the networks that are compared."""

    name: str
    title: str
    input_shape: list[int]
    params: int
    macs: int
    activations: int
    memory: int
    depth: int
    blocks: list[int]
    not_counted: list[str]


class ChangeJson(TypedDict):
    """One change, with its share of the difference; `marks` are its modules."""

    where: str
    what: str
    sentence: str
    params: int
    macs: int
    activations: int
    memory: int
    marks: list[str]


ComparisonJson = TypedDict(
    "ComparisonJson",
    {
        "from": ComparedJson,
        "to": ComparedJson,
        "order": str,
        "families": bool,
        "same": bool,
        "changes": list[ChangeJson],
    },
)


class CompareJson(JsonHead, ComparisonJson):
    """What changed from one network to another."""


class CompareSeveralJson(JsonHead):
    """What changed from one network to each of its variants."""

    base: ComparedJson
    variants: list[ComparisonJson]


class LimitJson(TypedDict):
    """A limit, what was got, and the changes that broke it."""

    limit: str
    got: str
    wanted: str
    value: Any
    passed: bool
    sentence: str
    because: str
    causes: list[Any]


class BudgetJson(TypedDict):
    """The limits of one network."""

    name: str
    spec: str
    record: str | None
    input_shape: list[int]
    batch: int
    training: bool
    passed: bool
    limits: list[LimitJson]


class CheckJson(JsonHead):
    """Whether the networks of a project keep their budgets; a sentence a breach."""

    config: str
    passed: bool
    breaches: list[str]
    written: list[str]
    networks: list[BudgetJson]


class IdentifyJson(JsonHead):
    """Which network a file of weights is of; `spec` is null for none."""

    spec: str | None
    block: str | None
    layers: list[int] | None
    groups: int | None
    width_per_group: int | None
    params: int
    prefix: str
    num_classes: int | None
    downsample: list[str]
    unknown: list[str]
    misfits: list[str]
    sure: str | None
    file: str
    file_format: str
    words: str
    naming: str | None
    place: str
    depth: int | None
    stem: str | None
    stem_channels: int | None
    in_channels: int | None
    base_channels: int | None
    shortcut: str | None
    avg_down: bool | None
    buffers: int
    copies: list[dict[str, Any]]
    optimiser: dict[str, int]
    beside: int


class BoundJson(TypedDict):
    """A lower bound of the time of a whole network on one device."""

    device: str
    precision: str
    flops: float
    bandwidth: float
    ridge: float
    bound_seconds: float
    memory_share: float | None
    memory_layers: int
    layers: int
    longest: str | None
    total_flops: int
    total_bytes: int
    source: str


class LayerBoundJson(TypedDict):
    """A lower bound of the time of a layer, and what is folded into it."""

    index: int
    name: str
    type: str
    macs: int
    flops: int
    read_bytes: int
    written_bytes: int
    bytes: int
    intensity: float | None
    bound_by: str
    bound_seconds: float
    folded: list[str]
    measured_seconds: NotRequired[float | None]
    times_bound: NotRequired[float | None]


class RooflineJson(TraceHead, JsonHead):
    """Lower bounds of time, a row a device."""

    fused: bool
    precision: str
    rows: list[BoundJson]


class DeviceRooflineJson(BoundJson, TraceHead, JsonHead):
    """Lower bounds of time on one device, a row a layer."""

    fused: bool
    rows: list[LayerBoundJson]
    measured_seconds: NotRequired[float]


class SweepRowJson(TypedDict):
    """A variant: its SPEC, the arguments that vary, and what was measured."""

    spec: NotRequired[str]
    params: NotRequired[int | None]
    macs: NotRequired[int | None]
    activations: NotRequired[int | None]
    inference_peak_bytes: NotRequired[int | None]
    receptive_field: NotRequired[float | None]
    final_shape: NotRequired[Any]
    depth: NotRequired[int | None]
    trainable_params: NotRequired[int | None]
    not_counted: NotRequired[Any]
    seconds: float
    error: NotRequired[str | None]


class SweepJson(JsonHead):
    """Many variants, a row each."""

    variants: list[SweepRowJson]
    traced: int
    failed: int
    input: list[str] | None
    batch: int | None
    baseline: dict[str, Any] | None
    where: str | None
    where_undecided: int
    pareto: list[str] | None
    convention: str


class InferenceFitJson(TypedDict):
    """The largest batch of a forward without gradients; null where any fits."""

    largest_batch: int | None
    bytes: int | None
    bytes_each: int
    bytes_at_0: int


class CheckpointPlanJson(TypedDict):
    """Blocks to checkpoint, and the largest batch for each optimiser."""

    blocks: list[str]
    modules: list[str]
    kept_bytes: int
    peak_bytes: int
    recomputed_macs: int
    recomputed: float | None
    largest_batch: dict[str, int | None]


class FitJson(TraceHead, JsonHead):
    """The largest batches for a size of memory, and where to checkpoint for more."""

    fit_bytes: int
    inference: InferenceFitJson
    plans: list[CheckpointPlanJson]
    not_checkpointed: list[dict[str, Any]]
    autocast: str | None
    convention: str
