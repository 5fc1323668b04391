"""Outcomes over HTTP: that list, report, export and feed agree; the feed; one with its evidence."""

import csv
import io
import json
from datetime import timedelta

import pytest
from marshmallow import fields

from queries import keyset, selection, shape
from queries.exports import reading
from tests import factories
from tests.factories import NOON, event, minutes, outcome, receipt
from tests.queries.test_selection import ROWS
from web import exports as web_exports
from web.auth import API
from web.schemas import outcomes as schemas

QUERIES = [
    "",
    "connection=ryng-main",
    "connection=ryng-main&connection=qvoice-main",
    "dialer=qvoice",
    "campaign_id=6541",
    "campaign_name=A%C3%B1o+Nuevo",
    "agent=priya",
    "agent=priya&agent=204",
    "number=+919812345678",
    "number=%2B919812345678",
    "number=098123+45678",
    "lead_id=88",
    "crm_reference=crm+901",
    "crm_reference=crm+901&crm_reference=nobody",
    "connect_outcome=in_progress&connect_outcome=busy",
    "answered_by=human",
    "disposition=Interested",
    "flag=sale",
    "flag=sale&flag=callback",
    "settling=provisional",
    "unmapped=status_raw:GONE&unmapped=disposition:Perhaps",
    "unmapped=event:hold",
    "unread=callEnded&unread=talktime",
    "is_final=false",
    "is_final=true",
    "since=2026-11-18T12:00:00Z",
    "since=2026-11-18T17:30:00+05:30",
    "since=2026-11-18 17:30:00 05:30",  # what a plus sign becomes in a URL
    "since=2026-11-18 12:00:00%2B00",
    "since=18 Nov 2026 12:00&until=1795000000",
    "until=2026/11/18 5:30 PM Asia/Kolkata",
    "until=2026-11-18T12:00:00Z",
    "changed_since=2026-11-18T12:05:00Z",
    "since=2026-11-18&until=2026-11-19&flag=contact&agent=nobody",
]


def fill(database):
    with database.write() as session:
        for given in ROWS.values():
            outcome(session, **given)
        outcome(session, merged_into=outcome(session).id, flags=["sale"], agent_id="priya")


@pytest.fixture
def rows(database):
    fill(database)


@pytest.fixture(scope="module")
def kept_rows(kept_database):
    fill(kept_database)


def test_the_queries_leave_no_filter_out():
    assert {part.split("=")[0] for query in QUERIES for part in query.split("&") if part} == set(selection.FILTERS)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("09812345699", 1),  # as it is dialled in the connection's country
        ("98123 45699", 1),
        ("0919812345699", 1),
        ("09812345699&connection=ryng-main", 1),
        ("09812345699&connection=qvoice-main", 0),  # which has no country
    ],
)
def test_a_national_number_is_found_as_the_connections_read_it(admin, database, asked, found):
    with database.write() as session:
        outcome(session, customer_number="+919812345699", connection="ryng-main")
    assert len(admin.get(f"{API}/outcomes?number={asked}").json["outcomes"]) == found


@pytest.mark.parametrize("query", QUERIES)
def test_list_report_export_and_reconciliation_agree(asking_admin, kept_rows, query):
    """Promise 7. One of each, and the same calls in all of them."""
    listed = asking_admin.get(f"{API}/outcomes?limit=1000&{query}").json["outcomes"]
    found = sorted(row["id"] for row in listed)
    table = csv.DictReader(io.StringIO(asking_admin.get(f"{API}/outcomes/export?format=csv&{query}").text, newline=""))
    lines = asking_admin.get(f"{API}/outcomes/export?format=ndjson&{query}").text.splitlines()
    summary = asking_admin.get(f"{API}/reports/summary?group_by=agent,connection&{query}").json
    assert sorted(row["id"] for row in table) == found
    assert sorted((json.loads(line) for line in lines), key=lambda row: row["id"]) == sorted(
        listed, key=lambda row: row["id"]
    )
    assert summary["totals"]["calls"] == sum(row["calls"] for row in summary["rows"]) == len(found)
    assert asking_admin.get(f"{API}/reports/reconciliation?{query}").json["totals"]["calls"] == len(found)


