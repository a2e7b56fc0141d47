"""SVG, read back by an XML parser."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from resviz.escape import clean_name
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.metrics import fit_text
from resviz.formats.pictures import svg

from .conftest import HOSTILE
from .test_dot import SMALL, said

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(picture, style=styles.SCREEN_STYLE, **options):
    """The root element of a picture's SVG."""
    return ET.fromstring(svg.render(picture, style, **options))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    """Text, title and description give back the cleaned name."""
    root = parsed(said("block", name))
    found = [root.findtext(f".//{NAMESPACE}{tag}") for tag in ("text", "title", "desc")]
    assert [clean_name(name)] * 3 == found


def test_one_unit_is_one_pixel_and_it_shrinks():
    """Width, height and viewBox agree, and the style keeps it in its container."""
    root = parsed(SMALL)
    assert ("120", "80", "0 0 120 80") == tuple(
        root.get(key) for key in ("width", "height", "viewBox")
    )
    assert svg.FLUID == root.get("style")


def test_no_property_of_the_whole_hides_an_attribute():
    """CairoSVG takes `height:auto` for the attribute, and shows nothing."""
    root = parsed(SMALL)
    names = {entry.partition(":")[0] for entry in root.get("style").split(";")}
    assert not names & {*root.keys()}


@pytest.mark.parametrize("style", ["screen", "dark"])
def test_a_reader_that_knows_no_scheme_sees_the_attributes(style):
    """Resvg knows neither `light-dark()` nor `@supports`, and shows it light."""
    import vl_convert

    fixed = replace(styles.find_style(style), dark=None)
    drawn, plain = (
        vl_convert.svg_to_png(svg.render(replace(SMALL, ground="style"), it))
        for it in (styles.find_style(style), fixed)
    )
    assert plain == drawn


@pytest.mark.needs("chromium")
def test_it_shrinks_as_a_whole(browser):
    """In a box of half its width it is half as high."""
    page = browser.new_page()
    shown = svg.render(SMALL, styles.SCREEN_STYLE)
    page.set_content(f'<!DOCTYPE html><div style="width:60px">{shown}</div>')
    box = page.locator("svg").bounding_box()
    assert (60, 40) == (box["width"], box["height"])


def test_equal_pictures_give_equal_bytes():
    """Ids come from the content alone."""
    assert svg.render(SMALL, styles.SCREEN_STYLE) == svg.render(
        SMALL, styles.SCREEN_STYLE
    )


def test_salt_keeps_ids_of_equal_pictures_apart():
    """Two notebook cells share no id."""
    first, second = (
        set(re.findall(r'id="([^"]+)"', svg.render(SMALL, styles.SCREEN_STYLE, salt=s)))
        for s in "ab"
    )
    assert not first & second


def test_every_reference_has_its_id():
    """The labels that a screen reader is sent to are there."""
    text = svg.render(SMALL, styles.SCREEN_STYLE)
    wanted = set(re.search(r'aria-labelledby="([^"]+)"', text)[1].split())
    assert wanted <= set(re.findall(r'id="([^"]+)"', text))


def test_dark_rules_touch_their_own_figure_alone():
    """Every selector names the figure's id."""
    root = parsed(SMALL)
    rules = re.findall(r"([^{}]+)\{(?!svg)", root.findtext(f"{NAMESPACE}style"))
    key = root.find(f"{NAMESPACE}g").get("id")
    selectors = [it for rule in rules if rule[0] != "@" for it in rule.split(",")]
    assert len(selectors) > 12
    assert all(f"#{key}" in selector for selector in selectors)


def test_dark_rules_name_only_colours_that_occur():
    """Colours of resolutions that are not drawn have no rule."""
    root = parsed(SMALL)
    assert "#baecd5" in root.findtext(f"{NAMESPACE}style")
    assert "#a0e1f1" not in root.findtext(f"{NAMESPACE}style")


def test_every_colour_that_occurs_has_its_dark_rule():
    """As a fill and as a stroke, so that nothing stays light on a dark page."""
    root = parsed(SMALL)
    used = {
        f'[{key}="{colour}"]{{{key}:light-dark({colour},'
        for element in root.iter()
        for key in ("fill", "stroke")
        if (colour := element.get(key, "none")) != "none"
    }
    assert {"fill", "stroke"} == {rule[1:].partition("=")[0] for rule in used}
    rules = root.findtext(f"{NAMESPACE}style")
    assert set() == {rule for rule in used if rule not in rules}


@pytest.mark.parametrize("style", [styles.DARK_STYLE, styles.PAPER_STYLE])
def test_fixed_styles_have_no_style_sheet(style):
    """Only the screen style follows the reader."""
    assert parsed(SMALL, style).find(f"{NAMESPACE}style") is None


def test_solids_have_their_faces():
    """Each face is a polygon, and one more shades the side."""
    face = ((0, 0), (5, 0), (5, 5))
    picture = replace(
        SMALL, edges=(), solids=(Solid("s0", (face, face, face), "head"),)
    )
    assert 4 == len(list(parsed(picture).iter(f"{NAMESPACE}polygon")))


def test_nothing_is_fetched_and_nothing_runs(hostile):
    """Neither scripts, links, images nor handlers stand in a figure."""
    from resviz.figures import draw_diagram

    root = ET.fromstring(draw_diagram(hostile[0]).to_svg())
    tags = {element.tag.removeprefix(NAMESPACE) for element in root.iter()}
    keys = {key for element in root.iter() for key in element.attrib}
    assert not tags & {"script", "a", "image", "use", "foreignObject"}
    assert not {key for key in keys if key.startswith("on") or "href" in key}


def test_title_of_a_figure_is_the_networks(hostile):
    """The hostile title stands in the picture as it was cleaned and cut."""
    from resviz.figures import draw_diagram

    arch, name = hostile
    root = ET.fromstring(draw_diagram(arch).to_svg())
    shown = [text.text for text in root.iter(f"{NAMESPACE}text")]
    assert any(fit_text(name, 90, 13, bold=True)[:10] in line for line in shown)
