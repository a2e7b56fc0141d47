"""Tracing: what is recorded, checked against a real forward."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import trace
from resviz.models import catalogue


def real_shapes(model, shape):
    """Module paths and output shapes in the order of a real forward's leaf calls."""
    seen = []
    for path, module in model.named_modules():
        if not list(module.children()):

            def hook(m, a, out, path=path):
                return seen.append((path, tuple(out.shape)))

            module.register_forward_hook(hook)
    with torch.no_grad():
        model.eval()(torch.zeros(shape))
    return seen


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d", "cifar20"])
def test_order_and_shapes_are_those_of_a_real_forward(name):
    """Every leaf call, in order, with the shape that a CPU forward gives."""
    model = catalogue.build_network(name)
    arch = trace(model, (3, 64, 64))
    mine = [(la.path, la.output_shape) for la in arch.layers if la.module]
    assert real_shapes(model, (1, 3, 64, 64)) == mine


def test_a_layer_is_a_call_and_not_a_module(record):
    """ResNet-18's block ReLUs run twice: 60 leaf calls, 8 additions, one flatten."""
    layers = record("resnet18").layers
    adds = [la for la in layers if la.type == "add"]
    assert (69, 60, 8) == (len(layers), sum(la.module for la in layers), len(adds))


def test_the_addition_of_a_shortcut_has_both_sources(record):
    """An in-place `+=` keeps its second source."""
    arch = record("resnet18")
    names = [arch.layers[s.layer].name for s in arch["layer2.0:add"].sources]
    assert ["layer2.0.bn2", "layer2.0.downsample.1"] == names


def test_a_convolutions_facts(record):
    """Kernel, stride, padding, dilation, groups, dtype and parameters."""
    layer = record("resnext50_32x4d")["layer2.0.conv2"]
    window = layer.window
    assert (3, 3) == window.kernel
    assert ((2, 2), (1, 1), (1, 1), 32) == (
        window.stride,
        window.padding,
        window.dilation,
        window.groups,
    )
    assert (256 * 8 * 9, "float32") == (layer.params, layer.outputs[0].dtype)


def test_the_classifier_is_fed_by_a_flatten(record):
    """A function of torch that no module owns is a layer under its display name."""
    flatten = record("resnet18")["flatten"]
    assert ((1, 512, 1, 1), (1, 512)) == (flatten.input_shape, flatten.output_shape)


def test_a_shared_parameter_is_counted_once():
    """Two layers that share a weight own it once."""
    first, second = nn.Linear(8, 8), nn.Linear(8, 8)
    second.weight = first.weight
    arch = trace(nn.Sequential(first, second), (8,))
    assert (72, 8) == tuple(layer.params for layer in arch.layers)


def test_parameters_that_nothing_reads_are_named():
    """A module that is never called is listed, and part of the total."""

    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.used(x)

    arch = trace(Idle(), (4,))
    assert (["idle"], 30) == ([group.path for group in arch.uncalled], arch.params)


def test_an_identity_is_a_layer_of_its_own():
    """What runs nothing still stands between what comes before and after it."""
    arch = trace(nn.Sequential(nn.ReLU(), nn.Identity(), nn.ReLU()), (3, 4, 4))
    assert [[-1], [0], [1]] == [[s.layer for s in la.sources] for la in arch.layers]


def test_a_model_written_with_functions_keeps_its_operations_apart():
    """No module is called in it, and its structure is still there."""

    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(3, 3, 3, 3))

        def forward(self, x):
            return F.relu(x + F.conv2d(x, self.weight, padding=1))

    arch = trace(Functional(), (3, 8, 8))
    assert ["conv", "add", "relu"] == [layer.name for layer in arch.layers]
    assert 81 == arch["conv"].params


def test_several_outputs_are_recorded():
    """Features at chosen stages are the model's outputs."""
    arch = trace("resnet(18, out_indices=(0, 2))", (3, 64, 64))
    shapes = [arch.layers[s.layer].output_shape for s in arch.outputs]
    assert [(1, 64, 16, 16), (1, 256, 4, 4)] == shapes


def test_training_mode_is_followed_when_asked():
    """Dropout does something in training, and nothing in evaluation."""
    model = nn.Sequential(nn.Dropout(), nn.ReLU())
    ops = [
        [op.name for op in trace(model, (4,), training=t)["0"].operations]
        for t in (True, False)
    ]
    assert "bernoulli" in ops[0]
    assert ["alias"] == ops[1]


def test_a_models_own_containers_are_those_of_the_clone():
    """Modules in a plain list are found, and the list itself is not written to."""

    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = [nn.ReLU(), nn.Sigmoid()]
            self.seen = []

        def forward(self, x):
            self.seen.append(x)
            for part in self.parts:
                x = part(x)
            return x

    model = Listed()
    trace(model, (4,))
    assert [] == model.seen


def test_deep_nesting_does_not_hit_the_recursion_limit():
    """A chain of modules nested 300 deep is followed."""
    model = nn.ReLU()
    for _ in range(300):
        model = nn.Sequential(model)
    assert 1 == len(trace(model, (4,)).layers)


def test_a_forward_that_catches_its_own_errors_is_followed():
    """Calls that an exception cut off are closed."""

    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError(x.shape)

    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.fails, self.relu = nn.Sequential(Fails()), nn.ReLU()

        def forward(self, x):
            try:
                return self.fails(x)
            except ValueError:
                return self.relu(x)

    assert "relu" in [layer.name for layer in trace(Tries(), (4,)).layers]


def test_what_nobody_reads_was_run_all_the_same():
    """A forward that drops a result did the work."""

    class Wasteful(nn.Module):
        def forward(self, x):
            torch.sigmoid(x)
            return torch.relu(x)

    names = [layer.operations[0].name for layer in trace(Wasteful(), (4,)).layers]
    assert ["sigmoid", "relu"] == names
