"""What a saved view asks: read anew each time, and refused with a sentence where something of it is gone."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from dialers.base import Connection
from lib import clock
from queries.sources import NEVER, Sources
from queries.views import answering, periods, reading, saved
from queries.views.answering import Means
from queries.views.reading import Broken
from tests import factories
from tests.factories import NOON

CONNECTIONS = {"ryng-main": Connection("ryng-main", "ryng", default_country="IN")}


def view(query=None, kind="outcomes", report=None):
    return saved.made("Mine", kind, report, query or {}, "anna")


@pytest.fixture(scope="module")
def means(kept_database, tmp_path_factory):
    with kept_database.write() as session:
        for number in range(5):
            factories.outcome(
                session,
                started_at=NOON + timedelta(hours=number),
                customer_number="+919812345678" if number < 2 else None,
                campaign_name="=HYPERLINK(1)",
                campaign_id="007",
                connect_outcome="connected" if number else "no_answer",
                talk_seconds=60 if number else None,
            )
    sources = Sources(kept_database, tmp_path_factory.mktemp("none"), NEVER)
    return Means(kept_database, sources, CONNECTIONS)


@pytest.mark.parametrize(
    ("query", "kind", "report", "parameter"),
    [
        ({}, "report", "no_such_report", "report"),
        ({}, "report", None, "report"),
        ({}, "outcomes", "attempts", "report"),
        ({"connection": ["gone-main"]}, "outcomes", None, "connection"),
        ({"figure": ["connect_rate.gone"]}, "outcomes", None, "figure"),
        ({"figure": ["penetration.loaded"]}, "outcomes", None, "figure"),  # which counts leads
        ({"colour": ["red"]}, "outcomes", None, "colour"),
        ({"group_by": ["day"]}, "outcomes", None, "group_by"),
        ({"figure": ["attempts.attempts"]}, "report", "attempts", "figure"),
        ({"day": ["2026-11-18"]}, "outcomes", None, "day"),
        ({"figure": ["attempts.attempts"], "day": ["never"]}, "outcomes", None, "day"),
        ({"figure": ["attempts.attempts"], "row": ["hour:1", "hour:2"]}, "outcomes", None, "row"),
        ({"figure": ["attempts.attempts"], "row": ["hour"]}, "outcomes", None, "row"),
        ({"figure": ["attempts.attempts"], "row": ["hour:1"], "day": ["2026-11-18"]}, "outcomes", None, "day"),
        ({"row": ["hour:1"]}, "outcomes", None, "row"),
        ({"group_by": ["colour"]}, "report", "attempts", "group_by"),
        ({"group_by": ["day"]}, "report", "callbacks", "group_by"),  # its rows are its own
        ({"compare": ["week"]}, "report", "attempts", "compare"),  # of what is not said
        ({"zone": ["customer"]}, "report", "attempts", "zone"),
        ({"agent": ["7"]}, "report", "penetration", "agent"),  # of loaded leads
        ({"tz": ["Mars/Base"]}, "outcomes", None, "tz"),
        ({"tz": ["UTC", "UTC"]}, "outcomes", None, "tz"),
        ({"since": ["yesterday"]}, "outcomes", None, "since"),
        ({"is_final": ["yes"]}, "outcomes", None, "is_final"),
        ({"flag": ["sold"]}, "outcomes", None, "flag"),
        ({"agent": [""]}, "outcomes", None, "agent"),
        ({"agent": ["\x00"]}, "outcomes", None, "agent"),
        ({"unmapped": ["word"]}, "outcomes", None, "unmapped"),
        ({"columns": ["id,gone"]}, "outcomes", None, "columns"),
        ({"period": ["some_day"]}, "outcomes", None, "period"),
        ({"period": ["today"], "since": ["2026-11-18"]}, "outcomes", None, "period"),
    ],
)
def test_what_cannot_be_asked_is_named(means, query, kind, report, parameter):
    broken = view(query, kind, report)
    with means.database.read() as session:
        with pytest.raises(Broken) as error:
            answering.check(session, means, broken)
        assert error.value.parameter == parameter
        assert answering.problem(session, means, broken) == str(error.value)
    for answer in (answering.table, lambda means, view: answering.file(means, view, "csv")):
        with pytest.raises(Broken):
            answer(means, broken)


def test_a_view_is_whole_again_when_its_connection_comes_back(means):
    mine = view({"connection": ["ryng-main"]})
    with pytest.raises(Broken, match="ryng-main is not in the settings"):
        reading.read(mine, {})
    assert reading.read(mine, CONNECTIONS).filters == {"connection": ["ryng-main"]}


@pytest.mark.parametrize(
    ("name", "tz", "now", "since", "until"),
    [
        ("today", "Asia/Kolkata", "2026-11-18T20:00Z", "2026-11-18T18:30Z", "2026-11-19T18:30Z"),  # the 19th there
        ("yesterday", "UTC", "2026-03-01T00:00Z", "2026-02-28T00:00Z", "2026-03-01T00:00Z"),
        ("this_week", "UTC", "2026-11-22T23:59Z", "2026-11-16T00:00Z", "2026-11-23T00:00Z"),  # a Sunday
        ("last_week", "UTC", "2026-11-23T00:00Z", "2026-11-16T00:00Z", "2026-11-23T00:00Z"),  # a Monday
        ("this_month", "UTC", "2026-12-31T12:00Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("last_month", "UTC", "2026-01-31T12:00Z", "2025-12-01T00:00Z", "2026-01-01T00:00Z"),
        ("last_7_days", "Europe/Kyiv", "2026-10-26T12:00Z", "2026-10-18T21:00Z", "2026-10-25T22:00Z"),  # 169 hours
        ("last_30_days", "UTC", "2026-03-03T12:00Z", "2026-02-01T00:00Z", "2026-03-03T00:00Z"),
    ],
)
def test_periods_go_by_the_clocks_of_the_zone(name, tz, now, since, until):
    found = periods.span(name, tz, datetime.fromisoformat(now))
    assert found == (datetime.fromisoformat(since), datetime.fromisoformat(until))


@pytest.mark.parametrize("name", periods.PERIODS)
def test_a_period_moves_with_the_day(name):
    question = [reading.read(view({"period": [name]}), {}, datetime(2026, month, 1, tzinfo=UTC)) for month in (3, 5)]
    assert question[0].filters["since"] < question[0].filters["until"] < question[1].filters["until"]


def text(means, view, form, **more):
    return b"".join(answering.file(means, view, form, **more)).decode()


def test_a_list_as_a_table_and_as_files(means):
    mine = view({"number": ["09812345678"], "columns": ["occurred_at,customer_number,campaign_name"]})
    found = answering.table(means, mine, 1)
    assert found.columns == ("occurred_at", "customer_number", "campaign_name")
    assert list(found.rows) == [[NOON, "+919812345678", "=HYPERLINK(1)"]] and found.more
    assert len(answering.table(means, mine).rows) == 2
    rows = list(csv.reader(io.StringIO(text(means, mine, "csv"))))
    assert rows[1] == ["2026-11-18T12:00:00.000000Z", "+919812345678", "'=HYPERLINK(1)"] and len(rows) == 3
    lines = [json.loads(line) for line in text(means, mine, "ndjson").splitlines()]
    assert [line["campaign_name"] for line in lines] == ["=HYPERLINK(1)"] * 2
    sheet = text(means, view(mine.query | {"tz": ["Asia/Kolkata"]}), "csv", for_spreadsheet=True)
    assert '2026-11-18 17:30:00,"=""+919812345678"""' in sheet
    assert b"".join(answering.file(means, mine, "xlsx")).startswith(b"PK")


