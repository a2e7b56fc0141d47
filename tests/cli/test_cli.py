"""The command line: outputs, formats, exit codes, and what is left on disk."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import click
import pytest

from resviz import cli, formats
from resviz.cli import COMMANDS, resviz_command


@pytest.fixture
def saved(record, tmp_path):
    """A record in a file, which needs no tracing."""
    path = tmp_path / "r18.json"
    record("resnet18").save(path)
    return str(path)


def test_table_without_a_spec_is_the_papers(resviz):
    """Five columns, with brackets, and nothing on stderr."""
    code, out, err = resviz("table")
    assert (0, "") == (code, err)
    assert "⎣1×1, 2048⎦" in out
    for words in ("ResNet-18", "ResNet-152", "112×112", "softmax", "3.858 G"):
        assert words in out


UNCOUNTED = """
import torch
from torch import nn

class Centres(nn.Module):
    def __init__(self, count=5, linear=False):
        super().__init__()
        self.centres = nn.Parameter(torch.zeros(count, 4))
        self.linear = linear

    def forward(self, x):
        if self.linear:
            return torch.linalg.svdvals(x @ self.centres.t())
        return torch.linalg.lstsq(self.centres.t(), x.t()).solution
"""
"""A network with an operation on weights that no rule counts, and one that has none."""


@pytest.mark.parametrize("command", ["summary", "layers", "costs", "trace", "describe"])
def test_weights_that_are_not_counted(command, resviz, tmp_path, monkeypatch):
    """Output is there, stderr names them, and the exit code is 4."""
    (tmp_path / "far.py").write_text(UNCOUNTED)
    monkeypatch.chdir(tmp_path)
    output = ["-o", "far.json"] if command == "trace" else []
    code, out, err = resviz(command, "far.py:Centres", "--input", "4", *output)
    named = "far.py:Centres: linalg_lstsq has weights and is not counted, 1×"
    assert 4 == code
    assert err.startswith(f"warning: {named}, first at ")
    assert out if command != "trace" else (tmp_path / "far.json").exists()
    if command == "summary":
        assert "at least 0, at 2 FLOPs each at least 0" in out
        assert "not counted: linalg_lstsq, with weights, 1×" in out
        (row,) = [line for line in out.splitlines() if line.startswith("layers ")]
        assert "≥ 0" in row
    again = resviz(command, "far.py:Centres(linear=True)", "--input", "4", *output)
    assert (0, "") == (again[0], again[2])


CONTEXT = click.Context(resviz_command)


def find_command(name):
    """A command by its name."""
    command = resviz_command.get_command(CONTEXT, name)
    assert command is not None
    return command


TABLES = [
    name
    for name in resviz_command.list_commands(CONTEXT)
    if any(param.name == "form" for param in find_command(name).params)
    and name not in {"check", "compare", "diagram", "identify", "sweep"}
]
"""The commands that print a table of what is in a record."""

BINARY = {"pdf": "%PDF-", "png": "\ufffdPNG"}
"""What files that are no text begin with, as far as they can be read as text."""


@pytest.mark.parametrize("command", TABLES)
@pytest.mark.parametrize("form", formats.table_format_names())
def test_every_table_in_every_format(resviz, saved, command, form):
    """Data on stdout, nothing on stderr."""
    code, out, err = resviz(command, saved, "--format", form)
    assert (0, "") == (code, err)
    if form in BINARY:
        assert out.startswith(BINARY[form])
    else:
        assert "conv" in out or "layer1" in out


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".md", "|"),
        (".tex", "%"),
        (".html", "<!DOCTYPE html>"),
        (".csv", "index,"),
        (".json", "["),
        (".txt", "ResNet-18: layers"),
    ],
)
def test_the_suffix_tells_the_format(resviz, saved, tmp_path, suffix, start):
    """And the file is all that is written."""
    path = tmp_path / f"out{suffix}"
    assert (0, "", "") == resviz("layers", saved, "-o", str(path))
    assert path.read_text().startswith(start)


def test_json_and_csv_hold_numbers(resviz, saved):
    """MACs and parameters are numbers in both."""
    data = json.loads(resviz("layers", saved, "--format", "json")[1])
    rows = list(
        csv.DictReader(io.StringIO(resviz("layers", saved, "--format", "csv")[1]))
    )
    assert 118_013_952 == data[0]["macs"] == int(rows[0]["macs"])


def test_python_and_the_command_print_the_same(resviz, saved):
    """`.to_dict()` is what `--format json` prints."""
    import resviz as package

    for name in TABLES:
        printed = json.loads(resviz(name, saved, "--format", "json")[1])
        assert printed == getattr(package, name)(saved).to_dict()


def test_trace_saves_a_record(resviz, tmp_path, record):
    """The file is the record."""
    path = tmp_path / "r.json"
    assert (0, "", "") == resviz("trace", "resnet18", "-o", str(path))
    assert path.read_bytes() == record("resnet18").to_json() + b"\n"


def test_input_size_and_batch(resviz):
    """`--input` gives the sizes of one sample, `--batch` how many."""
    args = (
        "summary",
        "resnet18",
        "--input",
        "3,64,64",
        "--batch",
        "2",
        "--format",
        "json",
    )
    assert [2, 3, 64, 64] == json.loads(resviz(*args)[1])["input_shape"]


@pytest.mark.parametrize("suffix", ["svg", "dot", "pdf", "png"])
def test_diagram_formats(resviz, saved, tmp_path, suffix):
    """Each begins as files of its kind do."""
    path = tmp_path / f"x.{suffix}"
    assert 0 == resviz("diagram", saved, "-o", str(path))[0]
    start = {"svg": b"<svg", "dot": b"digraph", "pdf": b"%PDF", "png": b"\x89PNG"}[
        suffix
    ]
    assert start in path.read_bytes()[:600]


@pytest.mark.parametrize(
    "figure", ["overview", "block", "layers", "volumes", "stack", "growth", "icicle"]
)
def test_every_figure_to_stdout(resviz, saved, figure):
    """SVG is the default."""
    code, out, err = resviz("diagram", saved, "--figure", figure)
    assert (0, "") == (code, err)
    assert "</svg>" in out


def test_the_old_name_of_a_figure_is_read(resviz, saved):
    """`flow` is `volumes`, in any case of letters; help tells of the new name alone."""
    drawn = [
        resviz("diagram", saved, "--figure", name)
        for name in ("flow", "Flow", "volumes")
    ]
    assert 1 == len({*drawn})
    _, out, _ = resviz("diagram", "--help")
    assert "volumes" in out
    assert "flow" not in out


def test_a_box_for_each_layer(resviz, saved):
    """The figure of volumes has the option; another refuses it."""
    whole, each = (
        resviz("diagram", saved, "--figure", "volumes", *more)
        for more in ((), ("--each",))
    )
    assert each[0] == whole[0] == 0
    assert each[1].count("<polygon") > whole[1].count("<polygon")
    code, _, err = resviz("diagram", saved, "--figure", "stack", "--each")
    assert 0 != code
    assert "what is folded is opened in layers and volumes alone" in err


def test_blocks_side_by_side(resviz, saved):
    """By several options, or by one with commas; of several networks by their names."""
    command = ("diagram", saved, "--figure", "block")
    twice = resviz(*command, "--at", "conv2_1", "--at", "conv3_1")
    assert twice == resviz(*command, "--at", "conv2_1, conv3_1")
    assert 0 == twice[0]
    assert 2 == twice[1].count(">+<")
    _, out, _ = resviz("diagram", f"Ours={saved}", saved, "--figure", "block")
    assert ">Ours<" in out
    assert 2 == out.count(">+<")


def test_stack_of_several_networks(resviz, saved):
    """Each with its plain twin, in one picture."""
    options = ("--figure", "stack", "--plain", "--style", "paper")
    code, out, err = resviz("diagram", saved, saved, *options)
    assert (0, "") == (code, err)
    assert (2, 2) == (out.count(">ResNet-18<"), out.count(">ResNet-18, plain<"))


def test_describe(resviz, saved, tmp_path):
    """Broken into lines for a terminal, one line in a file."""
    code, out, err = resviz("describe", saved, "--figure", "block", "--at", "conv2_1")
    assert (0, "") == (code, err)
    assert out.startswith("conv2_1 of ResNet-18, a basic block from 56×56×64 to")
    assert out.endswith(".\n")
    path = tmp_path / "alt.txt"
    options = ("--figure", "stack", "--plain", "-o", str(path))
    assert (0, "", "") == resviz("describe", saved, saved, *options)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("ResNet-18, plain, ResNet-18, ResNet-18, plain and ")
    assert 1 == text.count("\n")


def test_report(resviz, saved, tmp_path):
    """One HTML file."""
    path = tmp_path / "x.html"
    assert (0, "", "") == resviz("report", saved, "-o", str(path))
    assert "</html>" in path.read_text()


@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        (
            "report",
            "r.pdf",
            "'r.pdf': got suffix '.pdf' for a report, want .html or .htm",
        ),
        ("report", "r.htlm", "want .html or .htm"),
        ("trace", "x.txt", "got suffix '.txt' for a record, want .json or .json.gz"),
        ("trace", "x.gz", "want .json or .json.gz"),
    ],
)
def test_a_name_of_another_format_is_refused(
    resviz, saved, tmp_path, monkeypatch, command, output, expected
):
    """Nothing is written under a suffix that promises something else."""
    monkeypatch.chdir(tmp_path)
    code, out, err = resviz(command, saved, "-o", output)
    assert (2, "", False) == (code, out, (tmp_path / output).exists())
    assert expected in err


def test_what_has_no_suffix_promises_nothing(resviz, saved):
    """A device takes a page and a record."""
    for command in ("report", "trace"):
        assert (0, "", "") == resviz(command, saved, "-o", "/dev/null")


WRONG = [
    (("summary", "resnte50"), 2, "resnet50"),
    (("summary", "51"), 2, "51"),
    (("summary", "resnet(open('x'))"), 2, "no literal"),
    (("summary", "nowhere.json"), 2, "No such file"),
    (("summary", "not_there:make"), 3, "cannot import"),
    (("summary", "json:loads('3')"), 3, "the call gave int"),
    (("summary", "resnet18", "--input", "3,0,4"), 2, "positive whole numbers"),
    (("summary", "resnet18", "--input", "1,64,64"), 3, "want 3 input channels"),
    (("summary", "resnet(50, head='fixed')", "--input", "3,256,256"), 3, "8192"),
    (("layers", "resnet18", "--depth", "0"), 2, "depth"),
    (("layers", "resnet18", "--only", "konv"), 2, "only"),
    (("summary", "resnet18", "-o", "nowhere/x.json"), 2, "not exist, make it first"),
    (("summary", "resnet18", "-o", ""), 2, "output: got '', want the name of a file"),
    (("summary", "resnet18", "-o", "x.docx"), 2, "no format for suffix"),
    (("diagram", "resnet18", "-o", "x.bmp"), 2, "suffix"),
    (("diagram", "resnet18", "--figure", "block", "--at", "conv9_1"), 2, "conv9_1"),
    (("tabel",), 2, "table"),
    (("summary",), 2, "SPEC"),
    (("summary", "resnet18", "--nope"), 2, "--nope"),
]


@pytest.mark.parametrize(("args", "code", "words"), WRONG)
def test_wrong_input(resviz, tmp_path, monkeypatch, args, code, words):
    """The right exit code, the reason on stderr, nothing on stdout or on disk."""
    monkeypatch.chdir(tmp_path)
    exit_code, out, err = resviz(*args)
    assert (code, "") == (exit_code, out)
    assert words in err
    assert [] == list(tmp_path.iterdir())
    if "Usage" not in err:
        last = err.splitlines()[-1]
        assert last.startswith("error: ")
        assert words in last


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("summary", "{}", "--columns", ""),
            "columns: got no column, want some of name",
        ),
        (("layers", "{}", "--columns", ","), "columns: got no column, want some of "),
        (("layers", "{}", "--sort", ""), "sort: got '', want some of "),
        (("diagram", "{}", "--figure", "block", "--at", ""), "want one as conv3_1"),
        (("sweep", "resnet18", "--pareto", ""), "pareto: no column '', want some of"),
        (("embed", ""), "FILE: got '', want one as ."),
        (("embed", "a.md", "--allow", ""), "--allow: got '', want one as net.py"),
    ],
)
def test_an_empty_list_says_what_may_stand_there(resviz, saved, args, words):
    """None of them shows all."""
    code, out, err = resviz(*(each.format(saved) for each in args))
    assert (2, "") == (code, out)
    assert words in err


def test_columns_by_their_keys(resviz, saved):
    """In every format that has columns, in the order asked for."""
    args = ("summary", saved, "--columns", "params,name")
    code, out, _ = resviz(*args, "--format", "csv")
    assert (0, "params,name") == (code, out.splitlines()[0])
    code, out, _ = resviz(*args, "--format", "markdown")
    assert (0, True) == (code, "| params | stage |" in out)


@pytest.mark.parametrize(
    ("args", "headed"),
    [
        ("summary {} --columns MACS,Stage", "macs,name"),
        ("table {} --columns layer,resnet-18", "name,ResNet-18"),
        ("shortcuts {} --columns block,%,params,module", "block,params_share,name"),
        ("memory {} --columns held,MiB,kept,MiB", "held_bytes,kept_bytes"),
        ("receptive {} --columns stride,padding", "total_stride,padding"),
    ],
)
def test_columns_by_their_headings(resviz, saved, args, headed):
    """In any case; a heading of several words is one column."""
    code, out, message = resviz(*args.format(saved).split(), "--format", "csv")
    assert (0, headed) == (code, out.partition("\n")[0].strip()), message


@pytest.mark.parametrize("show", ["table", "summary"])
def test_a_table_has_as_many_pixels_as_asked(resviz, saved, tmp_path, show):
    """By default two for each of the page."""
    widths = []
    for number, option in enumerate(((), ("--dpi", "96"), ("--dpi", "384"))):
        path = tmp_path / f"{number}.png"
        assert 0 == resviz(show, saved, "-o", str(path), *option)[0]
        widths.append(int.from_bytes(path.read_bytes()[16:20]))
    assert [1, 0.5, 2] == pytest.approx([it / widths[0] for it in widths], rel=0.01)


def test_networks_of_one_name_are_chosen_by_their_numbers(resviz, saved):
    """As they are headed."""
    command = ("table", saved, saved, "--columns", "ResNet-18 (2)", "--format", "csv")
    code, out, message = resviz(*command)
    assert (0, "ResNet-18 (2)") == (code, out.partition("\n")[0]), message


def test_stage_and_block_are_columns_where_they_are_named(resviz, saved):
    """A row of several blocks has none."""
    command = ("layers", saved, "--columns", "name,stage,block", "--format", "csv")
    code, out, message = resviz(*command, "--depth", "1")
    assert (0, True) == (code, "\nlayer1,conv2_x,\n" in out), message
    assert "\nlayer1.0.bn1,conv2_x,conv2_1\n" in resviz(*command)[1]
    assert "stage" not in resviz("layers", saved, "--format", "csv")[1].split("\n")[0]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("diagram {} -o x.svg --format pdf", "-o 'x.svg' is the name of svg, got"),
        ("table {} -o x.csv --format json", "-o 'x.csv' is the name of csv, got"),
        ("diagram {} -o x.svg --dpi 300", "dpi: got 300 for svg, only png"),
        ("diagram {} -o x.png --dpi abc", "got 'abc', want a whole number from 16 to"),
        ("table {} -o x.png --dpi 9", "got '9', want a whole number from 16 to 2400"),
        ("sweep {} --jobs 0", "got '0', want a whole number from 1 on"),
        ("sweep {} --timeout nan", "got 'nan', want a number from 0 on"),
        (
            "diagram {} -o x.mmd --layout dot",
            "'dot' for mermaid, want one of svg, pdf,",
        ),
        ("diagram {} -o x.tex --layout dot", "or leave out --layout dot"),
        ("table {} -o x.svg --dpi 300", "dpi: got 300 for svg, only png"),
        (
            "summary {} --columns size",
            "unknown column 'size': want some of name (stage), ",
        ),
        ("summary {} --columns name --format json", "JSON has keys of its own"),
    ],
)
def test_what_does_not_go_together(resviz, saved, tmp_path, monkeypatch, args, words):
    """Is refused instead of ignored, and no file is written."""
    monkeypatch.chdir(tmp_path)
    before = {*tmp_path.iterdir()}
    code, _, message = resviz(*args.format(saved).split())
    assert 2 == code
    assert words in message
    assert before == {*tmp_path.iterdir()}


def test_debug_shows_the_traceback(resviz, run):
    """Otherwise an error is one line."""
    args = ("summary", "not_there:make")
    code, _, err = resviz(*args)
    assert (3, 1) == (code, err.count("\n"))
    code, _, err = resviz("summary", "not_there:make")
    assert (3, 1) == (code, err.count("\n"))
    assert "Traceback" in run("-m", "resviz", *args, "--debug", code=1).stderr


def test_a_full_disk_leaves_no_file(resviz, saved, tmp_path, monkeypatch):
    """One line, and the old file as it was."""
    path = tmp_path / "x.csv"
    path.write_text("old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = resviz("layers", saved, "-o", str(path))
    assert (2, "old") == (code, path.read_text())
    assert "No space left on device" in err
    assert {"x.csv", "r18.json"} == {p.name for p in tmp_path.iterdir()}


def test_a_full_stdout_is_an_error(saved):
    """/dev/full takes nothing."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "resviz", "layers", saved]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert 2 == done.returncode
    assert "No space left on device" in done.stderr


