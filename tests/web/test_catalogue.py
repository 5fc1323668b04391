"""The catalogue of reports over HTTP; and that a figure opens to exactly the calls that it counts."""

import csv
import io
import random
import re
import zipfile
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from queries.reports.catalogue import REPORTS
from tests import factories
from tests.factories import NOON
from tests.web.asking import answered

FEW = 120


@pytest.fixture
def calls(database):
    fill(database)


@pytest.fixture(scope="module")
def kept_calls(kept_database):
    fill(kept_database)


def fill(database):
    chosen = random.Random(7)
    with database.write() as session:
        for _ in range(FEW):
            at = NOON + timedelta(minutes=chosen.randrange(6000))
            connect_outcome = chosen.choice(["connected", "connected", "no_answer", "voicemail", "abandoned"])
            disposed = chosen.choice([True, False])
            factories.outcome(
                session,
                started_at=at,
                ended_at=at + timedelta(seconds=chosen.randrange(5, 200)),
                disposed_at=at + timedelta(seconds=chosen.randrange(100, 6000)) if disposed else None,
                lead_id=chosen.choice([None, "1", "2", "3"]),
                customer_number=chosen.choice([None, "+919812345678", "+919812345679"]),
                campaign_id=chosen.choice([None, "6541", "6542"]),
                campaign_name=chosen.choice([None, "Renewals"]),
                agent_id=chosen.choice([None, "7", "8"]),
                agent_name=chosen.choice([None, "Priya"]),
                connect_outcome=connect_outcome,
                flags=chosen.choice([["contact"], ["contact", "sale"], ["callback"]]) if disposed else [],
                disposition=chosen.choice(["Interested", "Later"]) if disposed else None,
                talk_seconds=chosen.randrange(0, 300) if connect_outcome == "connected" else None,
            )


def test_definitions_say_what_every_figure_means(asking_reader):
    told = asking_reader.get("/api/v1/reports/definitions").json["reports"]
    assert [report["name"] for report in told] == list(REPORTS)
    for report in told:
        assert report["question"].endswith("?")
        for figure in report["figures"]:
            assert set(figure) == {
                "name",
                "numerator",
                "denominator",
                "excludes",
                "elsewhere",
                "unit",
                "opens",
                "inside",
            }
            # A setting leaves out nothing.
            assert figure["numerator"] and (figure["excludes"] or figure["opens"] is None)


def test_every_figure_stands_where_its_definition_says(asking_reader):
    for report in asking_reader.get("/api/v1/reports/definitions").json["reports"]:
        clocks = {"zone": "customer"} if report["name"] == "best_time" else {}
        found = answered(asking_reader, report["name"], limit=1, **clocks)
        if "next" in found and not found["rows"]:
            continue  # of calls or numbers, and there are none: some figures stand in rows alone
        shown = {**found["totals"], **(found["rows"][0] if found["rows"] else {})}
        for figure in report["figures"]:
            name, inside = figure["name"], figure["inside"]
            assert name in shown if inside is None else name.removeprefix(f"{inside}_") in shown[inside], figure


def test_every_figure_opens_where_its_definition_says_and_nowhere_else(asking_reader, kept_calls):
    for report in asking_reader.get("/api/v1/reports/definitions").json["reports"]:
        for figure in report["figures"]:
            for route in ("outcomes", "leads"):
                answer = asking_reader.get(f"/api/v1/{route}?figure={report['name']}.{figure['name']}&limit=1")
                assert (answer.status_code == 200) == (route == figure["opens"]), (report["name"], figure)


GROUPINGS = ["day,campaign", "hour", "weekday,agent", "week", "month,flag", "disposition", "caller_number"]
OPENABLE = [
    (report.name, figure.name)
    for report in REPORTS.values()
    if report.own_rows is None and report.own is None and not report.tables
    for figure in report.figures
    if figure.calls is not None and figure.inside is None and not figure.hidden
]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_a_figure_opens_to_as_many_calls_as_it_says(asking_reader, kept_calls, group_by):
    until = (NOON + timedelta(days=3)).isoformat()
    query = {"tz": "Asia/Kathmandu", "until": until, "connection": "ryng-main"}
    rows = {name: answered(asking_reader, name, group_by=group_by, **query)["rows"] for name, _ in OPENABLE}
    assert all(rows.values())
    for name, figure, row in [(one, figure, row) for one, figure in OPENABLE for row in rows[one][::3]]:
        groups = {}
        for group in group_by.split(","):
            shown = row.get(group, row.get(f"{group}_id") or row.get(f"{group}_name"))
            groups[group] = "" if shown is None else shown
        opened = asking_reader.get(
            "/api/v1/outcomes", query_string={**query, **groups, "figure": f"{name}.{figure}", "limit": 1000}
        )
        assert opened.status_code == 200, opened.json
        assert len(opened.json["outcomes"]) == (row[figure] or 0), (row, groups)


