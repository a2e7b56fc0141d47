"""What of a file is the model's, an optimiser's, or a copy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.checkpoints.files import Group

OPTIMISER_PLACE = re.compile(r"optim|scaler|lr_sched|scheduler", re.IGNORECASE)
"""Places of a file whose tensors are none of a model's."""

OPTIMISER_NAMES = frozenset((
    "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "step", "square_avg",
    "acc_delta", "grad_avg", "sum", "master_param",
))  # fmt: skip
"""What optimisers of torch keep for each parameter."""

COPY_WORDS = re.compile(
    r"(^|[._])(ema|teacher|momentum|momentum_\w+|encoder_k|\w+_k|target|target_\w+|"
    r"shadow|swa|averaged|\w+_ema|ema_\w+)(?=[._]|$)"
)
"""Places and prefixes of copies that follow another."""


def split_groups(
    groups: Mapping[str, Group],
) -> tuple[dict[str, Group], dict[str, int]]:
    """Return the groups of models, and what optimisers keep: tensors by place."""
    models: dict[str, Group] = {}
    optimisers: dict[str, int] = {}
    for place, group in groups.items():
        if OPTIMISER_PLACE.search(place) or OPTIMISER_NAMES.issuperset(group):
            top = place.split(".")[0] or "the file"
            optimisers[top] = optimisers.get(top, 0) + len(group)
        else:
            models[place] = group
    return models, optimisers


def is_copy(place: str, prefix: str) -> bool:
    """Tell whether a place or a prefix is that of a copy, as of a moving average."""
    return bool(COPY_WORDS.search(place) or COPY_WORDS.search(prefix.rstrip(".")))
