"""Corrections: a settled row that comes to mean something else says since when, and each revision says what it changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from models import CallOutcome
from outcomes import corrections
from outcomes.renormalize import renormalize
from outcomes.settle import settle_due
from queries import selection, shape
from queries.exports.choice import Choice
from queries.exports.reading import LINES, pieces
from queries.feed import changes
from tests.evidence import CONNECTIONS, RYNG, START, connect, keep, normalize, outcomes, receipt, terminal

MINUTE = timedelta(minutes=1)
QUIET = {"disposition": None, "callDisposed": None}


def then(database, *bodies, minutes: int, kind="terminal", connections=CONNECTIONS) -> CallOutcome:
    """The one row, after more has come."""
    at = START + minutes * MINUTE
    keep(database, *(receipt(body, kind, at=at) for body in bodies))
    normalize(database, connections, now=at)
    (row,) = outcomes(database)
    return row


# how a second terminal callback differs -> (whether it corrects, the fields that it changes)
SECONDS = {
    "another disposition": (
        {"disposition": "Not interested"},
        (True, ["disposition", "flags", "corrected_at"]),
    ),
    "another number": (
        {"customerNum": "+919800054321"},
        (True, ["customer_number", "customer_number_raw", "corrected_at"]),
    ),
    "the same number in other words": ({"customerNum": "+91 98000 12345"}, (False, ["customer_number_raw"])),
    "another agent": ({"agentID": 4, "agentUsername": "ravi@example.test"}, (True, ["agent", "corrected_at"])),
    "a parent": ({"parentDisposition": "Positive"}, (True, ["disposition_parent", "corrected_at"])),
    "a time to call back": (
        {"callbackTime": "2026-11-19T09:00:00.000Z"},
        (True, ["callback_at", "corrected_at"]),
    ),
    "a recording": ({"recordingUrl": "https://recordings.example.test/y.mp3"}, (False, ["recording_url"])),
    "a note": ({"notes": "Asked twice"}, (False, ["notes"])),
    "some seconds": ({"talktime": 96}, (False, ["talk_seconds"])),
}


@pytest.mark.parametrize("name", SECONDS)
def test_a_second_terminal_callback(database, name):
    given, (corrects, changed) = SECONDS[name]
    before = then(database, terminal(), minutes=0)
    assert (before.settling, before.corrected_at, before.changed_fields) == ("settled", None, [])
    after = then(database, terminal(**given), minutes=3)
    assert (after.id, after.settling, after.revision) == (before.id, "settled", 2)
    assert after.corrected_at == (START + 3 * MINUTE if corrects else None)
    assert after.changed_fields == changed


def test_another_result(database):
    """Of two that prove no conversation, the later word counts."""
    silent = {"talktime": 0, "legDetails": None, **QUIET}
    before = then(database, terminal(status="no-answer", **silent), minutes=0)
    assert (before.connect_outcome, before.settling) == ("no_answer", "settled")
    after = then(database, terminal(status="busy", **silent), minutes=3)
    assert (after.connect_outcome, after.corrected_at) == ("busy", START + 3 * MINUTE)
    assert after.changed_fields == ["connect_outcome", "status_raw", "corrected_at"]


def test_the_first_correction_stays_and_later_ones_are_announced(database):
    then(database, terminal(), minutes=0)
    then(database, terminal(disposition="Not interested"), minutes=3)
    row = then(database, terminal(disposition="Call back later"), minutes=5)
    assert (row.revision, row.corrected_at) == (3, START + 3 * MINUTE)
    assert row.changed_fields == ["disposition", "flags"]
    row = then(database, terminal(disposition="Call back later", notes="later"), minutes=7)
    assert (row.corrected_at, row.changed_fields) == (START + 3 * MINUTE, ["notes"])


def test_what_was_never_shown_as_settled_is_not_corrected(database):
    """The same evidence in one batch: Interested was shown to nobody."""
    row = then(database, terminal(), terminal(disposition="Not interested"), minutes=0)
    assert (row.settling, row.revision, row.corrected_at) == ("settled", 1, None)


def test_a_call_that_goes_its_way_is_not_corrected(database):
    row = then(database, connect(), minutes=0, kind="connect")
    assert row.settling == "provisional"
    row = then(database, terminal(**QUIET), minutes=3)
    assert row.settling == "awaiting_disposition"
    assert {"connect_outcome", "settling", "is_final"} <= set(row.changed_fields)
    row = then(database, terminal(), minutes=5)
    assert (row.settling, row.corrected_at) == ("settled", None)
    assert {"disposition", "flags", "settling", "disposed_at"} <= set(row.changed_fields)


def test_a_disposition_after_its_window_is_late_and_no_correction(database):
    then(database, terminal(**QUIET), minutes=0)
    settle_due(database, CONNECTIONS, now=START + timedelta(days=3))
    (row,) = outcomes(database)
    assert (row.settling, row.changed_fields) == ("never_disposed", ["settling"])
    row = then(database, terminal(), minutes=3 * 24 * 60 + 5)
    assert (row.settling, row.corrected_at) == ("settled", None)


def test_a_disposition_that_nobody_waited_for_corrects(database):
    """Nobody answered, so the row was settled at once; then somebody recorded a result all the same."""
    silent = {"status": "no-answer", "talktime": 0, "legDetails": None}
    row = then(database, terminal(**silent, **QUIET), minutes=0)
    assert (row.connect_outcome, row.settling) == ("no_answer", "settled")
    row = then(database, terminal(**silent, disposition="Call back later"), minutes=3)
    assert row.corrected_at == START + 3 * MINUTE
    assert {"disposition", "flags", "corrected_at"} <= set(row.changed_fields)


@pytest.mark.parametrize("apply", [True, False])
def test_a_mapping_that_changes_what_a_settled_row_means(database, apply):
    then(database, terminal(), minutes=0)
    tabled = {RYNG.name: replace(RYNG, dispositions={"Interested": ("callback",)})}
    list(renormalize(database, tabled, RYNG.name, apply, now=START + 9 * MINUTE))
    (row,) = outcomes(database)
    assert row.corrected_at == (START + 9 * MINUTE if apply else None)
    assert row.changed_fields == (["flags", "corrected_at"] if apply else [])


def test_flags_in_another_order_mean_the_same(database):
    then(database, terminal(), minutes=0)
    turned = {RYNG.name: replace(RYNG, dispositions={"Interested": ("sale", "contact")})}
    list(renormalize(database, turned, RYNG.name, True, now=START + 9 * MINUTE))
    (row,) = outcomes(database)
    assert row.corrected_at is None


def test_a_merge_is_a_change_of_its_own(database):
    """Two rows that turn out to be one call: the younger says into which, and nothing else of it changed."""
    from dialers.base import Connection

    qvoice = Connection("qvoice-main", "qvoice", default_country="US")
    row = {"timestamp": 1_763_460_000, "lead_number": "+12195011918", "hangup_cause": "NO_ANSWER"}
    only_id = {"call_id": "abc", "lead_number": "+12195011918", "hangup_cause": "NO_ANSWER"}
    for bodies in ([row, only_id], [row | only_id]):
        polled = {"kind": "lead_history", "connection": qvoice, "source": "report", "method": None, "headers": None}
        keep(database, *(receipt(body, **polled) for body in bodies))
        normalize(database, {qvoice.name: qvoice})
    (merged,) = [one for one in outcomes(database, merged=True) if one.merged_into]
    assert (merged.changed_fields, merged.corrected_at) == (["merged_into"], None)


def test_list_feed_export_view_and_one_say_the_same(database):
    then(database, terminal(), minutes=0)
    then(database, terminal(disposition="Not interested"), minutes=3)
    said = "2026-11-18T10:03:00Z"
    with database.read() as session:
        (listed,) = selection.page(session, {}).rows
        (fed,) = changes(session, 0, 10)
        assert shape.outcome(listed)["corrected_at"] == said
        assert shape.change(fed) == {
            **shape.outcome(listed),
            "changed_fields": ["disposition", "flags", "corrected_at"],
        }
        viewed = session.connection().exec_driver_sql("SELECT corrected_at FROM call_outcomes_v1").scalar_one()
    assert str(viewed).startswith("2026-11-18 10:03:00")
    (piece,) = pieces(database, {}, Choice(), LINES)
    assert f'"corrected_at":"{said}"'.encode() in piece


def test_revisions_of_an_older_release_say_that_they_do_not_know(database):
    then(database, terminal(), minutes=0)
    with database.write() as session:
        session.execute(update(CallOutcome).values(changed_fields=None))
    with database.read() as session:
        (fed,) = changes(session, 0, 10)
    assert shape.change(fed)["changed_fields"] is None


SETTLED = {name: None for name in CallOutcome.__table__.columns.keys()} | {"settling": "settled", "flags": []}

# what a settled row said, and what it says now -> whether that corrects it
PAIRS = [
    ({}, {"campaign_id": "24", "lead_id": "7", "crm_reference": "crm-1", "direction": "outbound"}, False),
    ({"campaign_id": "24"}, {"campaign_id": "25"}, True),
    ({"crm_reference": "crm-1"}, {"crm_reference": None}, True),
    ({"lead_id": "7"}, {"lead_id": "8"}, True),
    ({"customer_number": "+919800012345"}, {"customer_number": None}, True),
    ({"agent_name": "Jana"}, {"agent_name": "Jana", "agent_id": "7"}, False),
    ({"agent_id": "7", "agent_name": "Jana"}, {"agent_id": "7", "agent_name": "Jana Nová"}, False),
    ({"agent_name": "Jana"}, {"agent_name": "Petr", "agent_id": "8"}, True),
    ({"agent_extension": "204"}, {"agent_extension": "205"}, True),
    ({"answered_by": None}, {"answered_by": "machine"}, True),
    ({"is_final": True}, {"is_final": False, "settling": "provisional"}, True),
    ({"settling": "never_disposed"}, {"disposition": "Interested", "flags": ["sale"]}, False),
    ({"custom_fields": {}}, {"custom_fields": {"a": 1}}, False),
    ({"flags": ["contact", "sale"]}, {"flags": ["sale", "contact"]}, False),
    ({"flags": ["contact"]}, {"flags": []}, True),
    # the agent is known by the best of the names that was stated: the rest may be told in other words
    ({"agent_username": "jana", "agent_email": "j@x"}, {"agent_username": "jana", "agent_email": "k@x"}, False),
    ({"agent_username": "jana", "agent_name": "Jana"}, {"agent_username": "petr", "agent_name": "Jana"}, True),
    ({"agent_id": "7", "agent_username": "jana"}, {"agent_id": "7", "agent_username": "jana2"}, False),
    ({"agent_id": "7", "agent_username": "jana"}, {"agent_id": "8", "agent_username": "jana"}, True),
    ({"agent_name": "Jana", "agent_number": "+1"}, {"agent_name": "Jana", "agent_number": "+2"}, False),
    ({"agent_username": "j", "agent_name": "Jana"}, {"agent_username": "j", "agent_name": "Petr"}, False),
    ({"agent_number": "+1", "agent_extension": "2"}, {"agent_number": "+1", "agent_extension": "3"}, False),
    ({"agent_number": "+1", "agent_extension": "2"}, {"agent_number": "+3", "agent_extension": "2"}, True),
    ({"agent_extension": "2", "agent_email": "j@x"}, {"agent_extension": "2", "agent_email": "k@x"}, False),
    ({"agent_extension": "2", "agent_email": "j@x"}, {"agent_extension": "3", "agent_email": "j@x"}, True),
    ({"agent_email": "j@x"}, {"agent_email": "k@x"}, True),
    ({"agent_id": "7"}, {}, True),
]
# each alone: stated anew, another, gone, or the same
PAIRS += [
    pair
    for name in ("connect_outcome", "answered_by", "disposition", "disposition_parent", "callback_at")
    for pair in (
        ({}, {name: "b"}, True),
        ({name: "a"}, {name: "b"}, True),
        ({name: "a"}, {}, True),
        ({name: "a"}, {name: "a"}, False),
    )
]
PAIRS += [
    pair
    for name in ("customer_number", "lead_id", "crm_reference", "campaign_id", "direction")
    for pair in (
        ({}, {name: "b"}, False),
        ({name: "a"}, {name: "b"}, True),
        ({name: "a"}, {}, True),
        ({name: "a"}, {name: "a"}, False),
    )
]
# no reader sees one of these change without the other; each is a correction all the same
PAIRS += [({}, {"settling": "never_disposed"}, True), ({"is_final": True}, {"is_final": False}, True)]


@pytest.mark.parametrize("before, after, corrects", PAIRS)
def test_what_a_correction_is(before, after, corrects):
    assert corrections.corrects(SETTLED | before, SETTLED | {"settling": "settled"} | after) is corrects


def test_a_field_is_named_once_and_as_it_is_shown():
    changed = ["revision", "changed_at", "notes", "agent_number", "position", "agent_name", "connect_outcome", "set_by"]
    assert corrections.changed_fields(changed) == ["agent", "connect_outcome", "notes"]


def test_every_field_that_is_shown_can_be_named():
    columns = CallOutcome.__table__.columns.keys()
    named = set(shape.FIELDS) - {"revision", "position", "changed_at"}
    assert corrections.changed_fields(columns) == [name for name in shape.FIELDS if name in named]
