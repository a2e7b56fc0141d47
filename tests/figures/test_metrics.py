"""Widths of text against Arial's own, and fitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.figures.drawing.canvas import round_corners
from resviz.figures.drawing.metrics import (
    cap_lines,
    fit_name,
    fit_text,
    text_width,
    wrap_phrases,
    wrap_words,
)


def test_width_is_helveticas():
    """Adobe's AFM: H 722, e 556, l 222, l 222, o 556 thousandths."""
    assert 10 * (722 + 556 + 222 + 222 + 556) / 1000 == pytest.approx(
        text_width("Hello", 10)
    )


def test_wide_characters_take_a_square():
    """Chinese characters are as wide as they are high."""
    assert 24 == text_width("残差", 12)


def test_a_sign_that_fonts_lack_widens_its_line():
    """A converter sets all of it in another font, as DejaVu Sans, an eighth wider."""
    assert text_width("heads, q·kᵀ") >= 1.1 * text_width("heads, q·kT")


def test_a_mark_above_a_letter_takes_no_room():
    """Text in which each accent is a character of its own is as wide as without."""
    assert text_width("resume") == text_width("re\u0301sume\u0301")


@given(st.text(max_size=300), st.floats(20, 400))
def test_fitted_text_fits(text, room):
    """Whatever the text, it is no wider than its room, or one sign."""
    assert text_width(fit_text(text, room)) <= max(room, text_width("…"))


@given(st.text(max_size=300), st.floats(20, 400))
def test_a_fitted_name_fits(name, room):
    """Whatever the name, it is no wider than its room, or one sign."""
    assert text_width(fit_name(name, room)) <= max(room, text_width("…"))


def test_names_that_begin_alike_end_apart():
    """Both ends of a cut name stand."""
    assert "abc…hij" == fit_name("abcdefghij", 45)
    first, second = (fit_name(f"incre_modules.{part}", 90) for part in ("0–3", "4–7"))
    assert (first[:3], first[-4:], second[-4:]) == ("inc", ".0–3", ".4–7")


def test_cut_text_says_so():
    """A cut is marked with an ellipsis."""
    assert "abcd…" == fit_text("abcdefghij", 40)


def test_words_flow_into_lines():
    """Each line but the last ends in what joins them."""
    assert ["one →", "two →", "three"] == wrap_words(["one", "two", "three"], " → ", 40)


def test_capped_lines_count_what_is_left_out():
    """The middle gives way, and its number is told."""
    lines = cap_lines(list("abcdefgh"), 5)
    assert ("a", "b", "… 4 more lines …", "g", "h") == lines


def test_a_narrow_count_of_lines_left_out_is_wrapped():
    """It is no wider than the lines around it."""
    lines = cap_lines(["abc"] * 40, 5, 60)
    assert ("abc", "abc") == lines[:2] == lines[-2:]
    assert "… 36 more lines …" == " ".join(lines[2:-2])
    assert max(map(text_width, lines)) <= 60


def test_rounded_wire_has_whole_curves():
    """A path of n curves has 3·n + 1 control points and keeps its ends."""
    path = round_corners(((0, 0), (0, 50), (80, 50)))
    assert 1 == len(path) % 3
    assert ((0, 0), (80, 50)) == (path[0], path[-1])


def test_corners_that_are_near_do_not_overlap():
    """A wire that turns twice within eight pixels never goes back."""
    path = round_corners(((0, 0), (0, 50), (8, 50), (8, 100)))
    for axis in (0, 1):
        places = [point[axis] for point in path]
        assert sorted(places) == places


@pytest.mark.parametrize("room", range(90, 420, 15))
def test_an_option_stays_with_its_value(room):
    """What is copied off a figure into a command stands in one line."""
    phrases = ["69 boxes too narrow for words, more fit with --direction LR", "end"]
    lines = wrap_phrases(phrases, " · ", room)
    assert any("--direction LR" in line for line in lines)
    assert all(text_width(line.removesuffix(" ·")) <= room for line in lines)


@pytest.mark.parametrize("room", range(90, 420, 15))
def test_no_word_of_a_note_stands_alone(room):
    """Lines are of about one length, and as few as before."""
    phrase = "of 491 connections 20 are drawn, 8 lie inside boxes, 463 are elsewhere"
    lines = wrap_phrases([phrase], " · ", room)
    usual = wrap_words(phrase.split(), " ", room)
    assert len(lines) == len(usual)
    assert phrase == " ".join(lines)
    assert len(lines[-1].split()) > 1 or len(lines) == len(phrase.split())