def test_a_closed_pipe_is_no_error(saved):
    """`resviz layers … | head -1` ends quietly."""
    command = f"{sys.executable} -m resviz layers {saved} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert ("ResNet-18: layers\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_text_fits_the_terminal(terminal, saved, columns):
    """No line is longer, and what is left out is named."""
    shown = terminal("layers", saved, columns=columns, NO_COLOR="1")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= columns
    assert any("left out for want of width" in line for line in lines)


def test_colour_is_for_terminals_that_want_it(terminal, saved):
    """NO_COLOR switches it off, and a terminal that is dumb has none."""
    assert "\x1b[" in terminal("layers", saved, columns=100)
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[" not in terminal("layers", saved, columns=100, **plain)


def test_every_command_has_help(resviz):
    """And the group lists all of them."""
    code, out, _ = resviz("--help")
    assert 0 == code
    for name in resviz_command.list_commands(CONTEXT):
        assert f"  {name} " in out
        assert f" resviz {name} " in resviz(name, "--help")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_a_command_does(name):
    """In the first line of the command's own help, which is not imported for it."""
    own = find_command(name).help or ""
    assert COMMANDS[name] == " ".join(own.partition("\n\n")[0].split())


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("resnet50", "Say what to print of it: resviz summary resnet50."),
        ("50", "resviz summary 50."),
        ("net.py:Net(2)", "resviz summary 'net.py:Net(2)'."),
        ("sumary", "Did you mean 'summary'?"),
        ("wrong", "No such command 'wrong'. Commands: "),
    ],
)
def test_a_spec_in_the_place_of_a_command(resviz, word, hint):
    """It is told a command; a misspelt one the right one."""
    code, out, err = resviz(word)
    assert (2, "") == (code, out)
    assert hint in err


