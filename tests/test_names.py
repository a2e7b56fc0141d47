"""Names that one can search: a class once, no module hidden, few functions alike."""

import ast
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import resviz

HOUSE = Path(resviz.__file__).parent

CONTRACTS = {
    "render": "a format writes a table or a picture",
    "draw": "a figure draws itself",
    "description": "a figure says itself in sentences",
    "main": "a program",
    "forward": "torch calls it of a module",
    "check": "a value, a name or a budget is checked",
    "save": "what can be a file writes itself to one",
    "layer_indices": "a part of a network knows its layers",
    **dict.fromkeys(
        (
            "measure_box",
            "measure_shortcut",
            "open_section",
            "close_section",
            "frame_folded_block",
        ),
        "an overview is placed in several ways",
    ),
}
"""Functions that many files have, since each fulfils the same contract."""


def read_modules():
    """Every module's file and syntax tree."""
    return {path: ast.parse(path.read_text()) for path in sorted(HOUSE.rglob("*.py"))}


MODULES = read_modules()


def find_repeated_classes(modules):
    """Names of classes that stand in several places."""
    places = defaultdict(list)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def find_repeated_functions(modules, most):
    """Names of functions and methods that stand in more files than so many."""
    places = defaultdict(set)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and not node.name.startswith("__"):
                places[node.name].add(path)
    return {name for name, paths in places.items() if len(paths) > most}


def find_hidden_modules(package, folder):
    """Modules in a package's folder whose name is something else in the package."""
    names = {p.stem for p in folder.glob("*.py")} | {
        p.parent.name for p in folder.glob("*/__init__.py")
    }
    return {
        name
        for name in names - {"__init__", "__main__"}
        if not isinstance(getattr(package, name, package), ModuleType)
    }


def test_a_class_name_stands_once():
    """So that a search for it leads to one place."""
    assert {} == find_repeated_classes(MODULES)


def test_the_check_of_classes_can_fail():
    """Two files with a class of one name are found."""
    tree = ast.parse("class Cell: ...")
    assert ["Cell"] == [*find_repeated_classes({Path("a.py"): tree, Path("b"): tree})]


def test_few_functions_are_alike():
    """In three files at most, unless they fulfil a contract."""
    assert set() == find_repeated_functions(MODULES, most=3) - CONTRACTS.keys()


def test_contracts_are_in_use():
    """No name is listed that no file has."""
    assert CONTRACTS.keys() <= find_repeated_functions(MODULES, most=0)


def test_the_check_of_functions_can_fail():
    """A function in four files is found."""
    tree = ast.parse("def named(): ...")
    assert {"named"} == find_repeated_functions(dict.fromkeys(range(4), tree), most=3)


PACKAGES = [path.parent for path in MODULES if path.name == "__init__.py"]


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda p: p.name)
def test_no_module_is_hidden(folder):
    """`import resviz.tables.layers as m` gives a module, whatever ran before."""
    package = import_module(".".join(folder.relative_to(HOUSE.parent).parts))
    assert set() == find_hidden_modules(package, folder)


def test_the_check_of_modules_can_fail(tmp_path):
    """A function under the name of a file beside it is found."""
    (tmp_path / "costs.py").touch()
    package = ModuleType("package")
    vars(package)["costs"] = len
    assert {"costs"} == find_hidden_modules(package, tmp_path)


def test_every_public_name_is_at_home():
    """Each is of the module that `HOMES` says, or of the API."""
    assert [] == [name for name in resviz.__all__ if not hasattr(resviz, name)]
