"""The peers: what each does with a model to tell what `resviz.trace` tells.

Each runs in processes without the others, for some change torch when imported.
"""

from typing import NamedTuple


def torchinfo(model, x):
    """Give the summary, which runs the model."""
    from torchinfo import summary

    device = x.device.type
    return summary(model, input_size=x.shape, depth=10, verbose=0, device=device)


def torchview(model, x):
    """Give the graph of all modules, not drawn."""
    from torchview import draw_graph

    return draw_graph(model, input_data=x, depth=10, device=x.device.type)


def fvcore(model, x):
    """Count multiply-adds by operation and module."""
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, x)
    analysis.unsupported_ops_warnings(enabled=False)
    analysis.uncalled_modules_warnings(enabled=False)
    return analysis.by_module()


def torchlens(model, x):
    """Log every operation, which takes seconds."""
    import torchlens

    return torchlens.trace(model, x)


class Peer(NamedTuple):
    """What a trace is compared with, and what share of its time it may take.

    Attributes:
        task: with the words that come before the network's.
        limit: the share that it may take on ResNet-152.
        aim: the share that it should take.
        device: "meta" if model and input have no values.
    """

    task: str
    limit: float
    aim: float | None = None
    device: str = "cpu"


PEERS = {
    "torchinfo": Peer("run_peer torchinfo", 1 / 8, 1 / 15),
    "torchinfo on meta": Peer("run_peer torchinfo", 1 / 8, 1 / 15, "meta"),
    "bare forward on meta": Peer("bare_forward", 1 / 6, 1 / 10, "meta"),
    "torchview": Peer("run_peer torchview", 1 / 15),
    "fvcore": Peer("run_peer fvcore", 1 / 15),
    "torchlens": Peer("run_peer torchlens", 1 / 150),
}
"""Source of the targets: issue 5 of this project."""
