"""Forwards that order work of a device that is not there."""

from threading import Thread

import pytest
import torch
from torch import nn
from torch.cuda import Event, Stream, current_stream, synchronize

from resviz import TraceError, trace

from .harm import Seen, Snapshot, changes

pytestmark = pytest.mark.skipif(
    torch.accelerator.is_available(), reason="there is a device"
)

LINEAR_MACS = 4 * 6


class Ordering(nn.Module):
    """One layer, called by a function."""

    def __init__(self, function):
        super().__init__()
        self.function, self.linear = function, nn.Linear(4, 6)

    def forward(self, x):
        return self.function(self.linear, x)


def two_streams(f, x):
    side = torch.cuda.Stream(priority=-1)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        y = f(x)
        y.record_stream(side)
    torch.cuda.current_stream().wait_event(side.record_event())
    return y


def imported_names(f, x):
    before, after = Event(enable_timing=True), Event(enable_timing=True)
    before.record(Stream())
    y = f(x)
    after.record()
    synchronize()
    return y if before.elapsed_time(after) >= 0 and current_stream().query() else None


def on_a_device(f, x):
    torch.cuda.set_device(0)
    with torch.cuda.device(torch.cuda.current_device()):
        return f(x.to(torch.cuda.current_device()))


def kept_random(f, x):
    torch.manual_seed(3)
    torch.cuda.manual_seed_all(4)
    state = torch.cuda.get_rng_state()
    with torch.random.fork_rng(devices=[0]):
        y = f(x)
    torch.cuda.set_rng_state(state)
    return y


def by_device_type(f, x):
    with torch.autocast(x.device.type, enabled=torch.is_autocast_enabled("meta")):
        return f(x)


def with_autocast(f, x):
    with torch.cuda.amp.autocast(), torch.autocast(x.device.type):
        return f(x)


def measured(f, x):
    torch.cuda.reset_peak_memory_stats()
    torch.cuda.nvtx.range_push("layer")
    with torch.cuda.nvtx.range("inner"):
        y = f(x)
    torch.cuda.nvtx.range_pop()
    torch.cuda.empty_cache()
    return y if torch.cuda.max_memory_allocated() >= 0 else None


HARMLESS = {
    "streams": two_streams,
    "names that the code imported": imported_names,
    "a device's number": on_a_device,
    "random states": kept_random,
    "autocast by the input's device": with_autocast,
    "whether it is on": by_device_type,
    "memory and marks": measured,
    "pinned memory": lambda f, x: f(x.pin_memory().cuda(non_blocking=True)),
    "pinned zeros": lambda f, x: f(x + torch.zeros(4, pin_memory=True, device="cuda")),
    "another maker": lambda f, x: (f(x.to("xpu")), torch.xpu.synchronize())[0],
    "another still": lambda f, x: (f(x), torch.mps.synchronize())[0],
    "any of them": lambda f, x: (f(x), torch.accelerator.synchronize())[0],
}


@pytest.fixture(scope="module", autouse=True)
def _imported():
    """Have torch import and make what it does at its first traces."""
    for mode in ("shapes", "run"):
        trace(Ordering(two_streams), (4,), mode=mode)
        with pytest.raises(TraceError):
            trace(Ordering(check_device), (4,), mode=mode)


@pytest.mark.filterwarnings("ignore:.*(autocast|CUDA is not available)")
@pytest.mark.parametrize("name", HARMLESS)
def test_what_orders_work_is_left_out(name):
    """Shapes are traced without a device, a run counts the same, nothing stays."""
    model = Ordering(HARMLESS[name])
    before = Snapshot(model)
    arch = trace(model, (4,))
    assert ("shapes", LINEAR_MACS, ()) == (arch.mode, arch.macs, arch.unseen)
    if "meta" not in HARMLESS[name].__code__.co_consts:
        assert trace(model, (4,), mode="run").macs == LINEAR_MACS
    assert [] == changes(before, Snapshot(model))


def check_device(_, x):
    assert x.is_cuda, "the input must be on a GPU"


FACTS = {
    "its name": lambda _, __: torch.cuda.get_device_name(),
    "what it can": lambda _, __: torch.cuda.get_device_capability(),
    "its parts": lambda _, __: torch.cuda.get_device_properties(0),
    "its memory": lambda _, __: torch.cuda.mem_get_info(),
    "a recorded graph": lambda _, __: torch.cuda.CUDAGraph(),
    "a generator": lambda _, __: torch.Generator("cuda"),
    "a class": lambda _, __: torch.cuda.FloatTensor(3),
    "a check": check_device,
}


@pytest.mark.parametrize("mode", ["auto", "shapes", "run"])
@pytest.mark.parametrize("name", FACTS)
def test_what_tells_a_fact_of_a_device_is_refused(name, mode):
    """With what to do about it, and nothing stays."""
    model = Ordering(FACTS[name])
    before = Snapshot(model)
    with pytest.raises(TraceError) as caught:
        trace(model, (4,), mode=mode)
    assert "; no such device is here: trace it where there is one" in str(caught.value)
    assert [] == changes(before, Snapshot(model))


def test_other_threads_see_no_difference():
    """Nor does a trace that fails within, or a trace in the trace."""
    seen = Seen()

    def look():
        with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|NVIDIA"):
            torch.cuda.synchronize()
        with pytest.raises(RuntimeError, match=r"CUDA|dummy"):
            torch.cuda.Stream()
        seen.append(torch.is_autocast_enabled("cpu"))

    def function(f, x):
        torch.cuda.synchronize()
        thread = Thread(target=look)
        thread.start()
        thread.join()
        inner = trace(Ordering(two_streams), (4,))
        torch.cuda.synchronize()
        return f(x) if inner.macs == LINEAR_MACS else None

    model = Ordering(function)
    before = Snapshot()
    assert trace(model, (4,)).macs == LINEAR_MACS
    with pytest.raises(TraceError):
        trace(model, (5,))
    assert {False} == {*seen}
    assert [] == changes(before, Snapshot())
