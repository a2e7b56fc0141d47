"""Which network some tensors are of: a SPEC where every name and shape agrees."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz.checkpoints.groups import (
    COUNTERS,
    is_copy,
    is_layer_tensor,
    is_of_detector,
    split_groups,
)
from resviz.checkpoints.naming import find_far_stage, find_head, find_roots, rename_all
from resviz.checkpoints.plans import (
    NORM_STATISTICS,
    TRACKED,
    NetworkPlan,
    find_shortcut_options,
    list_entries,
    read_plan,
    write_spec,
)
from resviz.checkpoints.unnamed import infer_from_shapes
from resviz.units import format_names, format_plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.checkpoints.files import Group
    from resviz.checkpoints.naming import Root
    from resviz.checkpoints.pickles import TensorEntry

BODY = re.compile(r"(conv1|bn1|layer\d+)\.")
"""Names of stem and stages."""

HEAD_PLACES = frozenset((
    "fc", "projector", "projection_head", "projection", "predictor", "prototypes",
    "head", "mlp", "queue", "queue_ptr", "logit_scale",
))  # fmt: skip
"""What may stand behind the same prefix, and is a head of training."""

FOREIGN_PARTS = (
    (r"\.se(_module)?\.(fc|conv_reduce|conv1|fc1)", "squeeze-and-excitation in blocks"),
    (r"\.(se|eca)\.conv\.weight|\.eca\.", "efficient channel attention in blocks"),
    (r"\.conv2\.(fc1|fc2)\.", "split attention in blocks (ResNeSt)"),
    (
        r"\.conv2\.(paths|attn)|\.conv\d\.attn",
        "selective kernels or attention in blocks",
    ),
    (r"\.convs\.\d", "several 3×3 in a block (Res2Net)"),
    (r"\.(gcb|context_block|cbam|attn|attention|nl|gc)\.", "attention in blocks"),
    (r"\.conv\d_offset\.|\.conv\d\.conv_offset", "deformable convolutions"),
    (r"transition\d|stage\d\.", "branches of several resolutions (HRNet)"),
    (r"\.aa\.|\.filt$", "anti-aliasing filters"),
)
"""Names that tell what a network has that ours does not."""

LAYOUT_UNKNOWN = (
    "dilation and output stride",
    "input size and normalisation",
    "what has no weights: activations, poolings, blur, dropout",
)
"""What no list of tensors tells, of any network."""


@dataclass(frozen=True, slots=True)
class Identification:
    """Which network a list of tensors is of, and how sure that is.

    Attributes:
        spec: for every other command; None where it is none of ours to the last name.
        words: what it is, in a sentence.
        plan: depth, block and widths as shapes tell them; None where none was found.
        shortcut: "A", "B" or "C", or None.
        naming: whose names they are; None where shapes alone told.
        place: where in the file it is, "state_dict".
        prefix: what a wrapper put before each name.
        params: elements of weights behind the prefix, of a head beside it too.
        buffers: elements of statistics there.
        downsample: paths of blocks that project, by the file's own stage numbers.
        unknown: what no checkpoint tells.
        misfits: what is there and should not be, or the other way round.
        sure: "exact" if all layers agree, "body" if all but the head do, "part" if
            other weights lie beside it, as a detector's; "shapes" if names said
            nothing; None without a SPEC.
        copies: further networks in the file: place and prefix, and if they are equal.
        optimiser: tensors of optimisers, by place.
        beside: tensors of models that are neither it nor a copy.
        names: of its tensors, in their place of the file.
    """

    spec: str | None
    words: str
    plan: NetworkPlan | None = None
    shortcut: str | None = None
    naming: str | None = None
    place: str = ""
    prefix: str = ""
    params: int = 0
    buffers: int = 0
    downsample: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    sure: str | None = None
    copies: tuple[tuple[str, str, bool], ...] = ()
    optimiser: tuple[tuple[str, int], ...] = ()
    beside: int = 0
    names: frozenset[str] = frozenset()


def identify_tensors(groups: Mapping[str, Group]) -> Identification:
    """Identify the network of which a file lists the tensors.

    Args:
        groups: tensors by name for each place, as `CheckpointFile` has them.
    """
    models, optimisers = split_groups(groups)
    kept = tuple(optimisers.items())
    found = [
        judge_root(place, group, root)
        for place, group in models.items()
        for root in find_roots(group)
    ]
    found.sort(key=lambda each: is_copy(each.place, each.prefix))
    if not found:
        inferred = [judge_unnamed(place, group) for place, group in models.items()]
        found = sorted(inferred, key=lambda each: (each.spec is None, -each.params))
        if not found:
            words = "no model's tensors" + (", an optimiser's alone" if kept else "")
            return Identification(None, words, optimiser=kept)
    best = next((each for each in found if each.spec), found[0])
    others = [each for each in found if each is not best and each.plan is not None]
    copies = tuple(
        (each.place, each.prefix, (each.plan, each.spec) == (best.plan, best.spec))
        for each in others
    )
    best = replace(best, copies=copies, optimiser=kept)
    return weigh_beside(best, [best, *others], models)


def weigh_beside(
    best: Identification, found: Sequence[Identification], models: Mapping[str, Group]
) -> Identification:
    """Say what lies beside a network and its copies; the whole must mostly be one.

    A detector is named by its backbone, behind a prefix; a transformer whose patches a
    small ResNet makes is not.
    """
    beside = {
        f"{place}.{name}".lstrip("."): entry
        for place, group in models.items()
        for name, entry in group.items()
        if not any(place == each.place and name in each.names for each in found)
    }
    layers = {name: beside[name] for name in beside if is_layer_tensor(name)}
    strays = [note_stray(n, entry) for n, entry in beside.items() if n not in layers]
    best = replace(best, beside=len(beside))
    if best.spec is None:
        return best
    best = replace(best, misfits=(*best.misfits, *strays))
    elsewhere = count_elements(layers, buffers=False)
    if not elsewhere:
        return best
    if elsewhere > best.params and not is_of_detector(layers):
        words = f"none of our networks: {best.words} behind {best.prefix!r} is a part"
        return replace(best, spec=None, sure=None, words=f"{words}, most is elsewhere")
    return replace(best, sure="part", words=f"{best.words}, and what lies beside it")


def find_own_head(group: Group, root: Root, plan: NetworkPlan | None) -> dict[str, str]:
    """Find a classifier beside a backbone that reads what its last stage gives.

    One of another width is a detector's, behind its neck.
    """
    head = find_head(group, root)
    channels = plan and plan.find_output(len(plan.counts) - 1)
    widths = {group[own].shape[1:] for own in head if own.endswith("weight")}
    return head if widths == {(channels,)} else {}


def note_stray(name: str, entry: TensorEntry) -> str:
    """Note a tensor that is of no layer."""
    return f"{name}: of no layer, got {list(entry.shape)}"


def judge_root(place: str, group: Group, root: Root) -> Identification:
    """Judge whether what stands behind a prefix is one of our networks."""
    renamed = rename_all(group, root)
    entries = {name: group[own] for own, name in renamed.items()}
    if not any(name.startswith("fc.") for name in entries):
        renamed |= find_own_head(group, root, read_plan(entries))
        entries = {name: group[own] for own, name in renamed.items()}
    plan, far = read_plan(entries), ""
    if plan is not None:
        stages = len(plan.counts)
        channels = plan.find_output(stages - 1)
        far, far_names = find_far_stage(group, root, stages + 1, channels)
        renamed |= far_names
        entries = {name: group[own] for own, name in renamed.items()}
        plan = read_plan(entries)
    strays = [name for name in entries if is_stray(name, root)]
    own = {name: entry for name, entry in entries.items() if name not in strays}
    basis = Identification(
        None,
        "",
        plan,
        naming=root.scheme.title,
        place=place,
        prefix=root.prefix,
        params=count_elements(own, buffers=False),
        buffers=count_elements(own, buffers=True),
        names=frozenset(renamed),
    )
    foreign = name_foreign_parts(group)
    if plan is None or len(entries) < len(renamed):
        why = foreign or "stem or stages are not a ResNet's"
        return replace(basis, words=f"none of our networks: {why}")
    expected = list_entries(plan)
    has_statistics = any(name.endswith(NORM_STATISTICS) for name in own)
    notes = [note_stray(name, entries[name]) for name in strays]
    if root.scheme.flat and not has_statistics:
        expected = {
            n: e for n, e in expected.items() if not n.endswith(NORM_STATISTICS)
        }
        notes.append("norms: no statistics, they are folded into scale and bias")
    body, rest = compare_entries(own, expected)
    shortcuts = find_shortcut_options(plan)
    basis = replace(
        basis,
        downsample=list_projecting(plan),
        misfits=(*body, *rest, *notes),
        shortcut=shortcuts and shortcuts[0],
        unknown=list_unknown(plan),
    )
    kind = name_kind(plan) + (f", its last stage behind {far!r}" if far else "")
    if not has_statistics and not root.scheme.flat:
        why = "its norms keep no statistics, as group norm, or are folded away"
        return replace(basis, words=f"none of our networks: {kind}, {why}")
    alien = [name for name in own if is_alien(name)]
    if body or shortcuts is None or alien:
        why = foreign or (
            format_plural(len(body), "difference") + " in stem and stages"
            if body
            else "its downsample branches are where none of ours are"
            if shortcuts is None
            else f"a ResNet's body and more: {format_names(alien, 2)}"
        )
        return replace(basis, words=f"none of our networks: {kind}, {why}")
    spec = write_spec(plan, shortcuts[1])
    words = kind + (", all but its head" if rest else "")
    return replace(basis, spec=spec, words=words, sure="body" if rest else "exact")


def is_stray(name: str, root: Root) -> bool:
    """Tell whether a tensor behind the prefix is of no layer, by torchvision's name.

    Caffe2's first convolution has a bias that its norm makes void.
    """
    if name.endswith(COUNTERS) or (root.scheme.flat and name == "conv1.bias"):
        return True
    return not BODY.match(name) and not is_layer_tensor(name)


def name_kind(plan: NetworkPlan) -> str:
    """Name a network by its blocks, "a basic net of 2-2-2-2 blocks"."""
    return f"a {plan.block} net of {'-'.join(map(str, plan.counts))} blocks"


def list_projecting(plan: NetworkPlan) -> tuple[str, ...]:
    """List the paths of blocks that project."""
    return tuple(
        f"layer{stage}.{number}"
        for stage, numbers in enumerate(plan.projecting, start=1)
        for number in numbers
    )


def is_alien(name: str) -> bool:
    """Tell whether a tensor is of no stem, stage or head."""
    return not BODY.match(name) and name.partition(".")[0] not in HEAD_PLACES


def compare_entries(
    entries: Mapping[str, TensorEntry], expected: Mapping[str, tuple[int, ...]]
) -> tuple[list[str], list[str]]:
    """Compare a file with what it should have: misfits of the body, and of the rest."""
    body: list[str] = []
    rest: list[str] = []

    def note(name: str, words: str) -> None:
        (body if BODY.match(name) else rest).append(f"{name}: {words}")

    for name, shape in expected.items():
        if name not in entries:
            if not name.endswith(TRACKED):
                note(name, f"missing, want {list(shape)}")
        elif entries[name].shape != shape:
            note(name, f"got {list(entries[name].shape)}, want {list(shape)}")
    for name, entry in entries.items():
        if name not in expected:
            note(name, f"not expected, got {list(entry.shape)}")
    return body, rest


def count_elements(entries: Mapping[str, TensorEntry], *, buffers: bool) -> int:
    """Count elements of weights, or of the statistics of norms."""
    words = (*NORM_STATISTICS, TRACKED)
    return sum(
        entry.numel
        for name, entry in entries.items()
        if name.endswith(words) == buffers
    )


def name_foreign_parts(group: Group) -> str:
    """Name what tensors tell of that none of our networks has; "" for nothing."""
    found = [
        words
        for pattern, words in FOREIGN_PARTS
        if any(re.search(pattern, name) for name in group)
    ]
    return ", ".join(found[:2])


def list_unknown(plan: NetworkPlan) -> tuple[str, ...]:
    """List what a checkpoint does not tell of a network."""
    strides = ("stride in the 3×3 or the 1×1",) if plan.block == "bottleneck" else ()
    return (*strides, *LAYOUT_UNKNOWN)


def judge_unnamed(place: str, group: Group) -> Identification:
    """Judge tensors whose names say nothing by their shapes, in order."""
    params = count_elements(group, buffers=False)
    buffers = count_elements(group, buffers=True)
    plan = infer_from_shapes(group)
    if plan is None:
        why = name_foreign_parts(group) or "its names and shapes are those of none"
        words = f"none of our networks: {why}"
        return Identification(
            None,
            words,
            place=place,
            params=params,
            buffers=buffers,
            names=frozenset(group),
        )
    shortcuts = find_shortcut_options(plan)
    options = shortcuts[1] if shortcuts else {}
    return Identification(
        write_spec(plan, options),
        f"{name_kind(plan)}, by its shapes",
        plan,
        shortcuts and shortcuts[0],
        place=place,
        downsample=list_projecting(plan),
        unknown=list_unknown(plan),
        sure="shapes",
        params=params,
        buffers=buffers,
        names=frozenset(group),
    )
