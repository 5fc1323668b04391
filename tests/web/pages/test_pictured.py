"""Pictures of reports: what stands along time, what rows are called, and how large their scripts are."""

import gzip
from itertools import pairwise
from pathlib import Path

import web
from queries.reports.catalogue import REPORTS
from web.pages import along, pictured

STATIC = Path(web.__file__).parent / "static"


def test_days_by_the_hour_are_along_time_and_the_hour_that_is_left_out_has_no_length():
    axis = along.axis_of(["hour", "day"], [{"day": "2026-03-29", "hour": 2}])
    walls = [wall for wall, _ in axis.filled([{"day": "2026-03-29", "hour": hour} for hour in (1, 4)])]
    assert [axis.label(wall) for wall in walls] == [f"2026-03-29 {hour} h" for hour in (1, 2, 3, 4)]
    begins = along.begins(axis, walls, "Europe/Kyiv")  # clocks go from 3 to 4
    assert [later - earlier for earlier, later in pairwise(begins)] == [3600, 3600, 0, 3600]
    weeks = along.axis_of(["week"], [{"week": "2026-W53"}])
    filled = weeks.filled([{"week": "2026-W52"}, {"week": "2027-W01"}])
    assert [weeks.label(wall) for wall, _ in filled][1] == "2026-W53"
    months = along.axis_of(["month"], [{"month": "2026-01"}])
    assert len(months.filled([{"month": "2026-01"}, {"month": "2027-01"}])) == 13
    assert along.axis_of(["day"], [{"day": None}]) is None and along.axis_of(["hour"], [{"hour": 3}]) is None


def test_two_campaigns_of_one_name_are_told_apart_in_a_picture():
    rows = [
        {"campaign_id": one, "campaign_name": "Renewals", "abandon_rate": 0.1} for one in ("e11a3f685392911e", None)
    ]
    answer = {"rows": rows, "group_by": ["campaign"], "totals": {}, "tz": "UTC"}
    (picture,) = pictured.drawn(REPORTS["abandon_rate"], answer)
    assert ">Renewals (e11a3f6853…)<" in picture.svg and ">Renewals<" in picture.svg


def test_all_scripts_together_are_small():
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in STATIC.rglob("*.js")}
    assert sizes["uPlot.iife.min.js"] > 10_000 and sum(sizes.values()) < 60_000, sizes
