"""Budgets as they are written: what is read, and what is refused, where."""

from pathlib import Path

import pytest

from resviz.budgets.configuration import read_budget, read_budgets
from resviz.budgets.run import check_project, find_project_file
from resviz.embed.permissions import project_allow_list
from resviz.errors import RecordError, SpecError
from resviz.project import read_section


def budget_of(**keys):
    """The budget of one table; _ stands for -."""
    table = {key.replace("_", "-"): value for key, value in keys.items()}
    return read_budget({"spec": "cifar8", **table}, "p.toml:3")


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("4.1G", 4_100_000_000), ("25.6M", 25_600_000), ("1 k", 1000), ("1e6", 10**6),
        ("25,557,032", 25_557_032), (12, 12), (4.1e9, 4_100_000_000), ("0", 0),
    ],
)  # fmt: skip
def test_counts(written, limit):
    """As people write them."""
    assert limit == budget_of(max_macs=written).most["macs"][0]


@pytest.mark.parametrize(
    ("written", "limit"),
    [("+2%", 1020), ("+0%", 1000), ("-5%", 950), ("−5 %", 950), ("+0.15%", 1001),
     ("+1k", 2000), ("-10", 990)],
)  # fmt: skip
def test_growth_is_exact(written, limit):
    """A share of what there was, or a number; parts of one are cut off."""
    growth, text = budget_of(record="r.json", macs=written).growth["macs"]
    assert (limit, written) == (growth.limit(1000), text)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"max_mac": 1}, "unknown key 'max-mac': did you mean 'max-macs'?"),
        ({"max_flops": 1}, "unknown key 'max-flops': want max-macs: 1 MAC is 2 FLOPs"),
        ({"max_macs": "much"}, "max-macs: got 'much', want a count, as 4.1G"),
        ({"max_macs": True}, "max-macs: got True, want a count"),
        ({"max_macs": 0.5}, "max-macs: got 0.5, want a count"),
        ({"max_macs": -1}, "max-macs: got -1, want a count"),
        ({"max_peak_memory": "2Gb/s"}, "want bytes as 2GiB"),
        ({"macs": "2%", "record": "r.json"}, "macs: got '2%', want a change since"),
        ({"macs": "+%", "record": "r.json"}, "macs: got '+%', want a change since"),
        ({"macs": "+2%"}, "macs is told from a record, want its file too"),
        ({"equal": True}, "equal is told from a record"),
        ({"equal": "names", "record": "r"}, "equal: got 'names', want true, or"),
        ({"stages": 4}, "stages: got 4, want a list of whole numbers"),
        ({"stages": [3, True]}, "stages: got [3, True], want a list"),
        ({"depth": "50"}, "depth: got '50', want a whole number"),
        ({"output-size": 7}, "got 7, want a list of whole numbers, as [7, 7]"),
        ({"batch": 0, "depth": 1}, "batch: got 0, want a whole number from 1 on"),
        ({"training": 1, "depth": 1}, "training: got 1, want true or false"),
        ({"input": "3,x", "depth": 1}, "p.toml:3: input: "),
        ({"input": 7.5, "depth": 1}, "p.toml:3: input: "),
        ({"spec": ["a"]}, "spec: got ['a'], want text in quotes"),
        ({"name": "", "depth": 1}, "name: got '', want text"),
        ({}, "nothing is checked, want one of max-macs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(keys, message):
    """File and line, key, what was got, what is legal."""
    with pytest.raises(SpecError) as error:
        budget_of(**keys)
    assert str(error.value).startswith("p.toml:3: ")
    assert message in str(error.value)


def test_a_map_may_be_written_as_text():
    """As tables write it."""
    assert (7, 7) == budget_of(output_size="7×7").expected["output-size"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that writes the file of a project, in the working folder."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        Path("pyproject.toml").write_text(text)
        return Path("pyproject.toml")

    return write


def test_the_section_is_read_by_both(project):
    """What documents may do, and budgets, stand side by side."""
    path = project(
        '[tool.resviz]\nallow = ["a.py"]\n\n[[tool.resviz.check]]\nspec=8\ndepth=8\n'
    )
    assert ("a.py",) == project_allow_list(path.parent).patterns
    (budget,) = read_budgets(read_section(path), path)
    assert ("8", "8", "pyproject.toml:4") == (budget.spec, budget.name, budget.where)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "pyproject.toml: no network to check, want a table as"),
        ("[tool.resviz]\nchek = 1\n", "below [tool.resviz]: did you mean 'check'"),
        ("[tool.resviz]\ncheck = 1\n", "check below [tool.resviz]: got 1, want tables"),
        ("[[tool.resviz.check]]\nspec=8\ndepth=1\n" * 2, "'8' is the name of several"),
        ("[[tool.resviz.check]\n", "pyproject.toml: cannot be read"),
        ("\n[[tool.resviz.check]]\nspec='no'\ndepth=1", "toml:2: spec: unknown"),
    ],
)  # fmt: skip
def test_a_wrong_section(project, text, message):
    """It says where, and what to write."""
    project(text)
    with pytest.raises(SpecError) as error:
        check_project()
    assert message in str(error.value)


def test_a_stored_record_that_is_not_there(project):
    """The command that writes it is named."""
    project('[[tool.resviz.check]]\nspec = "cifar8"\nrecord = "r.json"\nmacs = "+0%"\n')
    with pytest.raises(
        RecordError, match=r"record: 'r.json'.*check --update writes it"
    ):
        check_project()


def test_an_update_writes_over_no_other_file(project):
    """Only over a record."""
    project('[[tool.resviz.check]]\nspec = "cifar8"\nrecord = "r.json"\nmacs = "+0%"\n')
    Path("r.json").write_text("{}")
    with pytest.raises(RecordError, match="not written over"):
        check_project(update=True)
    assert "{}" == Path("r.json").read_text()


def test_a_strangers_file_above_is_not_taken(project, monkeypatch):
    """The search ends at the repository, and outside of one in the working folder."""
    path = project("").resolve()
    inner = path.parent / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    with pytest.raises(SpecError, match=r"no pyproject.toml here.*--config FILE"):
        find_project_file("--config FILE")
    (inner / ".git").mkdir()
    with pytest.raises(SpecError, match=r"nor above it in its repository"):
        find_project_file()
    (inner / ".git").rmdir()
    (path.parent / ".git").mkdir()
    assert path == find_project_file()