def test_the_feed_is_the_list_and_the_merged_rows(admin, rows):
    feed = admin.get(f"{API}/outcomes/changes").json["outcomes"]
    listed = admin.get(f"{API}/outcomes?limit=1000").json["outcomes"]
    kept = [row for row in feed if row["merged_into"] is None]
    assert all("changed_fields" in row for row in feed)
    told = [{name: value for name, value in row.items() if name != "changed_fields"} for row in kept]
    assert sorted(told, key=str) == sorted(listed, key=str)
    assert len(feed) == len(listed) + 1


def test_paging_through_the_list(admin, rows):
    seen, following = [], ""
    while following is not None:
        page = admin.get(
            f"{API}/outcomes?limit=5&order=changed_at" + (f"&cursor={following}" if following else "")
        ).json
        seen += [row["id"] for row in page["outcomes"]]
        following = page["next"]
    assert len(seen) == len(set(seen)) == len(ROWS) + 1


def test_the_feed_goes_on_where_it_ended(admin, database):
    empty = admin.get(f"{API}/outcomes/changes?after=").json
    assert empty == {"outcomes": [], "next": empty["next"], "more": False}

    with database.write() as session:
        ids_ = [str(outcome(session).id) for _ in range(5)]
    seen, after = [], empty["next"]
    for expected_more in (True, True, False):
        page = admin.get(f"{API}/outcomes/changes?limit=2&after={after}").json
        seen += [row["id"] for row in page["outcomes"]]
        assert page["more"] is expected_more
        after = page["next"]
    assert seen == ids_

    nothing = admin.get(f"{API}/outcomes/changes?after={after}").json
    assert (nothing["outcomes"], nothing["next"], nothing["more"]) == ([], after, False)
    with database.write() as session:
        later = str(outcome(session).id)
    assert [row["id"] for row in admin.get(f"{API}/outcomes/changes?after={after}").json["outcomes"]] == [later]


@pytest.mark.parametrize("place", ["-1", "1.0", "٣", "", "1e3"])
def test_a_place_that_cannot_be_is_refused(asking_admin, place):
    of_today = (keyset.encode("feed", place, "1", "first"), keyset.encode("feed", "0", place, "first"))
    for cursor in (keyset.encode("feed", place), *of_today):
        assert asking_admin.get(f"{API}/outcomes/changes?after={cursor}").status_code == 422


@pytest.mark.parametrize("after", ["-1", "1.0", "٣", "1e3", "0x1", "%2B1", "1_0", "nonsense"])
def test_what_is_neither_a_cursor_nor_a_position_is_refused(asking_admin, after):
    answer = asking_admin.get(f"{API}/outcomes/changes?after={after}")
    assert (answer.status_code, list(answer.json["details"])) == (422, ["after"])


def test_a_cursor_of_another_list_is_refused(admin):
    assert admin.get(f"{API}/outcomes/changes?after={keyset.encode('loads', '1')}").status_code == 422


