"""Grafana's and Metabase's SQL, on SQLite and PostgreSQL: it runs, and says what the API says. The dashboards by their structure;
the tools themselves are not run."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from models import LoadedLead
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.docs.pages import ROOT, read
from tests.queries.reports import test_loads
from tests.queries.reports.generated import CONNECTIONS, FIRST, NOW

FOLDER = ROOT / "integrations"
DASHBOARDS = {
    "outcomes": json.loads((FOLDER / "grafana" / "outcomes.json").read_text()),
    "operations": json.loads((ROOT / "deploy" / "grafana" / "operations.json").read_text()),
}
METABASE = {file.stem: file.read_text(encoding="utf-8") for file in sorted((FOLDER / "metabase").glob("*.sql"))}
SINCE, UNTIL = f"{FIRST:%Y-%m-%d}", f"{NOW:%Y-%m-%d}"


def panels(name: str) -> dict[str, dict]:
    return {panel["title"]: panel for panel in DASHBOARDS[name]["panels"]}


def expanded(panel: dict, sqlite: bool) -> str:
    """Its SQL with Grafana's macros written out; on SQLite as its data source writes them."""
    (target,) = panel["targets"]
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN '{SINCE}' AND '{UNTIL}'", target["rawSql"])
    hour = r"substr(\1, 1, 13)" if sqlite else r"to_timestamp(floor(extract(epoch FROM \1) / 3600) * 3600)"
    return re.sub(r"\$__timeGroup\((\w+), '1h'\)", hour, sql)


def asked(sql: str) -> str:
    """A question with both of its optional parts filled in."""
    sql = sql.replace("{{since}}", f"'{SINCE}'").replace("{{until}}", f"'{UNTIL}'")
    return re.sub(r"\[\[(.*?)\]\]", r"\1", sql)


@pytest.fixture(scope="module")
def filled(kept_database):
    with kept_database.write() as session:
        test_loads.stored(session, *test_loads.made())
    return kept_database


@pytest.fixture
def rows(filled):
    def found(sql: str) -> list[dict]:
        with filled.read() as session:
            return [dict(row) for row in session.execute(text(sql.replace(":", r"\:"))).mappings()]

    return found


@pytest.fixture
def report(filled):
    def found(name: str, *groups: str, **filters):
        with filled.read() as session:
            span = {"since": FIRST, "until": NOW.replace(hour=0, minute=0)}
            question = answering.asked(session, span | filters, group_by=groups, configured=CONNECTIONS)
            return answering.answer(question, REPORTS[name])

    return found


@pytest.mark.parametrize("title", panels("outcomes"))
def test_a_panels_question_runs(filled, rows, title):
    assert rows(expanded(panels("outcomes")[title], filled.is_sqlite)), title


def test_the_panels_say_what_the_api_says(filled, rows, report):
    def of(title):
        return rows(expanded(panels("outcomes")[title], filled.is_sqlite))

    assert of("Calls") == [{"calls": report("attempts")["totals"]["attempts"]}]
    assert float(of("Connect rate")[0]["connect_rate"]) == pytest.approx(
        report("connect_rate")["totals"]["connect_rate"], abs=1e-4
    )
    assert of("Contacts") == [{"contacts": report("contact_rate")["totals"]["contacts"]}]
    moving = report("may_still_move")["totals"]
    assert of("May still change") == [{"calls": moving["provisional"] + moving["awaiting"]}]
    # Also those whose id nobody has told, and agents of one name.
    campaigns = report("attempts", "campaign")["rows"]
    told = {(row["campaign_id"], row["campaign_id"] or row["campaign_name"]): row["attempts"] for row in campaigns}
    found = of("Campaigns")
    assert {(row["campaign_id"], row["campaign_id"] or row["campaign_name"]): row["calls"] for row in found} == told
    agents = [row["calls"] for row in report("agents")["rows"] if row["agent"] is not None]
    assert sorted(row["calls"] for row in of("Agents")) == sorted(agents)
    by_hour = of("Calls by connect outcome")
    assert sum(row["calls"] for row in by_hour) == report("attempts")["totals"]["attempts"]


