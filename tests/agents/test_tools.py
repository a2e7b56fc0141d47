"""What the tools take and refuse, without a protocol and its package."""

import json
import sys
from typing import Any

import pytest

import resviz as package
from resviz.agents.server import ToolError, call_tool
from resviz.agents.session import KEPT_RECORDS, AgentSession
from resviz.agents.tools import TOOLS
from resviz.embed import record_cache
from resviz.tables import TABLES


@pytest.fixture
def session(tmp_path, monkeypatch, record):
    """A session in a repository that holds one record."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repository")
    record("resnet18").save("r18.json")
    record("resnet18").save(tmp_path / "outside.json")
    return AgentSession()


def call(session, name, **arguments):
    """The answer of a tool."""
    return json.loads(call_tool(session, name, arguments))


def test_every_table_is_a_tool(session):
    """And gives what its command prints as JSON; a list stands under `result`."""
    assert {*TABLES} < {*TOOLS}
    for name in TABLES:
        given = (
            {"specs": ["r18.json"]} if TABLES[name].several else {"spec": "r18.json"}
        )
        own = TABLES[name].build([package.load("r18.json")]).to_json()
        answer = call(session, name, **given)
        assert json.loads(own) == answer.get("result", answer)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("summary", {}, "spec is missing, want one SPEC, as 'resnet50'"),
        ("summary", {"spec": []}, "spec: got 0, want one SPEC, as 'resnet50'"),
        ("sweep", {}, "specs is missing, want one SPEC or more, as 'resnet50'"),
        ("sweep", {"specs": ["space.txt"]}, "space.txt: a tool reads no file of SPECs"),
        ("sweep", {"specs": ["{18,{net.py:a,34}}"]}, "net.py:a"),
        (
            "sweep",
            {"specs": ["timm:resnet*"]},
            "timm:models imports code, which an agent",
        ),
        (
            "sweep",
            {"specs": ["{timm,os}:*"]},
            "timm:models imports code, which an agent",
        ),
        ("sweep", {"specs": [18], "baseline": "os:x"}, "imports code, which an agent"),
        (
            "sweep",
            {"specs": ["50(weights={'https://a.b/c','x.pth'})"]},
            "fetches https://a.b/c",
        ),
        ("sweep", {"specs": ["50(groups={1..501})"]}, "got 501 variants, want 500 at"),
        ("summary", {"spec": ""}, "spec: got '', want a SPEC, as 'resnet50'"),
        ("summary", {"spec": True}, "spec: got True, want a SPEC"),
        ("summary", {"spec": ["a", "b"]}, "spec: got 2, want one SPEC"),
        ("compare", {"specs": [18]}, "specs: got 1, want 2 SPECs or more"),
        ("summary", {"spec": 18, "bach": 2}, "unknown argument 'bach': did you mean"),
        ("summary", {"spec": 18, "batch": 0}, "batch: got '0', want a whole number"),
        ("summary", {"spec": 18, "batch": True}, "batch: got True, want Samples"),
        ("summary", {"spec": 18, "training": 1}, "training: got 1, want true or false"),
        ("layers", {"spec": 18, "only": "con"}, "only: got 'con', did you mean 'conv'"),
        ("trace", {"spec": 18}, "trace: output is missing, want File in this"),
        ("trace", {"spec": 18, "output": "a.txt"}, "a.txt"),
        (
            "trace",
            {"spec": 18, "output": "../a.json"},
            "leads out of the folder of the s",
        ),
        ("trace", {"spec": 18, "output": ".git/a.json"}, "lies in .git"),
        ("trace", {"spec": 18, "output": "package.json"}, "is there and no record"),
        (
            "summary",
            {"spec": "../outside.json"},
            "leads out of the folder of the server",
        ),
        ("summary", {"spec": "torch.nn:ReLU"}, "imports code, which an agent may only"),
        ("summary", {"spec": "50(weights='https://a.b/c')"}, "fetches https://a.b/c"),
        ("describe", {"specs": ["r18.json"], "image": "../a.png"}, "leads out of"),
        ("diagram", {"specs": ["r18.json"], "image": "../a.png"}, "leads out of"),
        ("diagram", {"specs": [18], "syntax": "png"}, "syntax: got 'png', want one of"),
        ("identify", {}, "identify: file is missing, want Weights in"),
        ("identify", {"file": "../outside.json"}, "leads out of the folder of the ser"),
        ("identify", {"file": "r18.json"}, "r18.json: "),
        ("check", {}, "want one with [[tool.resviz.check]]\n"),
        ("check", {"spec": 18}, "unknown argument 'spec'"),
    ],
)
def test_refusals(session, tmp_path, name, arguments, words):
    """Each says what was got, and what was wanted; no other file is overwritten."""
    (tmp_path / "repository" / "package.json").write_text('{"name": "mine"}')
    with pytest.raises(ToolError) as caught:
        call_tool(session, name, arguments)
    assert words in f"{caught.value}\n"
    assert '{"name": "mine"}' == (tmp_path / "repository" / "package.json").read_text()
    assert not (tmp_path / "a.json").exists()


def test_variants_are_swept(session):
    """A row each, as the command prints it, with conditions and a baseline."""
    answer = call(
        session, "sweep", specs=["resnet({18,34}, input={64,96})"], batch=2,
        where="macs < 1.02 * baseline_macs", baseline="resnet(34, input=64)",
    )  # fmt: skip
    rows = {row["spec"]: row for row in answer["variants"]}
    assert (4, 0) == (answer["traced"], answer["failed"])
    wanted = package.trace(34, (3, 64, 64), batch=2)
    assert (wanted.params, wanted.macs) == (
        rows["resnet(34)"]["params"], rows["resnet(34)"]["macs"]
    )  # fmt: skip
    assert (
        "+0" == str(rows["resnet(34)"]["macs_diff"])
        or not (rows["resnet(34)"]["macs_diff"])
    )


def test_a_figure_is_text(session):
    """Mermaid unless another syntax is named; of a drawing to scale, with a remedy."""
    drawn = call(session, "diagram", specs=["r18.json"])
    own = package.diagram("r18.json")
    assert ("mermaid", own.to_mermaid()) == (drawn["syntax"], drawn["text"])
    assert own.description == drawn["description"]
    options: Any = {"figure": "volumes", "width": "3in", "style": "paper"}
    drawn = call(session, "diagram", specs=[18], syntax="svg", **options)
    assert package.diagram(18, **options).to_svg() == drawn["text"]
    both = call(session, "diagram", specs=["r18.json", 34], diff=True, syntax="svg")
    assert "+1.85 G MACs" in both["description"]
    with pytest.raises(ToolError, match=r"Mermaid says .* alone; write \.svg instead"):
        call_tool(session, "diagram", {"specs": [18], "figure": "volumes"})


def test_values_are_written_as_text_or_as_lists(session):
    """Sizes, indices and inputs, as agents write them."""
    spec = "r18.json"
    listed = call(session, "features", spec=spec, out_indices=[1, 2])
    assert listed == call(session, "features", spec=spec, out_indices="1,2")
    sizes = call(session, "sizes", spec=spec, sizes=[224, "225x300"])["sizes"]
    assert [[224, 224], [225, 300]] == [row["input"] for row in sizes]
    shapes = [
        call(session, "summary", spec="cifar20", input_size=size)["input_shape"]
        for size in ([3, 64, 64], "3,64,64", ["3,64,64"])
    ]
    assert [[1, 3, 64, 64]] * 3 == shapes


def test_a_server_of_days_keeps_few_records(session, monkeypatch):
    """The oldest go first."""
    kept = {str(k): None for k in range(KEPT_RECORDS + 3)}
    monkeypatch.setattr(record_cache, "RECORDS_IN_MEMORY", kept)
    monkeypatch.setattr("resviz.agents.session.RECORDS_IN_MEMORY", kept)
    call(session, "summary", spec="cifar20")
    assert KEPT_RECORDS == len(kept)
    assert "0" not in kept


def test_the_owner_alone_allows(session, tmp_path):
    """What an agent writes to pyproject.toml later allows nothing."""
    (tmp_path / "repository" / "net.py").write_text("raise SystemExit(5)")
    arguments = {"spec": "net.py:build"}
    allow = '[tool.resviz]\nallow = ["net.py"]\n'
    (tmp_path / "repository" / "pyproject.toml").write_text(allow)
    with pytest.raises(ToolError, match="runs code, which an agent may only"):
        call_tool(session, "summary", arguments)
    with pytest.raises(ToolError, match=r"SystemExit: 5 at net\.py:1"):
        call_tool(AgentSession(), "summary", arguments)
    with pytest.raises(ToolError, match=r"SystemExit: 5 at net\.py:1"):
        call_tool(AgentSession(["net.py"]), "summary", arguments)


def test_without_the_package_there_is_a_remedy(session, monkeypatch):
    """One line that says what to install."""
    from resviz.agents.server import serve

    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(
        package.ResvizError, match=r"^mcp is not installed: pip install"
    ):
        serve(session)


def test_the_package_is_imported_by_the_server_alone(run):
    """Not for help, nor for the tools themselves."""
    code = (
        "import sys\nfrom resviz.cli import main\nimport resviz.agents.server\n"
        "try:\n    main(['mcp', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "sys.exit(17 if {'mcp', 'torch'} & set(sys.modules) else 0)"
    )
    run("-c", code)
