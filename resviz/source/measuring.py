"""A network run layer by layer on this machine's CPU, and what that can do at most."""

from __future__ import annotations

import platform
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.inputs import parse_inputs
from resviz.readings.devices import Device
from resviz.readings.roofline import FLOPS_PER_MAC, find_precision, read_roofline
from resviz.record import Architecture
from resviz.source import TraceRequest, build_model, head_record, trace_model
from resviz.source.spec import Spec, parse_spec
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import torch

    from resviz.source import TraceableSource

PROBE_SECONDS = 0.1
"""How long each peak is looked for, before the layers and again behind them."""

MATRIX_SIZES = (256, 512, 1024, 2048)
"""Sides of the square matrices that are multiplied."""

CONVOLUTIONS = ((64, 56, 3), (128, 28, 3), (256, 14, 3), (512, 14, 1))
"""Channels and side of maps, and the kernel of their convolution that is timed too."""

PROBE_BYTES = tuple(2**power for power in range(16, 29, 2))
"""Bytes that are copied, summed, filled and rectified: in caches, and in memory."""

MEASURED = (
    "this machine's CPU, measured before and behind the layers: the fastest of matrix "
    "products and convolutions; of copies, sums, fills and ReLUs, in memory and caches"
)
"""What stands as the source of peaks."""


def measure_network(
    network: TraceableSource, tracing: Mapping[str, Any]
) -> tuple[Architecture, tuple[Device, dict[int, float]]]:
    """Run a copy of a network operation by operation, and time each.

    Args:
        network: a model or a SPEC.
        tracing: as for `resolve_architecture`.

    Returns:
        The record of the run, and with it this machine's peaks and the seconds of each
        layer, by its number; one that was not wholly timed is left out.

    Raises:
        SpecError: for a record, which has no weights, or shapes alone.
        ResvizError: as `resolve_architecture`.
    """
    from resviz.tracing.timing import make_timing_recorder

    spec = parse_spec(network) if isinstance(network, (str, int)) else network
    if isinstance(spec, Architecture) or (isinstance(spec, Spec) and spec.record):
        raise SpecError(
            "measure: got a record, which has no weights to run: want the model itself"
        )
    if tracing.get("mode") not in {None, "auto", "run"}:
        raise SpecError(f"measure: runs the model, got mode {tracing['mode']!r}")
    options = {key: value for key, value in tracing.items() if key != "fast"}
    sizes = options.pop("input_size", None)
    request = TraceRequest(
        None if sizes is None else parse_inputs(sizes),
        *(options.get(key) for key in ("inputs", "kwargs", "batch", "training")),
        mode="run",
        method=options.get("method"),
    )
    recorder_class = make_timing_recorder()
    if isinstance(spec, Spec):
        built = build_model(spec)
        arch = built.trace_with(request, recorder_class=recorder_class)
        arch = head_record(arch, spec.heading) if spec.heading else arch
    else:
        arch = trace_model(spec, request, recorder_class=recorder_class)
    precision = find_precision(arch)
    device = merge_peaks(measure_peaks(precision), measure_peaks(precision))
    seconds = sum_durations(arch, recorder_class.durations)
    return arch, (raise_peaks(device, arch, seconds), seconds)


def sum_durations(
    arch: Architecture, durations: Iterable[tuple[str, Any, float]]
) -> dict[int, float]:
    """Sum the seconds of each layer's operations, which stand in the same order."""
    pending: dict[tuple[str, Any], list[float]] = {}
    for name, shapes, seconds in durations:
        pending.setdefault((name, shapes), []).append(seconds)
    sums: dict[int, float] = {}
    for layer in arch.stored_layers:
        times = [pending.get((op.name, op.inputs)) for op in layer.operations]
        if all(times):
            sums[layer.index] = sum(each.pop(0) for each in times if each)
    return sums


