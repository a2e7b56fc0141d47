"""Rules of one's own: by name, for any record, in every process; never nonsense."""

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

import resviz
from resviz.operations.own_rules import OWN_RULES
from resviz.sweeps.supervisor import WORKERS, Settings, trace_batch

if TYPE_CHECKING:
    from resviz import MacRule, Operation


@torch.library.custom_op("resviz_test::scan", mutates_args=())
def scan(x: torch.Tensor, states: int, steps: list[int]) -> torch.Tensor:
    """An operation that only its author can count."""
    return x.clone()


@torch.library.custom_op("resviz_test::mix", mutates_args=())
def mix(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The same with a weight."""
    return x @ weight


@torch.library.custom_op("resviz_test::scale", mutates_args={"x"})
def scale(x: torch.Tensor, times: int) -> None:
    """One that writes to its operand, and returns nothing."""
    x.mul_(times)


@scan.register_fake
def _(x, states, steps):
    return torch.empty_like(x)


@mix.register_fake
def _(x, weight):
    return x.new_empty(*x.shape[:-1], weight.shape[1])


class Scans(nn.Module):
    """A linear layer, then both."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.weight = nn.Parameter(torch.zeros(8, 4))

    def forward(self, x):
        x = torch.ops.resviz_test.scan(self.linear(x), 5, [1, 2])
        return torch.ops.resviz_test.mix(x, self.weight)


LINEAR = 2 * 10 * 8 * 8


def count_scan(op: "Operation") -> int:
    """One MAC a value and state."""
    n, length, channels = op.inputs[0]
    return n * length * channels * op.arguments["states"]


def count_mix(op: "Operation") -> int:
    """A matrix product."""
    n, length, channels = op.inputs[0]
    return n * length * channels * op.outputs[0][2]


@pytest.fixture(autouse=True)
def _forget():
    """No rule outlives its test."""
    yield
    for name in [*OWN_RULES]:
        resviz.forget_rule(name.replace(".", "::") if "." in name else f"aten::{name}")


@pytest.fixture(name="arch")
def record_of_scans():
    """Two samples of ten steps of eight features."""
    return resviz.trace(Scans(), (10, 8), 2)


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_an_operation_is_counted_by_its_rule(mode):
    """With a weight or without, by its numbers too, and nothing is left out."""
    rule: MacRule = resviz.rule("resviz_test::scan")(count_scan)
    resviz.rule("resviz_test::mix")(count_mix)
    arch = resviz.trace(Scans(), (10, 8), 2, mode=mode)
    expected = LINEAR + 2 * 10 * 8 * 5 + 2 * 10 * 8 * 4
    assert (expected, (), count_scan) == (arch.macs, arch.uncounted, rule)


def test_a_record_made_or_saved_before_is_counted_too(arch, tmp_path):
    """Facts are stored, the numbers that the rule needs among them."""
    assert ["resviz_test.scan", "resviz_test.mix"] == [
        gap.operation for gap in arch.uncounted
    ]
    arch.save(tmp_path / "scans.json")
    assert arch.macs == LINEAR
    resviz.rule("resviz_test::scan")(count_scan)
    assert arch.macs == resviz.load(tmp_path / "scans.json").macs == LINEAR + 800
    assert ["resviz_test.mix"] == [gap.operation for gap in arch.uncounted]


def test_a_rule_is_replaced_and_forgotten(arch):
    """A cell of a notebook may run twice; afterwards all is as before."""
    resviz.rule("resviz_test::scan")(lambda op: 1)
    resviz.rule("resviz_test::scan")(lambda op: 2)
    assert arch.macs == LINEAR + 2
    resviz.forget_rule("resviz_test::scan")
    assert (LINEAR, 2) == (arch.macs, len(arch.uncounted))


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_an_operation_that_returns_nothing_is_seen(mode):
    """What it writes to is its result, and what comes from there flows on."""

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.after = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x):
            x = self.before(x)
            torch.ops.resviz_test.scale(x, 3)
            return self.after(x)

    arch = resviz.trace(Scaled(), (8,), mode=mode)
    (gap,) = arch.uncounted
    assert (gap.operation, gap.count) == ("resviz_test.scale", 1)
    scaled = arch[gap.first]
    assert arch["before"].index == scaled.sources[0].layer
    assert scaled.index == arch["after"].sources[0].layer
    resviz.rule("resviz_test::scale")(lambda op: op.arguments["times"])
    assert arch.macs == 2 * 64 + 3


def test_an_operation_of_torch_without_a_rule_may_have_one():
    """By the name that ATen gives it."""

    class Exponential(nn.Module):
        def forward(self, x):
            return torch.matrix_exp(x)

    resviz.rule("aten::linalg_matrix_exp")(lambda op: op.inputs[0][-1] ** 3)
    assert resviz.trace(Exponential(), (3, 3)).macs == 27


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "resviz_test::scna",
            "rule 'resviz_test::scna': torch knows no such operation of resviz_test",
        ),
        ("scan", "rule 'scan': want an operation as torch names it, 'mylib::scan'"),
        (scan, "rule <CustomOpDef(resviz_test::scan)>: want an operation as torch"),
        (
            "aten::convolution",
            "rule 'aten::convolution': resviz counts it itself, want another operation",
        ),
        ("aten::conv2d", "rule 'aten::conv2d': torch runs others in its place, and no"),
        ("aten::einsum", "rule 'aten::einsum': torch runs others in its place, and no"),
        ("aten::relu_", "rule 'aten::relu_': resviz knows that it has no MACs"),
    ],
)
def test_a_name_that_no_rule_can_have_is_refused(name, message):
    """At once, with the name that may be meant."""
    with pytest.raises(resviz.RuleError) as caught:
        resviz.rule(name)
    assert str(caught.value).startswith(message)


