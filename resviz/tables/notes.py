"""What every table says of its trace: a head of its JSON, lines around its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.operations.families import QUANTISED_WEIGHTS
from resviz.operations.own_rules import (
    OWN_RULES,
    format_operation_name,
    suggest_operation,
)
from resviz.operations.unknown import explain_gap
from resviz.readings import costs
from resviz.readings.batch_axes import is_lone_sample
from resviz.readings.constant_weights import find_constant_weights
from resviz.readings.given_batch import find_axis_use
from resviz.tables.json_head import json_head
from resviz.units import format_names, format_plural, format_sizes, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Tensor


def trace_header(arch: Architecture, command: str = "") -> dict[str, Any]:
    """Return what JSON says of what was traced, with what, how, and by which command.

    Tables join it to their own keys, of which the promised ones stand first. A part of
    JSON has no command.
    """
    return (json_head(command) if command else {}) | {
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "inputs": [
            {"name": name or None, "shape": list(tensor.shape), "dtype": tensor.dtype}
            for name, tensor in arch.named_inputs
        ],
        "batch": arch.batch,
        "training": arch.training,
        "mode": arch.mode,
        "input_draws": list(arch.input_draws),
        "unseen": list(arch.unseen),
        "module_modes": dict(arch.module_modes),
    }


def describe_inputs(arch: Architecture) -> str:
    """Name the model's inputs, as "ids 1×128 int64"; float32 is left unsaid."""
    return ", ".join(describe_input(*named) for named in arch.named_inputs) or "none"


def describe_input(name: str, tensor: Tensor) -> str:
    """Name one input by what is known of it."""
    dtype = "" if tensor.dtype == "float32" else tensor.dtype
    return " ".join(filter(None, (name, format_sizes(tensor.shape) or "scalar", dtype)))


def counting_notes(arch: Architecture, *units: str) -> tuple[str, ...]:
    """Say the convention, further units, how it was run, and what no total includes."""
    return (
        costs.MAC_CONVENTION,
        *units,
        *run_mode_notes(arch),
        *uncounted_notes(arch),
        *own_rule_notes(arch),
        *convention_notes(arch),
        *untracked_notes(arch),
        *oddity_notes(arch),
    )


def batch_note(arch: Architecture) -> str:
    """Say what shapes without the batch stand for."""
    use = None
    if is_lone_sample(arch):
        use = find_axis_use(arch, 0, 0)
    if use is None:
        return f"shapes of one sample, H×W×C; counted for a batch of {arch.batch}"
    return (
        "shapes of the whole input, H×W×C; counted for a batch of 1: no axis of it is "
        f"known to hold samples, {use.layer} {use.words} its first"
    )


def run_mode_notes(arch: Architecture) -> tuple[str, ...]:
    """Say that a forward was run for real, and that a model is of both modes."""
    notes = []
    if arch.mode == "run":
        draws = describe_input_draws(arch)
        unusual = f" of {draws}, since the usual one fails" if draws else ""
        notes.append(
            f"run for real on one seeded input{unusual}, another may take another way"
        )
        notes += describe_idle_modules(arch)
    if arch.module_modes:
        words = {True: "training", False: "evaluation"}
        own = arch.module_modes[""]
        others = [path for path, mode in arch.module_modes.items() if mode != own]
        notes.append(
            f"modules of both modes: {format_names(others, 3)} in {words[not own]}, "
            f"the others in {words[own]}; traced in {words[arch.training]} throughout"
        )
    return tuple(notes)


def describe_idle_modules(arch: Architecture) -> Iterator[str]:
    """Say which modules the input of a real run did not reach, as of idle experts.

    Their parameters are counted, their work is none; on another input it may be some.
    """
    unread = [p for group in arch.uncalled for p in group.parameters]
    if unread:
        modules = format_plural(len(arch.uncalled), "module")
        numel = group_digits(sum(parameter.numel for parameter in unread))
        yield (
            f"not called on it, as experts without tokens: {modules} with {numel} "
            f"parameters, first {arch.uncalled[0].path or 'the model itself'}; no MACs "
            "of theirs are counted"
        )
    empty = [la for la in arch.stored_layers if la.params and 0 in la.output_shape]
    if empty:
        yield (
            "given no values on it, as experts without tokens: "
            f"{format_plural(len(empty), 'layer')} with weights, first "
            f"{empty[0].name}; no MACs of theirs are counted"
        )


