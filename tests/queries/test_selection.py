"""Filters, orders and pages: one definition, tried on both databases."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from models.calls import CallOutcome
from models.searching import AGENT_FIELDS
from queries import branches, keyset, selection, shape
from tests.factories import NOON, event, many_calls, minutes, outcome, receipt

# name of the row -> how it differs from a connected call at noon
ROWS = {
    "plain": {},
    "sale": {"flags": ["contact", "sale"], "disposition": "Interested", "answered_by": "human"},
    "callback": {"flags": ["callback"], "disposition": "Call back later", "campaign_name": "Año Nuevo"},
    "priya": {"agent_id": "priya", "lead_id": "88", "campaign_id": "6541"},
    "by_name": {"agent_name": "priya"},
    "referred": {"crm_reference": "crm 901"},
    "referred_at_length": {"crm_reference": "r" * 10_000},  # more than a B-tree of PostgreSQL takes
    "by_extension": {"agent_extension": "204"},
    "indian": {"customer_number": "+919812345678", "customer_number_raw": "098123 45678"},
    "raw_only": {"customer_number_raw": "anonymous"},
    "open": {"connect_outcome": "in_progress", "settling": "provisional"},
    "early": {"started_at": NOON - minutes(60)},
    "not_started": {"started_at": None, "first_seen_at": NOON + minutes(30)},
    "gone": {"connect_outcome": "unknown", "status_raw": "GONE", "hangup_cause": "by the: network"},
    "perhaps": {"disposition": "Perhaps"},
    # Words without end are told apart, and stored.
    "wordy": {"disposition": "x" * 5_000, "campaign_name": "x" * 5_000, "agent_name": "y" * 5_000},
    "changed": {"changed_at": NOON + minutes(5), "connection": "qvoice-main", "dialer": "qvoice"},
}

EVERYTHING = set(ROWS)
CASES = [
    ({}, EVERYTHING),
    ({"connection": ["qvoice-main"]}, {"changed"}),
    ({"connection": ["qvoice-main", "ryng-main"]}, EVERYTHING),
    ({"dialer": ["qvoice"]}, {"changed"}),
    ({"campaign_id": ["6541"]}, {"priya"}),
    ({"campaign_name": ["Año Nuevo"]}, {"callback"}),
    ({"agent": ["priya"]}, {"priya", "by_name"}),
    ({"agent": ["204"]}, {"by_extension"}),
    ({"agent": ["204", "priya"]}, {"by_extension", "priya", "by_name"}),
    ({"number": ["+919812345678"]}, {"indian"}),
    ({"number": [" 919812345678"]}, {"indian"}),  # what a "+" becomes in a URL
    ({"number": ["919812345678 "]}, {"indian"}),
    ({"number": ["+91 98123-45678"]}, {"indian"}),
    ({"number": ["098123 45678"]}, {"indian"}),
    ({"number": ["anonymous"]}, {"raw_only"}),
    ({"number": ["9812345678"]}, set()),
    ({"lead_id": ["88"]}, {"priya"}),
    ({"crm_reference": ["crm 901"]}, {"referred"}),
    ({"crm_reference": ["crm 901", "r" * 10_000]}, {"referred", "referred_at_length"}),
    ({"crm_reference": ["CRM 901", "crm"]}, set()),
    ({"connect_outcome": ["in_progress"]}, {"open"}),
    ({"answered_by": ["human"]}, {"sale"}),
    ({"disposition": ["Interested", "Call back later"]}, {"sale", "callback"}),
    ({"disposition": ["interested"]}, set()),
    ({"flag": ["sale"]}, {"sale"}),
    ({"flag": ["sale", "callback"]}, {"sale", "callback"}),
    ({"flag": ["contact"], "connect_outcome": ["busy"]}, set()),
    ({"flag": ["nice"]}, set()),
    ({"settling": ["settled", "provisional"], "connection": ["ryng-main"]}, EVERYTHING - {"changed"}),
    ({"number": ["+919812345678"], "agent": ["priya"]}, set()),
    ({"agent": ["priya"], "lead_id": ["88"], "campaign_id": ["6541"]}, {"priya"}),
    ({"disposition": ["x" * 5_000]}, {"wordy"}),
    ({"campaign_name": ["x" * 5_000], "agent": ["y" * 5_000]}, {"wordy"}),
    ({"settling": ["provisional"]}, {"open"}),
    ({"is_final": False}, {"open"}),
    ({"is_final": True}, EVERYTHING - {"open"}),
    ({"unmapped": ["status_raw:GONE"]}, {"gone"}),
    ({"unmapped": ["hangup_cause:by the: network"]}, {"gone"}),
    ({"unmapped": ["disposition:Perhaps", "event:hold"]}, {"perhaps"}),
    ({"unmapped": ["disposition:Interested"]}, set()),  # it raises flags
    ({"unmapped": ["status_raw:gone"]}, set()),
    ({"unmapped": ["notes:x"]}, set()),
    ({"unread": ["callEnded"]}, {"perhaps"}),
    ({"unread": ["callStarted"]}, set()),
    ({"since": NOON}, EVERYTHING - {"early"}),
    ({"until": NOON}, {"early"}),
    ({"since": NOON + minutes(30)}, {"not_started"}),  # first seen stands in for a start that nobody told
    ({"since": NOON, "until": NOON}, set()),
    ({"changed_since": NOON + minutes(5)}, {"changed"}),
    ({"connection": [], "is_final": None}, EVERYTHING),
    ({"lead_id": ["8\x008", "\ud800"]}, set()),  # neither can be stored, and both can be asked for
]


def test_the_cases_leave_no_filter_out():
    assert {name for filters, _ in CASES for name in filters} == set(selection.FILTERS)


@pytest.fixture(scope="module")
def rows(kept_database):
    """id -> name, with a merged row that must never be among them."""
    with kept_database.write() as session:
        made = {name: outcome(session, **given) for name, given in ROWS.items()}
        found = {row.id: name for name, row in made.items()}
        event(session, made["perhaps"], receipt(session), facts={"_unread": {"callEnded": "soon"}})
        outcome(session, merged_into=next(iter(found)))
    return found


@pytest.mark.parametrize(
    "filters, expected", CASES, ids=lambda value: str(value)[:60] if isinstance(value, dict) else ""
)
def test_a_filter_finds_its_rows(kept_database, rows, filters, expected):
    with kept_database.read() as session:
        found = selection.page(session, filters, limit=1000).rows
    assert sorted(rows[row.id] for row in found) == sorted(expected)


def test_an_unknown_filter_is_never_overlooked(kept_database):
    with pytest.raises(KeyError, match="agnet"):
        selection.conditions({"agnet": ["priya"]})


@pytest.mark.parametrize("order", selection.ORDERS)
@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_pages_show_every_row_once_in_order(kept_database, rows, order, limit):
    shown, cursor = [], None
    with kept_database.read() as session:
        while True:
            page = selection.page(session, {}, order, cursor, limit)
            shown += page.rows
            if page.next is None:
                break
            assert len(page.rows) == limit
            cursor = page.next
    assert {row.id for row in shown} == set(rows) and len(shown) == len(rows)
    keys = [(row.sort_key, row.id) for row in shown]
    assert keys == sorted(keys, reverse=order.startswith("-"))


def test_rows_that_come_in_meanwhile_shift_nothing(database):
    """Rows that come at either end, and at the very moment where the page ended."""
    with database.write() as session:
        before = [outcome(session, started_at=NOON + minutes(at)).id for at in range(6)]
    with database.read() as session:
        first = selection.page(session, {}, limit=3)
    with database.write() as session:
        for at in (-10, 2.5, 3, 10):
            outcome(session, started_at=NOON + minutes(at))
    with database.read() as session:
        second = selection.page(session, {}, cursor=first.next, limit=100)
    seen = [row.id for row in first.rows + second.rows]
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_a_call_of_a_machine_that_did_not_know_the_time_ends_no_walk(database):
    """It was first seen in 1970, as that machine had it."""
    times = [NOON, datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)]
    with database.write() as session:
        rows = [outcome(session, started_at=None, first_seen_at=at).id for at in times]
    shown, cursor = [], None
    with database.read() as session:
        for _ in rows:
            page = selection.page(session, {}, cursor=cursor, limit=1)
            shown += [row.id for row in page.rows]
            cursor = page.next
    assert (shown, cursor) == (rows, None)


def test_a_cursor_keeps_the_microsecond(database):
    with database.write() as session:
        for micro in (1, 2, 3):
            outcome(session, started_at=NOON + timedelta(microseconds=micro))
    with database.read() as session:
        first = selection.page(session, {}, limit=2)
        second = selection.page(session, {}, cursor=first.next, limit=2)
    assert [row.started_at.microsecond for row in first.rows + second.rows] == [3, 2, 1]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "////",
        "W10",  # []
        "bnVsbA",  # null
        keyset.encode("started_at", NOON.isoformat(), str(UUID(int=0))),  # of another order
        keyset.encode("-started_at", NOON.isoformat()),
        keyset.encode("-started_at", "yesterday", str(UUID(int=0))),
        keyset.encode("-started_at", NOON.isoformat(), "\x00"),
        keyset.encode("-started_at", "0001-01-01T00:00:00+14:00", str(UUID(int=0))),
        "W" * 100_001,
    ],
)
def test_a_foreign_cursor_is_refused(kept_database, cursor):
    with kept_database.read() as session, pytest.raises(keyset.BadCursor):
        selection.page(session, {}, cursor=cursor)


def test_a_cursor_is_safe_in_a_url():
    cursor = keyset.encode("campaign_id", "ryng-main", "?/+ ü")
    assert cursor.isascii() and not set(cursor) & set("+/= ?&#")
    assert keyset.decode("campaign_id", cursor, 2) == ["ryng-main", "?/+ ü"]


def test_a_merged_row_is_found_by_its_id(database):
    with database.write() as session:
        other = outcome(session)
        merged = outcome(session, merged_into=other.id)
    with database.read() as session:
        shown = shape.outcome_of(selection.find(session, merged.id))
    assert shown["merged_into"] == str(other.id)


def test_row_and_model_are_shown_alike(kept_database, rows):
    with kept_database.read() as session:
        for row in selection.page(session, {}, limit=1000).rows:
            assert shape.outcome(row) == shape.outcome_of(session.get(CallOutcome, row.id))
            assert list(shape.outcome(row)) == list(shape.FIELDS)
            json.dumps(shape.outcome(row))


def test_pages_that_are_put_together_of_several_ways_lack_nothing(kept_database, rows):
    asked = [
        {"agent": ["priya", "204"]},
        {"flag": ["sale", "callback"]},
        {"connection": ["ryng-main"]},
        {"settling": ["provisional"], "connection": ["ryng-main", "qvoice-main"]},
        {"number": ["098123 45678", "+919812345678", "anonymous"], "since": NOON - minutes(120)},
    ]
    with kept_database.read() as session:
        for wanted in asked:
            for order in ("-started_at", "started_at"):
                plain = [row.id for row in session.execute(selection.matching_in_order(wanted, order))]
                shown, cursor = [], None
                while len(shown) <= len(plain):
                    page = selection.page(session, wanted, order, cursor, 2)
                    shown += [row.id for row in page.rows]
                    cursor = page.next
                    if cursor is None:
                        break
                assert plain and shown == plain, (wanted, order)


def test_more_ways_than_a_statement_takes_are_one_walk(kept_database, rows):
    wanted = {"agent": ["priya", *map(str, range(branches.MOST))]}
    with kept_database.read() as session:
        assert branches.alternatives(session, wanted) is None
        assert {rows[row.id] for row in selection.page(session, wanted).rows} == {"priya", "by_name", "by_extension"}


BY = "ix_call_outcomes_by_"
# filters -> the indexes by which they are found
INDEXES = [
    ({}, ["ix_call_outcomes_occurred"]),
    ({"since": NOON + minutes(60)}, ["ix_call_outcomes_occurred"]),
    ({"is_final": True}, ["ix_call_outcomes_occurred"]),
    ({"settling": ["settled", "provisional"]}, ["ix_call_outcomes_occurred"]),
    ({"crm_reference": ["crm 901"]}, ["ix_call_outcomes_crm_reference"]),
    ({"crm_reference": ["crm 901", "crm 902", "crm 903"]}, ["ix_call_outcomes_crm_reference"]),
    ({"connection": ["ryng-main"], "lead_id": ["88"]}, ["ix_call_outcomes_lead"]),
    ({"lead_id": ["88"]}, ["ix_call_outcomes_lead"]),
    ({"number": ["+919812345678"]}, ["ix_call_outcomes_number", f"{BY}number_raw"]),
    ({"number": ["098123 45678"], "connection": ["ryng-main"]}, ["ix_call_outcomes_number", f"{BY}number_raw"]),
    ({"agent": ["priya"]}, [BY + name for name in AGENT_FIELDS]),
    ({"campaign_id": ["6541"]}, ["ix_call_outcomes_campaign"]),
    ({"campaign_name": ["Welcome"]}, [f"{BY}campaign_name"]),
    ({"disposition": ["Interested"], "since": NOON}, [f"{BY}disposition"]),
    ({"flag": ["sale", "dnc"], "connection": ["ryng-main"]}, [f"{BY}sale", f"{BY}dnc"]),
    ({"is_final": False}, [f"{BY}open"]),
    ({"settling": ["awaiting_disposition"]}, [f"{BY}settling"]),
    ({"connect_outcome": ["blocked"]}, [f"{BY}outcome"]),
    ({"connection": ["qvoice-main"]}, [f"{BY}outcome"]),
]


def test_a_page_is_found_by_an_index(database):
    with database.write() as session:
        if database.is_sqlite:
            outcome(session)
        else:
            many_calls(session, 20_000)
        connection = session.connection()
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        for filters, indexes in INDEXES:
            for after in (None, (NOON + minutes(90), UUID(int=0))):
                statement = selection.first_matching(session, filters, after=after, limit=101)
                written = str(statement.compile(connection, compile_kwargs={"literal_binds": True})).replace("%", "%%")
                plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {written}"))
                assert all(index in plan for index in indexes), (filters, plan)
                assert "Seq Scan" not in plan and "SCAN call_outcomes\n" not in plan, (filters, plan)
