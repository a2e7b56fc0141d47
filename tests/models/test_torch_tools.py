"""What torch itself makes of our networks: copies, scripts, graphs, programs, files."""

import copy
import io
import os
import pickle

import pytest
import torch
from torch import nn

from resviz import models

SMALL = {"layers": [1, 2, 1, 1], "base_channels": 8, "num_classes": 10}

NETWORKS = {
    "basic": lambda: models.resnet(block="basic", **SMALL),
    "bottleneck": lambda: models.resnet(block="bottleneck", **SMALL, groups=2),
    "cifar": lambda: models.cifar_resnet(8),
    "paper": lambda: models.resnet(block="basic", **SMALL, shortcut="A", softmax=True),
    "five-stages": lambda: models.ResNet(
        models.BasicBlock, [1, 1, 1, 1, 1], base_channels=4
    ),
    "D, without a head": lambda: models.resnet(
        block="bottleneck", **{**SMALL, "num_classes": 0}, deep_stem=True, avg_down=True
    ),
    "group norm": lambda: models.resnet(
        block="basic", **SMALL, norm_layer=lambda channels: nn.GroupNorm(8, channels)
    ),
    "stages in another order": lambda: models.resnet(
        block="basic", **SMALL, out_indices=(3, 1)
    ),
}


def copy_by_pickle(net, _x):
    """What a worker process gets."""
    return pickle.loads(pickle.dumps(net))


def save_and_load(net, _x):
    """A whole module in a file."""
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def copy_deep(net, _x):
    """A copy beside it, as an average of weights has it."""
    return copy.deepcopy(net)


def script(net, _x):
    """TorchScript, of the source."""
    return torch.jit.script(net)


def script_within(net, _x):
    """TorchScript of a module that holds the network, which stays as it was."""
    outer = nn.Sequential(net)
    scripted = torch.jit.script(outer)
    assert outer[0] is net
    return scripted


def save_script(net, _x):
    """TorchScript, through a file."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(net), file)
    file.seek(0)
    return torch.jit.load(file)


def trace(net, x):
    """TorchScript, of one run."""
    return torch.jit.trace(net, x)


def trace_symbolically(net, _x):
    """A graph that can be edited."""
    return torch.fx.symbolic_trace(net)


def compile_whole(net, _x):
    """One graph without a break."""
    return torch.compile(net, backend="eager", fullgraph=True)


def export(net, x):
    """A program ahead of time."""
    return torch.export.export(net, (x,)).module()


def call_functionally(net, _x):
    """Weights as an argument."""
    weights = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    return lambda x: torch.func.functional_call(net, weights, (x,))


WAYS = (
    copy_by_pickle, save_and_load, copy_deep, script, script_within, save_script, trace,
    trace_symbolically, compile_whole, export, call_functionally,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # torch tells that some ways are old
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_way_of_torch_gives_the_same_numbers(name, way):
    """As plain calls do, with weights of chance."""
    torch.manual_seed(3)
    net = NETWORKS[name]().eval()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, found = net(x), way(net, x)(x)
    if isinstance(wanted, tuple):
        assert isinstance(found, tuple | list)
        assert len(wanted) == len(found) == 2
    else:
        wanted, found = [wanted], [found]
    for one, other in zip(wanted, found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
def test_a_forked_process_can_trace():
    """A child that was forked after a trace traces as its parent does."""
    import multiprocessing

    import resviz

    parent = resviz.trace("resnet18").macs
    with multiprocessing.get_context("fork").Pool(1) as pool:
        child = pool.apply_async(count_macs, ("resnet18",)).get(timeout=60)
    assert child == parent


def count_macs(spec):
    """Trace in a process of its own."""
    import resviz

    return resviz.trace(spec).macs


@pytest.mark.filterwarnings("ignore")  # torch tells that it moves to another package
def test_quantised_by_its_graph_it_says_nearly_the_same():
    """Static quantisation of the symbolic graph, calibrated with one batch."""
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    if "x86" not in torch.backends.quantized.supported_engines:
        pytest.skip("torch has no quantised kernels for this processor")
    torch.manual_seed(3)
    net, x = models.resnet18(num_classes=10).eval(), torch.randn(2, 3, 64, 64)
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "x86"
    try:
        observed = prepare_fx(
            copy.deepcopy(net), get_default_qconfig_mapping("x86"), (x,)
        )
        observed(x)
        quantised = convert_fx(observed)
        wanted, found = net(x), quantised(x)
    finally:
        torch.backends.quantized.engine = before
    assert any("quantized" in type(part).__module__ for part in quantised.modules())
    assert (wanted - found).abs().max() < 0.2 * wanted.abs().max()


@pytest.mark.filterwarnings("ignore")  # the exporter tells that it is old
def test_exported_to_onnx_it_computes_the_same(tmp_path):
    """By onnx's own reference."""
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    torch.manual_seed(3)
    net, x = models.cifar_resnet(8).eval(), torch.randn(2, 3, 32, 32)
    file = tmp_path / "net.onnx"
    torch.onnx.export(net, (x,), file, dynamo=False)
    evaluator = ReferenceEvaluator(onnx.load(file))
    (found,) = evaluator.run(None, {evaluator.input_names[0]: x.numpy()})
    torch.testing.assert_close(
        net(x).detach(), torch.tensor(found), rtol=1e-3, atol=1e-3
    )
