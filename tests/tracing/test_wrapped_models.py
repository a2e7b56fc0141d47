"""Models that torch's own tools have changed: scripted, quantised, pruned and others.

Counts are derived by hand: a convolution of 3 to 4 maps by 3×3 has 4·27 weights and 4
biases, and 4·27 MACs at each of the 36 positions that an 8×8 map leaves it.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from resviz import TraceError, summary, trace
from resviz.readings import costs
from resviz.readings.structure import read_structure
from tests.forwards import Forward

from .harm import Snapshot, changes

CONV_PARAMS, CONV_MACS = 4 * 27 + 4, 4 * 27 * 36


def counts(model, size=(3, 8, 8), **options):
    """Parameters and MACs of a model."""
    arch = trace(model, size, **options)
    return arch.params, costs.sum_layer_costs(arch.layers).macs


class Block(nn.Module):
    """A residual block of 2·(4·36 + 4) parameters."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))

    def forward(self, x):
        return torch.relu(x + self.second(torch.relu(self.first(x))))


def residual():
    """A convolution and two residual blocks."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), Block(), Block()).eval()


def can_run_traced_without_values():
    """Whether torch runs a convolution that `torch.jit.trace` saw on meta tensors."""
    traced = torch.jit.trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8)).to("meta")
    try:
        traced(torch.empty(1, 3, 8, 8, device="meta"))
    except NotImplementedError:
        return False
    return True


SCRIPTED = {
    "script": torch.jit.script,
    "trace": lambda model: torch.jit.trace(model, torch.zeros(1, 3, 8, 8)),
    "inside": lambda model: nn.Sequential(torch.jit.script(model), nn.ReLU()),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", SCRIPTED)
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_scripted_modules(kind, mode):
    """No hook looks inside; operations, blocks and counts are those of the original."""
    if (kind, mode) == ("trace", "shapes") and not can_run_traced_without_values():
        pytest.skip("this torch runs no traced convolution without values")
    arch = trace(SCRIPTED[kind](residual()), (3, 8, 8), mode=mode)
    assert CONV_PARAMS + 4 * (4 * 36 + 4) == arch.params
    assert CONV_MACS + 4 * (4 * 36 * 36) == costs.sum_layer_costs(arch.layers).macs
    assert ((), 2) == (arch.uncalled, len(read_structure(arch).blocks))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_stays_as_it_is():
    """Statistics of its batch norm, and where its weights lie."""
    model = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    trace(model, (3, 8, 8), batch=2, training=True)
    assert all(torch.equal(value, before[k]) for k, value in model.state_dict().items())
    assert model.training


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_frozen_scripted_module():
    """Its weights have become constants, so it has no parameters; MACs stay."""
    model = torch.jit.freeze(torch.jit.script(residual()))
    assert (0, CONV_MACS + 4 * (4 * 36 * 36)) == counts(model)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_dynamically_quantised_model():
    """It holds packed weights, which are no parameters; its products are counted."""
    if not torch.backends.quantized.supported_engines:
        pytest.skip("this torch cannot quantise")
    head = nn.Sequential(nn.ReLU(), nn.Linear(8, 2))
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), head)
    quantised = torch.ao.quantization.quantize_dynamic(model, {nn.Linear})
    arch = trace(quantised, (3, 2, 2))
    assert ("run", 0) == (arch.mode, arch.params)
    assert [(1, 8), (1, 2)] == [arch[name].output_shape for name in ("1", "2.1")]
    assert (12 * 8 + 8 * 2, ()) == (
        costs.sum_record_costs(arch).macs,
        costs.find_uncounted(arch),
    )


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_blocks(reentrant, training):
    """Run once, as without: no backward pass asks for it again."""

    def function(model, x):
        return checkpoint(model.conv, x, use_reentrant=reentrant).relu()

    model = Forward(function, conv=nn.Conv2d(3, 4, 3))
    assert (CONV_PARAMS, CONV_MACS) == counts(model, training=training)


def test_checkpointed_sequences():
    """Each part once."""

    def function(model, x):
        return checkpoint_sequential(model.parts, 2, x, use_reentrant=False)

    parts = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 1))
    arch = trace(Forward(function, parts=parts), (3, 8, 8))
    assert ["parts.0", "parts.1", "parts.2"] == [layer.name for layer in arch]


def test_pruned_modules():
    """The weight is a mask times what it was: as many parameters, as many MACs."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    prune.l1_unstructured(model[0], "weight", 0.5)
    assert (CONV_PARAMS, CONV_MACS) == counts(model)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "wrap", [nn.utils.weight_norm, parametrizations.weight_norm], ids=["old", "new"]
)
def test_weight_norm(wrap):
    """One length a map besides the direction."""
    model = nn.Sequential(wrap(nn.Conv2d(3, 4, 3)))
    assert (CONV_PARAMS + 4, CONV_MACS) == counts(model)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_old_spectral_norm():
    """A product with the 4×27 weights, and one of two vectors of 4."""
    model = nn.Sequential(nn.utils.spectral_norm(nn.Conv2d(3, 4, 3)))
    assert (CONV_PARAMS, CONV_MACS + 4 * 27 + 4) == counts(model)


def test_a_graph_module():
    """What torch.fx gives calls the same modules."""
    model = torch.fx.symbolic_trace(residual())
    assert (2, CONV_PARAMS + 4 * 148) == (
        len(read_structure(trace(model, (3, 8, 8))).blocks),
        trace(model, (3, 8, 8)).params,
    )


def test_an_exported_program():
    """Its module owns the parameters under the names that they had."""
    program = torch.export.export(residual(), (torch.zeros(1, 3, 8, 8),))
    assert (CONV_PARAMS + 4 * 148, CONV_MACS + 4 * (4 * 36 * 36)) == counts(
        program.module()
    )


