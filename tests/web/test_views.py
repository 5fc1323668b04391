"""Saved views over HTTP: kept, shared, changed; and that a view asks what its address asks."""

import pytest

from dialers.vocabulary import FLAGS
from lib import clock, ids
from models import Schedule
from models.views import OF_OUTCOMES, OF_REPORT
from queries.views import reading, saved
from tests.factories import NOON, outcome
from tests.web.conftest import client_with
from web.catalogue import ReportQuery
from web.context import context
from web.outcomes import ExportQuery

API = "/api/v1"


def keep(client, status=201, **given):
    answer = client.post(f"{API}/views", json={"name": "Mine", "kind": "outcomes"} | given)
    assert answer.status_code == status, answer.json
    return answer.json.get("view", answer.json)


@pytest.fixture
def other(app, database):
    return client_with(app, database, "read", "leads")


def names(client):
    return [one["name"] for one in client.get(f"{API}/views").json["views"]]


def test_a_view_is_kept_shown_changed_and_deleted(reader):
    query = {"flag": ["sale"], "tz": ["Asia/Kolkata"], "period": ["last_week"]}
    kept = keep(reader, name="Žofie's <b>", query=query)
    assert (kept["owner"], kept["created_by"], kept["problem"], kept["query"]) == ("read", "read", None, query)
    address = f"{API}/views/{kept['id']}"
    assert reader.get(address).json["view"] == kept and reader.get(f"{API}/views").json["views"] == [kept]
    changed = reader.put(address, json={"query": {"flag": ["dnc"]}}).json["view"]
    assert (changed["name"], changed["query"]) == ("Žofie's <b>", {"flag": ["dnc"]})
    assert list(reader.put(address, json={}).json["details"]) == ["name"]
    assert reader.delete(address).status_code == 204
    assert reader.get(address).status_code == 404 and reader.delete(address).status_code == 404


def test_ones_own_is_seen_by_its_key_and_by_admins_and_a_shared_one_by_all(reader, other, admin):
    mine, ours = keep(reader, name="Mine"), keep(reader, name="Ours", shared=True)
    assert (names(reader), names(other), names(admin)) == (["Mine", "Ours"], ["Ours"], ["Mine", "Ours"])
    assert other.get(f"{API}/views/{mine['id']}").status_code == 404
    for refused in (
        other.put(f"{API}/views/{ours['id']}", json={"name": "Theirs"}),
        other.delete(f"{API}/views/{ours['id']}"),
    ):
        assert (refused.status_code, refused.json["error_id"]) == (403, "not_yours")
    assert admin.put(f"{API}/views/{ours['id']}", json={"shared": False}).json["view"]["owner"] == "read"
    assert names(other) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"query": {"connection": ["gone"]}}, "query"),
        ({"query": {"colour": ["red"]}}, "query"),
        ({"kind": "report", "report": "gone"}, "report"),
        ({"kind": "report"}, "report"),
        ({"kind": "picture"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"shared": 1}, "shared"),
        ({"colour": "red"}, "colour"),
        ({"query": {"agent": "7"}}, "query"),
    ],
)
def test_what_cannot_be_kept_is_a_422_that_names_it(asking_reader, given, field):
    before = names(asking_reader)
    told = keep(asking_reader, status=422, **given)
    assert list(told["details"]) == [field] and names(asking_reader) == before


def test_a_view_whose_connection_is_gone_says_so_and_guesses_nothing(reader, app, database):
    with database.write() as session:
        outcome(session, connection="qvoice-main", dialer="qvoice")
    kept = keep(reader, query={"connection": ["qvoice-main"]})
    file = f"{API}/views/{kept['id']}/file?format=ndjson"
    assert len(reader.get(file).text.splitlines()) == 1
    context(app).connections = {"ryng-main": context(app).connections["ryng-main"]}
    shown = reader.get(f"{API}/views/{kept['id']}").json["view"]
    assert shown["problem"] == "The connection qvoice-main is not in the settings (any more)."
    told = reader.get(file)
    assert (told.status_code, told.json["error_id"], told.json["message"]) == (409, "view_broken", shown["problem"])
    made = reader.post(f"{API}/export-links", json={"view_id": kept["id"], "name": "Excel"})
    assert (made.status_code, made.json["error_id"]) == (409, "view_broken")
    assert reader.put(f"{API}/views/{kept['id']}", json={"name": "Old"}).json["view"]["problem"]


