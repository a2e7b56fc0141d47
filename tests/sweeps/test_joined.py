"""Columns of a file beside those of a sweep."""

import json

import pytest

import resviz
from resviz.errors import SpecError
from resviz.sweeps.joined import normalize_name, read_joined_columns
from resviz.sweeps.sweep import FIXED_COLUMNS, run_sweep
from tests.sweeps.test_outputs import render_text

SPECS = ("cifar{8,14,20}(shortcut={'A','B'})",)


@pytest.fixture
def write(tmp_path):
    """A function that writes a file beside a sweep, and gives its path."""

    def write(text, name="accuracy.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def join(path, *specs, **options):
    """The sweep of some SPECs with a file."""
    return run_sweep(specs or SPECS, joined=path, jobs=1, **options)


def test_names_join_however_they_are_spaced(write):
    """Blanks and the kind of quotes make no difference, nor a mark of the encoding."""
    path = write(
        b"\xef\xbb\xbfspec, top1 ,recipe\n"
        b"\"cifar8(shortcut='A')\",81.5,a\n"
        b'"cifar14(shortcut = ""B"")",88,\n\n'
    )
    rows = {row["spec"]: row for row in join(path).rows}
    assert (81.5, "a") == tuple(
        rows["cifar8(shortcut='A')"][n] for n in ("top1", "recipe")
    )
    assert (88, None) == tuple(
        rows["cifar14(shortcut='B')"][n] for n in ("top1", "recipe")
    )
    assert None is rows["cifar20(shortcut='A')"]["top1"]


def test_conditions_fronts_and_order_take_them(write):
    """As any column: what is not told meets no condition, and is on no front."""
    path = write("spec,top1\n" + "".join(
        f"\"cifar{depth}(shortcut='A')\",{top1}\n"
        for depth, top1 in ((8, 80), (14, 79), (20, 90))
    ))  # fmt: skip
    front = join(path, pareto="params,-top1")
    assert ["cifar8(shortcut='A')", "cifar20(shortcut='A')"] == [
        front.rows[number]["spec"] for number in front.front
    ]
    kept = join(path, condition="top1 > 79.5 and params < 1e9", order=None)
    assert [80, 90] == [row["top1"] for row in kept.rows]
    frame = resviz.sweep(*SPECS, joined=path, sort="top1", top=2, jobs=1)
    assert [90, 80] == frame["top1"].tolist()


def test_every_format_has_them(write):
    """JSON tells of the file too, and what has no other."""
    path = write("spec,top1\n\"cifar8(shortcut='A')\",81.25\ncifar9,7\n")
    result = join(path)
    data = json.loads(render_text(result, "json"))
    assert [81.25, *5 * [None]] == [row["top1"] for row in data["variants"]]
    assert ["top1"] == data["joined"]["columns"]
    unknown, silent = data["joined"]["notes"]
    assert unknown.endswith("no variant is called 'cifar9'")
    assert "says nothing of 5 variants: \"cifar8(shortcut='B')\"" in silent
    for form in ("text", "markdown", "latex", "csv"):
        assert "81.25" in render_text(result, form)
    assert "no variant is called 'cifar9'" in render_text(result, "text")


def test_arguments_tell_lines_apart(write):
    """By a column of their name, as of the input."""
    path = write("name,input,top1\ncifar8,32,80\ncifar8,40,82\n")
    rows = join(path, "cifar8(input={32,40,48})").rows
    assert [80, 82, None] == [row["top1"] for row in rows]


def test_one_line_is_not_taken_for_several_variants(write):
    """Which differ in something that the file does not tell."""
    path = write("name,top1\ncifar8,80\n")
    with pytest.raises(SpecError, match=r"'cifar8' is several variants, .* in input: "):
        join(path, "cifar8(input={32,40})")


def test_tabs(write):
    """In a file that is called so."""
    path = write("name\ttop1\ncifar8\t80\n", "a.tsv")
    assert [80] == [row["top1"] for row in join(path, "cifar8").rows]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", ": is empty, want a line of headings"),
        ("spec\ncifar8\n", ":1: got spec, want names and a column beside them"),
        ("spec,macs\ncifar8,1\n", ":1: 'macs' is a column of the sweep"),
        ("spec,a,a\ncifar8,1,2\n", ":1: got 'a' twice or empty"),
        ("spec,\ncifar8,1\n", ":1: got a heading without a word"),
        ("spec,a\ncifar8,1\ncifar8,2\n", ":3: 'cifar8' stands there twice"),
        ("spec,a\ncifar8,1,2\n", ":2: got 3 values, want 2 values"),
        ("spec,a\nx,1\ny,2\nz,76.1%\n", ":4: a: got '76.1%', want a number as in"),
        ("spec,a\nx,1\ny,inf\n", ":3: a: got 'inf', want a number"),
        (b"spec,a\n\xff\xfe,1\n", ": is no text in UTF-8, want CSV"),
        ("spec,a\ncifar9,1\n", ": no variant has a name of it, got 'cifar9', did you"),
        ("spec,a\n", ": no variant has a name of it, got none"),
    ],
)
def test_what_is_wrong_is_said_before_a_long_run(write, text, want, monkeypatch):
    """With the file's line, and nothing is traced."""
    monkeypatch.setattr("resviz.sweeps.sweep.trace_variants", None)
    path = write(text)
    with pytest.raises(SpecError) as error:
        join(path, "cifar8", "cifar14")
    assert want in str(error.value)
    assert "accuracy.csv" in str(error.value)


def test_a_missing_file(tmp_path):
    """It says why it cannot be read."""
    with pytest.raises(SpecError, match=r"no.csv: cannot be read, No such file"):
        join(tmp_path / "no.csv")


def test_a_number_that_is_none_is_not_known(write):
    """As frames write it."""
    path = write("spec,top1,words\na,nan,x\nb,1e-3,\nc,,2\n")
    joined = read_joined_columns(path, (), FIXED_COLUMNS)
    told = [joined.find_line({"spec": name}) for name in "abc"]
    assert [None, 1e-3, None] == [line["top1"] for line in told]
    assert ["x", None, "2"] == [line["words"] for line in told]
    assert ("top1",) == joined.numbers


def test_names_of_one_spelling():
    """Another word is another name."""
    assert normalize_name("cifar8( 'A' )") == normalize_name('cifar8("A")')
    assert normalize_name("cifar8") != normalize_name("cifar18")
