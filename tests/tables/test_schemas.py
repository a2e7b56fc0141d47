"""The JSON of every command has a head, and is what its published schema says."""

import json

import pytest
from jsonschema import Draft202012Validator

import resviz
from resviz.cli import COMMANDS
from resviz.models import cifar_resnet
from resviz.sweeps.sweep import run_sweep
from resviz.sweeps.table import sweep_table
from resviz.tables import TABLES
from resviz.tables.schemas import JSON_TYPES, make_command_schema
from tests.checkpoints.files import list_state, write_safetensors
from tests.conftest import ROOT

STORED = ROOT / "tests" / "readings" / "structure" / "golden" / "records"

NO_JSON = {"describe", "diagram", "embed", "mcp", "report", "trace"}
"""Commands that print no JSON, and one whose JSON is a record."""


def close(node):
    """A schema that takes no key but its own, and rows of sweeps what varies."""
    if isinstance(node, list):
        return [*map(close, node)]
    if not isinstance(node, dict) or node.get("title") == "SweepRowJson":
        return node
    closed = {key: close(value) for key, value in node.items()}
    return closed | ({"additionalProperties": False} if "properties" in closed else {})


def check(command, table):
    """Hold what a command prints to its schema, and look at its head."""
    data = json.loads(table.to_json())
    Draft202012Validator(close(make_command_schema(command))).validate(data)
    if not isinstance(data, list):
        head = {"format": f"resviz.{command}", "version": 1, "resviz": "0.1.0"}
        assert head == {key: data[key] for key in head}


def test_every_command_has_one():
    """A new command whose JSON has no schema is found here."""
    assert {*COMMANDS, *TABLES} - NO_JSON == {*JSON_TYPES}


@pytest.mark.parametrize("command", JSON_TYPES)
def test_what_is_published_is_what_the_code_says(command):
    """docs/schemas, written as CONTRIBUTING says."""
    path = ROOT / "docs" / "schemas" / f"{command}.schema.json"
    assert json.loads(path.read_text()) == make_command_schema(command)
    Draft202012Validator.check_schema(make_command_schema(command))


@pytest.mark.parametrize("name", ["toy_flat_resnet18", "hrnet_w18_small"])
def test_tables_keep_to_their_schemas(name):
    """Of a network without modules, of branches; with each option."""
    arch = resviz.load(STORED / f"{name}.json.gz")
    for command, table in TABLES.items():
        switches = [o for o in ("why", "every", "once") if o in table.options]
        given = {"sizes": "64,224"} if command == "sizes" else {}
        for options in (given, *({option: True} for option in switches)):
            try:
                check(command, table.build([arch], **options))
            except resviz.SpecError:  # of what has no stages or maps
                assert command in {"table", "sizes"}


def test_tables_of_several_keep_to_theirs(record, tmp_path):
    """Comparisons, budgets, sweeps."""
    archs = record("resnet18"), record("cifar20"), record("resnet50")
    check("compare", resviz.compare(*archs[:2]))
    check("compare", resviz.compare(*archs))
    path = tmp_path / "pyproject.toml"
    path.write_text('[[tool.resviz.check]]\nspec = "resnet18"\nmax-macs = "1G"\n')
    check("check", resviz.check(path=path))
    check("roofline", resviz.roofline(archs[1], device="T4"))
    check("memory", resviz.memory(archs[1], fit="1GiB"))
    write_safetensors(tmp_path / "w.safetensors", list_state(cifar_resnet(20)))
    check("identify", resviz.identify(tmp_path / "w.safetensors"))
    sweep = run_sweep(("cifar{20,21}",), jobs=1, baseline="cifar20", pareto="params")
    check("sweep", sweep_table(sweep))


def test_the_check_can_fail(record):
    """A key that no schema has is found."""
    table = resviz.summary(record("resnet18"))
    table.data["more"] = 1
    with pytest.raises(Exception, match="'more' was unexpected"):
        check("summary", table)