def test_one_outcome_with_its_evidence(admin, database):
    with database.write() as session:
        first, last = receipt(session, kind="connect"), receipt(session, received_at=NOON + minutes(2))
        told = {"talk_seconds": str(last.id), "duration_seconds": str(first.id)}
        # The duration as an older release left it: without its source.
        seconds = {"talk_seconds": 92, "talk_source": "stated", "duration_seconds": 101}
        row = outcome(session, **seconds, set_by=told, custom_fields={"n": 10**30})
        event(session, row, last, happened_at=None, facts={"talk_seconds": 92, "_word": "7"})
        event(session, row, first, kind="customer_answered", happened_at=NOON, attempt="1")
    response = admin.get(f"{API}/outcomes/{row.id}")
    found = json.loads(response.get_data())
    assert found["custom_fields"] == {"n": 10**30}  # more than orjson can write
    assert [(told["kind"], told["happened_at"], told["seen_at"]) for told in found["events"]] == [
        ("customer_answered", "2026-11-18T12:00:00Z", "2026-11-18T12:00:00Z"),
        ("call_ended", None, "2026-11-18T12:02:00Z"),
    ]
    assert found["events"][1]["facts"] == {"talk_seconds": 92, "_word": "7"}
    assert found["set_by"] == told | {"talk_source": str(last.id)}
    assert [kept["id"] for kept in found["receipts"]] == [str(first.id), str(last.id)]
    assert "body" not in found["receipts"][0]


def test_an_outcome_says_which_loaded_lead_it_is_of(admin, database):
    with database.write() as session:
        lead = {"reference": "crm-901", "number": "+919812345678"}
        load = factories.load(session, [lead, {"number": "+919812345679"}])
        own = {"connection": "ryng-main", "started_at": NOON + minutes(1)}
        row = outcome(session, customer_number="+919812345678", **own)
        other = outcome(session, customer_number="+919812345670", **own)
    found = admin.get(f"{API}/outcomes/{row.id}").json["loaded_lead"]
    (told,) = found.pop("leads")
    assert found == {"matched_by": "number", "ambiguous": False}
    assert (told["load_id"], told["row"], told["reference"]) == (str(load.id), 1, "crm-901")
    assert admin.get(f"{API}/outcomes/{other.id}").json["loaded_lead"] is None

    with database.write() as session:
        factories.load(session, [lead | {"reference": "crm-902"}])
    found = admin.get(f"{API}/outcomes/{row.id}").json["loaded_lead"]
    assert (found["ambiguous"], [one["reference"] for one in found["leads"]]) == (True, ["crm-902", "crm-901"])


def test_a_merged_outcome_is_still_shown(admin, database):
    with database.write() as session:
        stays = outcome(session)
        merged = outcome(session, merged_into=stays.id)
    assert admin.get(f"{API}/outcomes/{merged.id}").json["merged_into"] == str(stays.id)


def test_the_schema_has_the_fields_that_are_shown():
    declared = schemas.Outcome._declared_fields
    assert tuple(declared) == shape.FIELDS
    assert tuple(schemas.Agent._declared_fields) == shape.AGENT_FIELDS
    assert all(field.metadata.get("description") for field in declared.values() if not isinstance(field, fields.Nested))


def test_the_feed_alone_says_what_changed():
    shown = (*shape.FIELDS, "changed_fields")
    assert set(schemas.ChangedOutcome._declared_fields) == set(shown)


# The contract, word for word.
CONTRACT = """id connection dialer call_id attempt_id lead_id campaign_id campaign_name queue_id queue_name direction
customer_number customer_number_raw customer_name caller_number agent connect_outcome answered_by disposition
disposition_parent flags settling is_final status_raw hangup_cause lead_status created_at started_at answered_at ended_at
disposed_at callback_at ring_seconds talk_seconds duration_seconds talk_source duration_source occurred_at recording_url
notes custom_fields crm_reference sources merged_into revision position first_seen_at corrected_at changed_at""".split()


