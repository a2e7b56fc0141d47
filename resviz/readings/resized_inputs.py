"""The inputs of a record at another size or batch, as a user says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import SpecError
from resviz.inputs import InputSpec, parse_inputs
from resviz.readings.batch_axes import find_batch_axis

if TYPE_CHECKING:
    from resviz.inputs import InputSize
    from resviz.record import Architecture, Shape, Tensor


def find_input_shapes(
    arch: Architecture, input_size: InputSize | None, batch: int | None
) -> tuple[Shape, ...]:
    """Find the new shape of each input.

    Raises:
        SpecError: if they are not those of the record in number, dtype or name.
    """
    if batch is not None and (type(batch) is not int or batch < 1):
        raise SpecError(f"batch: want a whole number from 1 on, got {batch!r}")
    count = arch.batch if batch is None else batch
    if input_size is None:
        axes = arch.batch_axes or [find_batch_axis(arch)] * len(arch.inputs)
        inputs = zip(axes, arch.inputs, strict=True)
        shapes = tuple(replace_batch(t.shape, axis, arch, count) for axis, t in inputs)
        if batch not in {None, arch.batch} and shapes == tuple(
            tensor.shape for tensor in arch.inputs
        ):
            raise SpecError(f"batch {batch}: {arch.name} has no axis of samples")
        return shapes
    specs = parse_inputs(input_size)
    if len(specs) != len(arch.inputs):
        raise SpecError(
            f"{arch.name}: recorded with {len(arch.inputs)} inputs, got {len(specs)}"
        )
    for spec, (name, tensor) in zip(specs, arch.named_inputs, strict=True):
        check_input(spec, name, tensor)
    return tuple(spec.shape_for_batch(count) for spec in specs)


def replace_batch(
    shape: Shape, axis: int | None, arch: Architecture, count: int
) -> Shape:
    """Return the shape of an input for another number of samples."""
    if axis is None or shape[axis : axis + 1] != (arch.batch,):
        return shape
    return (*shape[:axis], count, *shape[axis + 1 :])


def check_input(spec: InputSpec, name: str, tensor: Tensor) -> None:
    """Check that an input has the axes, the dtype and the name of a recorded one.

    Raises:
        SpecError: if it has not.
    """
    place = ".".join(spec.place)
    is_named = not place or place.isdecimal() or place == name
    if spec.dtype not in {None, tensor.dtype} or not is_named:
        raise SpecError(
            f"input {spec.text!r}: recorded was {name or 'an input'} of {tensor.dtype}"
        )
    if len(spec.sizes) != len(tensor.shape):
        raise SpecError(
            f"input {spec.text!r}: recorded with {len(tensor.shape)} axes, "
            f"{tensor.shape}, got {len(spec.sizes)}, the batch among them"
        )
