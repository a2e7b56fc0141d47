"""The tasks: each is set up in a process of its own and gives what is measured there.

A task takes words and gives a `Work`, or several by name.
"""

import subprocess
import sys
from dataclasses import replace
from itertools import product

from benchmarks import peers
from benchmarks.works import Work, measure_peak, take_result

TABLES = {
    "table": "table",
    "summary": "summary",
    "layers": "layers",
    "costs": "costs_table",
    "receptive": "receptive_field",
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
        return catalogue.build(spec).eval(), torch.zeros(1, 3, int(side), int(side))


def trace(*words):
    """Record a model that is already built."""
    import resviz

    model, x = build_model(*words)
    return Work(lambda: resviz.trace(model, tuple(x.shape[1:])))


def bare_forward(*words):
    """Run the forward of such a model alone, with nothing written down."""
    import torch

    model, x = build_model(*words)
    return Work(torch.no_grad()(lambda: model(x)))


def run_peer(name, *words):
    """Do what another package does with the same model."""
    model, x = build_model(*words)
    values = 2 if name == "torchlens" else 5
    return Work(lambda: getattr(peers, name)(model, x), values=values)


def forget_blocks():
    """Forget blocks built before, for nobody builds the same network twice."""
    from resviz.models import twins

    twins.OF_BLOCKS.cache_clear()
    twins.OF_LAYERS.cache_clear()
    return ()


def trace_by_name(spec):
    """Build and trace a network by name."""
    import resviz

    return Work(lambda: resviz.trace(spec), forget_blocks)


def build(spec):
    """Build a network by name as a trace does."""
    from resviz.source.build import network
    from resviz.source.spec import parse

    parsed = parse(spec)
    return Work(lambda: network(parsed), forget_blocks)


def initialise(spec):
    """Build a network by name on meta tensors, with torch's initialisers."""
    return Work(lambda: build_model(spec, "32", "meta"), forget_blocks)


def clone(spec):
    """Make the clone that protects a model, before anybody asks for a tensor of it."""
    from resviz.tracing.clone import Clone

    model, _ = build_model(spec, "32", "cpu")
    return Work(lambda: Clone(model, training=False))


def run_python(*words):
    """Run a fresh interpreter to its end, and return what it said on stderr."""
    done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    error = done.stderr.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"python {' '.join(words)}: {error.strip()[-400:]}")
    return error


def import_torch():
    """Start an interpreter that imports torch and ends."""
    return Work(lambda: run_python("-c", "import torch"), values=2)


def command(*words):
    """Run one of our commands in an interpreter of its own."""
    return Work(lambda: run_python("-m", "resviz", *words), values=2)


def stored(spec, step):
    """Run every command on a stored record, or each so many-th, a second time."""
    import resviz
    from resviz import figures, formats

    resviz.trace(spec).save("record.json")
    commands = [f"{table} record.json" for table in TABLES]
    commands += [
        f"{table} record.json --format {form}"
        for table, form in product(("table", "layers"), formats.tables())
        if form != "text"
    ]
    commands += [
        f"diagram record.json --figure {name} -o f.svg" for name in figures.FIGURES
    ]
    commands += [
        f"diagram record.json -o f.{form}" for form in ("pdf", "png", "dot", "tex")
    ]
    commands += ["describe record.json", "report record.json -o r.html"]
    works = {}
    for text in commands[:: int(step)]:
        imports = run_python("-X", "importtime", "-m", "resviz", *text.split())
        waking = any(line.endswith("| torch") for line in imports.splitlines())
        facts = {"imports_torch": "yes"} if waking else {}
        works[text] = replace(command(*text.split()), values=1, facts=facts)
    return works


def read_stored(arch):
    """Return what makes a record anew, not read before, an argument."""
    from resviz.storage import parse

    data = arch.to_json()
    return lambda: (parse(data),)


def grow_time(reading, depths):
    """Make the record, or a reading of it, of CIFAR networks of some depths."""
    import resviz
    from resviz.source.build import network
    from resviz.source.spec import parse
    from resviz.structure import structure

    calls = {
        "record": resviz.trace,
        "structure": structure,
        "tables": lambda arch: [
            getattr(resviz, table)(arch).render("html") for table in TABLES.values()
        ],
        "folded-diagram": lambda arch: resviz.diagram(arch).to_svg(),
    }
    works = {}
    for depth in depths.split(","):
        model = network(parse(f"cifar{depth}"))
        arch = resviz.trace(model, (3, 32, 32))
        prepare = (lambda m=model: (m,)) if reading == "record" else read_stored(arch)
        facts = {"layers": len(arch.layers)}
        works[depth] = Work(calls[reading], prepare, values=2, facts=facts)
    return works


def grow_memory(reading, depths):
    """Make the same, for the memory that it takes."""
    return {
        depth: replace(work, measure=measure_peak, unit="byte", values=1)
        for depth, work in grow_time(reading, depths).items()
    }


def outputs(spec, step):
    """Make every output of a record not read before, or each so many-th."""
    import resviz
    from resviz import figures, formats

    def render_table(arch, table, form):
        return formats.table_format(form).render(getattr(resviz, TABLES[table])(arch))

    calls = {
        f"{table} as {form}": lambda a, t=table, f=form: render_table(a, t, f)
        for table, form in product(TABLES, formats.tables())
        if form != "png"  # which refuses thousands of rows, and says so
    }
    for name in figures.FIGURES:
        calls[f"figure {name}"] = lambda a, n=name: resviz.diagram(a, n).to_svg()
    for form in ("pdf", "png", "dot"):
        calls[f"figure as {form}"] = lambda a, f=form: resviz.diagram(a).rendered(f)
    calls |= {"describe": resviz.describe, "report": resviz.report}
    prepare = read_stored(resviz.trace(spec))
    names = [*calls][:: int(step)]
    return {name: Work(calls[name], prepare, values=1) for name in names}


def usual_way(spec):
    """Make all that is usually wanted of a network by name."""
    import resviz
    from resviz.structure import structure

    def make_all():
        arch = resviz.trace(spec)
        return structure(arch), resviz.diagram(arch).to_svg(), resviz.report(arch)

    return Work(make_all, values=2)


def report_size(spec):
    """Weigh the report."""
    import resviz

    size = len(resviz.report(spec).encode())
    return Work(lambda: size, measure=take_result, unit="byte", values=1)


def sweep(space):
    """Sweep a space once; tell the seconds of a variant, and of each step of it."""
    import resviz

    cost = resviz.sweep(SPACES[space]).attrs["cost"]
    whole = (cost["seconds"] - cost["start_seconds"]) / cost["variants"]
    facts = {"workers": cost["workers"], "variants": cost["variants"]}
    return {
        step: Work(lambda s=seconds: s, measure=take_result, values=1, facts=facts)
        for step, seconds in {"": whole, **cost["seconds_each"]}.items()
    }
