"""The catalogue of reports over HTTP; and that a figure opens to exactly the calls that it counts."""

import random
from datetime import timedelta

import pytest

from queries.reports.catalogue import REPORTS
from tests import factories
from tests.factories import NOON

FEW = 120


@pytest.fixture
def calls(database):
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


def asked(reader, name, **query):
    answer = reader.get(f"/api/v1/reports/{name}", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_definitions_say_what_every_figure_means(reader):
    told = reader.get("/api/v1/reports/definitions").json["reports"]
    assert [report["name"] for report in told] == list(REPORTS)
    for report in told:
        assert report["question"].endswith("?")
        for figure in report["figures"]:
            assert set(figure) == {"name", "numerator", "denominator", "excludes", "elsewhere", "unit"}
            assert figure["numerator"] and figure["excludes"]


GROUPINGS = ["day,campaign", "hour", "weekday,agent", "week", "month,flag", "disposition", "caller_number"]
OPENABLE = [
    (report.name, figure.name)
    for report in REPORTS.values()
    if report.own_rows is None and report.own is None
    for figure in report.figures
    if figure.calls is not None and not figure.hidden
]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_a_figure_opens_to_as_many_calls_as_it_says(reader, calls, group_by):
    until = (NOON + timedelta(days=3)).isoformat()
    query = {"tz": "Asia/Kathmandu", "until": until, "connection": "ryng-main"}
    rows = {name: asked(reader, name, group_by=group_by, **query)["rows"] for name, _ in OPENABLE}
    assert all(rows.values())
    for name, figure, row in [(one, figure, row) for one, figure in OPENABLE for row in rows[one][::3]]:
        groups = {}
        for group in group_by.split(","):
            shown = row.get(group, row.get(f"{group}_id") or row.get(f"{group}_name"))
            groups[group] = "" if shown is None else shown
        opened = reader.get(
            "/api/v1/outcomes", query_string={**query, **groups, "figure": f"{name}.{figure}", "limit": 1000}
        )
        assert opened.status_code == 200, opened.json
        assert len(opened.json["outcomes"]) == (row[figure] or 0), (row, groups)
