"""What is frozen of a structure, as text that a person reads and a diff shows."""

from textwrap import wrap

from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.regions import JoinKind


def describe_structure(arch):
    """The stages, blocks, shortcuts, main path and other sums of a record."""
    built = read_structure(arch)
    sizes = " and ".join(dims(tensor.shape) for tensor in arch.inputs)
    lines = [
        arch.name,
        f"input {sizes}, depth {count_depth(built)}, {len(built.blocks)} blocks",
        "",
        *name_lines("stem", (layer.index for layer in built.stem), arch),
    ]
    for stage in built.stages:
        lines += ["", *stage_lines(stage, arch)]
    lines += [
        "",
        *name_lines("head", (layer.index for layer in built.head), arch),
        "",
        *name_lines("main path", built.main_path, arch),
    ]
    for kind in JoinKind:
        sums = [region.join for region in built.regions if region.kind is kind]
        if sums and kind is not JoinKind.RESIDUAL:
            lines += ["", *name_lines(kind.value, sums, arch)]
    return "\n".join(lines) + "\n"


def stage_lines(stage, arch):
    """A stage, and its blocks one after the other: shape, and positions · width."""
    folds = " + ".join(str(fold.count) for fold in stage.folds)
    yield f"{stage.name}: {folds} {stage.type}, {dims(stage.output_shape)}"
    for number, block in enumerate(stage.blocks, start=1):
        positions, width = block.output_size
        kind = " tokens" if block.has_tokens else ""
        yield (
            f"  {stage.block_name(number)} {block.path or '(no path)'}:"
            f" {dims(block.output_shape)}{kind} ({positions} · {width})"
        )
        if block.preactivation:
            leading = " ".join(name(index, arch) for index in block.preactivation)
            yield f"    led by {leading}"
        for unit in block.units:
            yield f"    {unit_line(unit, arch)}"


def unit_line(unit, arch):
    """A residual unit: where it begins and ends, and what its shortcut is."""
    ends = f"from {name(unit.fork, arch)} to {name(unit.end, arch)}"
    branches = f"{len(unit.main_indices)} and {len(unit.shortcut.layer_indices)} layers"
    return f"{unit.type}, {shortcut_words(unit.shortcut)}; {ends}, {branches}"


def shortcut_words(shortcut):
    """What is on a shortcut, and why, where it is no plain identity."""
    if (shortcut.kind, shortcut.label) == ("identity", "identity"):
        return "identity"
    why = f" for {shortcut.reason}" if shortcut.reason else ""
    sizes = f"{dims(shortcut.input_shape)} to {dims(shortcut.output_shape)}"
    return f"{shortcut.kind}{why}: {shortcut.label}, /{dims(shortcut.stride)}, {sizes}"


def name_lines(title, indices, arch):
    """Names of layers in a row, on as many lines as they need."""
    words = " ".join(name(index, arch) for index in indices) or "nothing"
    return wrap(
        f"{title}: {words}",
        88,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def name(index, arch):
    """The name of a layer, or of the model's input."""
    return arch.layers[index].name if index >= 0 else "input"


def dims(shape):
    """A shape as text."""
    return "×".join(map(str, shape)) or "1"
