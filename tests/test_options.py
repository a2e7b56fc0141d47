"""The options of commands, documents and Python functions, which are declared once."""

import inspect
import re

import pytest

import resviz
from resviz.cli import resviz_command
from resviz.options import (
    FIGURE_OPTIONS,
    SPELT_TRACE_OPTIONS,
    TABLE_OPTIONS,
    TRACE_OPTIONS,
    collect_options,
)
from resviz.tables import TABLES
from resviz.tables.paper import REPEATED_NAMES_NOTE

DOORS = {
    **{name: getattr(resviz, name) for name in TABLES},
    "diagram": resviz.diagram,
    "describe": resviz.describe,
    "report": resviz.report,
}
"""What takes a network and gives a table, a figure or a page."""

ALIASES = {
    "costs_table": "costs", "receptive_field": "receptive",
}  # fmt: skip


@pytest.mark.parametrize("name", [*DOORS, "trace"])
def test_every_function_takes_the_options_of_a_trace(name):
    """By the same names, which `help` shows."""
    parameters = inspect.signature(getattr(resviz, name)).parameters
    assert set() == {*TRACE_OPTIONS} - {*parameters}


@pytest.mark.parametrize("name", [*DOORS, "trace", "sweep"])
def test_every_command_takes_the_options_of_a_trace(name):
    """All that can be written down, by their declared spelling."""
    command = resviz_command.get_command(None, name)
    flags = {flag for param in command.params for flag in param.opts}
    assert (
        set() == {f"--{option.spellings[0]}" for option in SPELT_TRACE_OPTIONS} - flags
    )


@pytest.mark.parametrize("name", DOORS)
def test_every_function_traces_with_them(name):
    """A batch of 4 changes what is shown, or its note."""
    if name == "describe":
        small, large = (DOORS[name]("cifar20", input_size=(3, s, s)) for s in (32, 64))
    else:
        small, large = (DOORS[name]("cifar20", batch=batch) for batch in (1, 4))
    assert str(as_data(small)) != str(as_data(large))


def as_data(shown):
    """What tells two tables, figures or pages apart."""
    if hasattr(shown, "to_dict"):
        return shown.to_dict()
    return shown.to_svg() if hasattr(shown, "to_svg") else shown


@pytest.mark.parametrize(
    ("name", "args", "option"),
    [
        ("layers", (), {"depth": 1}),
        ("layers", (), {"only": "conv"}),
        ("layers", (), {"once": True}),
        ("shortcuts", (), {"only": "projection"}),
        ("receptive", (), {"every": True}),
        ("memory", (), {"every": True}),
        ("diagram", ("block",), {"at": "conv2_1"}),
        ("diagram", ("overview",), {"direction": "LR"}),
        ("diagram", ("stack",), {"plain": True}),
        ("diagram", ("overview",), {"style": "dark"}),
        ("describe", ("block",), {"at": "conv2_1"}),
        ("describe", ("stack",), {"plain": True}),
        ("describe", ("volumes",), {"each": True}),
    ],
)
def test_every_option_of_python_changes_what_is_shown(record, name, args, option):
    """None is taken and forgotten."""
    arch = record("resnet18")
    assert as_data(DOORS[name](arch, *args)) != as_data(
        DOORS[name](arch, *args, **option)
    )


def test_a_report_is_a_page_by_its_name(record, tmp_path):
    """Python too writes none under a suffix that promises something else."""
    path = tmp_path / "r.pdf"
    with pytest.raises(resviz.RenderError, match=r"for a report, want \.html"):
        resviz.report(record("resnet18"), path)
    assert not path.exists()


@pytest.mark.parametrize("name", [*DOORS, "trace"])
def test_a_record_has_the_options_that_it_was_traced_with(name, record):
    """Others are refused, in the words of the command line."""
    with pytest.raises(resviz.SpecError, match="recorded with training False, got"):
        getattr(resviz, name)(record("resnet18"), training=True)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_takes_what_it_is_registered_with(name):
    """In Python as in commands and documents, where `columns` come on top."""
    parameters = inspect.signature(DOORS[name]).parameters
    assert [*TABLES[name].options] == [
        key for key in parameters if key in TABLE_OPTIONS
    ]


def test_a_diagram_takes_the_options_of_a_figure():
    """All of them, in the order of their declaration."""
    parameters = inspect.signature(resviz.diagram).parameters
    assert [*FIGURE_OPTIONS] == [key for key in parameters if key in FIGURE_OPTIONS]


def test_defaults_are_those_of_the_functions():
    """The command line has no others."""
    parameters = inspect.signature(resviz.diagram).parameters
    for name, option in FIGURE_OPTIONS.items():
        if option.default is not None:
            assert option.default == parameters[name].default