def test_an_outcome_has_its_place_and_its_time_wherever_it_is_shown(admin, database):
    with database.write() as session:
        given = {"agent_email": "priya@example.com", "caller_number": "+914900000000", "talk_seconds": 5}
        given |= {"talk_source": "observed", "started_at": None, "answered_at": NOON + minutes(1)}
        row = outcome(session, **given, occurred_at=NOON + minutes(1))
        wanted = {"position": row.position, "occurred_at": "2026-11-18T12:01:00Z", "caller_number": "+914900000000"}
        wanted |= {"talk_source": "observed", "duration_source": None}
    (listed,) = admin.get(f"{API}/outcomes").json["outcomes"]
    (fed,) = admin.get(f"{API}/outcomes/changes").json["outcomes"]
    alone = admin.get(f"{API}/outcomes/{row.id}").json
    line = json.loads(admin.get(f"{API}/outcomes/export?format=ndjson").text)
    for shown in (listed, fed, alone, line):
        assert {name: shown[name] for name in wanted} == wanted
        assert list(shown["agent"]) == ["id", "name", "username", "email", "number", "extension"]
        assert shown["agent"]["email"] == "priya@example.com"
        assert [name for name in shown if name in CONTRACT] == CONTRACT
    (cells,) = csv.DictReader(io.StringIO(admin.get(f"{API}/outcomes/export?format=csv").text, newline=""))
    assert (cells["position"], cells["occurred_at"]) == (str(row.position), "2026-11-18T12:01:00.000000Z")
    assert (cells["agent_email"], cells["talk_source"]) == ("priya@example.com", "observed")
    # Whoever filters by an agent may know the address.
    assert admin.get(f"{API}/outcomes?agent=priya@example.com").json["outcomes"] == [listed]


def test_an_export_names_its_file(admin, rows):
    response = admin.get(f"{API}/outcomes/export?format=csv")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="outcomes-')
    assert response.content_type.startswith("text/csv")
    assert response.text.splitlines()[0].split(",") == list(shape.COLUMNS)


def test_an_export_that_fails_midway_is_no_whole_file(admin, rows, monkeypatch):
    real = reading.pieces

    def failing(*asked):
        yield next(real(*asked))
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(reading, "pieces", failing)
    with pytest.raises(RuntimeError):
        admin.get(f"{API}/outcomes/export?format=csv", buffered=True)
    monkeypatch.undo()
    assert turns_left(admin) == 4


def test_an_export_over_http_1_0_is_refused(admin, rows):
    """It has no last chunk: a file that broke off would look whole."""
    response = admin.get(f"{API}/outcomes/export?format=csv", environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"})
    assert (response.status_code, response.json["error_id"]) == (505, "http_1_1_needed")


def test_an_export_that_cannot_begin_is_told_as_an_error(admin, monkeypatch):
    def failing(*asked):
        raise RuntimeError("the disk is gone")
        yield

    monkeypatch.setattr(reading, "pieces", failing)
    assert admin.get(f"{API}/outcomes/export?format=csv").status_code == 500
    monkeypatch.undo()
    assert turns_left(admin) == 4


def turns_left(client):
    """How many exports can be open at once: each holds its turn until it is closed."""
    opened = []
    while (response := client.get(f"{API}/outcomes/export?format=ndjson")).status_code == 200:
        opened.append(response)
    assert response.json["error_id"] == "too_many_exports"
    assert response.headers["Retry-After"] == "60"
    for response in opened:
        response.close()
    return len(opened)


def test_exports_leave_the_database_to_others(admin, rows):
    assert turns_left(admin) == web_exports._AT_ONCE
    for _ in range(10):  # each gives its turn back, read or not
        with admin.get(f"{API}/outcomes/export?format=csv") as response:
            assert response.status_code == 200
        with admin.head(f"{API}/outcomes/export?format=csv") as response:
            assert response.status_code == 200
    assert turns_left(admin) == web_exports._AT_ONCE


def test_an_export_reads_a_piece_at_a_time(admin, database, monkeypatch):
    monkeypatch.setattr(reading, "_PIECE", 10)
    with database.write() as session:
        for at in range(35):
            outcome(session, started_at=NOON + timedelta(seconds=at))
    response = admin.get(f"{API}/outcomes/export?format=ndjson")
    sizes = [len(part.splitlines()) for part in response.response]
    assert sum(sizes) == 35 and max(sizes) == 10
