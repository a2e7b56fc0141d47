"""Which other inputs a failure suggests: what a layer wanted, or what a line unpacked.

A proposal may be wrong, as it is tried before it is told.
"""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from resviz.errors import first_error_line
from resviz.operations.families import PRODUCTS
from resviz.record import MODEL_INPUT
from resviz.tracing.dispatched import describe_overload
from resviz.tracing.events import CallStart, TraceStep
from resviz.tracing.explain.lacking_inputs import (
    MAX_GUESSES,
    TOKENS,
    guess_inputs,
    list_lacking_inputs,
    list_optional_inputs,
    propose_holders,
)
from resviz.tracing.explain.size_proposals import (
    LENGTHS,
    Sizes,
    propose_features,
    propose_flat_sides,
    propose_maps,
    propose_ranks,
    propose_sides,
    replace_size,
)
from resviz.tracing.tensors import tensors_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.inputs import InputSpec
    from resviz.tracing.recorder import FailedForward, Recorder

    Inputs = tuple[InputSpec, ...]


WANTED_RANK = re.compile(
    r"(?:to unpack \(expected |is not equal to len\(dims\) = )(\d+)"
)
"""How Python and torch say how many axes a line wants."""

AXIS_BEYOND = re.compile(r"Dimension out of range .*but got (\d+)|index out of range")
"""How they say that it wants an axis that is not there."""

WANTS_INDICES = re.compile(r"indices must be|used as indices|'indices'|index tensor")
"""How torch says that it wants whole numbers."""

SEQUENCE_LAYERS = (
    *(nn.RNNBase, nn.MultiheadAttention, nn.Transformer),
    *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
)
"""Layers of torch's that read tokens."""


RANKS = range(2, 6)
"""Numbers of axes that a message may want."""

VIEW_OPERATIONS = frozenset({"view", "_unsafe_view", "reshape"})
"""Operations that only say how values lie."""


def propose_inputs(failure: FailedForward, specs: Inputs) -> Iterator[Inputs]:
    """Propose other inputs than those at which a forward failed, the likeliest first.

    Args:
        failure: how it failed.
        specs: what it was given, each with its argument's name.
    """
    names = [spec.place[0] for spec in specs]
    lacking = list_lacking_inputs(failure.recorder, names)
    if lacking and isinstance(failure.error, (TypeError, KeyError)):
        guesses = [guess_inputs(name, specs) for name in lacking]
        for added in islice(product(*guesses), MAX_GUESSES):
            yield (*specs, *added)
        return
    samples = tuple(sp.with_batch if sp.is_like_sample else sp for sp in specs)
    if samples != specs:
        yield samples
    yield from propose_holders(failure.error, failure.recorder, specs)
    yield from propose_states(failure, specs)
    yield from propose_halves(failure, specs)
    for position in find_blamed_inputs(failure.recorder, specs):
        spec = specs[position]
        alike = {spec.place for spec in specs if spec[:2] == specs[position][:2]}
        for sizes, dtype in propose_sizes(failure, spec):
            for changed in (alike, {spec.place}):  # two pictures, or queries and keys
                yield tuple(
                    each._replace(sizes=sizes, dtype=dtype)
                    if each.place in changed
                    else each
                    for each in specs
                )
    if "NoneType" in str(failure.error):
        for name in list_optional_inputs(failure.recorder, specs):
            for spec in guess_inputs(name, specs):
                yield (*specs, spec)


def find_blamed_inputs(recorder: Recorder, specs: Inputs) -> Sequence[int]:
    """Find positions of the inputs that a failure may be the fault of."""
    calls = recorder.calls.open_calls
    places = [".".join(spec.place) for spec in specs]
    blamed: list[int] = []
    for tensor in tensors_in(calls[-1].args) if len(calls) > 1 else ():
        source = recorder.origins.find_source(tensor)
        if source is not None and source.layer == MODEL_INPUT:
            name = recorder.input_names[source.output]
            blamed += [places.index(name)] if name in places else []
    return [*dict.fromkeys(blamed)] or range(len(specs))


