"""The server as an agent meets it: the official client, and no network."""

import os
import sys
from importlib import import_module

import pytest
import torch

from resviz.models import resnet18
from tests.checkpoints.files import list_state, write_safetensors
from tests.conftest import ROOT

if os.environ.get("CI") != "true":
    pytest.importorskip("mcp")
anyio, mcp = import_module("anyio"), import_module("mcp")

OFFLINE = """
import socket

def refuse(*args):
    raise OSError("there is no network")

socket.getaddrinfo = socket.socket.connect = refuse
"""

NET = """
import os, socket, sys
from resviz.models import resnet18

print("imported")

def build():
    print("built")
    os.write(1, b"written by a library\\n")
    sys.stdin.read()
    return resnet18()

def fetch():
    socket.create_connection(("127.0.0.1", 9))
"""

BUDGET = """
[[tool.resviz.check]]
spec = "resnet18"
max-macs = "1.8G"
"""

CALLS = {
    "totals": ("summary", {"spec": "resnet50"}),
    "downsample": ("shortcuts", {"spec": 50, "only": "projection"}),
    "wide": ("compare", {"specs": [50, "wide_resnet50_2"]}),
    "variants": ("compare", {"specs": [18, 34, "resnet(18, shortcut='A')"]}),
    "maps": ("features", {"spec": 50, "input_size": [3, 800, 1333]}),
    "field": ("receptive", {"spec": 50, "top": 1}),
    "bytes": ("memory", {"spec": 50}),
    "tools": ("costs", {"spec": 50}),
    "paper": ("table", {}),
    "stem": ("layers", {"spec": 50, "only": "conv", "top": 1}),
    "stored": ("trace", {"spec": "resnet18", "output": "r18.json"}),
    "larger": ("sizes", {"spec": "r18.json", "sizes": [224, 225]}),
    "block": ("describe", {"specs": ["r18.json"], "figure": "block"}),
    "drawn": ("diagram", {"specs": ["r18.json"]}),
    "weights": ("identify", {"file": "w.safetensors"}),
    "budget": ("check", {}),
    "code": ("summary", {"spec": "net.py:build"}),
    "fetching": ("summary", {"spec": "net.py:fetch"}),
    "stranger": ("summary", {"spec": "other.py:build"}),
    "unknown": ("sumary", {"spec": 50}),
}


async def ask(folder, log):
    """The tools, and the answer to each call, by one server."""
    server = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "resviz", "mcp", "--allow", "net.py"],
        env={"PYTHONPATH": f"{folder / 'offline'}{os.pathsep}{ROOT}"},
        cwd=folder,
    )
    async with (
        mcp.stdio_client(server, errlog=log) as streams,
        mcp.ClientSession(*streams) as client,
    ):
        await client.initialize()
        tools = (await client.list_tools()).tools
        answers = {
            key: await client.call_tool(name, arguments)
            for key, (name, arguments) in CALLS.items()
        }
    return tools, answers


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The tools, the answers, and what came to stderr."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".git").mkdir()
    (folder / "offline").mkdir()
    (folder / "offline" / "sitecustomize.py").write_text(OFFLINE)
    (folder / "net.py").write_text(NET)
    (folder / "pyproject.toml").write_text(BUDGET)
    with torch.device("meta"):
        entries = list_state(resnet18(num_classes=10))
    write_safetensors(folder / "w.safetensors", entries)
    with (folder / "log").open("w") as log:
        tools, answers = anyio.run(ask, folder, log)
    return tools, answers, (folder / "log").read_text()


@pytest.fixture(scope="module")
def told(asked):
    """A function from a call to its answer; the client has held it to its schema."""

    def told(key):
        answer = asked[1][key]
        assert not answer.is_error, answer.content[0].text
        return answer.structured_content

    return told


def test_twelve_facts(told):
    """Published counts, and those of torch's own modules."""
    totals, wide = told("totals"), told("wide")
    assert 25_557_032 == totals["params"]
    assert 4_089_184_256 == totals["macs"]
    assert [3, 4, 6, 3] == [stage["blocks"] for stage in totals["stages"]]
    places = [f"layer{k}.0" for k in (1, 2, 3, 4)]
    assert places == [row["name"] for row in told("downsample")["result"]]
    assert 43_326_208 == wide["to"]["params"] - wide["from"]["params"]
    assert wide["changes"][0]["sentence"].startswith("the 3×3 of every block is twice")
    maps = told("maps")["features"]
    assert ["C2", "C3", "C4", "C5"] == [row["name"] for row in maps]
    assert [25, 42] == maps[-1]["size"]
    assert pytest.approx(1333 / 42, 1e-4) == maps[-1]["stride"][1]
    assert [427, 427] == told("field")["largest"]["receptive_field"]
    assert 4 * 25_557_032 == told("bytes")["parameter_bytes"]
    rows = {
        row["tools"][0]["name"]: row["total"] for row in told("tools")["conventions"]
    }
    assert 4_111_512_576 == rows["fvcore"]
    assert 3_857_973_248 == told("paper")["columns"][2]["macs"]
    assert "conv1" == told("stem")["result"][0]["name"]


def test_a_stored_record_is_a_spec(told):
    """Of it other sizes and figures are made."""
    assert told("stored")["path"].endswith("r18.json")
    assert 11_689_512 == told("stored")["params"]
    assert [[7, 7], [8, 8]] == [row["map"] for row in told("larger")["sizes"]]
    assert told("block")["description"].startswith(
        "conv3_1 of ResNet-18, a basic block"
    )
    assert told("drawn")["text"].startswith("---\nconfig:\n  flowchart:")
    deeper, plain = told("variants")["variants"]
    assert 10_108_160 == sum(change["params"] for change in deeper["changes"])
    assert "shortcut" in plain["changes"][0]["sentence"]


def test_weights_are_a_spec(told):
    """Of a file without values."""
    assert "resnet(18, num_classes=10)" == told("weights")["spec"]


def test_budgets_are_judged(told):
    """A breach is no error, but an answer."""
    assert not told("budget")["passed"]
    assert "max-macs: got 1,814,073,344 MACs" in told("budget")["breaches"][0]


def test_what_code_prints_goes_to_stderr(asked, told):
    """And what it reads of stdin is nothing."""
    assert 11_689_512 == told("code")["params"]
    for words in ("imported", "built", "written by a library"):
        assert f"{words}\n" in asked[2]


def test_errors_are_those_of_the_command_line(asked):
    """A call's error, one line, without a traceback; nothing was fetched."""
    texts = {k: a.content[0].text for k, a in asked[1].items() if a.is_error}
    assert {"fetching", "stranger", "unknown"} == {*texts}
    assert "OSError: there is no network at " in texts["fetching"]
    assert (
        "other.py:build runs code, which an agent may only if it is allowed: start the "
        "server with --allow 'other.py' or allow = ['other.py'] below [tool.resviz]"
    ) in texts["stranger"]
    assert texts["unknown"].startswith("unknown tool 'sumary': did you mean 'summary'?")
    assert "Traceback" not in asked[2] + "".join(texts.values())


def test_every_tool_says_what_it_takes_and_gives(asked):
    """And which of them writes."""
    tools = {tool.name: tool for tool in asked[0]}
    named = {"check", "compare", "describe", "identify", "trace", "summary", "sizes"}
    assert named < {*tools}
    assert ["trace"] == [
        n for n, t in tools.items() if not t.annotations.read_only_hint
    ]
    for tool in tools.values():
        assert {"object"} == {tool.input_schema["type"], tool.output_schema["type"]}
        for schema in tool.input_schema["properties"].values():
            assert schema["description"]