def raise_peaks(
    device: Device, arch: Architecture, seconds: Mapping[int, float]
) -> Device:
    """Return a device that does at least what layers were seen to do.

    On a machine that has other work a layer may be quicker than all probes; then it
    says more of what the machine can do, and the source says how many did.
    """
    read = read_roofline(arch, device, fused=False)
    quicker = [
        bound.traffic
        for bound in read.bounds
        if bound.seconds > seconds.get(bound.traffic.layers[0], bound.seconds)
    ]
    for traffic in quicker:
        taken = seconds[traffic.layers[0]]
        rate, moved = traffic.bytes / taken, traffic.bytes
        fits = [size for size, _ in device.caches if moved <= size]
        reach = min(fits, default=0)
        device = replace(
            device,
            flops={
                precision: max(peak, traffic.flops / taken)
                for precision, peak in device.flops.items()
            },
            bandwidth=device.bandwidth if fits else max(device.bandwidth, rate),
            caches=tuple(
                (size, max(best, rate) if not fits or size <= reach else best)
                for size, best in device.caches
            ),
        )
    if not quicker:
        return device
    number = format_plural(len(quicker), "layer")
    return replace(device, source=f"{device.source}; raised by {number}, quicker still")


def measure_peaks(precision: str) -> Device:
    """Measure what this machine does at most, in one precision."""
    import torch

    from resviz.tracing.timing import time_least

    least = partial(time_least, seconds=PROBE_SECONDS)
    dtype = getattr(torch, precision)
    with torch.inference_mode():
        flops = max(count / least(*call) for count, call in probe_arithmetic(dtype))
        rates = [
            (size, max(moved / least(*call) for moved, call in probe_memory(size)))
            for size in PROBE_BYTES
        ]
    return build_device({precision: flops}, dict(rates))


def probe_arithmetic(dtype: torch.dtype) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield FLOPs and a call that takes as many, to be timed."""
    import torch

    for side in MATRIX_SIZES:
        matrix = torch.ones(side, side, dtype=dtype)
        yield FLOPS_PER_MAC * side**3, (torch.mm, matrix, matrix)
    for channels, side, kernel in CONVOLUTIONS:
        maps = torch.ones(4, channels, side, side, dtype=dtype)
        weight = torch.ones(channels, channels, kernel, kernel, dtype=dtype)
        flops = FLOPS_PER_MAC * 4 * side**2 * channels**2 * kernel**2
        convolve = partial(torch.nn.functional.conv2d, padding=kernel // 2)
        yield flops, (convolve, maps, weight)


def probe_memory(size: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield bytes that a call moves, and the call, within so many bytes in all."""
    import torch

    whole = torch.ones(size // 4)
    first, second = whole.chunk(2)
    yield size, (first.copy_, second)
    yield size, (torch.sum, whole)
    yield size, (whole.fill_, 1.0)
    yield 2 * size, (whole.relu_,)


def build_device(flops: dict[str, float], rates: dict[int, float]) -> Device:
    """Return a device by its peaks and its bandwidths by bytes.

    Work may be as quick as probes of a quarter of the bytes that it moves, as it may
    read what it writes and a cache hold half of it, and as any larger one.
    """
    sizes = sorted(rates)
    best = {size: max(rates[s] for s in sizes if s >= size) for size in sizes}
    caches = tuple((4 * size, best[size]) for size in sizes[:-1])
    name = f"this machine ({platform.machine()})"
    return Device(name, best[sizes[-1]], flops, MEASURED, caches)


def merge_peaks(first: Device, second: Device) -> Device:
    """Return the better of two measurements, peak by peak."""
    flops = {key: max(rate, second.flops[key]) for key, rate in first.flops.items()}
    caches = tuple(
        (size, max(rate, second.find_bandwidth(size))) for size, rate in first.caches
    )
    bandwidth = max(first.bandwidth, second.bandwidth)
    return Device(first.name, bandwidth, flops, first.source, caches)