def propose_states(failure: FailedForward, specs: Inputs) -> Iterator[Inputs]:
    """Propose the states of a recurrent layer that is given them."""
    module, blamed = (
        find_failed_module(failure),
        find_blamed_inputs(failure.recorder, specs),
    )
    if not isinstance(module, nn.RNNBase) or len(blamed) != 2 or len(specs) < 2:
        return
    state = specs[blamed[1]]
    layers = module.num_layers * (1 + module.bidirectional)
    sizes = (layers, None, module.proj_size or module.hidden_size)
    keys = [("0",), ("1",)] if isinstance(module, nn.LSTM) else [()]
    states = [state._replace(sizes=sizes, place=(*state.place, *key)) for key in keys]
    yield (*specs[: blamed[1]], *states, *specs[blamed[1] + 1 :])


def propose_halves(failure: FailedForward, specs: Inputs) -> Iterator[Inputs]:
    """Propose two vectors of the features that a layer wants of both together."""
    module = find_failed_module(failure)
    is_joined = len(find_blamed_inputs(failure.recorder, specs)) == len(specs) == 2
    if isinstance(module, nn.Linear) and is_joined and module.in_features > 1:
        half = module.in_features // 2
        sizes = ((None, half), (None, module.in_features - half))
        pairs = zip(specs, sizes, strict=True)
        yield tuple(spec._replace(sizes=each, dtype=None) for spec, each in pairs)


def propose_sizes(
    failure: FailedForward, spec: InputSpec
) -> Iterator[tuple[Sizes, str | None]]:
    """Propose other sizes and dtypes for one input."""
    reason, module = first_error_line(failure.error), find_failed_module(failure)
    is_float = spec.dtype is None or "int" not in spec.dtype
    if isinstance(module, nn.EmbeddingBag):  # of texts one after another
        yield (TOKENS,), "int64"
    if WANTS_INDICES.search(reason) or isinstance(module, nn.Embedding):
        if is_float and len(spec.sizes) == 2:
            yield spec.sizes, "int64"
        if is_float:
            yield (*spec.sizes[:1], TOKENS), "int64"
        return
    if not is_float and isinstance(getattr(module, "weight", None), torch.Tensor):
        yield spec.sizes, None
    for sizes in (
        *propose_batches(failure, spec.sizes),
        *propose_for_module(failure, spec.sizes),
        *propose_for_operation(failure, spec.sizes),
    ):
        yield sizes, spec.dtype
    modules = failure.recorder.clone.modules
    if is_float and any(isinstance(each, nn.Embedding) for each in modules):
        yield (*spec.sizes[:1], TOKENS), "int64"
    if not is_float and len(spec.sizes) == 2:
        for length in LENGTHS:
            yield (*spec.sizes[:1], length), spec.dtype