def test_a_report_as_a_table_and_as_files(means):
    mine = view({"group_by": ["day,campaign"], "tz": ["Asia/Kolkata"]}, "report", "connect_rate")
    found = answering.table(means, mine)
    (row,) = (dict(zip(found.columns, values, strict=True)) for values in found.rows)
    assert (row["day"].isoformat(), row["campaign_id"], row["final"], row["connected"]) == ("2026-11-18", "007", 5, 4)
    (read,) = csv.DictReader(io.StringIO(text(means, mine, "csv")))
    assert (read["day"], read["campaign_name"], read["connect_rate"]) == ("2026-11-18", "'=HYPERLINK(1)", "0.8")
    (line,) = map(json.loads, text(means, mine, "ndjson").splitlines())
    assert (line["campaign_id"], line["connect_rate"]) == ("007", 0.8)
    (read,) = csv.DictReader(io.StringIO(text(means, mine, "csv", for_spreadsheet=True).removeprefix("\ufeff")))
    assert (read["campaign_id"], read["campaign_name"]) == ('="007"', '="=HYPERLINK(1)"')
    assert b"".join(answering.file(means, mine, "xlsx")).startswith(b"PK")


def test_a_rate_of_too_few_calls_is_empty_and_never_nought(means):
    mine = view({"group_by": ["hour"]}, "report", "best_time")
    found = answering.table(means, view({}, "report", "best_time"))
    at = list(found.columns).index("connect_rate")
    assert {row[at] for row in found.rows} == {None}
    assert mine.created_at <= clock.now()