@pytest.mark.parametrize("text", ["0", "00", "-1", "1.5", ""])
def test_a_number_counts_from_one(text):
    """No batch, no depth is 0 or less."""
    with pytest.raises(resviz.SpecError, match="want a whole number from 1 on"):
        TRACE_OPTIONS["batch"].parse(text)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [("direction", "lr", "LR"), ("direction", "Lr", "LR"), ("style", "Dark", "dark")],
)
def test_a_word_may_be_written_in_any_case(name, text, word):
    """Whichever case its declaration has."""
    assert word == FIGURE_OPTIONS[name].parse(text)


def test_a_switch_that_is_turned_off_is_not_one_left_out():
    """What a picture has by default, `--each` has to undo."""
    given = {"once": False, "every": None}
    assert {"once": False} == collect_options(given, TABLE_OPTIONS.values())


def test_an_older_spelling_is_taken():
    """`--all` and `--layers` of older versions are `every` in Python."""
    assert {"every": True} == collect_options({"all": True}, TABLE_OPTIONS.values())


def test_an_option_stands_in_one_spelling():
    """Two might say two things."""
    with pytest.raises(resviz.OptionError, match="every and all: want one of them"):
        collect_options({"every": True, "all": False}, TABLE_OPTIONS.values())


WRONG = {
    "memory": ({"bach": 8}, "memory: unknown option 'bach': did you mean 'batch'?"),
    "layers": ({"ones": True}, "layers: unknown option 'ones': did you mean 'once'?"),
    "diagram": (
        {"colour": 1},
        "diagram: unknown option 'colour': want one of network",
    ),
    "trace": (
        {"input_sise": 3},
        "did you mean 'input_size'? want one of model",
    ),
    "summary": ({"input": 3}, "unknown option 'input': did you mean 'input_size'?"),
    "table": ({"columns": "A"}, "'columns': want table(…).select_columns([…])"),
    "sweep": ({"limits": 3}, "sweep: unknown option 'limits': did you mean 'limit'?"),
    "costs": (
        {"every": True},
        "costs: unknown option 'every': want one of network",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_keyword_is_told_the_right_one(name):
    """On one line, before anything is traced."""
    options, words = WRONG[name]
    with pytest.raises(resviz.OptionError) as raised:
        getattr(resviz, name)("nothing", **options)
    assert words in str(raised.value)
    assert isinstance(raised.value, TypeError)


def test_values_without_a_name_are_told_where_they_belong():
    """Several networks are a list, options have names."""
    with pytest.raises(
        resviz.OptionError, match=r"want one, or a list: table\(\[18, 50"
    ):
        resviz.table(18, 50)
    with pytest.raises(resviz.OptionError, match="want 1, others by name, as depth=…"):
        resviz.layers(18, 2)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("layers", {"depth": "2"}, "layers: depth: got '2', want a whole number"),
        ("layers", {"depth": 2.0}, "layers: depth: got 2.0, want a whole number"),
        ("layers", {"once": "yes"}, "layers: once: got 'yes', want True or False"),
        ("receptive", {"top": "3"}, "receptive: top: got '3', want a whole number"),
        ("receptive", {"sort": 3}, "receptive: sort: got 3, want text"),
        ("memory", {"every": "no"}, "memory: every: got 'no', want True or False"),
        ("memory", {"all": "no"}, "memory: every: got 'no', want True or False"),
        ("shortcuts", {"why": 2}, "shortcuts: why: got 2, want True or False"),
    ],
)
def test_an_option_of_a_table_has_its_type(name, options, words):
    """Others raised a TypeError of Python's, or were taken for True."""
    with pytest.raises(resviz.OptionError, match=f"^{re.escape(words)}$"):
        getattr(resviz, name)("nothing", **options)


MISSPELT = {
    "unknown figure 'blok': did you mean 'block'?": lambda a: resviz.diagram(a, "blok"),
    "style 'papr': did you mean 'paper'?": lambda a: resviz.diagram(a, style="papr"),
    "only: got 'convs', did you mean 'conv'?": lambda a: resviz.layers(a, only="convs"),
    "did you mean 'none'?": lambda a: resviz.shortcuts(a, only="non"),
    "format: got 'latx', did you mean 'latex'?": lambda a: resviz.layers(a).render(
        "latx"
    ),
    "no format for suffix '.texx', did you mean '.tex'?": lambda a: resviz.layers(
        a
    ).save("a.texx"),
    "mode: got 'shaps', did you mean 'shapes'?": lambda _: resviz.trace(
        "resnet18", mode="shaps"
    ),
    "did you mean 'deep'? want one of": lambda _: resviz.trace(
        "resnet(18, stem='dep')"
    ),
    "no column 'parms', did you mean 'params'?": lambda _: resviz.sweep(
        ["18"], where="parms > 1"
    ),
    "unknown column 'parms', did you mean 'params': want some": lambda a: resviz.layers(
        a
    )["parms"],
}


