"""Which layer each parameter belongs to: that of the module that owns it.

What reads a parameter first need not be that layer: a penalty on all weights, or a
momentum update of them, runs before the convolutions do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from resviz.record import Parameter, Uncalled
from resviz.tracing.modules import find_class_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Layer
    from resviz.tracing.clone import Clone
    from resviz.tracing.events import TraceStep

ReaderRank = tuple[bool, bool, int]
"""How little a layer has to do with a parameter that it reads, and its index.

Whether nothing flows where it reads it, and whether it runs outside the owner's call.
"""


class ParameterClaims:
    """Gives each parameter to one layer.

    Attributes:
        clone: the model's copy, which knows its parameters.
        claimed_names: names of those that have a layer.
        ran_steps: of each layer its index, its path and its steps.
    """

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.claimed_names: set[str] = set()
        self.ran_steps: list[tuple[int, str, list[TraceStep]]] = []

    def claim_own(self, keys: Iterable[int]) -> tuple[Parameter, ...]:
        """Return the parameters of these ids that no earlier layer owns."""
        claimed: list[Parameter] = []
        parameters, claimed_names = self.clone.parameters, self.claimed_names
        for key in keys:
            owned = parameters.get(key)
            if owned is not None and owned.name not in claimed_names:
                claimed_names.add(owned.name)
                claimed.append(parameters.to_record(key))
        return tuple(claimed)

    def settle(self, layers: list[Layer]) -> None:
        """Give the parameters that no layer owns to the layers that read them."""
        for key, (_, _, index) in self.rank_readers().items():
            layer, parameters = layers[index], self.claim_own([key])
            layers[index] = replace(layer, parameters=layer.parameters + parameters)

    def rank_readers(self) -> dict[int, ReaderRank]:
        """Find the layer that has most to do with each parameter that none owns.

        What is worked out of parameters alone, as a transposed matrix, is followed to
        where it meets what flows.
        """
        free = {
            key: owned.path
            for key, owned in self.clone.parameters.items()
            if owned.name not in self.claimed_names
        }
        ranks: dict[int, ReaderRank] = {}
        made_of: dict[int, set[int]] = {}
        for index, path, steps in self.ran_steps if free else ():
            for step in steps:
                keys = {key for key in step.parameter_keys if key in free}
                flowing = step.operation.flowing
                for origin, flows in zip(step.origins, flowing, strict=True):
                    if origin is not None and not flows:
                        keys |= made_of.get(origin.layer, set())
                if keys and not any(flowing):
                    made_of[step.number] = keys
                for key in keys:
                    rank = (not any(flowing), path != free[key], index)
                    ranks[key] = min(rank, ranks.get(key, rank))
        return ranks

    def list_uncalled(self) -> tuple[Uncalled, ...]:
        """List the parameters that no layer read, grouped by owning module.

        Those of modules that are registered nowhere are not the model's; torch does
        not count them either.
        """
        parameters = self.clone.parameters
        names_left_out = self.claimed_names | self.clone.parameters.unregistered_names
        groups: dict[tuple[str, str], list[Parameter]] = {}
        for key, owned in parameters.items():
            if owned.name not in names_left_out:
                names_left_out.add(owned.name)
                group = (owned.path, find_class_name(owned.module))
                groups.setdefault(group, []).append(parameters.to_record(key))
        return tuple(
            Uncalled(path, type_name, tuple(members))
            for (path, type_name), members in groups.items()
        )
