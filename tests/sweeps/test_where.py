"""Conditions on rows."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.errors import SpecError
from resviz.sweeps.rows import mark_lower_bounds
from resviz.sweeps.where import NUMERIC, SHAPE, TEXTUAL, parse_condition

ROW = {
    "macs": 4_089_184_256,
    "params": 25_557_032,
    "error": None,
    "spec": "resnet50",
    "shape": [1, 2048, 7, 7],
}


KINDS = {
    **dict.fromkeys(("macs", "params"), (NUMERIC,)), "spec": (TEXTUAL,),
    "shape": (SHAPE,),
}  # fmt: skip


def holds(text, row=None):
    """Whether a condition holds for a row."""
    return parse_condition(text, ROW).holds(row or ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("macs < 4e9 and params < 30e6", False),
        ("macs < 5e9 and params < 30e6", True),
        ("macs > 5e9 or not params > 30e6", True),
        ("1e9 < macs < 5e9", True),
        ("macs / params >= 160", True),
        ("macs < 2 ** 32", True),
        ("error == None and error is None", True),
        ("spec in ('resnet50', 'resnet18')", True),
        ("'50' in spec", True),
        ("shape[1] == 2048 and shape == [1, 2048, 7, 7]", True),
        ("-macs < 0", True),
        ("shape == '1x2048x7x7' and shape == '2048×7×7'", True),
        ("shape != '2048x7x8' and '7x7' != shape", True),
        ("shape in ('512x7x7', '2048x7x7') and shape not in ['7x7']", True),
    ],
)
def test_what_holds(text, expected):
    """As Python has it."""
    assert expected == holds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("layers == '3x4x6x3'", True), ("layers == '4x6x3'", False)],
)
def test_only_a_shape_has_a_batch_to_leave_out(text, expected):
    """Other lists are their text from the first number on."""
    row = {"layers": [3, 4, 6, 3]}
    assert expected == parse_condition(text, row).holds(row)


@pytest.mark.parametrize(
    "text",
    [
        "spec in ('resnet50', 'resnet18')", "'50' in spec", "2048 in shape",
        "shape == '2048x7x7'", "shape == (1, 2048, 7, 7)", "spec != None",
        "shape in ('2048x7x7', '512x7x7')",
    ],
)  # fmt: skip
def test_kinds_that_go_together(text):
    """They are read as they hold."""
    assert parse_condition(text, ROW, KINDS).holds(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "macs < 1", "macs > 1", "macs + 1 < 3", "macs + 1 != 3", "macs < 'a'",
        "'a' in macs", "'a' not in macs", "macs not in 'a'", "macs[0] == 1",
        "not macs < 1", "not (macs > 1 or macs < 1)", "not (macs > 1 or spec == 'b')",
        "macs + 1",
    ],
)  # fmt: skip
def test_the_unknown_is_neither_less_nor_more(text):
    """A row without a number meets no comparison with it, and may meet others."""
    assert not holds(text, {"macs": None})
    assert holds(f"{text} or spec == 'a'", {"macs": None, "spec": "a"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("macs < 50", False), ("macs <= 99", False), ("macs > 99", True),
        ("macs >= 100", True), ("100 <= macs", True), ("macs == 50", False),
        ("macs != 50", True), ("macs in [1, 2]", False), ("macs not in [1, 2]", True),
        ("macs / 2 > 49", True), ("macs - 1 >= 99", True), ("2 * macs >= 200", True),
        ("macs + depth >= 110", True), ("not macs < 50", True), ("macs < 'a'", None),
        ("macs == None", False), ("macs > 1 and depth > 1", True),
        ("macs > 200 or depth >= 10", True), ("macs > 200 and depth < 5", False),
        *((text, None) for text in (
            "macs < 101", "macs <= 100", "macs > 100", "macs == 100", "macs != 200",
            "200 > macs", "not macs > 200", "1 < macs < 200", "macs in [100, 300]",
            "macs not in [300]", "-macs < 0", "1 / macs < 1", "1 - macs < 0",
            "macs * -1 < 0", "macs % 7 < 7", "macs ** 2 > 1", "macs > depth",
            "macs > 200 or depth < 11", "not (macs > 200 or depth < 5)",
            "not (macs > 200 and depth >= 10)", "macs < 200 and params == 1",
        )),
    ],
)  # fmt: skip
def test_what_is_at_least_so_many_meets_no_upper_bound(text, expected):
    """It may be anything from there on: only what all of that meets is met."""
    row = {"macs": 100, "depth": 10, "params": 1, "not_counted": "x", "error": None}
    row = mark_lower_bounds(row | {"lacks_weights": True})
    condition = parse_condition(text, row)
    if text == "macs < 'a'":
        with pytest.raises(SpecError, match="compares 100 with 'a'"):
            condition.judge(row)
    else:
        assert expected is condition.judge(row)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "macs.real > 1",
        "(lambda: 1)()",
        "[x for x in spec]",
        "macs := 1",
        "f'{macs}'",
        "{1: 2}",
        "macs if params else 1",
        "macs <",
        "",
        "b'x' == 1",
        "macs > " + "(" * 400,
        "1 " * 600,
        "-" * 990 + "1",
    ],
)
def test_nothing_else_is_understood(text):
    """A call, an attribute, a comprehension are refused, and never evaluated."""
    with pytest.raises(SpecError, match="where: "):
        holds(text)


def test_an_unknown_column():
    """It says which there are."""
    with pytest.raises(SpecError, match="no column 'flops', want one of macs, params"):
        holds("flops < 1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("params < 'x'", "params < 'x'. compares a number with a string"),
        ("'x' > macs / 2", "compares a string with a number"),
        ("params == '18'", "compares a number with a string"),
        ("1 < 'x' or spec == 'a'", "compares a number with a string"),
        ("params < 6e5 or 1/0", "'1 / 0' divides by zero"),
        ("params < 6e5 or 1 % (2 - 2) == 1", "divides by zero"),
        ("params < 1 and 9 ** 9 ** 9 > 1", "is too high a power"),
        ("9.5 ** 64 ** 1 * 1e300 ** 2 > 1", "is too large a number"),
        ("(((9 ** 64) ** 64) ** 64) ** 64 > 1", "is too large a number"),
        (" * ".join(["9 ** 64"] * 20) + " > 1", "is too large a number"),
        ("'a' * 9999999999 == 1", "computes with 'a', want numbers"),
        ("(-1) ** 0.5 > 1", "computes with .*j., want numbers"),
        ("shape == 512", "compares a shape with a number"),
        ("shape == '512'", "compares a shape with a string"),
        ("'512' in shape", "seeks a string in a shape, want a number"),
        ("spec == 18", "compares a string with a number"),
    ],
)
def test_what_no_row_can_meet_is_refused_unread(text, said):
    """Before there are rows, and at once; it says which part."""
    with pytest.raises(SpecError, match=f"^where: .*{said}"):
        parse_condition(text, ROW, KINDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stem < 'x'", "stem < 'x'. compares 7 with 'x'"),
        ("params / (stem - 7) < 1", r"'params / \(stem - 7\)' divides by zero"),
        ("-spec < 1", "'-spec' computes with 'resnet50', want numbers"),
        ("shape < 3", r"compares \(1, 2048, 7, 7\) with 3"),
        ("3 in stem", "compares 3 with 7"),
        ("1 < stem < spec", "'1 < stem < spec' compares 7 with 'resnet50'"),
        ("stem[0] == 7", "picks 0 of 7"),
    ],
)
def test_what_a_row_does_not_allow_is_refused(text, said):
    """It says which row."""
    row = {**ROW, "stem": 7}
    condition = parse_condition(text, row)
    with pytest.raises(SpecError, match=f"^where: .*{said}, in the row of 'resnet50'$"):
        condition.holds(row)


def test_a_shape_of_fewer_axes():
    """It has no such axis, which is not known."""
    assert not holds("shape[9] < 1 or shape[9] > 1")
    assert not holds("None in spec or spec in error")


@given(st.text("macs<>=() +-*/0123456789'\"[]{}.,:andornot", max_size=40))
def test_any_text_is_read_or_refused(text):
    """Nothing else is raised."""
    with suppress(SpecError):
        assert holds(text) in {True, False}


def test_parts_that_must_all_hold():
    """They are taken apart, so that some are looked at before a trace."""
    condition = parse_condition(
        "macs < 1 and (spec == 'a' or params < 2) and spec != 'b'", ROW
    )
    assert [{"macs"}, {"spec", "params"}, {"spec"}] == [
        set(part.names) for part in condition.parts
    ]
