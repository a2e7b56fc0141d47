"""Braces: what a text with them stands for."""

import ast
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.errors import SpecError
from resviz.sweeps.grammar import expand_braces, split_outside_brackets


@pytest.mark.parametrize(
    "text",
    [
        "resnet{18,34}",
        "{a,b}{c,d}e",
        "a{b,c{d,e}f,g}h",
        "{1..4}",
        "{4..1}",
        "{64..256..64}",
        "{-1..1}",
        "{a,b,}",
        "{../a,..}/b",
        "plain",
    ],
)
def test_as_a_shell_does(text):
    """Bash expands it to the same words in the same order."""
    bash = shutil.which("bash")
    done = subprocess.run(
        [bash, "-c", f"printf '%s\\n' _{text}_"], capture_output=True, text=True
    )
    assert done.stdout.split() == [f"_{one}_" for one in expand_braces(text)]


def test_brackets_hold_together():
    """Commas in brackets of their own split nothing."""
    assert ["layers=[2, 2]", "layers=[3, 4]"] == expand_braces("layers={[2, 2],[3, 4]}")


def test_quotes_protect():
    """What stands in quotes is text."""
    assert ["f(a='{x,y}')"] == expand_braces("f(a='{x,y}')")


def test_a_dictionary_is_no_choice():
    """But braces in it are."""
    assert ["{'a': 1,'b': 2}", "{'a': 1,'b': 3}"] == expand_braces(
        "{'a': 1,'b': {2,3}}"
    )


def test_networks_with_a_package_are_a_choice():
    """A name before a colon is no key of a dictionary."""
    assert ["timm:a", "torchvision:b"] == expand_braces("{timm:a,torchvision:b}")


@pytest.mark.parametrize(
    "text",
    [
        "{20..}",
        "{..56}",
        "{a..z}",
        "{0.1..0.5}",
        "{1..2..}",
        "{1..3,5}",
        "{18}",
        "x{y}z",
    ],
)
def test_braces_without_a_choice_are_refused(text):
    """It says what they take."""
    with pytest.raises(SpecError, match=r"braces take two or more, \{18,34\}"):
        expand_braces(text)


@pytest.mark.parametrize("text", ["{20..56..0}", "{1..4..-0}"])
def test_a_step_of_nothing_is_refused(text):
    """It is not taken for one of 1."""
    with pytest.raises(SpecError, match="has a step of 0, want 1 or more"):
        expand_braces(text)


@pytest.mark.parametrize("text", ["{1,2", "1,2}", "(1]", "f('a)", "{(1,2}"])
def test_what_does_not_match_is_refused(text):
    """With the sign that is wrong."""
    with pytest.raises(SpecError, match=r"too many|lacks"):
        expand_braces(text)


def test_a_slip_of_the_pen_is_refused():
    """A range of a thousand million values is never made."""
    with pytest.raises(SpecError, match="too long"):
        expand_braces("{1..1000000000}")
    with pytest.raises(SpecError, match="want fewer"):
        expand_braces("{1..1000}{1..1000}{1..1000}")


@given(st.lists(st.text("abc(){}[],'=", max_size=6), min_size=1, max_size=4))
def test_any_text_is_expanded_or_refused(parts):
    """Nothing else is raised, whatever is written."""
    text = "{" + ",".join(parts) + "}"
    try:
        assert all(isinstance(one, str) for one in expand_braces(text))
        assert split_outside_brackets(text)
    except SpecError:
        pass


@pytest.mark.parametrize("text", [r"'b\\'", r"'b\', c'", r"'\\\', c'", "'b'"])
def test_a_quote_ends_where_it_ends_in_python(text):
    """An even number of backslashes before its mark leaves it the end."""
    assert isinstance(ast.literal_eval(text), str)
    assert [f"a={text}", "d=1"] == split_outside_brackets(f"a={text},d=1")
