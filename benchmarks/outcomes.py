"""What a row comes to, from all that pyperf keeps of its works and of their rivals."""

from itertools import pairwise
from math import log
from statistics import geometric_mean, linear_regression, median, quantiles
from typing import NamedTuple


class Outcome(NamedTuple):
    """The value of a row, its quartiles, and what it does not say."""

    value: float
    spread: tuple[float, ...] = ()
    note: str = ""


def summarize_values(values):
    """Return the outcome of some values, their median."""
    if len(values) < 2:
        return Outcome(values[0])
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Outcome(middle, (low, high))


def compare_turns(ours, theirs):
    """Return the ratio of ours to theirs, taken turn by turn.

    Of several works, it is the geometric mean of the ratios of those that both have.
    """
    ratios = []
    for name in (name for name in ours if name in theirs):
        runs = zip(ours[name].get_runs(), theirs[name].get_runs(), strict=True)
        ratios.append([median(a.values) / median(b.values) for a, b in runs])
    return summarize_values([*map(geometric_mean, zip(*ratios, strict=True))])


def take_median(ours, _):
    """Return the median of a single work."""
    (benchmark,) = ours.values()
    return summarize_values(benchmark.get_values())


def find_slowest(ours, theirs):
    """Return the seconds of the slowest work, or their share of another's."""
    slowest = max(ours, key=lambda name: ours[name].median())
    works = {"": ours[slowest]}
    outcome = (compare_turns if theirs else take_median)(works, theirs)
    importers = sum("imports_torch" in work.get_metadata() for work in ours.values())
    note = f"{slowest}, of {len(ours)}; torch imported by {importers}"
    return outcome._replace(note=note if theirs else f"{slowest}, of {len(ours)}")


def fit_exponent(ours, _):
    """Return the exponent by which works of several sizes grow.

    It is that of the line which fits best through the logarithms; beside it stands the
    steepest between two sizes, for what grows only in large networks.
    """
    values = [benchmark.median() for benchmark in ours.values()]
    sizes = [benchmark.get_metadata()["layers"] for benchmark in ours.values()]
    points = [*zip(map(log, sizes), map(log, values), strict=True)]
    steepest = max(map(fit_slope, pairwise(points)))
    is_memory = "byte" in {benchmark.get_unit() for benchmark in ours.values()}
    scale, unit = (1e-6, "MB") if is_memory else (1e3, "ms")
    shown = " ".join(f"{value * scale:,.3g}" for value in values)
    note = f"{shown} {unit}, steepest n^{steepest:.2f}"
    return Outcome(fit_slope(points), note=note)


def fit_slope(points):
    """Return the slope of the line that fits best."""
    return linear_regression(*zip(*points, strict=True)).slope


def tell_rate(ours, _):
    """Return variants a minute, and the steps of each."""
    steps = {name: f"{1e3 * work.median():.1f}" for name, work in ours.items()}
    workers = ours[""].get_metadata()["workers"]
    spent = ", ".join(f"{name} {each}" for name, each in steps.items() if name)
    return Outcome(
        60 / ours[""].median(), note=f"ms each, on {workers} workers: {spent}"
    )
