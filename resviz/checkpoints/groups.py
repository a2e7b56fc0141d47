"""What of a file is the model's, an optimiser's, or a copy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.checkpoints.files import Group

OPTIMISER_PLACE = re.compile(r"optim|scaler|lr_sched|scheduler", re.IGNORECASE)
"""Places of a file whose tensors are none of a model's."""

OPTIMISER_NAMES = frozenset((
    "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "step", "square_avg",
    "acc_delta", "grad_avg", "sum", "master_param",
))  # fmt: skip
"""What optimisers of torch keep for each parameter."""

CAFFE2_MOMENTUM = "_momentum"
"""What Caffe2 puts behind a name for what its optimiser keeps."""

COPY_WORDS = re.compile(
    r"(^|[._])(ema|teacher|momentum|momentum_\w+|encoder_k|\w+_k|target|target_\w+|"
    r"shadow|swa|averaged|\w+_ema|ema_\w+)(?=[._]|$)"
)
"""Places and prefixes of copies that follow another."""


LAYER_TENSOR = re.compile(
    r"(^|[._])(weight|bias|kernel|w|b|weight_\w+|\w+_weight|\w+_bias)$"
)
"""Names of what layers hold."""

COUNTERS = ("total_ops", "total_params", "n_averaged")
"""What tools leave in a network that count its operations, or its averages."""

DETECTOR_PLACES = frozenset((
    "roi_heads", "roi_head", "rpn", "rpn_head", "proposal_generator", "neck", "fpn",
    "bbox_head", "mask_head", "keypoint_head", "sem_seg_head", "decode_head",
    "auxiliary_head", "panoptic_head",
))  # fmt: skip
"""Parts of detectors and segmenters, which are named by their backbone."""


def is_layer_tensor(name: str) -> bool:
    """Tell whether a tensor is a layer's; else it strays: a mean, a queue, a count."""
    return bool(LAYER_TENSOR.search(name)) and not name.endswith(COUNTERS)


def is_of_detector(names: Iterable[str]) -> bool:
    """Tell whether names are those of a detector's parts."""
    return any(
        not DETECTOR_PLACES.isdisjoint(name.split(".")[:4])
        or name.startswith(("fpn_", "rpn_", "kps_", "mask_fcn"))
        for name in names
    )


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
            continue
        momenta = {
            name
            for name in group
            if name.endswith(CAFFE2_MOMENTUM)
            and name.removesuffix(CAFFE2_MOMENTUM) in group
        }
        if momenta:
            optimisers[place or "the file"] = len(momenta)
        models[place] = {n: e for n, e in group.items() if n not in momenta}
    return models, optimisers


def is_copy(place: str, prefix: str) -> bool:
    """Tell whether a place or a prefix is that of a copy, as of a moving average."""
    return bool(COPY_WORDS.search(place) or COPY_WORDS.search(prefix.rstrip(".")))
