"""Hooks and forwards that write past their arguments: a trace follows copies."""

import sched
import weakref
from collections import Counter, deque
from functools import lru_cache, partial, wraps
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn

from resviz import TraceError, summary, trace

from .harm import Snapshot, changes

FEATURES = {}
SHAPES = []
CALLS = 0
PROJECTION = nn.Linear(8, 5)
FLAGS = ModuleType("flags")


def store(output):
    """Keep an output, called by a hook."""
    FEATURES["x"] = output


class Store:
    """Keeps the outputs that it is called with."""

    shared = {}  # noqa: RUF012 - a class that keeps things

    def __init__(self):
        self.kept = []

    def __call__(self, module, args, output):
        self.kept.append(output)

    @classmethod
    def put(cls, output):
        """Keep an output for all."""
        cls.shared["x"] = output


STORE = Store()


class Recipe(nn.Module):
    """A network, a hook on its last map, and a head on what that kept."""

    cache = {}  # noqa: RUF012 - a class that keeps things

    def __init__(self, hook):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU())
        self.kept, self.head = {}, nn.Conv2d(8, 2, 1)
        self.read = hook(self)

    def forward(self, x):
        self.body(x)
        return self.head(self.read())

    def keep(self, module, args, output):
        """Keep an output, as a hook."""
        self.kept["x"] = output

    @classmethod
    def store_last(cls, module, args, output):
        """Keep an output for all, as a hook."""
        cls.last = output


def hook_with(make):
    """Make a hook of a model, and a function that reads what it kept."""

    def hook(model):
        function, read = make(model)
        model.body[-1].register_forward_hook(function)
        return read or (lambda: model.kept["x"])

    return hook


def closing_over_a_dictionary(model):
    kept = model.kept

    def hook(module, args, output):
        kept["x"] = output

    return hook, None


def by_attribute_of_a_class(model):
    def hook(module, args, output):
        Store.last, Recipe.count, FLAGS.last = output, 1, output

    return hook, lambda: Store.last


def by_class_of_self(model):
    return type(model).store_last, lambda: Recipe.last


def by_imported_module(model):
    def hook(module, args, output):
        import sched as place

        place.last = output

    return hook, lambda: sched.last


def by_weak_method(model):
    method = weakref.WeakMethod(model.keep)
    return lambda *args: method()(*args) or None, None


def by_proxy_of_an_object(model):
    proxy = weakref.proxy(STORE)
    return lambda m, a, o: proxy.kept.append(o), lambda: proxy.kept[-1]


def by_weak_dictionary(model):
    kept = weakref.WeakKeyDictionary({model: 0})
    return lambda m, a, o: kept.__setitem__(model, o), lambda: kept[model]


def by_nonlocal(model):
    last = None

    def hook(module, args, output):
        nonlocal last
        last = output

    return hook, lambda: last


def by_globals(model):
    def hook(module, args, output):
        global CALLS  # noqa: PLW0603 - what is tested
        CALLS += 1
        SHAPES.append(output.shape)
        FEATURES["x"] = output

    return hook, lambda: FEATURES["x"]


def by_default(model):
    def hook(module, args, output, kept=model.kept):
        kept["x"] = output

    return hook, None


def by_attribute(model):
    def hook(module, args, output):
        hook.kept["x"] = output

    hook.kept = {}
    return hook, lambda: hook.kept["x"]


def by_decorator(model):
    def keeping(function):
        @wraps(function)
        def hook(module, args, output):
            model.kept["x"] = output
            return function(module, args, output)

        return hook

    return keeping(lambda module, args, output: None), None


def by_partial(model):
    def hook(kept, module, args, output, *, name):
        kept[name] = output

    return partial(hook, model.kept, name="x"), None


def by_proxy(model):
    proxy = weakref.proxy(model)
    return lambda m, a, o: proxy.kept.__setitem__("x", o), lambda: proxy.kept["x"]


def by_namespace(model):
    space = SimpleNamespace(x=None)
    return lambda m, a, o: setattr(space, "x", o), lambda: space.x


def by_class_method(model):
    return lambda m, a, o: Store.put(o), lambda: Store.shared["x"]


def by_count(model):
    counts = Counter()

    def hook(module, args, output):
        counts["x"] += 1
        model.recent.append(output)

    model.recent, model.counts = deque([0, 0], maxlen=2), counts
    return hook, lambda: model.recent[-1]


def by_class(model):
    return lambda m, a, o: Store.shared.update(x=o), lambda: Store.shared["x"]