def describe_input_draws(arch: Architecture) -> str:
    """Say how inputs were drawn, as "values in [0, 1)"; "" if as usual."""
    pairs = zip(arch.named_inputs, arch.input_draws, strict=False)
    named = {name: draw for (name, _), draw in pairs if draw}
    if len({*named.values()}) == 1:
        return next(iter(named.values()))
    return " and ".join(f"{draw} for {name}" for name, draw in named.items())


def describe_bound(arch: Architecture) -> str:
    """Return "at least " for totals that leave something out, else nothing."""
    return "at least " if costs.name_gaps(arch) else ""


def uncounted_notes(arch: Architecture) -> tuple[str, ...]:
    """Name each operation that no rule counts, and why if that is known."""
    weighted = {gap.operation for gap in costs.find_uncounted_weights(arch)}
    words = {True: ", with weights", False: ""}
    return tuple(
        f"not counted: {gap.operation}{words[gap.operation in weighted]}, "
        f"{gap.count}×, first at {gap.first}{': ' * bool(why)}{why}"
        for gap in costs.find_uncounted(arch)
        for why in (explain_gap(gap.operation),)
    )


def convention_notes(arch: Architecture) -> tuple[str, ...]:
    """Say which MACs are those of no product, and by which convention, a line each."""
    return tuple(
        f"{group_digits(macs)} of the MACs by convention: {convention}"
        for convention, macs in costs.sum_macs_by_convention(arch).items()
    )


def own_rule_notes(arch: Architecture) -> tuple[str, ...]:
    """Say how to count what no rule counts, and which rule may be meant for it."""
    gaps = costs.find_uncounted(arch)
    if not gaps:
        return ()
    operations = {op.name for layer in arch.stored_layers for op in layer.operations}
    meant = (
        f"no rule is for {format_operation_name(gap.operation)}{near}"
        for gap in gaps
        if (near := suggest_operation(gap.operation, OWN_RULES.keys() - operations))
    )
    first = format_operation_name(gaps[0].operation)
    return (*meant, f'a rule of one\'s own counts it: @resviz.rule("{first}")')


def untracked_notes(arch: Architecture) -> tuple[str, ...]:
    """Say that work was done where nothing can be followed."""
    first = ", ".join(arch.unseen[:3])
    note = f"not counted: what made an operand of {first}, out of sight as in another "
    return (f"{note}thread",) if arch.unseen else ()


def oddity_notes(arch: Architecture) -> tuple[str, ...]:
    """Say what is odd about what a forward returns, multiplies with and reads."""
    layers = [layer for layer in arch.stored_layers if not layer.params]
    packed = [
        layer.name
        for layer in layers
        if any(op.name in QUANTISED_WEIGHTS for op in layer.operations)
    ]
    notes = []
    if not arch.outputs and "output" not in arch.unseen:
        notes.append("the forward returns no tensor, as where its return is missing")
    complex_macs = costs.count_complex_macs(arch)
    if complex_macs:
        notes.append(
            f"{group_digits(complex_macs)} of the MACs are of complex numbers; each "
            "takes four of real ones"
        )
    strange = [p for la in arch.stored_layers for p in la.parameters if p.unregistered]
    if strange:
        names = format_names([parameter.name for parameter in strange], 3)
        numel = group_digits(sum(parameter.numel for parameter in strange))
        notes.append(f"{numel} parameters are not in model.parameters(): {names}")
    constant = find_constant_weights(arch)
    if constant:
        notes.append(f"weights that are no parameters: {format_names(constant, 3)}")
    if packed:
        notes.append(
            f"quantised weights are packed, and no parameters: {len(packed)}×, first "
            f"at {packed[0]}"
        )
    return tuple(notes)
