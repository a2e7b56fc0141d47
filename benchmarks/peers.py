"""The peers: what each does with a model to tell what `resviz.trace` tells.

Each is imported in a process of its own (see `duel`), for some change torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

    Work = Callable[[], object]
    Peer = Callable[[nn.Module, torch.Tensor], Work]


def torchinfo(model: nn.Module, x: torch.Tensor) -> Work:
    """`summary`, which runs the model on the CPU."""
    from torchinfo import summary

    size = tuple(x.shape)
    return lambda: summary(model, input_size=size, depth=10, verbose=0, device="cpu")


def torchinfo_on_meta(model: nn.Module, x: torch.Tensor) -> Work:
    """`summary`, which runs a model without weights."""
    from torchinfo import summary

    size = tuple(x.shape)
    return lambda: summary(model, input_size=size, depth=10, verbose=0, device="meta")


def bare_forward(model: nn.Module, x: torch.Tensor) -> Work:
    """The forward on meta tensors alone, with nothing written down."""
    import torch

    def work() -> object:
        with torch.no_grad():
            return model(x)

    return work


def torchview(model: nn.Module, x: torch.Tensor) -> Work:
    """The graph of all modules, not drawn."""
    from torchview import draw_graph

    return lambda: draw_graph(model, input_data=x, depth=10, device="cpu")


def fvcore(model: nn.Module, x: torch.Tensor) -> Work:
    """The count of multiply-adds by operation and module."""
    from fvcore.nn import FlopCountAnalysis

    def work() -> object:
        analysis = FlopCountAnalysis(model, x)
        analysis.unsupported_ops_warnings(enabled=False)
        analysis.uncalled_modules_warnings(enabled=False)
        return analysis.by_module()

    return work


def torchlens(model: nn.Module, x: torch.Tensor) -> Work:
    """The log of every operation."""
    import torchlens

    return lambda: torchlens.trace(model, x)


class Entry(NamedTuple):
    """A peer and the targets beside it.

    Attributes:
        work: makes what is timed.
        limit: what share of its time a trace may take on ResNet-152.
        aim: what share it should take.
        meta: whether model and input have no values.
        slow: whether it takes seconds, so that fewer rounds must do.
        package: what must be installed, "" for none.
    """

    work: Peer
    limit: float | None
    aim: float | None = None
    meta: bool = False
    slow: bool = False
    package: str = ""


PEERS = {
    "torchinfo": Entry(torchinfo, 1 / 8, 1 / 15, package="torchinfo"),
    "torchinfo on meta": Entry(
        torchinfo_on_meta, 1 / 8, 1 / 15, meta=True, package="torchinfo"
    ),
    "bare forward on meta": Entry(bare_forward, 1 / 6, 1 / 10, meta=True),
    "torchview": Entry(torchview, 1 / 15, package="torchview"),
    "fvcore": Entry(fvcore, 1 / 15, package="fvcore"),
    "torchlens": Entry(torchlens, 1 / 150, slow=True, package="torchlens"),
}
"""Source of the targets: issue 5 of this project."""