@pytest.mark.parametrize("flags, contacted", [([], None), (["contact"], 1), (["sale"], 0), (None, 0)])
def test_a_load_has_no_contacts_of_which_nobody_knows(database, flags, contacted):
    sql = expanded(panels("outcomes")["Loads"], database.is_sqlite)
    with database.write() as session:
        load = factories.load(session, created_at=FIRST + timedelta(days=1))
        ((lead_id,),) = session.execute(select(LoadedLead.id)).all()
        said = {"flags": flags, "disposition": "Zájem"} if flags is not None else {"flags": [], "disposition": None}
        factories.outcome(session, connection=load.connection, lead_id=str(lead_id), **said)
    with database.read() as session:
        (row,) = session.execute(text(sql.replace(":", r"\:"))).mappings()
    assert (row["attempted"], row["contacted"]) == (1, contacted)


@pytest.mark.parametrize("name", METABASE)
def test_a_question_runs_with_and_without_its_filters(rows, name):
    assert METABASE[name].startswith("-- "), "the question, for people"
    assert rows(asked(METABASE[name]))
    assert rows(re.sub(r"\[\[.*?\]\]", "", METABASE[name]))


def test_the_questions_say_what_the_api_says(rows, report):
    days = rows(asked(METABASE["outcomes_by_day"]))
    assert sum(row["calls"] for row in days) == report("connect_rate")["totals"]["final"]

    campaigns = {
        row["campaign_id"]: row for row in rows(asked(METABASE["contact_rate_by_campaign"])) if row["campaign_id"]
    }
    wanted = [row for row in report("contact_rate", "campaign", is_final=True)["rows"] if row["campaign_id"]]
    assert len(campaigns) == len(wanted) > 0
    for row in wanted:
        assert campaigns[row["campaign_id"]]["contacts"] == row["contacts"]
        assert float(campaigns[row["campaign_id"]]["contacts_per_call"]) == pytest.approx(row["per_call"], abs=1e-4)

    agents = {row["agent"]: row for row in rows(asked(METABASE["agents"]))}
    for row in report("agents", "agent", is_final=True)["rows"]:
        own = agents[row["agent"]]
        assert (own["calls"], own["agent_name"], own["undisposed"]) == (
            row["calls"],
            row["agent_name"],
            row["undisposed"],
        )
        # The view does not know what was decided: where no disposition raises a flag, SQL leaves open what the settings may say.
        assert None in (own["sales"], row["sales"]) or own["sales"] == row["sales"]
    assert any(own["sales"] for own in agents.values())

    ends = {
        (row["disposition_parent"], row["disposition"]): row["calls"] for row in rows(asked(METABASE["dispositions"]))
    }
    for row in report("dispositions")["rows"]:
        assert ends[row["disposition_parent"], row["disposition"]] == row["calls"]

    loads = rows(METABASE["speed_to_lead_by_load"])
    question = report("penetration", since=None, until=None)["totals"]
    assert sum(row["attempted"] for row in loads) == question["attempted"]
    assert len(rows(METABASE["leads_not_called"])) == question["loaded"] - question["attempted"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_has_the_structure_that_grafana_reads(name):
    board = DASHBOARDS[name]
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= board.keys()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    (source,) = board["templating"]["list"]
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["description"] and panel["type"] in ("stat", "timeseries", "barchart", "table")
        assert panel["datasource"]["uid"] == "${" + source["name"] + "}"
        assert panel["datasource"]["type"] == source["query"]
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_the_dashboard_of_operations_asks_metrics_that_there_are():
    told = set(re.findall(r"wrapup_\w+", read("docs/operations.md")))
    asked_for = {
        name
        for panel in DASHBOARDS["operations"]["panels"]
        for target in panel["targets"]
        for name in re.findall(r"wrapup_\w+", target["expr"])
    }
    assert asked_for <= told
    assert len(asked_for) > 10
