"""What the JSON of commands holds that decide, as types: changes, limits, sizes.

They are those of `resviz.api.decisions`.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from resviz.tables.json_types import JsonHead, Numbers, TraceHead


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


class FeatureJson(TypedDict):
    """The map of one stage; `module` is null where it is the output of none."""

    name: str
    module: str | None
    channels: int | None
    size: list[int]
    stride: Numbers | None
    receptive_field: Numbers
    macs: int
    index: int
    timm_index: int | None
    stage: str | None
    layer: str
    output_shape: list[int]
    extra_tokens: int
    padding: Numbers
    offset: Numbers
    whole_input: list[bool]
    params: int


class NeckJson(TypedDict):
    """What a detector asks of a backbone."""

    return_layers: dict[str, str] | None
    out_indices: list[int]
    timm_out_indices: list[int] | None
    in_channels: list[int | None]


class FeaturesJson(TraceHead, JsonHead):
    """The maps of all stages."""

    features: list[FeatureJson]
    configuration: NeckJson
    convention: str


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


class SizeJson(TypedDict):
    """Another size of the input; null for `works` where the record does not tell."""

    input: list[int]
    works: bool | None
    why: NotRequired[str]
    map: NotRequired[list[int]]
    strides: NotRequired[list[float]]
    macs: NotRequired[int]
    macs_per_pixel: NotRequired[int]
    activations: NotRequired[int]
    peak_bytes: NotRequired[int]
    kept_bytes: NotRequired[int]
    beyond: NotRequired[float]
    cut: NotRequired[float]
    uneven: NotRequired[list[dict[str, Any]]]


class SizesJson(TraceHead, JsonHead):
    """What other sizes of the input give, cost and waste."""

    sizes: list[SizeJson]


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
    joined: dict[str, Any] | None
    where: str | None
    where_undecided: int
    pareto: list[str] | None
    convention: str
