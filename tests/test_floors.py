"""The house: which module may import which, and what stays unimported."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "resviz"

FLOORS = {
    "__version__": 0, "errors": 0,
    "units": 1, "escape": 1, "extras": 1, "files": 1, "templates": 1.5,
    "project": 1, "calls": 1,
    "operations": 1.2,
    "inputs": 2, "record": 2, "options": 2.5,
    "models": 3, "checkpoints": 3.5,
    "readings": 4,
    "tracing": 4,
    "source": 5,
    "budgets": 5.5,
    "tables": 6, "figures": 6,
    "formats": 7, "pages": 7.2,
    "sweeps": 7.5,
    "embed": 8.5, "agents": 8.7,
    "api": 8, "cli": 8, "testing": 8, "__init__": 9, "__main__": 9,
}  # fmt: skip
"""A room imports from floors strictly below its own, and from itself."""

WITHIN_READINGS = {
    "batch_axes": 0, "costs": 0, "devices": 0, "resizes": 0, "given_batch": 1,
    "matrix_products": 0.5, "memory": 1, "autocast": 0, "roofline": 2,
    "structure": 2, "receptive": 3, "shape_flow": 3, "variants": 3,
    "constant_weights": 3, "resolution": 3, "attention": 3, "channel_places": 3,
    "resized_inputs": 3, "resized_storages": 3, "resized_expansions": 3.5,
    "stored_orders": 3, "resized": 4, "growth": 4, "contraction": 4, "part_tree": 3,
    "layer_amounts": 5, "recomputation": 5, "fitting_batches": 6,
    "stage_modules": 5, "formulas": 5, "compare": 5, "input_sizes": 5,
    "features": 4,
}  # fmt: skip
"""The readings have floors of their own: a reading stands on those below it."""

DOORS = {
    ("record/architecture.py", "tables"), ("record/architecture.py", "readings"),
    ("record/layers.py", "readings"), ("tables/table.py", "formats"),
    ("record/architecture.py", "api"),
    ("figures/rendering.py", "formats"), ("cli/embed.py", "embed"),
    ("cli/mcp.py", "agents"),
}  # fmt: skip
"""Imports upwards, inside a function: doors that are opened when they are used."""

TORCH = {"models", "tracing", "source"}
"""Rooms that may import torch at all."""


def rooms():
    """Every module, its room, and its syntax tree."""
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        yield path, parts[0], ast.parse(path.read_text())


ROOMS = list(rooms())
IDS = [str(path.relative_to(HOUSE)) for path, _, _ in ROOMS]


def imports(tree, *, everywhere):
    """Names of imported modules: all, or those that importing the module imports."""
    found = []
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif everywhere or not isinstance(node, ast.FunctionDef):
            pending += [
                n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)
            ]
    return found


def climbs(room, imported):
    """Whether an import goes to the same floor of another room, or up."""
    top, _, rest = imported.partition(".")
    target = rest.split(".")[0]
    if top != "resviz" or target == room:
        return False
    return FLOORS.get(target, 99) >= FLOORS[room]


def climbs_within_readings(path, imported):
    """Whether a reading imports one of its own floor or above."""
    parts = path.relative_to(HOUSE).with_suffix("").parts
    names = imported.split(".")
    if parts[0] != "readings" or names[:2] != ["resviz", "readings"]:
        return False
    room, target = parts[1], names[2]
    return room != target and WITHIN_READINGS[target] >= WITHIN_READINGS[room]


@pytest.mark.parametrize(("path", "room", "tree"), ROOMS, ids=IDS)
def test_imports_go_down(path, room, tree):
    """No module imports from its own floor or above."""
    assert [] == [
        name for name in imports(tree, everywhere=False) if climbs(room, name)
    ]


@pytest.mark.parametrize(
    ("path", "tree"), [(path, tree) for path, room, tree in ROOMS if room == "readings"]
)
def test_readings_stand_on_readings_below(path, tree):
    """Costs on none, memory and structure on costs, receptive fields on structure."""
    found = imports(tree, everywhere=True)
    assert [] == [name for name in found if climbs_within_readings(path, name)]


def test_eight_doors_lead_up():
    """All others go down, also inside functions."""
    climbing = {
        (str(path.relative_to(HOUSE)), name.split(".")[1])
        for path, room, tree in ROOMS
        for name in imports(tree, everywhere=True)
        if climbs(room, name)
    }
    assert climbing == DOORS


@pytest.mark.parametrize(("path", "room", "tree"), ROOMS, ids=IDS)
def test_only_three_rooms_know_torch(path, room, tree):
    """Not even inside a function."""
    known = {name.split(".")[0] for name in imports(tree, everywhere=True)}
    assert room in TORCH or "torch" not in known


def test_the_check_can_fail():
    """A table that imported a format would be found."""
    tree = ast.parse("from resviz.formats import html")
    assert climbs("tables", *imports(tree, everywhere=False))


FORBIDDEN = (
    "import sys\n"
    "sys.exit(17 if {0!r} & {{name.split('.')[0] for name in sys.modules}} else 0)"
)

USES = {
    "import resviz": set(),
    "resviz.load(PATH)": set(),
    "resviz.summary(PATH).render()": set(),
    "resviz.summary(PATH, input_size=(3, 96, 64), batch=2).render()": set(),
    "resviz.table(PATH).render('latex')": set(),
    "resviz.layers(PATH).render('html')": set(),
    "resviz.shortcuts(PATH).render('csv')": set(),
    "resviz.costs_table(PATH).render()": set(),
    "resviz.memory(PATH).render()": set(),
    "resviz.receptive_field(PATH).render('json')": set(),
    "resviz.diagram(PATH).to_svg()": set(),
    "resviz.diagram([PATH, PATH], 'stack').to_svg()": set(),
    "resviz.diagram(PATH, 'growth').to_svg()": set(),
    "resviz.diagram(PATH, 'icicle').to_svg()": set(),
    "resviz.diagram(PATH, 'field').to_svg()": set(),
    "resviz.describe(PATH)": set(),
    "resviz.report(PATH)": set(),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A record in a file."""
    import resviz

    path = tmp_path_factory.mktemp("records") / "r18.json"
    resviz.trace("resnet18").save(path)
    return path


