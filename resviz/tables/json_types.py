"""What the JSON of commands holds that tell of networks, as types of each key.

`schemas` makes JSON Schemas of them; those of commands that decide lie beside them.

Keys may be added, so a reader passes over those that it does not know. A count of which
a part is not known is the number that is known; `not_counted` then says what is left
out. Shapes begin with the batch; other lists of numbers have one an axis.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

Numbers = list[float | None]
"""One an axis; null where it is not known."""


class JsonHead(TypedDict):
    """Which command's JSON it is, in which version, and of which resviz."""

    format: str
    version: int
    resviz: str


class TracedInput(TypedDict):
    """One input of the forward."""

    name: str | None
    shape: list[int]
    dtype: str


class TraceHead(TypedDict):
    """What was traced, with what, and how."""

    name: str
    title: str
    input_shape: list[int]
    inputs: list[TracedInput]
    batch: int
    training: bool
    mode: str
    input_draws: list[str]
    unseen: list[str]
    module_modes: dict[str, bool]


class GapJson(TypedDict):
    """An operation that no rule counts: how often it ran, and where first."""

    operation: str
    count: int
    first: str


class PartJson(TypedDict):
    """A stage."""

    name: str
    blocks: int
    type: str | None
    output_shape: list[int]
    params: int
    macs: int
    elements: int
    trainable_params: int | None
    frozen_params: int | None
    params_share: float
    macs_share: float
    not_counted: list[GapJson]


class FlowJson(TypedDict):
    """One step of the resolution from the input to the last map."""

    name: str
    size: list[int]
    output_shape: list[int]
    arithmetic: str | None


class SummaryJson(TraceHead, JsonHead):
    """Totals, stages and the shape flow of a network."""

    layers: int
    blocks: int
    stages: list[PartJson]
    params: int
    macs: int
    flow: list[FlowJson]
    not_counted: list[GapJson]
    depth: int
    activations: int
    convention: str
    remarks: list[str]
    elements: int
    elements_convention: str
    trainable_params: int | None
    frozen_params: int | None


class PaperColumnJson(TraceHead):
    """One network of the paper's table."""

    stages: list[PartJson]
    params: int
    trainable_params: int | None
    frozen_params: int | None
    macs: int
    downsampling: list[dict[str, Any]]
    not_counted: list[GapJson]


class PaperRowJson(TypedDict):
    """One row of the paper's table, a cell a network."""

    name: str
    output: list[int] | None
    cells: list[str | int | None]


class PaperJson(JsonHead):
    """The paper's Table 1, a column a network."""

    columns: list[PaperColumnJson]
    rows: list[PaperRowJson]
    convention: str


class RepeatedJson(TypedDict):
    """Rows for how many a row stands, and whether they take turns with others."""

    times: NotRequired[int]
    in_turn: NotRequired[bool]


class LayerJson(RepeatedJson):
    """A layer, or a call that was folded into one row."""

    index: int
    name: str
    type: str
    ops: list[str]
    input_shapes: list[list[int]]
    output_shape: list[int]
    kernel: list[int] | None
    stride: list[int] | None
    padding: list[Any] | None
    dilation: list[int] | None
    groups: int | None
    params: int
    macs: int | None
    elements: int | None
    path: str
    resolution: list[list[int]] | None
    trainable_params: int | None
    frozen_params: int | None
    macs_at_least: int
    elements_at_least: int


class ShortcutJson(RepeatedJson):
    """The shortcut of a residual unit."""

    stage: str
    block: str
    name: str
    kind: str
    reason: str | None
    input_shape: list[int]
    output_shape: list[int]
    stride: Numbers
    params: int
    macs: int
    not_counted: list[GapJson]
    label: str
    params_share: float
    macs_share: float
    trainable_params: int | None
    frozen_params: int | None
    unit: int


class AdditionJson(RepeatedJson):
    """An addition of branches: what it was taken for, and why."""

    name: str
    verdict: str
    reason: str | None


class CountTermJson(TypedDict):
    """A part of a total: so many elements, each counted so often."""

    name: str
    each: int
    elements: int
    amount: int


class ToolJson(TypedDict):
    """A tool that counts so."""

    name: str
    version: str


class ConventionJson(TypedDict):
    """What one convention counts."""

    tools: list[ToolJson]
    calls_it: str
    total: int | None
    terms: list[CountTermJson]
    unknown: list[str]
    source: str
    total_gi: float | None


class VariantJson(TypedDict):
    """Another network of the same name, and what it costs."""

    name: str
    published: str
    macs: int
    difference: int
    blocks: list[dict[str, Any]]


class CostsJson(TraceHead, JsonHead):
    """What each tool and paper counts for a network."""

    macs: int
    elements: int
    conventions: list[ConventionJson]
    variants: list[VariantJson]
    not_counted: list[GapJson]
    convention: str
    elements_convention: str


class StageFieldJson(TypedDict):
    """What the last layer of a stage sees of the input."""

    name: str
    receptive_field: Numbers
    total_stride: Numbers
    padding: Numbers
    offset: Numbers
    whole_input: list[bool]


class LayerFieldJson(StageFieldJson):
    """What a layer sees of the input."""

    index: int
    type: str
    output_shape: list[int]


class ReceptiveJson(TraceHead, JsonHead):
    """Receptive fields, total strides, padding and centres."""

    layers: list[LayerFieldJson]
    stages: list[StageFieldJson]
    largest: dict[str, Any] | None
    gated: list[str]
    off_centre: list[dict[str, Any]]
    not_known: list[dict[str, Any]]
    blind: list[dict[str, Any]]
    convention: str
    position_axes: NotRequired[list[int]]


class PartBytesJson(TypedDict):
    """Bytes of a part of the network."""

    name: str
    layers: NotRequired[int]
    index: NotRequired[int]
    type: NotRequired[str]
    output_shape: NotRequired[list[int]]
    parameter_bytes: int
    activation_bytes: NotRequired[int]
    kept_bytes: NotRequired[int | None]
    held_bytes: NotRequired[int | None]


class MemoryJson(TraceHead, JsonHead):
    """Bytes of parameters, of the peak, and kept by training."""

    parameter_bytes: int
    buffer_bytes: int
    activation_bytes: int
    inference_peak_bytes: int
    inference_peak_layer: str | None
    inference_total_bytes: int
    training_kept_bytes: int
    gradient_bytes: int
    momentum_bytes: int
    adam_bytes: int
    by_dtype: dict[str, dict[str, int]]
    held_at_peak: list[dict[str, Any]]
    not_counted: list[dict[str, Any]]
    autocast: str | None
    convention: str
    parts: NotRequired[list[PartBytesJson]]
    layers: NotRequired[list[PartBytesJson]]


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