def test_a_model_for_several_devices():
    """Is followed through the model inside, whose names are in the record."""
    arch = trace(nn.DataParallel(nn.Sequential(nn.Conv2d(3, 4, 3))), (3, 8, 8))
    assert ("Sequential", ["0"]) == (arch.name, [layer.name for layer in arch])


def threaded(model, x):
    """Calls both parts of a model at a time."""
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda part: part(x), (model.one, model.other))
    return one + other


@pytest.mark.parametrize("mode", ["shapes", "run", "auto"])
def test_modules_in_other_threads_are_refused_in_words(mode):
    """What they do cannot be seen, so no count would be right."""
    parts = {"one": nn.Conv2d(3, 4, 3), "other": nn.Conv2d(3, 4, 3)}
    with pytest.raises(TraceError, match="called in another thread") as caught:
        trace(Forward(threaded, **parts), (3, 8, 8), mode=mode)
    assert "one after another" in str(caught.value)


def test_functions_in_other_threads_are_named():
    """A sum is made of what nobody saw; the tables say so."""

    def function(model, x):
        with ThreadPoolExecutor(1) as pool:
            doubled = pool.submit(lambda: x * 2).result()
        return (doubled + x).relu()

    arch = trace(Forward(function), (4,))
    assert ("add",) == arch.unseen
    assert "what made an operand of add" in str(summary(arch))


def test_an_output_from_another_thread_is_named():
    """Even if no layer reads it."""

    def function(model, x):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: x * 2).result()

    assert ("output",) == trace(Forward(function), (4,)).unseen


class Maker:
    """Makes a constant in a method, which no global names."""

    def make(self, x):
        """Make a constant."""
        return torch.tensor([2.0], device=x.device)


CONSTANTS = {
    "tensor": lambda x: torch.tensor([1.0, 2, 3, 4], device=x.device),
    "a number": lambda x: torch.tensor(2.5, device=x.device, dtype=x.dtype),
    "as_tensor": lambda x: torch.as_tensor([2.0], device=x.device),
    "asarray": lambda x: torch.asarray([2.0], device=x.device),
    "new_tensor": lambda x: x.new_tensor([2.0]),
    "new": lambda x: x.new([2.0]),
    "code that is not read": lambda x: Maker().make(x),
    "a view of one": lambda x: torch.tensor([2.0], device=x.device)[None].sqrt(),
    "its lowest number": lambda x: torch.tensor(
        torch.finfo(x.dtype).min, device=x.device
    ),
}


def made_in_a_thread(x):
    """A constant, beside work in another thread."""
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(lambda: x + 1).result()
    return made * torch.tensor(2.0, device=x.device)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_not_taken_for_unseen(name, fast):
    """Though torch makes it on the meta device without an operation."""
    model = Forward(
        lambda m, x: m.linear(x) * CONSTANTS[name](x), linear=nn.Linear(4, 4)
    )
    before = Snapshot(model)
    arch = trace(model, (4,), fast=fast)
    assert ((), "linear", 16) == (arch.unseen, arch.layers[0].name, arch.macs)
    assert [] == changes(before, Snapshot(model))
    unseen = trace(Forward(lambda m, x: made_in_a_thread(x)), (4,), fast=fast).unseen
    assert ("Forward",) == unseen


def test_what_is_made_without_an_operation_is_not_taken_for_unseen():
    """Another class, a parameter of what flows, an index of numbers."""

    class Mine(torch.Tensor):
        pass

    def function(model, x):
        y = nn.Parameter((x * 2).as_subclass(Mine), requires_grad=False)
        return y.relu()[:, [2, 0]]

    assert () == trace(Forward(function), (4,)).unseen


@dataclass
class Output:
    """What some forwards return."""

    logits: torch.Tensor
    other: object = None


OUTPUTS = {
    "tuple": lambda x: (x, None),
    "list": lambda x: [x],
    "dictionary": lambda x: {"logits": x, "n": 3},
    "nested": lambda x: {"a": [(x,)]},
    "dataclass": Output,
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_outputs(kind):
    """The tensors in them are the model's outputs, and a module's."""
    inner = Forward(lambda m, x: OUTPUTS[kind](m.conv(x)), conv=nn.Conv2d(3, 4, 3))
    for model in (inner, Forward(lambda m, x: m.inner(x), inner=inner)):
        arch = trace(model, (3, 8, 8))
        assert [(0, 0)] == [(s.layer, s.output) for s in arch.outputs]


def test_no_output():
    """What it did is still there."""
    model = Forward(lambda m, x: (m.line(x), None)[1], line=nn.Linear(3, 3))
    arch = trace(model, (3,))
    assert ((), 12) == (arch.outputs, arch.params)


class Optional(nn.Module):
    """A forward of keywords and defaults."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 3)

    def forward(self, x, mask=None, *, times=1, **others):
        y = self.line(x)
        for _ in range(times):
            y = self.line(y)
        y = y if mask is None else y * mask
        return y + others["shift"] if "shift" in others else y


@pytest.mark.parametrize(
    ("kwargs", "macs"), [({}, 18), ({"times": 3}, 36), ({"shift": 2, "mask": None}, 18)]
)
def test_keywords_and_defaults(kwargs, macs):
    """Left out or given; a layer that is called again counts again, 9 MACs each."""
    arch = trace(Optional(), (3,), kwargs=kwargs)
    assert (12, macs) == (arch.params, costs.sum_layer_costs(arch.layers).macs)


def test_a_module_shared_between_places():
    """Its parameters count once, its MACs in each place."""
    line = nn.Linear(3, 3)
    model = nn.Sequential(line, nn.Sequential(nn.ReLU(), line), nn.Linear(3, 3))
    assert (24, 27) == counts(model, (3,))