def test_an_option_of_other_commands_is_told_which(resviz):
    """Besides those of its own that are spelt alike."""
    code, _, err = resviz("costs", "18", "--sort", "macs")
    assert 2 == code
    assert "--sort is an option of resviz layers, resviz shortcuts, resviz rec" in err


def test_each_module_is_a_command():
    """But for those that others share."""
    modules = {info.name for info in iter_modules(cli.__path__)}
    assert {"shared", "streams", "tables"} == modules - COMMANDS.keys()


def test_the_list_builds_no_command(run):
    """No option is declared for it, and no table imported."""
    code = (
        "import sys\nfrom resviz.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "built = {'resviz.options', 'resviz.cli.shared', 'resviz.tables.table'}\n"
        "sys.exit(17 if built & set(sys.modules) else 0)"
    )
    run("-c", code)
    run("-c", code.replace("--help", "summary', '--help"), code=17)


def test_version(resviz):
    """The package's own."""
    import resviz as package

    assert package.__version__ in resviz("--version")[1]


MODULE = """
import sys
from torch import nn

def loud():
    print("hello from the builder")
    return nn.Conv2d(3, 4, 1)

class Leaves(nn.Module):
    def forward(self, x):
        sys.exit(0)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of a user's in the working folder, and its name."""
    (tmp_path / "users_net.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return "users_net"


def test_what_a_model_prints_goes_to_stderr(resviz, module):
    """Stdout is for data."""
    code, out, err = resviz("summary", f"{module}:loud", "--format", "json")
    assert (code, json.loads(out)["params"]) == (0, 16)
    assert "hello from the builder" in err


def test_a_model_that_exits_is_a_failure(resviz, module):
    """However it ends the process, this is no success."""
    code, out, err = resviz("summary", f"{module}:Leaves")
    assert (code, out) == (3, "")
    assert "its code called sys.exit(0)" in err


@pytest.mark.parametrize(
    ("options", "there"),
    [
        (("-o", "{}.svg"), False),
        (("-o", "{}.svg", "--each"), True),
        (("-o", "{}.svg", "--depth", "2"), False),
        (("-o", "{}.csv"), True),
        (("-o", "{}.csv", "--once"), False),
    ],
)
def test_equal_blocks_stand_once_in_pictures(resviz, saved, tmp_path, options, there):
    """And elsewhere if asked for."""
    options = [option.format(tmp_path / "t") for option in options]
    assert 0 == resviz("layers", saved, *options)[0]
    assert there == ("layer1.1" in Path(options[1]).read_text())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("diagram", "--at", "conv3_1"), "only the figure 'block'"),
        (
            ("diagram", "--figure", "volumes", "--direction", "LR"),
            "only overview, block",
        ),
        (("diagram", "--plain"), "only 'stack' has plain twins"),
        (("diagram", "--dpi", "300"), "only png has pixels"),
        (("describe", "--at", "conv3_1"), "only the figure 'block'"),
        (("summary", "--batch", "0"), "want a whole number from 1 on"),
        (
            ("summary", "--input", "int64:1,64"),
            "224) float32, got (1, 64) int64: trace",
        ),
        (("summary", "--input", "1,64,64"), "conv1: conv: its weights take 3 channels"),
        (("summary", "--training"), "recorded with training False"),
        (("layers", "--only", "add", "--depth", "1"), "want one of them"),
        (("shortcuts", "--only", "projecton"), "projection"),
    ],
)
def test_options_are_never_ignored(resviz, saved, args, words):
    """What cannot be done as asked is refused."""
    command, *options = args
    code, out, err = resviz(command, saved, *options)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(("command", "count"), [("summary", 8), ("layers", 66)])
