"""Small networks, each exported once for all tests, in a file of each form."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch

from resviz.models import resnet

NETS: dict[str, dict[str, Any]] = {
    "basic": {"layers": (1, 2), "block": "basic"},
    "bottleneck": {"layers": (2, 1), "block": "bottleneck"},
}
"""Two networks of two stages each."""

SIDE = 64
"""Height and width that they are exported for."""


@cache
def exported_folder() -> Path:
    """A folder that all tests of a process share."""
    return Path(mkdtemp(prefix="resviz-exported-"))


def build_net(name: str) -> torch.nn.Module:
    """Build one of the networks with values, as it infers.

    Its norms have values of their own: an exporter writes equal tensors once.
    """
    torch.manual_seed(0)
    model = resnet(**NETS[name]).eval()
    give_norms_values(model)
    return model


def give_norms_values(model: Any) -> None:
    """Give norms values that are not all alike."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                for tensor in module.state_dict(keep_vars=True).values():
                    if tensor.ndim:
                        tensor.normal_()
                module.state_dict()["running_var"].uniform_(0.5, 1)


def list_network_facts(arch: Any) -> tuple[list[list[str]], int, int]:
    """What a file has to tell as the network does: stages, MACs and parameters."""
    stages = [[block.type for block in stage.blocks] for stage in arch.stages]
    return stages, arch.macs, arch.params


@cache
def export_net(name: str, suffix: str) -> Path:
    """Export a network to a file with a suffix; torch's own warnings are its own."""
    path = exported_folder() / f"{name}{suffix}"
    model, sample = build_net(name), torch.zeros(1, 3, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if suffix == ".pt2":
            torch.export.save(torch.export.export(model, (sample,)), path)
        elif suffix == ".pt":
            torch.jit.save(torch.jit.trace(model, sample), str(path))
        else:
            axes = {0: "batch", 2: "height", 3: "width"} if "any" in suffix else {}
            torch.onnx.export(
                model,
                (sample,),
                path,
                dynamo=False,
                input_names=["image"],
                dynamic_axes={"image": axes},
                training=torch.onnx.TrainingMode.PRESERVE
                if "folded" not in suffix
                else torch.onnx.TrainingMode.EVAL,
            )
    return path