def test_a_view_that_a_schedule_sends_stays_with_its_links(reader, database, nobody):
    kept = keep(reader)
    made = reader.post(f"{API}/export-links", json={"view_id": kept["id"], "name": "Excel"}).json
    with database.write() as session:
        now = clock.now()
        same = dict.fromkeys(("created_at", "changed_at", "next_at"), now)
        names = {"name": "Daily", "way": "folder", "place": "", "form": "csv", "tz": "UTC", "created_by": "read"}
        lists = {"recipients": [], "at": ["07:30"], "weekdays": []}
        session.add(Schedule(id=ids.new(), view_id=ids.parse(kept["id"]), **names, **lists, **same))
    told = reader.delete(f"{API}/views/{kept['id']}")
    assert (told.status_code, told.json["error_id"]) == (409, "view_in_use")
    assert nobody.get(made["urls"]["csv"].partition("8080")[2]).text.startswith("id,")


def test_there_is_a_most(reader, monkeypatch):
    monkeypatch.setattr(saved, "MOST_VIEWS", 1)
    monkeypatch.setattr(saved, "MOST_LINKS", 1)
    kept = keep(reader)
    assert keep(reader, status=409)["error_id"] == "too_many_views"
    link = {"view_id": kept["id"], "name": "Excel"}
    assert reader.post(f"{API}/export-links", json=link).status_code == 201
    assert reader.post(f"{API}/export-links", json=link).json["error_id"] == "too_many_links"


def test_a_view_takes_the_parameters_of_the_addresses():
    """The twin of ``reading.PARAMETERS``."""
    paging = {"format", "for", "limit", "cursor", reading.PERIOD}
    for kind, schema in ((OF_OUTCOMES, ExportQuery), (OF_REPORT, ReportQuery)):
        assert set(reading.PARAMETERS[kind]) - paging == set(schema().fields) - paging


@pytest.fixture(scope="module")
def calls(kept_database):
    with kept_database.write() as session:
        for number in range(12):
            outcome(
                session,
                started_at=NOON.replace(hour=2 * number, minute=10),
                customer_number=f"+9198123456{number % 3}8",
                connect_outcome=("connected", "no_answer")[number % 2],
                settling=("settled", "provisional")[number % 4 == 0],
                campaign_id=(None, "6541")[number % 2],
                agent_name=("Priya", "Asha")[number % 2],
                disposition=("Interested", "Later")[number % 2],
                flags=[FLAGS[number % len(FLAGS)]],
            )


ASKED = [
    {},
    {"connect_outcome": ["connected", "busy"], "flag": list(FLAGS[:3])},
    {"number": ["09812345618"]},  # as people dial it in India
    {"number": ["98123 456-18"], "connection": ["ryng-main"]},
    {"agent": ["Priya"], "disposition": ["Interested", "Later"]},
    {"is_final": ["false"]},
    {"since": ["2026-11-18T10:00:00 05:30"]},  # a plus sign that was lost
    {"since": ["2026-11-18 12:00"], "until": ["2026-11-18T20:00"], "tz": ["Asia/Kolkata"]},
    {"since": ["1795000000"]},
    {"figure": ["connect_rate.connected"], "hour": ["5"], "tz": ["Asia/Kolkata"]},
    {"figure": ["connect_rate.connect_rate"], "campaign": [""]},
    {"figure": ["connect_rate.connected"], "row": ["campaign:", "hour:8"], "connect_outcome": ["connected", "busy"]},
    {"figure": ["connect_rate.connected"], "row": ["totals"], "agent": ["Priya"], "tz": ["Asia/Kolkata"]},
    {"figure": ["attempts.attempts"], "connect_outcome": ["connected"], "weekday": ["3"]},
]


@pytest.mark.parametrize("query", ASKED, ids=str)
def test_a_view_asks_what_the_same_address_asks(asking_reader, calls, query):
    listed = asking_reader.get(f"{API}/outcomes", query_string=query | {"limit": 1000}).json["outcomes"]
    kept = keep(asking_reader, query=query | {"columns": ["id"]})
    lines = asking_reader.get(f"{API}/views/{kept['id']}/file?format=csv").text.splitlines()[1:]
    assert sorted(lines) == sorted(one["id"] for one in listed)
    assert 0 < len(lines) <= 12


@pytest.mark.parametrize(
    ("report", "query"),
    [
        ("connect_rate", {"group_by": ["hour,campaign"], "tz": ["Asia/Kathmandu"]}),
        ("agents", {"since": ["2026-11-18T06:00"], "compare": ["week"], "tz": ["Asia/Kolkata"]}),
        ("unreachable_numbers", {}),
        ("callbacks", {"connection": ["ryng-main"]}),
    ],
)
def test_a_view_of_a_report_answers_the_reports_own_file(asking_reader, calls, report, query):
    own = asking_reader.get(f"{API}/reports/{report}", query_string=query | {"format": "csv"})
    kept = keep(asking_reader, kind="report", report=report, query=query)
    answer = asking_reader.get(f"{API}/views/{kept['id']}/file?format=csv")
    assert (answer.status_code, answer.text) == (200, own.text) and answer.content_type == own.content_type
