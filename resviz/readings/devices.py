"""Peaks of devices, as they are published: arithmetic by precision, and bandwidth."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz.errors import SpecError, suggest
from resviz.units import parse_count

if TYPE_CHECKING:
    from collections.abc import Mapping

PRECISIONS = {"float64": 8, "float32": 4, "tf32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a value, by what it is multiplied as; TF32 is float32 in memory."""

ANY_PRECISION = "any"
"""Instead of a precision: the peak of a device for which only one was given."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a device can do at most.

    Attributes:
        name: as it is called.
        bandwidth: bytes a second to and from its memory.
        flops: FLOPs a second by precision, dense, without sparsity; 1 MAC = 2 FLOPs.
        source: the document that says so.
        caches: of a device that was measured, bytes and the bandwidth of work that
            takes no more, from few to many.
    """

    name: str
    bandwidth: float
    flops: Mapping[str, float] = field(hash=False)
    source: str
    caches: tuple[tuple[int, float], ...] = ()

    def find_flops(self, precision: str) -> float | None:
        """Return FLOPs a second in a precision; None if none are published."""
        return self.flops.get(precision, self.flops.get(ANY_PRECISION))

    def find_bandwidth(self, moved: int) -> float:
        """Return bytes a second of work that moves so many bytes."""
        fits = (rate for size, rate in self.caches if moved <= size)
        return next(fits, self.bandwidth)


TERA, GIGA = 1e12, 1e9

AMPERE = {
    "float64": 19.5 * TERA, "float32": 19.5 * TERA, "tf32": 156 * TERA,
    "float16": 312 * TERA, "bfloat16": 312 * TERA,
}  # fmt: skip

HOPPER = {
    "float64": 67 * TERA, "float32": 67 * TERA, "tf32": 494.7 * TERA,
    "float16": 989.4 * TERA, "bfloat16": 989.4 * TERA,
}  # fmt: skip

DEVICES = {
    "T4": Device(
        "NVIDIA T4", 320 * GIGA, {"float32": 8.1 * TERA, "float16": 65 * TERA},
        "NVIDIA Turing GPU Architecture, WP-09183-001",
    ),
    "V100": Device(
        "NVIDIA V100 SXM2", 900 * GIGA,
        {"float64": 7.8 * TERA, "float32": 15.7 * TERA, "float16": 125 * TERA},
        "NVIDIA V100 Tensor Core GPU, datasheet, 2020",
    ),
    "A100-40GB": Device(
        "NVIDIA A100 40GB", 1555 * GIGA, AMPERE,
        "NVIDIA A100 Tensor Core GPU Architecture, whitepaper, 2020",
    ),
    "A100-80GB": Device(
        "NVIDIA A100 80GB SXM", 2039 * GIGA, AMPERE,
        "NVIDIA A100 Tensor Core GPU, datasheet, 2021",
    ),
    "H100": Device(
        "NVIDIA H100 SXM", 3350 * GIGA, HOPPER,
        "NVIDIA H100 Tensor Core GPU, datasheet, 2023; dense: half of what it lists",
    ),
    "RTX4090": Device(
        "NVIDIA GeForce RTX 4090", 1008 * GIGA,
        {"float32": 82.6 * TERA, "tf32": 82.6 * TERA, "float16": 165.2 * TERA,
         "bfloat16": 165.2 * TERA},
        "NVIDIA Ada GPU Architecture, whitepaper; float16 accumulated in float32",
    ),
}  # fmt: skip
"""Devices by what they are called here, with the highest published dense peaks."""

USUAL_DEVICE = "A100-40GB"
"""The device of a figure for which none was named."""

OWN_DEVICE = "name=Ours,flops=10T,bandwidth=100GB/s"
"""How a device of one's own is written."""

RATE_UNITS = {
    "flops": re.compile(r"(?i)\s*flops?(/s)?$"),
    "bandwidth": re.compile(r"(?i)(?<=[kmgt0-9 ])b?(/s|ps)?$"),
}
"""What stands behind a number of a device, and need not."""


def find_device(text: object) -> Device:
    """Return a device by its name here, or one's own by its numbers.

    Raises:
        SpecError: for an unknown name, or numbers that cannot be read.

    Example:
        >>> find_device("name=Nano,flops=10 TFLOP/s,bandwidth=68.3GB/s").bandwidth
        68300000000.0
    """
    if not isinstance(text, str):
        raise SpecError(f"device: got {text!r}, want a name, or {OWN_DEVICE!r}")
    if "=" in text:
        return read_device(text)
    named = {key.casefold().replace("-", ""): key for key in DEVICES}
    word = re.sub(r"[-_ ]|^nvidia|^geforce", "", text.strip().casefold())
    key = named.get(word)
    if key is None:
        begun = [repr(key) for short, key in named.items() if word and word in short]
        hint = f"did you mean {' or '.join(begun)}? " if begun else ""
        listed = hint + suggest("" if begun else text, DEVICES)
        raise SpecError(f"device: got {text!r}, {listed}; or one's own: {OWN_DEVICE!r}")
    return DEVICES[key]


def read_device(text: str) -> Device:
    """Return a device that is written as its numbers.

    Raises:
        SpecError: if one is missing, unknown or no number above 0.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    values = {key.strip().casefold(): value.strip() for key, _, value in pairs}
    legal = ("name", *RATE_UNITS)
    wrong = [key for key in values if key not in legal]
    missing = [key for key in RATE_UNITS if not values.get(key)]
    if wrong or missing or len(values) < len(pairs):
        what = f"{wrong[0]!r} in it" if wrong else f"{text!r}"
        raise SpecError(
            f"device: got {what}, want {', '.join(legal)} once each, as {OWN_DEVICE!r}"
        )
    rates = {key: read_rate(key, values[key]) for key in RATE_UNITS}
    name = values.get("name") or "own device"
    peaks = {ANY_PRECISION: rates["flops"]}
    return Device(name, rates["bandwidth"], peaks, "as given")


def read_rate(key: str, text: str) -> float:
    """Return a number a second, of which the unit may be written.

    Raises:
        SpecError: if it is none above 0.
    """
    try:
        rate = parse_count(RATE_UNITS[key].sub("", text).strip())
    except SpecError:
        rate = 0
    if not rate:
        example = "10T or 312 TFLOP/s" if key == "flops" else "900G or 1.555 TB/s"
        raise SpecError(f"device: {key}: got {text!r}, want {example}")
    return float(rate)
