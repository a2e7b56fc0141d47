"""The budgets of a project: each network is traced, and every limit judged."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import source
from resviz.budgets.configuration import NetworkBudget, read_budgets
from resviz.budgets.verdicts import Trial, Verdict
from resviz.errors import RecordError, SpecError, suggest
from resviz.project import read_section, repository_top
from resviz.record.storage import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from resviz.record import Architecture

    TraceSpec = Callable[[str, Mapping[str, Any]], Architecture]


@dataclass(frozen=True, slots=True)
class NetworkVerdicts:
    """What became of the budget of one network.

    Attributes:
        budget: what was wanted.
        arch: the network as it is.
        verdicts: one a limit.
        written: whether its record was written anew.
    """

    budget: NetworkBudget
    arch: Architecture
    verdicts: tuple[Verdict, ...]
    written: bool = False

    @property
    def breaches(self) -> tuple[Verdict, ...]:
        """The limits that do not hold."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One line a breach."""
        return tuple(f"{self.budget.name}: {v.sentence}" for v in self.breaches)


@dataclass(frozen=True, slots=True)
class ProjectVerdicts:
    """What became of all budgets of a project.

    Attributes:
        path: the file that holds them.
        networks: one a budget, in the order of the file.
    """

    path: Path
    networks: tuple[NetworkVerdicts, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One line a breach."""
        return tuple(line for network in self.networks for line in network.sentences)

    @property
    def written(self) -> tuple[str, ...]:
        """The records that were written anew."""
        records = (n.budget.record for n in self.networks if n.written)
        return tuple(record for record in records if record)


def check_project(
    names: Sequence[str] = (),
    *,
    path: str | Path | None = None,
    update: bool = False,
    trace_spec: TraceSpec | None = None,
    remedy: str = "",
) -> ProjectVerdicts:
    """Trace the networks of a project and judge their budgets.

    SPECs and records are named from the folder of the file, and code is run as it is
    for a SPEC of the command line.

    Args:
        names: of the networks to check, or their SPECs; all if left out.
        path: the file; if left out, the nearest `pyproject.toml` of this repository.
        update: write the stored records anew, before limits are told from them.
        trace_spec: traces a SPEC with some options.
        remedy: how who calls can name another file, said where none is near.

    Raises:
        SpecError: if there is no budget, or one cannot be read.
        ResvizError: if a network cannot be traced, or a record not read or written.
    """
    file = find_project_file(remedy) if path is None else Path(path)
    if not file.is_file():
        raise SpecError(f"{file}: there is no such file, want a pyproject.toml")
    budgets = read_budgets(read_section(file), file)
    chosen = choose_budgets(budgets, names)
    with chdir(file.resolve().parent):
        return ProjectVerdicts(
            file,
            tuple(
                check_budget(budget, trace_spec or trace_plainly, update=update)
                for budget in chosen
            ),
        )


def find_project_file(remedy: str = "") -> Path:
    """Find the nearest `pyproject.toml`, from the working folder up.

    It goes no higher than the top of the repository, and outside of one nowhere, as
    what lies above may be a stranger's, and names code that is run.

    Raises:
        SpecError: if there is none.
    """
    here = Path.cwd()
    top = repository_top(here)
    places = [here]
    if top is not None:
        places += [folder for folder in here.parents if folder.is_relative_to(top)]
    for folder in places:
        file = folder / "pyproject.toml"
        if file.is_file():
            return file.relative_to(here) if folder == here else file
    raise SpecError(
        f"{here}: no pyproject.toml here, nor above it in its repository: want one "
        f"with [[tool.resviz.check]]{', or ' * bool(remedy)}{remedy}"
    )


def choose_budgets(
    budgets: Sequence[NetworkBudget], names: Iterable[str]
) -> tuple[NetworkBudget, ...]:
    """Return the budgets of some networks, by their names or SPECs; all for none.

    Raises:
        SpecError: for a network that has none; lists those that do.
    """
    names = tuple(names)
    known = {budget.name for budget in budgets}
    for name in names:
        if name not in known | {budget.spec for budget in budgets}:
            raise SpecError(f"check: no network {name!r}: {suggest(name, known)}")
    if not names:
        return tuple(budgets)
    return tuple(b for b in budgets if b.name in names or b.spec in names)


def trace_plainly(spec: str, tracing: Mapping[str, Any]) -> Architecture:
    """Trace a SPEC."""
    return source.resolve_architecture(spec, **tracing)


def check_budget(
    budget: NetworkBudget, trace_spec: TraceSpec, *, update: bool = False
) -> NetworkVerdicts:
    """Trace the network of one budget and judge its limits.

    Raises:
        ResvizError: as `check_project`.
    """
    try:
        arch = trace_spec(budget.spec, budget.tracing)
    except SpecError as error:
        raise SpecError(f"{budget.where}: spec: {error}") from error
    written = update and budget.record is not None and update_record(budget, arch)
    stored = read_stored_record(budget)
    return NetworkVerdicts(budget, arch, Trial(arch, budget, stored).judge(), written)


def read_stored_record(budget: NetworkBudget) -> Architecture | None:
    """Read the stored record of a budget; None if it names none.

    Raises:
        RecordError: if there is no such record; says how it is made.
    """
    if budget.record is None:
        return None
    try:
        return load(budget.record)
    except RecordError as error:
        made_by = "resviz check --update writes it" if budget.spec else "make it anew"
        raise RecordError(f"{budget.where}: record: {error}; {made_by}") from error


def update_record(budget: NetworkBudget, arch: Architecture) -> bool:
    """Write the stored record of a budget anew if it changed; tell whether it did.

    Raises:
        RecordError: if the file is there, and is none.
        RenderError: if it cannot be written.
    """
    assert budget.record is not None
    path = Path(budget.record)
    if path.exists():
        try:
            if load(path) == arch:
                return False
        except RecordError as error:
            raise RecordError(
                f"{budget.where}: record: {error}: it is not written over, want "
                "another name, or delete it"
            ) from error
    arch.save(path)
    return True