def propose_batches(failure: FailedForward, sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes with channels where a convolution took the batch for these."""
    module = find_unbatched_convolution(failure.recorder)
    if module is not None:
        axes = len(module.kernel_size)
        yield from propose_maps(module.in_channels, axes, sizes, ())
        yield (*sizes[:1], module.in_channels, *[LENGTHS[0]] * axes)


def find_unbatched_convolution(recorder: Recorder) -> _ConvNd | None:
    """Find a convolution that ran on what it took for one sample."""
    module: nn.Module | None = None
    for event in recorder.list_events():
        if isinstance(event, CallStart):
            module = None if event in recorder.calls.open_calls else event.module
        elif isinstance(event, TraceStep) and isinstance(module, _ConvNd):
            if event.operation.name == "unsqueeze":
                return module
        else:
            module = None
    return None


def find_failed_module(failure: FailedForward) -> nn.Module | None:
    """Find the innermost module that was being called."""
    calls = failure.recorder.calls.open_calls
    return calls[-1].module if calls else None


def complains_of_shape(failure: FailedForward) -> bool:
    """Tell whether a failure is about axes: a line's that wants others, a layer's."""
    if find_wanted_rank(first_error_line(failure.error), 0):
        return True
    return any(True for _ in propose_for_module(failure, (None,)))


def find_wanted_rank(reason: str, rank: int) -> int:
    """Find how many axes a line wants that complains of them; 0 if it does not."""
    wanted = WANTED_RANK.search(reason)
    if wanted:
        return int(wanted[1])
    beyond = AXIS_BEYOND.search(reason)
    return max(rank, int(beyond[1] or rank)) + 1 if beyond else 0


def propose_for_module(failure: FailedForward, sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes with which a layer or a line gets as many axes and values."""
    rank = find_wanted_rank(first_error_line(failure.error), len(sizes))
    module = find_failed_module(failure)
    if rank or module is None:
        yield from propose_ranks(sizes, rank)
        return
    arguments = [*tensors_in(failure.recorder.calls.open_calls[-1].args)]
    shape = tuple(arguments[0].shape) if arguments else ()
    batch = sizes[0] if sizes else None
    modules = failure.recorder.clone.modules
    sequence = any(isinstance(each, SEQUENCE_LAYERS) for each in modules)
    if isinstance(module, _ConvNd):
        axes = len(module.kernel_size)
        if len(shape) == axes + 2 and shape[1:2] == (module.in_channels,):
            least = zip(sizes[-axes:], module.kernel_size, strict=False)
            yield (*sizes[:-axes], *(max(size or 1, k) for size, k in least))
            yield from propose_sides(sizes)
        else:
            yield from propose_maps(module.in_channels, axes, sizes, shape)
            yield from propose_ranks(sizes, len(sizes) + axes + 2 - len(shape))
    elif isinstance(module, SEQUENCE_LAYERS):
        width, batch_first = find_token_width(module)
        yield (*((batch, TOKENS) if batch_first else (TOKENS, batch)), width)
    elif isinstance(module, nn.RNNCellBase):
        yield batch, module.input_size
    elif isinstance(module, nn.Linear):
        features = module.in_features
        yield from propose_features(features, sizes, shape, reads_sequence=sequence)
    elif isinstance(module, nn.LayerNorm):
        wanted = module.normalized_shape
        yield from propose_features(wanted[-1], sizes, reads_sequence=sequence)
        yield (batch, TOKENS, *wanted)
    elif isinstance(module, (_NormBase, nn.GroupNorm)):
        channels = getattr(module, "num_features", getattr(module, "num_channels", 0))
        dimensions = type(module).__name__.removesuffix("d")[-1:]
        axes = int(dimensions) if dimensions in "123" else 2
        yield from propose_maps(channels, axes, sizes, shape)
        yield batch, channels


def find_token_width(module: Any) -> tuple[int, bool]:
    """Find the width of a layer's tokens, and whether their batch comes first."""
    attention = getattr(module, "self_attn", module)
    for name in ("input_size", "embed_dim", "d_model"):
        if hasattr(attention, name):
            return getattr(attention, name), attention.batch_first
    return 0, True


def propose_for_operation(failure: FailedForward, sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes with which an operation of the forward's own fits its operands."""
    failed = failure.recorder.failed_operation
    if failed is None or failed.error is not failure.error:
        yield from propose_numbers(failure, sizes)
        return
    name = describe_overload(failed.func).name
    if name in VIEW_OPERATIONS and len(failed.args) > 1:
        tensor, wanted = failed.args[:2]
        if tensor.shape and len(wanted) == 2 and wanted[0] == -1:  # of each sample
            ratio = wanted[1] * tensor.shape[0] / max(tensor.numel(), 1)
            yield from propose_flat_sides(ratio, sizes)
        return
    find_source = failure.recorder.origins.find_source
    fixed = [tensor for tensor in failed.operands if find_source(tensor) is None]
    flowing = [tensor for tensor in failed.operands if find_source(tensor) is not None]
    if not fixed or not flowing:
        return
    wanted = fixed[0].shape
    if name in PRODUCTS and len(wanted) >= 2:
        yield from propose_features(wanted[-2], sizes)
        return
    for wanted_size, given_size in zip(
        wanted[::-1], flowing[0].shape[::-1], strict=False
    ):
        if wanted_size != given_size and wanted_size > 1:
            for axis in range(len(sizes) - 1, 0, -1):
                if sizes[axis] == given_size:
                    yield replace_size(sizes, axis, wanted_size)


def propose_numbers(failure: FailedForward, sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes of the numbers that a forward of the user's own complains of."""
    reason = first_error_line(failure.error)
    is_own = isinstance(failure.error, (AssertionError, ValueError))
    if not is_own or find_wanted_rank(reason, 0):
        return
    numbers = [int(text) for text in re.findall(r"\b\d{1,4}(?=D?\b)", reason)]
    for number in dict.fromkeys(numbers):
        if number in RANKS:
            yield from propose_ranks(sizes, number)
        if len(sizes) == 4 and number >= 8:
            yield (*sizes[:2], number, number)
        for axis in range(1, len(sizes)):
            if number:
                yield replace_size(sizes, axis, number)