def test_a_row_can_be_named_beside_a_filter_of_the_same_name(asking_reader, kept_calls):
    query = {"agent": "Priya", "flag": "sale", "tz": "Asia/Kathmandu"}
    for group in ("flag", "agent"):
        rows = answered(asking_reader, "attempts", group_by=group, **query)["rows"]
        assert rows
        for row in rows:
            told = {"figure": "attempts.attempts", "row": f"{group}:{row[group]}", "limit": 1000}
            opened = asking_reader.get("/api/v1/outcomes", query_string={**query, **told})
            assert len(opened.json["outcomes"]) == row["attempts"], row
    totals = {**query, "figure": "attempts.attempts", "row": "totals", "limit": 1000}
    opened = asking_reader.get("/api/v1/outcomes", query_string=totals)
    assert len(opened.json["outcomes"]) == answered(asking_reader, "attempts", **query)["totals"]["attempts"]


WRONG = [
    ("nothing", {}, 404, None),
    ("connect_rate", {"tz": "Mars/Base"}, 422, "tz"),
    ("connect_rate", {"group_by": "colour"}, 422, "group_by"),
    ("connect_rate", {"compare": "previous"}, 422, "compare"),  # of what is not said
    ("connect_rate", {"compare": "2026-11-31..2026-12-01", "since": "2026-11-18"}, 422, "compare"),
    ("connect_rate", {"compare": "2026-11-18..2026-11-17", "since": "2026-11-18"}, 422, "compare"),
    ("connect_rate", {"compare": "yesterday", "since": "2026-11-18"}, 422, "compare"),
    ("connect_rate", {"compare": "week", "since": "2199-01-01"}, 422, "compare"),  # which has not begun
    (
        "connect_rate",
        {"compare": "2026-10-01..2026-10-09", "since": "2026-11-18", "group_by": "month"},
        422,
        "group_by",
    ),
    ("dispositions", {"group_by": "day"}, 422, "group_by"),
    ("connect_rate", {"color": "green"}, 422, "color"),
    ("connect_rate", {"cursor": "x"}, 422, "cursor"),
    ("connect_rate", {"zone": "customer"}, 422, "zone"),
    ("connect_rate", {"day": "2026-11-18"}, 422, "day"),
]
OPENED_WRONGLY = [
    ({"figure": "nothing"}, "figure"),
    ({"figure": "connect_rate.colour"}, "figure"),
    ({"figure": "abandon_rate.limit"}, "figure"),
    ({"figure": "connect_rate.final", "day": "2026-11-31"}, "day"),
    ({"figure": "connect_rate.final", "hour": "24"}, "hour"),
    ({"figure": "connect_rate.final", "week": "2026-W54"}, "week"),
    ({"figure": "connect_rate.final", "tz": "Mars/Base"}, "tz"),
    ({"day": "2026-11-18"}, "day"),
    ({"row": "day:2026-11-18"}, "row"),
    ({"figure": "connect_rate.final", "row": "colour:green"}, "row"),
    ({"figure": "connect_rate.final", "row": ["hour:1", "hour:2"]}, "row"),
    ({"figure": "connect_rate.final", "row": "hour:1", "day": "2026-11-18"}, "day"),
]


def test_what_cannot_be_answered_names_what_to_change(asking_reader, kept_calls):
    for name, query, status, field in WRONG:
        answer = asking_reader.get(f"/api/v1/reports/{name}", query_string=query)
        assert (answer.status_code, field is None or field in answer.json.get("details", ())) == (status, True), (
            query,
            answer.json,
        )
    for query, field in OPENED_WRONGLY:
        for path in ("/api/v1/outcomes", "/api/v1/outcomes/export"):
            answer = asking_reader.get(path, query_string=query | ({"format": "csv"} if "export" in path else {}))
            assert (answer.status_code, field in answer.json["details"]) == (422, True), (path, query, answer.json)


def test_more_rows_than_anybody_reads_are_refused(reader, calls, monkeypatch):
    monkeypatch.setattr("queries.reports.counting.MOST_GROUPS", 3)
    answer = reader.get("/api/v1/reports/attempts", query_string={"group_by": "day,hour"})
    assert (answer.status_code, list(answer.json["details"])) == (422, ["group_by"])


def test_leads_that_a_figure_counts_are_listed(asking_reader, kept_calls):
    row = {"never": "false", "attempt": "1", "figure": "attempts_to_contact.leads"}
    rows = answered(asking_reader, "attempts_to_contact", connection="ryng-main")["rows"]
    (expected,) = (one["leads"] for one in rows if (one["never"], one["attempt"]) == (False, 1))
    listed = asking_reader.get("/api/v1/leads", query_string=row).json
    assert len(listed["leads"]) == expected and listed["next"] is None
    assert listed["leads"][0]["contacted"] is True