@pytest.mark.parametrize("words", MISSPELT)
def test_a_misspelt_word_is_told_the_right_one(words, record):
    """Wherever a value is one of some words."""
    with pytest.raises(resviz.ResvizError) as raised:
        MISSPELT[words](record("resnet18"))
    assert words in str(raised.value)


def test_weights_are_no_network():
    """As `state_dict` gives them."""
    with pytest.raises(resviz.SpecError, match="build the network, weights tell no"):
        resviz.trace({"conv.weight": None})


@pytest.mark.parametrize(
    ("callable_", "call"), [(dict, "dict()"), (as_data, "as_data(shown=…)")]
)
def test_what_has_to_be_called_is_said(callable_, call):
    """A class, or a function that builds a model, with what that must be given."""
    with pytest.raises(resviz.SpecError, match=rf": call it, {re.escape(call)}$"):
        resviz.trace(callable_)


@pytest.mark.parametrize(
    ("name", "old"), [("memory", "layers"), ("memory", "all"), ("receptive", "all")]
)
def test_old_keywords_stay(name, old, record):
    """They are `every` now."""
    door, arch = getattr(resviz, name), record("resnet18")
    assert door(arch, every=True).to_dict() == door(arch, **{old: True}).to_dict()
    for both in ({"every": True, old: True}, {old: True, "every": True}):
        with pytest.raises(resviz.OptionError) as error:
            door(arch, **both)
        assert f"{name}: {old} and every: want one of them" == str(error.value)


@pytest.mark.parametrize("old", ALIASES)
def test_old_names_stay(old, record):
    """Each is the function that has the word of its command now."""
    new = getattr(resviz, ALIASES[old])
    assert getattr(resviz, old)(record("resnet18")) == new(record("resnet18"))
    assert old in resviz.__all__


def test_keys_head_the_columns_of_a_table(record):
    """In every format, and in a DataFrame, where none stands twice."""
    networks = {"Baseline": record("resnet18"), "Ours": "resnet34"}
    table = resviz.table(networks)
    assert ["name", "output", "Baseline", "Ours"] == [*table.to_pandas().columns]
    assert ["Baseline", "Ours"] == [one["title"] for one in table.to_dict()["columns"]]
    assert ["resnet18", "resnet34"] == [
        one["name"] for one in table.to_dict()["columns"]
    ]
    twice = resviz.table([record("resnet18")] * 2).to_pandas()
    assert ["ResNet-18", "ResNet-18 (2)"] == [*twice.columns][2:]
    assert REPEATED_NAMES_NOTE in resviz.table([record("resnet18")] * 2).notes
    assert REPEATED_NAMES_NOTE not in table.notes


@pytest.mark.parametrize(
    ("door", "option", "value", "want"),
    [
        ("trace", "training", 3, "True or False"),
        ("layers", "training", "False", "True or False"),
        ("trace", "method", 3, "text"),
        ("summary", "kwargs", 3, "a dictionary"),
        ("trace", "kwargs", {3: 4}, "names"),
        ("sweep", "top", "x", "a whole number"),
        ("sweep", "jobs", "x", "a whole number"),
        ("sweep", "resume", "yes", "True or False"),
    ],
)
def test_a_value_of_another_type_is_told_what_is_wanted(door, option, value, want):
    """With the function, before anything is traced."""
    with pytest.raises(
        resviz.OptionError, match=f"^{door}: {option}: got .*want {want}"
    ):
        getattr(resviz, door)("resnet18", **{option: value})


def test_headings_of_networks_are_told_apart(record):
    """In every format as in a DataFrame."""
    table = resviz.table([record("resnet18")] * 2)
    assert "name,output,ResNet-18,ResNet-18 (2)" == table.to_csv().splitlines()[0]
    with pytest.raises(
        resviz.SpecError, match=r"of name \(layer\), output, ResNet-18, Re"
    ):
        table.select_columns(["c2"])


def test_keys_name_the_networks_of_a_figure(record):
    """In the drawing and in words."""
    networks = {"Baseline": record("resnet18"), "Ours": record("resnet34")}
    for figure in ("stack", "growth"):
        svg = resviz.diagram(networks, figure).to_svg()
        said = resviz.describe(networks, figure)
        for name in networks:
            assert name in svg
            assert name in said
        assert "ResNet" not in said


@pytest.mark.parametrize("key", ["", "  ", 18, None])
def test_a_key_has_to_be_a_name(key, record):
    """Text that is not empty."""
    with pytest.raises(resviz.SpecError, match="name: got"):
        resviz.table({key: record("resnet18")})


def test_a_trace_can_be_given_a_name():
    """It is the record's own, and what is printed."""
    arch = resviz.trace("resnet18", name="Ours <b>")
    assert ("Ours <b>", "Ours <b>") == (arch.name, arch.label)
    assert "Ours &lt;b&gt;: memory" in resviz.memory(arch).render("html")
