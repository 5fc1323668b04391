"""Pictures say what they were given: as markup that holds nobody else's, and as a sentence."""

import re
from xml.etree import ElementTree

import pytest

from queries.reports.shown import Bar, Cell, finding, hours_found, steps_found
from web.pictures import bars, columns, funnel, heat

NASTY = '<script>alert(1)</script> "&'
STEPS = [("Loaded leads", 200), ("Attempted", 150), ("Reached", 30), ("Sale", None)]
CELLS = {(1, 9): Cell(0.5, "50 %"), (3, 17): Cell(0.1, "10 %"), (7, 12): Cell(None, "–")}
ROWS = [Bar(NASTY, 40, "40"), Bar("B", 10, "10", before=20), Bar("C", None, "not known")]
LEADS = [columns.Column("1", 30, "30", striped=4), columns.Column("2", 10, "10"), columns.Column("3", 0, "", striped=6)]
DRAWN = {
    "bars": bars.drawn(NASTY, ROWS),
    "columns": columns.drawn(NASTY, LEADS),
    "heat": heat.drawn(NASTY, CELLS),
    "funnel": funnel.drawn(NASTY, STEPS),
}


def widths(svg, class_):
    return re.findall(rf'width="([\d.]+)%"[^>]*class="{class_}"', svg)


@pytest.mark.parametrize("svg", DRAWN.values(), ids=DRAWN)
def test_a_picture_is_markup_without_styles_scripts_or_others_markup(svg):
    tree = ElementTree.fromstring(svg)
    assert tree.get("role") == "img" and tree.get("aria-label") == NASTY
    assert {part.tag for part in tree.iter()} <= {"svg", "rect", "text", "line", "defs", "pattern", "path"}
    assert not [name for part in tree.iter() for name in part.attrib if name == "style" or name.startswith("on")]


@pytest.mark.parametrize(
    "nothing", [lambda: bars.drawn("n", []), lambda: columns.drawn("n", []), lambda: heat.drawn("n", {})]
)
def test_nothing_can_be_drawn(nothing):
    assert ElementTree.fromstring(nothing()).tag == "svg"


def test_bars_are_as_long_as_their_values_and_what_is_not_known_has_none():
    assert widths(DRAWN["bars"], "mark") == ["100", "25"]
    assert 'fill="url(#before)"' in DRAWN["bars"], "the period before differs by more than its colour"
    assert "not known" in DRAWN["bars"]
    assert finding(ROWS[1:]) == "B: 10. Not known: 1 of 2."
    assert finding(ROWS[:2]) == f"Most: {NASTY}, 40. Least: B, 10."
    assert finding(ROWS[2:]) == "Nothing is known of any of 1."


def test_a_funnel_narrows_by_what_is_left():
    assert widths(DRAWN["funnel"], "mark") == ["100", "75", "15"]
    assert "not known" in DRAWN["funnel"]
    assert steps_found(STEPS) == "Of 200 loaded leads: attempted 150, reached 30, sale not known."
    assert steps_found([("Loaded leads", 0)]) == "Loaded leads: none."


def test_a_heat_map_has_the_hours_between_and_stripes_where_nothing_is_known():
    svg = DRAWN["heat"]
    assert [f"{hour} h" in svg for hour in (8, 9, 17, 18)] == [False, True, True, False]
    assert 'class="heat5"' in svg and 'class="heat1"' in svg and 'fill="url(#few)"' in svg
    said = hours_found(CELLS)
    assert said.startswith("Best: Mon 9 to 10 h, 50 %. Worst: Wed 17 to 18 h, 10 %. 1 of 3 hours")
    assert hours_found({(1, 1): Cell(None, "–")}).startswith("No hour of the week has enough calls")


def test_the_distribution_of_attempts_parts_those_reached_from_those_never():
    svg = DRAWN["columns"]
    heights = [float(one) for one in re.findall(r'height="([\d.]+)"', svg)]
    assert 160 * 30 / 34 == pytest.approx(next(one for one in heights if 140 < one < 145), abs=0.01)
    assert svg.count('fill="url(#other)"') == 2
    said = columns.attempts_found(LEADS)
    assert said.startswith("Of 40 leads that were reached most were so on attempt 1: 75 %. Never reached, striped: 10")
    assert columns.attempts_found(LEADS[2:]) == "None was reached of 6 leads."
