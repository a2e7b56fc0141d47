"""The tasks: each is done in a process of its own, which measures what it is handed.

A task takes words and calls `bench` for each thing that is to be measured.
"""

import gc
import subprocess
import sys
import tracemalloc
from itertools import product

import resviz
from benchmarks import peers
from resviz import figures, formats
from resviz.readings.structure import read_structure
from resviz.record.storage import parse_record
from resviz.source.spec import parse_spec

TABLES = {
    "table": "table",
    "summary": "summary",
    "layers": "layers",
    "costs": "costs",
    "receptive": "receptive",
    "shortcuts": "shortcuts",
    "memory": "memory",
}
"""Commands that print a table, and their functions."""

SPACES = {
    "rate": "resnet(50, width_per_group={60..67}, num_classes={1..200})",
    "apart": "resnet(50, width_per_group={33..632})",
    "quick": "resnet(18, num_classes={1..8})",
}
"""1,600 variants that differ in their head, and every 200 in their widths; 600 with
widths of their own, so that no block is built twice; a few, to see that it runs."""


def build_model(spec, side, device):
    """Return a network by name and an input of it."""
    import torch

    from resviz.models import catalogue

    with torch.device(device):
        return catalogue.build_network(spec).eval(), torch.zeros(
            1, 3, int(side), int(side)
        )


def trace(bench, *words):
    """Record a model that is already built."""
    model, x = build_model(*words)
    bench(lambda: resviz.trace(model, tuple(x.shape[1:])))


def bare_forward(bench, *words):
    """Run the forward of such a model alone, with nothing written down."""
    import torch

    model, x = build_model(*words)
    bench(torch.no_grad()(lambda: model(x)))


def run_peer(bench, name, *words):
    """Do what another package does with the same model."""
    model, x = build_model(*words)
    values = 2 if name == "torchlens" else 5
    bench(lambda: getattr(peers, name)(model, x), values=values)


def forget_blocks():
    """Forget blocks built before, for nobody builds the same network twice."""
    from resviz.models import prototypes

    prototypes.BLOCK_PROTOTYPES.cache_clear()
    prototypes.LAYER_PROTOTYPES.cache_clear()
    return ()


def trace_by_name(bench, spec):
    """Build and trace a network by name."""
    bench(lambda: resviz.trace(spec), forget_blocks)


def build(bench, spec):
    """Build a network by name as a trace does."""
    from resviz.source.build import build_own_network

    parsed = parse_spec(spec)
    bench(lambda: build_own_network(parsed), forget_blocks)


def initialise(bench, spec):
    """Build a network by name on meta tensors, with torch's initialisers."""
    bench(lambda: build_model(spec, "32", "meta"), forget_blocks)


def clone(bench, spec):
    """Make the clone that protects a model, before anybody asks for a tensor of it."""
    from resviz.tracing.fast.clone import FastClone

    model, _ = build_model(spec, "32", "cpu")
    bench(lambda: FastClone(model, training=False))


def run_python(*words):
    """Run a fresh interpreter to its end, and return what it said on stderr."""
    done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    error = done.stderr.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"python {' '.join(words)}: {error.strip()[-400:]}")
    return error


def import_torch(bench):
    """Start an interpreter that imports torch and ends."""
    bench(lambda: run_python("-c", "import torch"), values=2)


def command(bench, *words):
    """Run one of our commands in an interpreter of its own."""
    bench(lambda: run_python("-m", "resviz", *words), values=2)


def stored(bench, spec, step):
    """Run every command on a stored record, or each so many-th, a second time."""
    resviz.trace(spec).save("record.json")
    commands = [f"{table} record.json" for table in TABLES]
    commands += [
        f"{table} record.json --format {form}"
        for table, form in product(("table", "layers"), formats.table_format_names())
        if form != "text"
    ]
    commands += [f"diagram record.json --figure {n} -o f.svg" for n in figures.FIGURES]
    commands += [f"diagram record.json -o f.{n}" for n in ("pdf", "png", "dot", "tex")]
    commands += ["describe record.json", "report record.json -o r.html"]
    for text in commands[:: int(step)]:
        words = ("-m", "resviz", *text.split())
        imports = run_python("-X", "importtime", *words).splitlines()
        wakes = any(line.endswith("| torch") for line in imports)
        facts = {"imports_torch": "yes"} if wakes else {}
        bench(lambda: run_python(*words), name=text, values=1, **facts)  # noqa: B023 - called at once


def read_stored(arch):
    """Return what makes a record anew, not read before, an argument."""
    data = arch.to_json()
    return lambda: (parse_record(data),)


def grow(bench, what, reading, depths):
    """Make the record, or a reading of it, of CIFAR networks of some depths."""
    from resviz.source.build import build_own_network

    calls = {
        "record": resviz.trace,
        "structure": read_structure,
        "tables": lambda arch: [
            getattr(resviz, table)(arch).render("html") for table in TABLES.values()
        ],
        "folded-diagram": lambda arch: resviz.diagram(arch).to_svg(),
    }
    call = calls[reading]
    for depth in depths.split(","):
        model = build_own_network(parse_spec(f"cifar{depth}"))
        arch = resviz.trace(model, (3, 32, 32))
        prepare = (lambda m=model: (m,)) if reading == "record" else read_stored(arch)
        facts = {"name": depth, "layers": len(arch.layers)}
        if what == "time":
            bench(call, prepare, values=2, **facts)
        else:
            call(*prepare())  # imports what it needs
            bench.keep(lambda p=prepare: measure_peak(call, p), unit="byte", **facts)


def measure_peak(call, prepare):
    """Return the most bytes that Python held on top while at work."""
    arguments = prepare()
    gc.collect()
    tracemalloc.start()
    try:
        result = call(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak


def outputs(bench, spec, step):
    """Make every output of a record not read before, or each so many-th."""

    def render_table(arch, table, form):
        return formats.find_table_format(form).render(
            getattr(resviz, TABLES[table])(arch)
        )

    calls = {
        f"{table} as {form}": lambda a, t=table, f=form: render_table(a, t, f)
        for table, form in product(TABLES, formats.table_format_names())
        if form != "png"  # which refuses thousands of rows, and says so
    }
    for name in figures.FIGURES:
        calls[f"figure {name}"] = lambda a, n=name: resviz.diagram(a, n).to_svg()
    for form in ("pdf", "png", "dot"):
        calls[f"figure as {form}"] = lambda a, f=form: getattr(
            resviz.diagram(a), f"to_{f}"
        )()
    calls |= {"describe": resviz.describe, "report": resviz.report}
    prepare = read_stored(resviz.trace(spec))
    for name in [*calls][:: int(step)]:
        bench(calls[name], prepare, name, values=1)


def usual_way(bench, spec):
    """Make all that is usually wanted of a network by name."""

    def make_all():
        arch = resviz.trace(spec)
        return read_structure(arch), resviz.diagram(arch).to_svg(), resviz.report(arch)

    bench(make_all, values=2)


def report_size(bench, spec):
    """Weigh the report."""
    bench.keep(lambda: len(resviz.report(spec).encode()), unit="byte")


def sweep(bench, space):
    """Sweep a space once; tell the seconds of a variant, and of each step of it."""
    cost = resviz.sweep(SPACES[space]).attrs["cost"]
    whole = (cost["seconds"] - cost["start_seconds"]) / cost["variants"]
    facts = {"workers": cost["workers"], "variants": cost["variants"]}
    for step, seconds in {"": whole, **cost["seconds_each"]}.items():
        bench.keep(lambda s=seconds: s, step, **facts)
