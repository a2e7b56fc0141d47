"""Parts of a network: stages in a row, what comes before them, and what behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz import units
from resviz.errors import RenderError, suggest
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.part_names import name_stage
from resviz.readings.contraction import read_contraction
from resviz.readings.stage_modules import read_stage_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.contraction.drawn import ContractedGraph
    from resviz.readings.contraction.parts import GraphPart
    from resviz.readings.structure import Structure
    from resviz.record import Architecture, Layer

STEM, HEAD = "stem", "head"
"""What a network's parts before and behind its stages are called."""


@dataclass(frozen=True, slots=True)
class StagePart:
    """Some stages of a network, which follow one another.

    Attributes:
        structure: of the network.
        numbers: of the stages.
    """

    structure: Structure
    numbers: range

    @property
    def names(self) -> list[str]:
        """Names of the stages."""
        return [self.structure.stages[number].name for number in self.numbers]

    @property
    def has_start(self) -> bool:
        """Whether it begins where the network does."""
        return self.numbers[0] == 0

    @property
    def has_end(self) -> bool:
        """Whether it ends where the network does."""
        return self.numbers[-1] + 1 == len(self.structure.stages)

    @property
    def before(self) -> tuple[int, ...]:
        """The layers before it, by their index."""
        if self.has_start:
            return ()
        return (*range(self.structure.stages[self.numbers[0] - 1].blocks[-1].end + 1),)

    @property
    def after(self) -> tuple[int, ...]:
        """The layers behind it."""
        if self.has_end:
            return ()
        last = self.structure.stages[self.numbers[-1]].blocks[-1].end
        return (*range(last + 1, len(self.structure.arch.stored_layers)),)

    @property
    def scope(self) -> frozenset[int]:
        """Its own layers."""
        every = range(len(self.structure.arch.stored_layers))
        return frozenset(every) - {*self.before} - {*self.after}

    @property
    def source(self) -> str:
        """From which stage it comes, "from conv2_x"."""
        return f"from {name_stage(self.structure.stages[self.numbers[0] - 1])}"

    @property
    def target(self) -> str:
        """To which stage it leads, "to conv5_x"."""
        return f"to {name_stage(self.structure.stages[self.numbers[-1] + 1])}"

    @property
    def graph_part(self) -> GraphPart:
        """The same as a part of the contracted graph.

        Raises:
            RenderError: if nothing runs behind the stages before it; says which.
        """
        from resviz.readings.contraction.parts import GraphPart

        before = frozenset(self.before)
        if not self.scope:
            raise RenderError(
                f"stages: {self.names[-1]} ends before "
                f"{self.structure.stages[self.numbers[0] - 1].name} does, want all up "
                f"to it, ..{self.names[-1]}, or leave the option out"
            )
        return GraphPart(
            before,
            frozenset(self.after) - before,
            "" if self.has_start else self.source,
            "" if self.has_end else self.target,
        )

    def list_beside(self) -> list[int]:
        """List the other stages of which layers run during these, as of branches."""
        return [
            number
            for number, stage in enumerate(self.structure.stages)
            if number not in self.numbers
            and not self.scope.isdisjoint(stage.layer_indices)
        ]

    def list_apart(self) -> list[str]:
        """List the names of the parts of the network that run before or behind it."""
        within = {*self.numbers, *self.list_beside()}
        names = [
            name_stage(stage)
            for number, stage in enumerate(self.structure.stages)
            if number not in within
        ]
        return [*[STEM] * (not self.has_start), *names, *[HEAD] * (not self.has_end)]


def read_stage_part(structure: Structure, stages: str | None) -> StagePart | None:
    """Return the stages that are meant; None where they are all.

    Raises:
        RenderError: if there are no such stages; lists those there are.
    """
    if stages is None:
        return None
    part = StagePart(structure, find_part(structure, stages))
    return None if part.has_start and part.has_end else part