RECIPES = {
    "lambda": lambda model: (lambda m, a, o: model.kept.__setitem__("x", o), None),
    "method": lambda model: (model.keep, None),
    "helper": lambda model: (lambda m, a, o: store(o), lambda: FEATURES["x"]),
    "object": lambda model: (STORE, lambda: STORE.kept[-1]),
    "class of the model": lambda model: (
        lambda m, a, o: model.cache.update(x=o),
        lambda: model.cache["x"],
    ),
    "container's method": lambda model: (
        lambda m, a, o, put=model.kept.__setitem__: put("x", o),
        None,
    ),
} | {
    function.__name__: function
    for function in (
        closing_over_a_dictionary, by_nonlocal, by_globals, by_default, by_attribute,
        by_decorator, by_partial, by_proxy, by_namespace, by_class, by_class_method,
        by_count, by_attribute_of_a_class, by_class_of_self, by_imported_module,
        by_weak_method, by_proxy_of_an_object, by_weak_dictionary,
    )
}  # fmt: skip


@pytest.fixture(autouse=True)
def _empty():
    """Nothing is kept from one test to the next."""
    for holder in (FEATURES, SHAPES, STORE.kept, Store.shared, Recipe.cache):
        holder.clear()


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("has_run", [False, True])
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_hook_that_keeps_features(name, has_run, mode):
    """Its head reads the map of the trace, and nothing of the user's changes."""
    model = Recipe(hook_with(RECIPES[name]))
    if has_run:
        model(torch.zeros(1, 3, 65, 65))
    watched = (model, FEATURES, SHAPES, STORE, Store.shared, Recipe.cache)
    owners = (Store, Recipe, FLAGS, sched)
    bound = [dict(vars(owner)) for owner in owners]
    before, calls = Snapshot(*watched), CALLS
    arch = trace(model, (3, 9, 9), mode=mode)
    assert [] == changes(before, Snapshot(*watched))
    assert calls == CALLS
    assert bound == [dict(vars(owner)) for owner in owners]
    assert ["body.0", "body.1", "head"] == [layer.name for layer in arch]
    assert (1, 2, 4, 4) == arch["head"].output_shape
    assert arch == trace(model, (3, 9, 9), mode=mode, fast=False)


class Reaching(nn.Module):
    """A forward that keeps its input, and projects by a module that is a global."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)

    def forward(self, x):
        FEATURES["x"] = x
        self.count(x)
        return PROJECTION(self.first(x))

    @staticmethod
    def count(x):
        """Note a shape, as a side effect."""
        SHAPES.append(x.shape)


def test_a_forward_that_reaches_globals():
    """Its weights have the global's name, and nothing is written to."""
    model = Reaching()
    watched = (model, FEATURES, SHAPES, PROJECTION)
    before = Snapshot(*watched)
    arch = trace(model, (4,))
    assert [] == changes(before, Snapshot(*watched))
    assert ["first", "PROJECTION"] == [layer.name for layer in arch]
    assert 4 * 8 + 8 * 5 == arch.macs


@lru_cache
def make_offsets(device, size):
    """Make a constant once for each device."""
    return torch.arange(size, device=device, dtype=torch.float32) * torch.tensor(
        2.0, device=device
    )


class Remembering(nn.Module):
    """A forward whose constants are made once."""

    @lru_cache  # noqa: B019 - what is tested
    def scale(self, size):
        """Make a constant once for each module."""
        return torch.ones(size)

    def forward(self, x):
        return x * make_offsets(x.device, x.shape[1]) + self.scale(x.shape[1])


@pytest.mark.parametrize("fast", [True, False])
def test_functions_that_remember_what_they_gave(fast):
    """Those of a trace are copies, which remember nothing of it elsewhere."""
    model = Remembering()
    model(torch.zeros(1, 4))
    caches = (make_offsets, Remembering.scale)
    before = [cached.cache_info() for cached in caches]
    arch = trace(model, (4,), fast=fast)
    assert before == [cached.cache_info() for cached in caches]
    assert ((), (1, 4)) == (arch.unseen, arch.layers[-1].output_shape)


LOOSE = nn.Parameter(torch.zeros(8, 4))
LOOSE_BY_NAME = {"w": nn.Parameter(torch.zeros(8, 4))}


class Loose(nn.Module):
    """A linear layer whose weight, and one that it holds, come from elsewhere."""

    def __init__(self, read):
        super().__init__()
        self.own = nn.Parameter(torch.zeros(8, 8))
        self.listed = [nn.Parameter(torch.zeros(8, 4))] * (read is None)
        self.read = read or (lambda: self.listed[0])

    def forward(self, x):
        return x @ self.own @ self.read()


def closing_over_a_parameter():
    weight = nn.Parameter(torch.zeros(8, 4))
    return lambda: weight


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda: LOOSE, "LOOSE"),
        (lambda: LOOSE_BY_NAME["w"], "LOOSE_BY_NAME"),
        (closing_over_a_parameter(), "weight"),
        (lambda own=LOOSE: own, "default"),
        (None, "listed"),
    ],
)
def test_a_parameter_that_no_module_holds(read, name, mode, fast):
    """It is counted under the name by which it was reached, and told of."""
    model = Loose(read)
    before = Snapshot(model, LOOSE, LOOSE_BY_NAME)
    arch = trace(model, (8,), mode=mode, fast=fast)
    assert [] == changes(before, Snapshot(model, LOOSE, LOOSE_BY_NAME))
    names = [(p.name, p.unregistered) for la in arch for p in la.parameters]
    assert [("own", False), (name, True)] == names
    assert (96, 96) == (arch.params, arch.macs)
    said = f"32 parameters are not in model.parameters(): {name}"
    assert said in summary(arch).notes