def test_a_misspelt_name_is_told_the_right_one():
    """And in which order things are to stand."""
    remedy = "did you mean 'resviz_test::scan'; a rule stands after what defines its op"
    with pytest.raises(resviz.RuleError, match=remedy):
        resviz.rule("resviz_test::scna")


def test_a_library_that_is_not_here_is_no_error(arch):
    """A record may come from where it is; a near name is told where it matters."""
    resviz.rule("resviz_tests::scan")(lambda op: 1)
    said = str(resviz.summary(arch))
    assert "no rule is for resviz_test::scan, did you mean 'resviz_tests::scan'" in said


def test_forgetting_what_is_not_there_is_refused():
    """With the rule that may be meant."""
    resviz.rule("resviz_test::scan")(count_scan)
    with pytest.raises(resviz.RuleError, match="there is none, did you mean 'resviz_t"):
        resviz.forget_rule("resviz_test::scam")


def fail(op):
    """A rule that fails."""
    return op.arguments["widths"]


WANT = "want a whole number of multiply-accumulates for the whole batch"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda op: -1, f"{WANT}, got -1 for operands of (2, 10, 8)"),
        (lambda op: 2.0, f"{WANT}, got 2.0 for operands of (2, 10, 8); divide by //"),
        (lambda op: None, f"{WANT}, got None for operands of (2, 10, 8)"),
        (lambda op: True, f"{WANT}, got True for operands of (2, 10, 8)"),
        (fail, "KeyError: 'widths' at "),
    ],
)
def test_a_rule_that_gives_nonsense_is_refused(arch, rule, message):
    """Where the count is asked for, with what it was given."""
    resviz.rule("resviz_test::scan")(rule)
    with pytest.raises(resviz.RuleError) as caught:
        resviz.summary(arch)
    assert str(caught.value).startswith(f"rule 'resviz_test::scan': {message}")


def test_whole_numbers_of_other_libraries_are_numbers(arch):
    """As NumPy's, whose products are common in rules."""
    resviz.rule("resviz_test::scan")(lambda op: np.prod(op.inputs[0]))
    assert (LINEAR + 160, int) == (arch.macs, type(arch.macs))


def test_text_says_how_to_count_what_is_not_counted(arch):
    """The headline is a bound; its remedy names the operation as torch does."""
    said = str(resviz.summary(arch))
    assert f"at least {LINEAR:,}" in said
    remedy = 'a rule of one\'s own counts it: @resviz.rule("resviz_test::scan")'
    assert remedy in said
    resviz.rule("resviz_test::scan")(count_scan)
    assert '@resviz.rule("resviz_test::mix")' in str(resviz.summary(arch))


def test_a_rule_does_not_say_that_a_weight_is_no_layer(arch):
    """So that the depth stays a bound where the operation has a weight."""
    resviz.rule("resviz_test::scan")(count_scan)
    resviz.rule("resviz_test::mix")(count_mix)
    said = str(resviz.summary(arch))
    assert f"MACs         {arch.macs:,} " in said
    assert "depth        at least 1 weighted layer" in said


def test_no_tool_is_known_to_count_it(arch):
    """Its number is ours."""
    resviz.rule("resviz_test::scan")(count_scan)
    resviz.rule("resviz_test::mix")(count_mix)
    rows = resviz.costs(arch).to_dict()["conventions"]
    assert {None} == {row["total"] for row in rows}


NET = """
import resviz, torch
from torch import nn

@torch.library.custom_op("resviz_cli::scan", mutates_args=())
def scan(x: torch.Tensor, states: int) -> torch.Tensor:
    return x.clone()

@scan.register_fake
def _(x, states):
    return torch.empty_like(x)

class Scan(nn.Module):
    def forward(self, x):
        return torch.ops.resviz_cli.scan(x, 3)
"""

RULE = """
import resviz
import scan_net

@resviz.rule("resviz_cli::scan")
def count_scan(op):
    return op.arguments["states"] * op.inputs[0][-1]
"""


@pytest.fixture(name="library")
def folder_of_modules(tmp_path, monkeypatch):
    """A module that defines an operation, and one that counts it."""
    (tmp_path / "scan_net.py").write_text(NET)
    (tmp_path / "scan_rule.py").write_text(RULE + "Scan = scan_net.Scan\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_has_the_rules_of_what_its_spec_imports(library):
    """Nothing else need be said."""
    command = [sys.executable, "-m", "resviz", "summary", "--input", "7"]
    env = {"PYTHONPATH": ":".join(sys.path)}
    totals = [
        subprocess.run(
            [*command, f"{spec}:Scan"],
            check=True,
            capture_output=True,
            text=True,
            env=env,
        ).stdout
        for spec in ("scan_net", "scan_rule")
    ]
    assert ["at least 0 " in text for text in totals] == [True, False]
    assert "MACs         21, at 2 FLOPs each 42" in totals[1]


def test_a_sweep_has_the_rules_of_modules_that_were_imported(library):
    """Its worker processes import them, though the SPEC does not."""
    settings = Settings(inputs=("7",), rule_modules=("scan_rule", "no_such_module"))
    WORKERS.open()
    try:
        rows = [
            trace_batch(each, [("scan_net:Scan", None, None)]).rows[0]
            for each in (Settings(inputs=("7",)), settings)
        ]
    finally:
        WORKERS.close()
        WORKERS.open()
    assert ([None, None], [0, 21]) == (
        [row["error"] for row in rows],
        [row["macs"] for row in rows],
    )
