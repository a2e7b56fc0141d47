"""Forwards called with other arguments than they take, and models without one."""

import pytest
import torch
from torch import nn

from resviz import trace
from tests.forwards import Forward

from .test_failures import message


class Parts(nn.Module):
    """A model of two modules, and no forward."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.back = nn.Conv2d(4, 3, 3)

    def save(self, path):
        """Take something, and call no module."""
        torch.save(self.state_dict(), path)


class Inference(Parts):
    """Two methods that stand for a forward, and those that do not."""

    def initial_inference(self, observation):
        return self.conv(observation)

    def recurrent_inference(self, state, action):
        return self.back(state)

    def get_weights(self):
        return self.conv.weight


class Coder(Parts):
    """A method that calls modules by way of another, which is private."""

    def _code(self, x):
        return self.conv(x)

    @torch.no_grad()
    def encode(self, x):
        return self._code(x)


class Heir(Coder):
    """Methods of its parent, and a forward that is misspelt."""

    def foward(self, x):
        return self.encode(x)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("model", "methods"),
    [
        (Inference(), ["initial_inference", "recurrent_inference"]),
        (Coder(), ["encode"]),
        (Heir(), ["foward", "encode"]),
    ],
)
def test_a_model_without_a_forward_is_told_its_methods(model, methods, fast):
    """Those that take something and call its modules; the first works."""
    said = message(model, (3, 8, 8), fast=fast)
    kind = type(model).__name__
    assert f"{kind}: the model ({kind}): has no forward, got (1, 3, 8, 8)" in said
    told = f"--method {' or '.join(methods)}, in Python method={methods[0]!r}"
    assert said.endswith(f"; name a method: {told}")
    assert trace(model, (3, 8, 8), method=methods[0], fast=fast).layers


def test_a_model_without_any_method_is_told_its_parts():
    """That which saves it is none."""
    said = message(Parts(), (3, 8, 8))
    assert said.endswith("trace its parts, as model.conv, in a SPEC Parts().conv")


@pytest.mark.parametrize(
    ("part", "remedy"),
    [
        (nn.ModuleList([nn.ReLU()]), "call them in turn, or make it a Sequential"),
        (nn.ModuleDict({"a": nn.ReLU()}), "in turn, or make it a Sequential"),
        (Coder(), "call its encode"),
    ],
)
def test_a_part_without_a_forward(part, remedy):
    """Its caller has to call something else."""
    model = Forward(lambda model, x: model.part(x), part=part)
    said = message(model, (3, 8, 8))
    assert f"part ({type(part).__name__}): has no forward, got" in said
    assert said.endswith(remedy)
    assert "--method" not in said


class Pair(nn.Module):
    """A forward of two inputs."""

    def forward(self, x1, x2):
        return x1 + x2


class Single(Pair):
    """A forward that calls its parent's with too little."""

    def forward(self, x1, x2=None):
        return super().forward(x1)


def features(x):
    return x


WRONG_CALLS = {
    "unknown": lambda model, x, attn_mask=None: features(x, attn_mask=attn_mask),
    "missing": lambda model, x, mask=None: features(),
    "too many": lambda model, x, mask=None: features(x, mask),
    "twice": lambda model, x, mask=None: features(x, x=mask),
    "of a builtin": lambda model, x, dim=None: torch.relu(x, dimension=dim),
}


@pytest.mark.parametrize("kind", WRONG_CALLS)
def test_a_wrong_call_inside_is_not_for_an_input_to_mend(kind):
    """The forward has what it must have, whatever else it takes."""

    class Model(nn.Module):
        forward = WRONG_CALLS[kind]

    said = message(Model(), (3, 8, 8))
    assert "TypeError" in said
    assert "--input" not in said


def test_a_parents_forward_called_with_too_little():
    """Its name is that of the model's own."""
    said = message(Single(), (3, 8, 8))
    assert "Pair.forward() missing 1 required positional argument: 'x2'" in said
    assert "--input" not in said


def test_a_module_called_with_too_little():
    """What it takes is said, and that its caller gives that."""
    said = message(Forward(lambda model, x: model.pair(x), pair=Pair()), (3, 8, 8))
    assert said.endswith("; it takes (x1, x2), which is for what calls it to give")


class Unguessed(nn.Module):
    """A forward of inputs that nothing tells of."""

    def forward(self, x, adjacency, weights):
        return x.reshape(adjacency.shape[7], -1)


def test_inputs_that_are_not_found_are_named():
    """With the sizes that are known."""
    said = message(Unguessed(), (3, 8, 8))
    assert said.endswith(
        "it takes (x, adjacency, weights): give each as --input x=N,3,8,8 --input "
        "adjacency=… --input weights=…, in Python inputs=(…) or kwargs={…}"
    )
