"""What makes it fast, without a clock: what is not run, read or walked through."""

import cProfile
import pstats
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from torch.utils._python_dispatch import TorchDispatchMode

import resviz
from resviz.models import resnet50
from resviz.record.storage import parse_record
from resviz.tracing.recorder import Recorder
from resviz.tracing.tensors import tensors_in

HOUSE = Path(resviz.__file__).parent

UNTOUCHABLE = """
import mmap, torch
from torch import nn
from resviz import trace

layers = nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Linear(6, 9)
net = nn.Sequential(*layers)
for module in net.modules():
    for kept in (module._parameters, module._buffers):
        for name, tensor in kept.items():
            memory = mmap.mmap(-1, tensor.nbytes, prot=0)
            stuck = torch.frombuffer(memory, dtype=tensor.dtype).view(tensor.shape)
            kept[name] = nn.Parameter(stuck) if kept is module._parameters else stuck
net.eval()
"""
"""A network whose weights lie in pages that no process may read or write."""


@pytest.mark.skipif(sys.platform != "linux", reason="pages are locked away by Linux")
def test_no_weight_is_read(run):
    """Weights at whose touch the process would end are traced."""
    run("-c", f"{UNTOUCHABLE}\nassert 4 == len(trace(net, (64, 8, 8)).layers)")


@pytest.mark.skipif(sys.platform != "linux", reason="pages are locked away by Linux")
def test_that_check_can_fail(run):
    """A real forward reads them, and the process ends."""
    run("-c", f"{UNTOUCHABLE}\nnet(torch.zeros(1, 64, 8, 8))", code=-signal.SIGSEGV)


class Watch(TorchDispatchMode):
    """Notes the operations that reach torch's kernels, real and empty.

    It is a second mode, so no module is bypassed while it looks on.
    """

    def __init__(self):
        super().__init__()
        self.real, self.empty = [], []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        every = [*tensors_in((args, kwargs, given))]
        seen = self.empty if all(tensor.is_meta for tensor in every) else self.real
        seen.append(func)
        return given


def watched(**options):
    """What runs while a ResNet-50 with real weights is traced."""
    model = resnet50()
    with Watch() as watch:
        resviz.trace(model, **options)
    return watch


def test_no_kernel_runs():
    """Not one operation of a trace has a tensor with values."""
    assert [] == watched().real


HOT = {
    "convolution", "native_batch_norm", "relu_", "add_", "max_pool2d_with_indices",
    "mean", "addmm",
}  # fmt: skip
"""Operations of a ResNet-50, but for views."""


def named(operations):
    """Names of operations."""
    return {func.overloadpacket.__name__ for func in operations}


def test_hot_operations_reach_no_kernel():
    """They do not even reach torch's meta kernels, which are slow."""
    assert set() == HOT & named(watched().empty)


def test_most_operations_are_not_dispatched(monkeypatch):
    """Of 176, 21 are dispatched: 16 joins, two pools, and three of the head."""
    dispatched, follow = [], Recorder.__torch_dispatch__

    def followed(self, func, *args, **kwargs):
        dispatched.append(func.overloadpacket.__name__)
        return follow(self, func, *args, **kwargs)

    monkeypatch.setattr(Recorder, "__torch_dispatch__", followed)
    arch = resviz.trace(resnet50())
    operations = [operation for layer in arch for operation in layer.operations]
    assert (176, 21) == (len(operations), len(dispatched))
    assert 16 == dispatched.count("add_")


def test_a_real_run_is_seen():
    """The watch would have seen them."""
    assert set() == HOT - named(watched(mode="run").real)


def test_what_explains_failures_is_imported_by_a_failure(run):
    """Most forwards run, and a command starts without it."""
    said = "[m for m in sys.modules if m.startswith('resviz.tracing.explain')]"
    code = f"import sys, resviz\nresviz.summary('resnet18')\nassert not {said}\n"
    code += (
        "try: resviz.trace('resnet18', (5, 64, 64))\nexcept resviz.TraceError: pass\n"
    )
    code += f"assert {said}"
    run("-c", code)


def test_the_collector_walks_through_nothing(run):
    """Neither while a command runs nor when the process ends."""
    code = (
        "import atexit, gc\nfrom resviz.cli import main\n"
        "print(gc.isenabled(), gc.get_freeze_count())\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 1000))\n"
        "main(['--version'])"
    )
    lines = run("-c", code).stdout.splitlines()
    assert ("True 0", "False True") == (lines[0], lines[-1])


READINGS = (
    "readings/structure/__init__:read_structure", "readings/structure/graph:__init__",
    "readings/structure/remarks:find_remarks",
    "readings/receptive/__init__:compute_receptive_fields",
    "readings/memory:build_timeline", "readings/memory:find_peak",
    "readings/memory:find_saved_for_backward",
    "readings/costs/__init__:sum_record_costs",
    "readings/costs/__init__:find_uncounted",
    "record/layers:count_parameters",
)  # fmt: skip
"""What goes through a whole record."""

OUTPUTS = {
    "report": resviz.report,
    "table": resviz.table,
    "summary": resviz.summary,
    "overview": lambda arch: resviz.diagram(arch).to_svg(),
}


def counted(work, arch):
    """How often each of our functions ran at work on a record not read before."""
    profile = cProfile.Profile()
    profile.runcall(work, parse_record(arch.to_json()))
    found = Counter()
    for (file, _, name), (_, count, *_) in vars(pstats.Stats(profile))["stats"].items():
        path = Path(file)
        if path.is_relative_to(HOUSE):
            found[f"{path.relative_to(HOUSE).with_suffix('')}:{name}"] += count
    return found


@pytest.mark.parametrize("output", OUTPUTS)
def test_nothing_is_read_twice(record, output):
    """Each reading goes through a record once, whoever asks for it."""
    found = counted(OUTPUTS[output], record("resnet50"))
    assert set() == {name for name in READINGS if found[name] > 1}


def test_outputs_share_their_readings(record):
    """All outputs of one record read it once, so the names above do run."""

    def everything(arch):
        every = (*OUTPUTS.values(), resviz.memory, resviz.receptive_field)
        return [output(arch) for output in every]

    found = counted(everything, record("resnet50"))
    assert dict.fromkeys(READINGS, 1) == {name: found[name] for name in READINGS}


def test_reading_twice_is_seen(record):
    """Two records are read apart."""

    def twice(arch):
        return resviz.summary(arch), resviz.summary(parse_record(arch.to_json()))

    assert (
        2
        == counted(twice, record("resnet50"))[
            "readings/structure/__init__:read_structure"
        ]
    )


def test_a_pair_is_compared_once(record):
    """For the marks in the picture, and for what is said of them."""
    other = parse_record(record("resnet34").to_json())
    found = counted(
        lambda arch: resviz.diagram([arch, other], diff=True), record("resnet18")
    )
    assert 1 == found["readings/compare/__init__:compare_records"]


@pytest.mark.parametrize("figure", ["lanes", "volumes"])
def test_a_part_is_contracted_once(record, figure):
    """For a picture of some stages, for its words, and when it is drawn again."""

    def draw_twice(arch):
        return [resviz.diagram(arch, figure, stages="conv3_x") for _ in range(2)]

    found = counted(draw_twice, record("resnet50"))
    assert 1 == found["readings/contraction/drawn:contract"]