def read_shown_graph(
    part: StagePart | None,
    arch: Architecture,
    depth: int | None = None,
) -> ContractedGraph:
    """Read the contracted graph of a network, or of a part, that fits one screen.

    With a `depth` it has the modules there, and may be larger.
    """
    around = part and part.graph_part
    names = find_sheet().names
    return read_contraction(arch, part=around, depth=depth, naming=names)


def declare_span(part: StagePart | None) -> list[str]:
    """Say what a figure leaves out that shows all that runs during some stages."""
    return declare_left_out(part, shows_beside=True) if part else []


def declare_stages(part: StagePart | None, *, counted: bool = True) -> list[str]:
    """Say what a figure leaves out that shows some stages alone.

    Without its weights, if not `counted`, as where several networks leave out the same.
    """
    return declare_left_out(part, counted=counted) if part else []


def tell_span(part: StagePart | None) -> str:
    """Say in sentences which parts of a network such a figure leaves out."""
    lines = [line for line in declare_span(part) if not line.startswith("totals")]
    return "".join(f" {units.format_sentence(line)}" for line in lines)


def declare_left_out(
    part: StagePart, *, shows_beside: bool = False, counted: bool = True
) -> list[str]:
    """Say which parts of a network are left out.

    Args:
        part: what the figure is about.
        shows_beside: whether it draws what runs in between of other stages.
        counted: whether it says what weights they have.
    """
    layers, stages = part.structure.arch.stored_layers, part.structure.stages
    beside = [stages[number] for number in part.list_beside()]
    names_beside = [*map(name_stage, beside)]
    parallel = [] if shows_beside else beside
    between = {index for stage in parallel for index in stage.layer_indices}
    outside = ({*part.before} | {*part.after}) - between
    lines = [
        f"{words}: {units.format_names(names, 12)}"
        f"{f', {count_weights(layers[index] for index in own)}' * counted}"
        for words, names, own in (
            ("left out", part.list_apart(), outside),
            ("left out, in parallel", names_beside * bool(parallel), between),
        )
        if names
    ]
    lines.append("totals are of the whole network")
    if shows_beside and beside:
        named = units.format_names(names_beside, 12)
        lines.append(f"in part, for it runs in between: {named}")
    return lines


def count_weights(layers: Iterable[Layer]) -> str:
    """Count layers with parameters, "53 layers with 23.5 M parameters"."""
    weighted = [layer.params for layer in layers if layer.params]
    params = units.format_parameters(sum(weighted))
    return f"{units.format_plural(len(weighted), 'layer')} with {params}"


def find_part(structure: Structure, stages: str) -> range:
    """Find the stages that are meant by "conv3_x..conv5_x", "conv4_x" or "..conv3_x".

    Raises:
        RenderError: if there are no such stages; lists those there are.
    """
    names = [stage.name for stage in structure.stages]
    paths = [names.stage for names in read_stage_paths(structure.arch)]
    label = structure.arch.label
    if not names:
        raise RenderError(f"stages: {label} has none, leave the option out")
    first, dots, last = (word.strip() for word in stages.partition(".."))
    start = find_stage(first, names, paths) if first or not dots else 0
    end = (
        (find_stage(last, names, paths) if last else len(names) - 1) if dots else start
    )
    if end < start:
        raise RenderError(
            f"stages: got {stages!r}, and {last} comes before {first}: want {last}.."
            f"{first}"
        )
    return range(start, end + 1)


def find_stage(word: str, names: list[str], paths: list[str]) -> int:
    """Find the number of the stage that is called so, or has that path, in any case.

    Raises:
        RenderError: if there is none.
    """
    for called in (names, paths):
        folded = [name.casefold() for name in called]
        if word.casefold() in folded:
            return folded.index(word.casefold())
    several = f", or several in a row as {names[0]}..{names[-1]}"
    remedy = f"{suggest(word, names)}{several if len(names) > 1 else ''}"
    raise RenderError(f"stages: got {word!r}, {remedy}")