@pytest.mark.parametrize("use", USES)
def test_a_stored_record_needs_neither_torch_nor_pandas(run, saved, use):
    """In a process of its own."""
    code = f"import resviz\nPATH = {str(saved)!r}\n{use}\n"
    run("-c", code + FORBIDDEN.format({"torch", "pandas"}))


def test_that_check_can_fail_too(run, saved):
    """Tracing does import torch, and a DataFrame pandas: the exit code says so."""
    for use in ("resviz.trace('resnet18')", "resviz.load(PATH).to_pandas()"):
        code = f"import resviz\nPATH = {str(saved)!r}\n{use}\n"
        run("-c", code + FORBIDDEN.format({"torch", "pandas"}), code=17)


def test_a_table_waits_for_no_other(run, saved):
    """Table 1 follows no receptive field and counts no bytes; another table does."""
    others = {
        "resviz.readings.receptive",
        "resviz.readings.memory",
        "resviz.readings.costs.conventions",
    }
    for table, code in (("table", 0), ("memory", 17)):
        use = f"import resviz, sys\nresviz.{table}({str(saved)!r}).render()\n"
        run("-c", f"{use}sys.exit(17 if {others} & set(sys.modules) else 0)", code=code)


def test_a_figure_waits_for_no_other(run, saved):
    """An overview of a chain contracts and compares nothing, and loads one format."""
    others = {
        "resviz.readings.contraction.drawn",
        "resviz.readings.compare",
        "resviz.figures.block",
        "resviz.figures.heat",
        "resviz.figures.lanes",
        "resviz.formats.pictures.dot",
    }
    svg = str(saved.with_suffix(".svg"))
    for figure, code in ((None, 0), ("lanes", 17)):
        use = f"resviz.diagram({str(saved)!r}, {figure!r}).save({svg!r})"
        loaded = f"{others} & set(sys.modules)"
        run(
            "-c", f"import resviz, sys\n{use}\nsys.exit(17 * bool({loaded}))", code=code
        )


LIST_MODULES_AFTER_FILLING = (
    "import sys, torch; torch.empty(1, device='meta').uniform_(); print(*sys.modules)"
)
"""What torch needs to make a convolution on meta: in 2.9 sympy is among it."""


def test_the_paper_table_wakes_no_sleeping_giant(run):
    """torch._dynamo takes 0.9 s to import, and sympy 0.2 s; no shape needs them."""
    if "sympy" in run("-c", LIST_MODULES_AFTER_FILLING).stdout.split():
        pytest.skip("this torch fills meta tensors in Python, and imports sympy for it")
    code = (
        "import sys\nfrom resviz.cli import main\n"
        "try:\n    main(['table'])\n"
        "except SystemExit:\n    pass\n"
        "sys.exit(17 if {'sympy', 'torch._dynamo', 'pandas'} & set(sys.modules) else 0)"
    )
    run("-c", code)


def test_help_imports_next_to_nothing(run):
    """`resviz --help` is quick because it loads no heavy library."""
    code = (
        "from resviz.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
    )
    heavy = {"torch", "pandas", "jinja2", "msgspec", "graphviz", "typst", "rich"}
    run("-c", code + FORBIDDEN.format(heavy))
