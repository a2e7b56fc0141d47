"""Calls with strange keywords, and of what is no method."""

import copy
import inspect
import pickle

import pytest

import resviz
from resviz.errors import OptionError


@pytest.fixture(scope="module")
def arch():
    """ResNet-18, traced once."""
    return resviz.trace(18)


TUPLES = [
    "layers", "stages", "blocks", "shortcuts", "stem", "head", "main_path", "flow",
    "remarks", "uncounted",
]  # fmt: skip


@pytest.mark.parametrize("name", TUPLES)
def test_an_attribute_that_is_called_says_that_it_is_no_method(arch, name):
    """It is a tuple like any other, also where it is copied or kept in a file."""
    values = getattr(arch, name)
    with pytest.raises(OptionError, match=f"no method, want arch.{name}"):
        values()
    kept = pickle.loads(pickle.dumps(values))
    assert type(kept) is type(copy.copy(values)) is type(values[:1]) is tuple
    assert (tuple(values), kept) == (values, values)


def test_a_name_of_pandas_is_told_where_pandas_is(arch):
    """`head` is the network's, and a method of a data frame."""
    with pytest.raises(OptionError, match=r"arch\.to_pandas\(\)\.head\(\)"):
        arch.head()


def test_every_public_function_refuses_an_unknown_keyword_in_words():
    """None leaves that to Python, which says no more than that it is unknown."""
    functions = {
        name: getattr(resviz, name)
        for name in resviz.__all__
        if inspect.isfunction(getattr(resviz, name))
    }
    assert len(functions) > 20
    for function in functions.values():
        name = function.__name__  # older names of some say the newer one
        with pytest.raises(OptionError, match=f"{name}: unknown option 'strange': "):
            function(strange=1)


@pytest.mark.parametrize("keyword", ["columns", "colums", "column"])
@pytest.mark.parametrize("table", ["layers", "memory", "summary", "identify"])
def test_columns_of_a_table_are_selected_afterwards(arch, table, keyword):
    """Also where they are misspelt."""
    with pytest.raises(OptionError, match=rf"want {table}\(…\)\.select_columns"):
        getattr(resviz, table)(arch, **{keyword: ["macs"]})


CALLS = {
    "path": lambda arch: (arch.save, {"pth": "x.json"}),
    "out_indices": lambda arch: (arch.features, {"out_indexes": [1]}),
    "input_size": lambda arch: (arch.resized, {"input_sise": (3, 64, 64)}),
    "names": lambda arch: (resviz.layers(arch).select_columns, {"name": ["macs"]}),
    "dpi": lambda arch: (resviz.diagram(arch, "block").to_png, {"dip": 3}),
    "salt": lambda arch: (resviz.diagram(arch, "block").to_svg, {"sallt": "x"}),
}


@pytest.mark.parametrize("meant", CALLS)
def test_a_method_says_which_keyword_is_meant(arch, meant):
    """As the functions do."""
    method, keywords = CALLS[meant](arch)
    with pytest.raises(OptionError, match=f"did you mean {meant!r}"):
        method(**keywords)