def test_what_ran_before_a_failure_is_shown(resviz, monkeypatch, command, count):
    """The last eight layers; all of them where layers were asked for."""
    monkeypatch.setenv("COLUMNS", "200")
    options = ("--input", "3,160,160")
    code, out, err = resviz(command, "resnet(18, head='fixed')", *options)
    assert (3, "") == (code, out)
    assert count == len(re.findall(r"^[ ▸]*\d+  ", err, re.MULTILINE))


def test_json_holds_no_control_character(resviz, record, tmp_path):
    """A terminal that prints it cannot be driven by a layer's name."""
    text = record("resnet18").to_json().decode()
    path = tmp_path / "x.json"
    path.write_text(text.replace('"conv1"', '"\\u009b31m\\u202e"'), encoding="utf-8")
    code, out, _ = resviz("layers", str(path), "--format", "json")
    assert code == 0
    assert not {"\u009b", "\u202e"} & set(out)
    assert json.loads(out)[0]["name"] == "\u009b31m\u202e"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["summary"], "Give it: resviz summary resnet50\n"),
        (["report", "18"], "Give it: resviz report 18 -o report.html\n"),
        (["embed"], "Give it: resviz embed README.md\n"),
        (
            ["summary", "resnet(18,", "num_classes=10)"],
            "into quotes: resviz summary 'resnet(18, num_classes=10)'\n",
        ),
        (
            ["layers", "Ours=net.py:Net(3,", "4,", "5)", "--top", "3"],
            "into quotes: resviz layers 'Ours=net.py:Net(3, 4, 5)'\n",
        ),
        (["summary", "18", "34"], "resviz table and resviz diagram take several.\n"),
    ],
)
def test_too_few_or_too_many_words_have_their_remedy(resviz, words, remedy):
    """What is missing, and a SPEC that the shell took apart."""
    code, _, err = resviz(*words)
    assert (2, True) == (code, err.endswith(remedy)), err


@pytest.mark.parametrize(
    "words",
    ["summary 18 --batch {}", "memory 18 --fit {}GiB", "sizes 18 --sizes 3,{}",
     "summary resnet{}", "table 18 --input 3,{},3", "diagram 18 --width {}in -o x.svg"],
)  # fmt: skip
def test_numbers_of_thousands_of_digits(words, resviz):
    """Python itself refuses to read them."""
    code, out, err = resviz(*words.format("9" * 5000).split())
    assert (code, out) == (2, "")
    assert err.endswith(": got a number of 5000 digits, want at most 400\n")
