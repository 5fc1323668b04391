"""Pictures in mails: tables whose cells have colours, and text that stays text."""

import re
from xml.etree import ElementTree

from queries.reports.shown import Bar, Bars, Cell, Hours, hours_found
from schedules import pictures

NASTY = "<script>&\u202e"


def read(picture):
    """Rows of (text, colour) of each cell, those of bars among them."""
    markup = str(pictures.drawn(picture)).replace("<br>", "<br/>").replace("&nbsp;", " ")
    tree = ElementTree.fromstring(f"<body>{markup}</body>")
    return [
        [("".join(cell.itertext()).strip(), cell.get("bgcolor")) for cell in row.iter("td")] for row in tree.iter("tr")
    ]


def test_bars_are_as_long_as_their_values():
    bars = Bars("Calls", [Bar(NASTY, 40, "40", before=20), Bar("B", None, "not known"), Bar("C", 0, "0")], "Most: A.")
    rows = read(bars)
    assert [row[:2] for row in rows if len(row) > 1] == [
        [("<script>&\\u202e", None), ("40", None)],
        [("B", None), ("not known", None)],
        [("C", None), ("0", None)],
    ]
    assert re.findall(r'width="(\d+)"', pictures.drawn(bars)) == ["180", "90"]
    assert pictures.said(bars) == "Most: A. Pale: the other period."


def test_hours_of_the_week_are_as_dark_as_they_are_high():
    cells = {(1, 9): Cell(0.5, "50 %"), (3, 11): Cell(0.1, "10 %"), (7, 10): Cell(None, "–")}
    heads, *hours = read(Hours("Rate", cells, hours_found(cells)))
    assert [text for text, _ in heads] == ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [row[0][0] for row in hours] == ["9 h", "10 h", "11 h"]
    assert hours[0][1] == ("50 %", "#143f7a") and hours[2][3] == ("10 %", "#d3e2f7")
    assert hours[1][7] == ("–", None) and hours[1][1] == ("", None)