def test_a_parameter_that_is_reached_twice():
    """By its module and a function, or a weak reference: it has its module's name."""
    line = nn.Linear(8, 8, bias=False)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.reference = weakref.ref(line.weight)
            self.line = line

        def forward(self, x):
            return self.line(x) @ line.weight @ self.reference()

    for fast in (True, False):
        arch = trace(Twice(), (8,), fast=fast)
        (parameter,) = [p for layer in arch for p in layer.parameters]
        assert ("line.weight", False) == (parameter.name, parameter.unregistered)
        assert (64, 3 * 64) == (arch.params, arch.macs)


class Closing(Store):
    """Cleans up after itself, so that a copy would do so twice."""

    def __del__(self):
        self.kept.clear()


def test_a_hook_that_cannot_be_copied():
    """It is named, and what to do about it; one that keeps nothing may stay."""
    model = nn.Sequential(nn.Linear(4, 4))
    model[0].register_forward_hook(hook := Closing())
    with pytest.raises(TraceError, match=r"^0: its hook Closing may keep what it sees"):
        trace(model, (4,))
    assert [] == hook.kept
    del hook.kept
    model[0]._forward_hooks.clear()
    assert 1 == len(trace(model, (4,)).layers)
    hook.kept = []


def test_a_function_that_reaches_nothing_stays_itself():
    """So that a forward may compare it."""

    def double(x):
        return x * 2

    class Comparing(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = double

        def forward(self, x):
            return self.act(x) if self.act is double else None

    (layer,) = trace(Comparing(), (4,)).layers
    assert ["mul"] == [op.name for op in layer.operations]


class HeldBlock(nn.Module):
    """A residual block of two linear layers."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        return x + self.b(self.a(x).relu())


class Holding(nn.Module):
    """Runs blocks that no module list holds."""

    def __init__(self, blocks, order):
        super().__init__()
        self.blocks, self.order = blocks, order

    def forward(self, x):
        for block in self.order(self.blocks):
            x = block(x)
        return x


HOLDERS = {
    "a list": (lambda a, b: [a, b], list, ["0", "1"]),
    "a tuple": (lambda a, b: (a, b), list, ["0", "1"]),
    "a dictionary": (
        lambda a, b: {"near": a, "far": b},
        lambda held: held.values(),
        ["near", "far"],
    ),
    "lists in a list": (
        lambda a, b: [[a], [b]],
        lambda h: [h[0][0], h[1][0]],
        ["0.0", "1.0"],
    ),
    "an object": (
        lambda a, b: SimpleNamespace(near=a, far=b),
        lambda held: [held.near, held.far],
        ["near", "far"],
    ),
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", HOLDERS)
def test_modules_in_a_container_are_named_by_their_places(name, fast):
    """Each has parameters of its own, none of which torch counts."""
    hold, order, places = HOLDERS[name]
    stack = Holding(hold(HeldBlock(), HeldBlock()), order)
    model = nn.Sequential(nn.Linear(8, 8), stack)
    arch = trace(model, (8,), fast=fast)
    paths = [f"1.blocks.{place}" for place in places]
    assert [f"{path}.{key}" for path in paths for key in "ab"] == [
        layer.name for layer in arch if layer.parameters
    ][1:]
    assert paths == [block.path for block in arch.blocks]
    assert 5 * 72 == arch.params
    said = "288 parameters are not in model.parameters(): "
    notes = [note for note in summary(arch).notes if "model.parameters()" in note]
    assert [True] == [note.startswith(said) for note in notes]


@pytest.mark.parametrize("fast", [True, False])
def test_modules_of_a_set_have_parameters_of_their_own(fast):
    """A set has no places: its modules are numbered."""
    linears = {nn.Linear(8, 8), nn.Linear(8, 8)}
    call = Holding(SimpleNamespace(linears=linears), lambda held: held.linears)
    assert 2 * 72 == trace(call, (8,), fast=fast).params


@pytest.mark.parametrize("fast", [True, False])
def test_modules_of_functions_in_a_list_have_parameters_of_their_own(fast):
    """Both are the `linear` of a closure."""

    def close_over(linear):
        return lambda x: linear(x).relu()

    functions = [close_over(nn.Linear(8, 8)) for _ in "ab"]
    assert 2 * 72 == trace(Holding(functions, list), (8,), fast=fast).params