@pytest.mark.parametrize(
    "path, query, parameter",
    [
        ("leads", {}, "figure"),
        ("leads", {"figure": "connect_rate.final"}, "figure"),
        ("leads", {"figure": "attempts_per_lead.leads", "attempt": "1"}, "attempt"),
        ("leads", {"figure": "attempts_per_lead.leads", "cursor": "x"}, "cursor"),
        ("outcomes", {"figure": "attempts_per_lead.leads"}, "figure"),
        ("outcomes", {"figure": "penetration.loaded"}, "figure"),
        ("outcomes", {"figure": "speed_to_lead.median_seconds"}, "figure"),
        ("leads", {"figure": "times.talk_median"}, "figure"),
        ("leads", {"figure": "abandon_rate.limit"}, "figure"),
        ("reports/penetration", {"agent": "7"}, "agent"),
        ("reports/penetration", {"group_by": "agent"}, "group_by"),
        ("reports/callbacks", {"compare": "previous"}, "compare"),
        ("reports/attempts", {"group_by": ["day", "campaign"]}, "group_by"),
        ("reports/summary", {"group_by": ["day", "campaign"]}, "group_by"),
        ("reports/compliance", {"cursor": "x"}, "cursor"),
        ("reports/connect_rate", {"zone": "customer"}, "zone"),
        ("reports/best_time", {"group_by": "day"}, "group_by"),
    ],
)
def test_what_cannot_be_asked_is_told(asking_reader, path, query, parameter):
    answer = asking_reader.get(f"/api/v1/{path}", query_string=query)
    assert answer.status_code == 422 and parameter in str(answer.json["details"]), answer.json


def test_a_report_is_a_file_as_well(reader, calls, database):
    with database.write() as session:
        factories.outcome(session, campaign_id="=1+1", customer_number="+919812345678", callback_at=NOON)
        factories.outcome(session, campaign_id="<r>a & b</r>")
    for name, group_by in (("connect_rate", "campaign,day"), ("times", ""), ("callbacks", ""), ("may_still_move", "")):
        query = {"group_by": group_by} if group_by else {}
        told = answered(reader, name, limit=1000, **query)
        rows = told["rows"] or [told["totals"]]
        plain = reader.get(f"/api/v1/reports/{name}", query_string=query | {"format": "csv"})
        assert (plain.status_code, plain.mimetype) == (200, "text/csv")
        lines = list(csv.DictReader(io.StringIO(plain.text)))
        assert len(lines) == len(rows)
        for line, row in zip(lines, rows, strict=True):
            for field, value in row.items():
                if field.endswith("_at"):
                    assert datetime.fromisoformat(line[field]) == datetime.fromisoformat(value)
                    assert len(line[field]) == len("2026-11-18T10:12:52.000000Z")
                elif not isinstance(value, dict | bool):
                    assert line[field] in ("" if value is None else str(value), f"'{value}"), (name, field)
        book = reader.get(f"/api/v1/reports/{name}", query_string=query | {"format": "xlsx"})
        assert book.status_code == 200 and book.data.startswith(b"PK")
        with zipfile.ZipFile(io.BytesIO(book.data)) as sheets:
            sheet = sheets.read("xl/worksheets/sheet1.xml").decode()
            assert sheet.count("<row ") == len(rows) + 1 and "<f>" not in sheet
            texts = ElementTree.fromstring(sheets.read("xl/sharedStrings.xml"))
            assert name != "connect_rate" or "<r>a & b</r>" in ["".join(text.itertext()) for text in texts]
    assert "'=1+1" in reader.get("/api/v1/reports/attempts?group_by=campaign&format=csv").text


def test_a_workbook_of_a_report_has_days_and_times_on_the_clocks_of_its_zone(reader, database):
    with database.write() as session:
        factories.outcome(session, started_at=NOON, callback_at=NOON.replace(hour=23, minute=30))
    next_day = NOON + timedelta(days=1)
    for name, expected in (
        ("callbacks", f"{next_day:%Y-%m-%d} 05:15:00"),
        ("may_still_move", f"{NOON:%Y-%m-%d} 00:00:00"),
    ):
        book = reader.get(f"/api/v1/reports/{name}?tz=Asia/Kathmandu&format=xlsx")
        with zipfile.ZipFile(io.BytesIO(book.data)) as sheets:
            sheet = sheets.read("xl/worksheets/sheet1.xml").decode()
        (serial, *_) = re.findall(r'<c r="[AB]2" s="\d"><v>([0-9.]+)</v>', sheet)
        # As Excel counts: days since 1899-12-30.
        shown = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(float(serial) * 86_400))
        assert f"{shown:%Y-%m-%d %H:%M:%S}" == expected
