"""The record of one forward: frozen facts that obey invariants.

Facts only. What a layer costs, which block it belongs to and why a shortcut
projects are judgements; they are computed from the record and never stored.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from resviz.calls import is_no_method, knows_keywords
from resviz.errors import RenderError, UnknownNameError, make_attribute_refusal
from resviz.files import check_suffix, compress_for_path, write_atomically
from resviz.record.facts import Shape, Source, Storage, Tensor
from resviz.record.invariants import check_invariants
from resviz.record.layers import (
    Call,
    Layer,
    Uncalled,
    count_frozen_parameters,
    count_parameters,
    explain_missing_layer,
    index_layer_names,
    link_layer,
)
from resviz.record.places import RECORD_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it has none

    from resviz.inputs import InputSize
    from resviz.pages.live import LivePage
    from resviz.readings.costs import CostTotals, UncountedOperation
    from resviz.readings.features import FeatureMap
    from resviz.readings.shape_flow import FlowStep
    from resviz.readings.structure import Block, Shortcut, Stage, Structure

FORMAT = "resviz.architecture"
VERSION = 1
"""Raised whenever an old reader would misread a new record."""


class Architecture(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    dict=True,
    tag_field="format",
    tag=FORMAT,
):
    """What one forward of one network did: the record that everything reads.

    Attributes:
        version: of the record's schema.
        name: as given, "resnet50".
        title: as printed, "ResNet-50".
        torch: version of torch that ran it.
        training: whether training mode was followed.
        mode: "shapes" if no value was computed, "run" if the forward was run for
            real, on seeded input.
        inputs: the model's inputs.
        input_names: of arguments of the forward, or of keys in them, "batch.ids";
            () where a lone tensor needs none.
        input_draws: how the values of each input were drawn of a forward that was run
            for real, "values in [0, 1)", and "" where as usual or given; () if that is
            true of all. The usual ones are standard normal, 0 and 1, and True.
        batch_size: how many samples, where the first axis of the first input does
            not say so.
        batch_axes: the axis of each input that holds the samples, None where none
            does; () where it is the first of each.
        outputs: which layers' outputs the model returned.
        calls: calls of non-leaf modules; the first is the model's own.
        layers: in execution order; as stored, without knowing of their record, they
            are `stored_layers`.
        uncalled: parameters that no layer read.
        buffers: bytes of the model's buffers by dtype, each tensor once.
        storages: memory that the forward took, in order of first use, inputs' first.
        unseen: layers with an operand that was made out of sight, as in a thread.
        module_modes: which modules are in training mode, where some are and some not:
            the model itself, "", and each that is not as the one around it; else {}.
            The trace followed `training` in all.
    """

    version: Literal[1]
    name: str
    title: str = ""
    torch: str = ""
    training: bool = False
    mode: Literal["shapes", "run"] = "shapes"
    inputs: tuple[Tensor, ...]
    input_names: tuple[str, ...] = ()
    input_draws: tuple[str, ...] = ()
    batch_size: int | None = None
    batch_axes: tuple[int | None, ...] = ()
    outputs: tuple[Source, ...]
    calls: tuple[Call, ...]
    stored_layers: tuple[Layer, ...] = msgspec.field(name="layers")
    uncalled: tuple[Uncalled, ...] = ()
    buffers: dict[str, int] = {}
    storages: tuple[Storage, ...] = ()
    unseen: tuple[str, ...] = ()
    module_modes: dict[str, bool] = {}

    def __post_init__(self) -> None:
        """Check the invariants of a record.

        Raises:
            ValueError: naming the layer at which one is broken.
        """
        check_invariants(self)

    @cached_property
    @is_no_method
    def layers(self) -> tuple[Layer, ...]:
        """The layers in execution order, each of which knows this record."""
        return tuple(link_layer(layer, self) for layer in self.stored_layers)

    if not TYPE_CHECKING:
        __getattr__ = make_attribute_refusal("Architecture", RECORD_PLACES)

    def __getitem__(self, name: str) -> Layer:
        """Return the layer called `name`; the second call of a module is "relu#2".

        Raises:
            UnknownNameError: a KeyError, which names layers that are near.
        """
        index = index_layer_names(self).get(name)
        if index is None:
            raise UnknownNameError(explain_missing_layer(self, name))
        return self.layers[index]

    def __contains__(self, name: object) -> bool:
        return name in index_layer_names(self)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.stored_layers)

    def __bool__(self) -> bool:
        return True

    @property
    def label(self) -> str:
        """What to print for it: its title, or its name."""
        return self.title or self.name

    @property
    def input_shape(self) -> Shape:
        """Shape of the first input; () if it has no axes, or there is none."""
        return self.inputs[0].shape if self.inputs else ()

    @cached_property
    def batch(self) -> int:
        """How many samples it was traced with."""
        if self.batch_size is not None or not self.input_shape:
            return 1 if self.batch_size is None else self.batch_size
        from resviz.readings.batch_axes import find_batch_axis

        return self.input_shape[find_batch_axis(self)]

    @property
    def _given_batch(self) -> tuple[int | None, tuple[int | None, ...]]:
        """The batch of tensors that were given, and the axis of each that holds it."""
        from resviz.readings.given_batch import find_given_batch

        return find_given_batch(self)

    @property
    def named_inputs(self) -> Iterator[tuple[str, Tensor]]:
        """Each input and its name, "" where it has none."""
        names = self.input_names or ("",) * len(self.inputs)
        return zip(names, self.inputs, strict=True)

    @property
    def _totals(self) -> CostTotals:
        """The costs of all its layers."""
        from resviz.readings.costs import sum_record_costs

        return sum_record_costs(self)

    @property
    def _structure(self) -> Structure:
        """The structure that is read off its dataflow."""
        from resviz.readings.structure import read_structure

        return read_structure(self)

    @property
    def params(self) -> int:
        """Number of parameters, those that no layer read included."""
        return count_parameters(self)

    @property
    def trainable_params(self) -> int | None:
        """Number of parameters that ask for a gradient.

        None if the record is of an older resviz, and does not say.
        """
        frozen = self.frozen_params
        return None if frozen is None else self.params - frozen

    @property
    def frozen_params(self) -> int | None:
        """Number of parameters that ask for no gradient; None likewise."""
        return count_frozen_parameters(self) if self.knows_frozen else None

    @property
    def knows_frozen(self) -> bool:
        """Whether it says what is frozen, as a record without storages does not."""
        return bool(self.storages or not self.params or count_frozen_parameters(self))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole batch, as far as rules know them.

        What is not counted is named by `uncounted`; 1 MAC = 2 FLOPs.
        """
        return self._totals.macs

    @property
    def elements(self) -> int:
        """Elements of element-wise work, as far as rules know them."""
        return self._totals.elements

    @property
    def activations(self) -> int:
        """Output elements of all convolutions, the activations of the RegNet paper."""
        return self._totals.activations

    @property
    @is_no_method
    def uncounted(self) -> tuple[UncountedOperation, ...]:
        """Operations that `macs` leaves out, since no rule knows them."""
        from resviz.readings.costs import find_uncounted

        return find_uncounted(self)

    @property
    def depth(self) -> int:
        """Number of weighted layers on the main path, the 50 of ResNet-50."""
        from resviz.readings.structure import count_depth

        return count_depth(self._structure)

    @property
    @is_no_method
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order, "conv2_x" first; () if nothing is residual."""
        return self._structure.stages

    @property
    @is_no_method
    def blocks(self) -> tuple[Block, ...]:
        """The residual blocks of all stages, in execution order."""
        return self._structure.blocks

    @property
    @is_no_method
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """The shortcuts of all blocks: one a block, two in a transformer's."""
        return tuple(unit.shortcut for block in self.blocks for unit in block.units)

    @property
    @is_no_method
    def stem(self) -> tuple[Layer, ...]:
        """The layers before the first block, of each tower that has its own."""
        from resviz.readings.structure.stems import find_stems

        stems = [stem.layers for stem in find_stems(self._structure)]
        every = (*self._structure.stem, *chain.from_iterable(stems))
        indices = sorted({layer.index for layer in every})
        return tuple(self.layers[index] for index in indices)

    @property
    @is_no_method
    def head(self) -> tuple[Layer, ...]:
        """The layers after the last block."""
        return tuple(self.layers[layer.index] for layer in self._structure.head)

    @property
    @is_no_method
    def main_path(self) -> tuple[Layer, ...]:
        """The layers on the path from input to output with the most weights."""
        return tuple(self.layers[index] for index in self._structure.main_path)

    @property
    @is_no_method
    def flow(self) -> tuple[FlowStep, ...]:
        """The input's resolution and each change of it, 224→112→56→28→14→7→1."""
        from resviz.readings.shape_flow import read_flow

        return read_flow(self)

    @property
    @is_no_method
    def remarks(self) -> tuple[str, ...]:
        """What is unusual about the structure, in sentences."""
        from resviz.readings.structure.remarks import find_remarks

        return find_remarks(self._structure)

    @knows_keywords
    def features(
        self, out_indices: Sequence[int] | None = None
    ) -> tuple[FeatureMap, ...]:
        """Return the map that each stage gives, as a detector's neck asks for.

        Args:
            out_indices: the numbers of stages, from 0 on; all if left out.

        Raises:
            SpecError: for a number of no stage.
        """
        from resviz.readings.features import select_features

        return select_features(self, out_indices)

    @knows_keywords
    def resized(
        self, input_size: InputSize | None = None, batch: int | None = None
    ) -> Architecture:
        """Return the record of another input, worked out without a trace.

        Shapes, costs, memory and receptive fields are those of a trace there. Checks
        in the code of a forward are in no record.

        Args:
            input_size: of one sample, (C, H, W), or as a trace takes it; as recorded
                if left out.
            batch: how many samples; as recorded if left out.

        Raises:
            SpecError: if that is no input of this record.
            ResizeError: if it does not work there, or the record does not tell; names
                the layer, and why.
        """
        if input_size is None and batch is None:
            return self
        from resviz.readings.resized import resize_record

        return resize_record(self, input_size, batch)

    def to_json(self) -> bytes:
        """Return the record as JSON text.

        Raises:
            RenderError: if a name holds half of a surrogate pair.
        """
        try:
            return msgspec.json.format(json_encoder.encode(self), indent=1)
        except UnicodeEncodeError as error:
            raise RenderError(f"{self.name!r}: a name is no text, {error}") from error

    @knows_keywords
    def save(self, path: str | Path) -> None:
        """Write the record as JSON to `path`, whole or not at all.

        A name that ends in .gz, as "r50.json.gz", is compressed, to a twentieth.

        Raises:
            RenderError: if the file cannot be written, or its name is a picture's, a
                table's or a page's.
        """
        check_suffix(path, "a record", (".json", ".gz"))
        write_atomically(path, compress_for_path(path, self.to_json() + b"\n"))

    @knows_keywords
    def explore(self, *others: Any, height: str | int | None = None) -> LivePage:
        """Return the report in a frame, with others compared, as `resviz.explore`."""
        from resviz.api.figures import explore

        return explore([self, *others], height=height)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a layer: costs, stage, block; `resviz.layers` has more."""
        from resviz.tables.layers import FRAME_KEYS, layer_table

        return layer_table(self).select_columns(FRAME_KEYS).to_pandas()

    def __repr__(self) -> str:
        shapes = ", ".join(str(tensor.shape) for tensor in self.inputs)
        return f"<Architecture {self.name}: {len(self)} layers of {shapes}>"

    def _repr_html_(self) -> str:
        from resviz.tables.summary import summary_table

        return summary_table(self).to_styled_html()


json_encoder = msgspec.json.Encoder()
