"""Words that nobody has mapped: one definition, from the outcomes themselves."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from dialers.base import Connection
from outcomes import normalize
from outcomes.renormalize import renormalize
from queries import selection, words_seen
from tests.factories import NOON, event, many_calls, outcome, receipt

PLAIN = Connection("ryng-main", "ryng")
TABLED = Connection("ryng-main", "ryng", dispositions={"Interested": ("sale",), "Maybe": ()})


def unmapped(database, connection=PLAIN):
    with database.read() as session:
        return words_seen.unmapped(session, {connection.name: connection})


def told(found):
    return [(seen["field"], seen["word"], seen["calls"]) for seen in found]


def test_words_of_calls_that_are_over_and_unknown(database):
    with database.write() as session:
        made = [outcome(session, connect_outcome="unknown", status_raw="7", hangup_cause="X") for _ in range(4)]
        outcome(session, connect_outcome="unknown", status_raw="8")
        outcome(session, connect_outcome="unknown")  # no word, nothing to map
        outcome(session, connect_outcome="unknown", status_raw="9", merged_into=outcome(session).id)
        outcome(session, connect_outcome="unknown", status_raw="9", settling="provisional")
        outcome(session, connect_outcome="busy", status_raw="9")
        outcome(session, connect_outcome="unknown", status_raw="7", connection="other")
    found = unmapped(database)
    latest = [str(row.id) for row in reversed(made[1:])]
    said_as = [{"field": "hangup_cause", "word": "X", "calls": 4}]
    assert found["ryng-main"][0] == said_as[0] | {"said_as": said_as, "sample_outcome_ids": latest}
    assert told(found["ryng-main"])[1:] == [("status_raw", "7", 4), ("status_raw", "8", 1)]
    assert told(found["other"]) == [("status_raw", "7", 1)]


def test_dispositions_that_stand_in_no_table(database):
    with database.write() as session:
        outcome(session, disposition="Interested", flags=["sale"])
        outcome(session, disposition=" maybe ")  # in the table, on purpose without flags
        outcome(session, disposition="Too dear", disposition_parent="Maybe")  # its parent is
        outcome(session, disposition="Not today")
        outcome(session, disposition="Not today", connection="other")
    assert told(unmapped(database, TABLED)["ryng-main"]) == [("disposition", "Not today", 1)]
    found = unmapped(database)  # without a table none is decided
    assert {word for _, word, _ in told(found["ryng-main"])} == {" maybe ", "Too dear", "Not today"}
    assert told(found["other"]) == [("disposition", "Not today", 1)]


UNKNOWN = {"connect_outcome": "unknown"}
WAYS = {  # what the calls say -> the word, its calls, and in how many ways it was written
    "as status and as cause of one call": ([{"status_raw": "GONE", "hangup_cause": "GONE"}], ("GONE", 1, 2)),
    "as status of one and as cause of another": ([{"status_raw": "GONE"}, {"hangup_cause": "gone"}], ("GONE", 2, 2)),
    "with other blanks and another case": (
        [
            {"status_raw": "NO-FORWARD"},
            {"status_raw": "NO-FORWARD"},
            {"status_raw": " no_forward", "hangup_cause": "No+Forward"},
        ],
        ("NO-FORWARD", 3, 3),
    ),
    "as a status and in an event of the same call": (
        [{"status_raw": "waiting", "event": "Waiting"}],
        ("waiting", 1, 2),
    ),
    "in two events of one call": ([{"connect_outcome": "busy", "event": "hold"}], ("hold", 1, 1)),
    "composed and decomposed": (
        [{"status_raw": "occup\u00e9"}, {"status_raw": "occupe\u0301"}],
        ("occupe\u0301", 2, 2),
    ),
    "a disposition": (
        [{"disposition": "Call back"}, {"disposition": " call  BACK"}, {"disposition": "Call back"}],
        ("Call back", 3, 2),
    ),
}


@pytest.mark.parametrize("calls, expected", WAYS.values(), ids=WAYS)
def test_no_word_is_listed_twice_and_the_filter_finds_its_calls(database, calls, expected):
    """The list behind a word has exactly as many calls as the word says."""
    with database.write() as session:
        for at, call in enumerate(calls):
            words = dict(call)
            told_by = words.pop("event", None)
            row = outcome(session, **UNKNOWN | words)
            for ordinal in range(2 if told_by else 0):
                said_by = receipt(session, body=b"%d %d" % (at, ordinal))
                event(session, row, said_by, kind="milestone", facts={"_word": told_by})
        outcome(session, connect_outcome="unknown", status_raw="GONE", connection="other")
    (seen,) = unmapped(database)["ryng-main"]
    assert (seen["word"], seen["calls"], len(seen["said_as"])) == expected
    values = [f"{way['field']}:{way['word']}" for way in seen["said_as"]]
    with database.read() as session:
        found = selection.page(session, {"connection": ["ryng-main"], "unmapped": values}, limit=1000).rows
    assert len(found) == seen["calls"]


def test_a_disposition_under_a_decided_parent_and_under_another(database):
    with database.write() as session:
        for parent in ("Maybe", "Else", None):
            outcome(session, disposition="Dear", disposition_parent=parent)
        outcome(session, disposition="Cheap", disposition_parent="Maybe")
    (seen,) = unmapped(database, TABLED)["ryng-main"]
    with database.read() as session:
        found = selection.page(session, {"connection": ["ryng-main"], "unmapped": ["disposition:Dear"]}).rows
    assert (seen["word"], seen["calls"]) == ("Dear", len(found))


@pytest.mark.parametrize("meaning", ["canceled", "dismissed"])
def test_a_word_that_the_tenant_has_decided_is_listed_no_more(database, meaning):
    with database.write() as session:
        row = outcome(session, connect_outcome="unknown", status_raw="GONE", hangup_cause="Other")
        event(session, row, receipt(session), kind="milestone", facts={"_word": "gone"})
    found = unmapped(database, replace(PLAIN, words={"Gone": meaning}))
    assert told(found["ryng-main"]) == [("hangup_cause", "Other", 1)]


def test_words_of_events_whatever_became_of_the_call(database):
    with database.write() as session:
        said_by = [receipt(session, body=b"%d" % at) for at in range(6)]
        held, once, other = (
            outcome(session),
            outcome(session, settling="provisional"),
            outcome(session, connection="other"),
        )
        gone = outcome(session, merged_into=held.id)
        for at, (of, facts) in enumerate(
            [
                (held, {"_word": "hold"}),
                (held, {"_word": "hold"}),  # the call is counted once
                (once, {"_word": "hold"}),
                (once, {"_word": "whisper", "talk_seconds": 1}),
                (other, {"_word": "hold"}),
                (gone, {"talk_seconds": 1}),
            ]
        ):
            event(session, of, said_by[at], kind="milestone", facts=facts)
    found = unmapped(database)
    samples = [str(once.id), str(held.id)]
    said_as = [{"field": "event", "word": "hold", "calls": 2}]
    assert found["ryng-main"][0] == said_as[0] | {"said_as": said_as, "sample_outcome_ids": samples}
    assert told(found["ryng-main"])[1:] == [("event", "whisper", 1)]
    assert told(found["other"]) == [("event", "hold", 1)]


def test_an_events_word_that_is_mapped_and_read_again_is_gone(database):
    """Such as a job's status that JAICP's pages do not know, of a job that is not over."""
    waiting = {"id": 7, "phone": 79115550001, "jobStatus": "waiting"}
    with database.write() as session:
        receipt(
            session,
            connection="jaicp-bot",
            dialer=None,
            source="report",
            kind="jobs",
            body=json.dumps(waiting).encode(),
            context={"campaign": "renewals"},
            state="pending",
            readings=0,
        )
    plain = Connection("jaicp-bot", "jaicp", {"campaigns": {"renewals": "t"}})
    while normalize.normalize_pending(database, {"jaicp-bot": plain}, now=NOON):
        pass
    assert told(unmapped(database, plain)["jaicp-bot"]) == [("event", "waiting", 1)]
    mapped = replace(plain, words={"waiting": "pending"})
    list(renormalize(database, {"jaicp-bot": mapped}, "jaicp-bot", apply=True, now=NOON))
    assert unmapped(database, mapped) == {}


def test_most_calls_first_and_fifty_at_most(database):
    with database.write() as session:
        for at in range(60):
            outcome(session, connect_outcome="unknown", status_raw=f"{at:02}")
        for _ in range(2):
            outcome(session, connect_outcome="unknown", status_raw="59")
    found = unmapped(database)["ryng-main"]
    assert told(found)[0] == ("status_raw", "59", 3)
    assert len(found) == words_seen.MOST_WORDS


def test_samples_of_a_word_that_has_become_rare(database, monkeypatch):
    monkeypatch.setattr(words_seen, "LOOKED_THROUGH", 2)
    with database.write() as session:
        rare = [outcome(session, connect_outcome="unknown", status_raw="rare") for _ in range(4)]
        often = [outcome(session, connect_outcome="unknown", status_raw="often") for _ in range(5)]
    first, second = unmapped(database)["ryng-main"]
    assert first["sample_outcome_ids"] == [str(often[at].id) for at in (4, 3, 0)]
    assert second["sample_outcome_ids"] == [str(rare[at].id) for at in (3, 0)]


def test_nothing_is_unmapped_in_an_empty_database(database):
    assert unmapped(database, TABLED) == {}


def test_the_rows_are_found_by_their_indexes(database):
    """Millions of mapped calls must not be read to find a hundred unmapped ones."""
    with database.write() as session:
        if not database.is_sqlite:  # whose planner goes by what is in the tables
            many_calls(session, 5_000)
            session.execute(text("SET enable_seqscan = off"))
        counted = words_seen._counted({"ryng-main": TABLED})
        latest = words_seen._latest("ryng-main", "event")
        plans = [plan(database, session, statement) for statement in (counted, latest)]
    assert "ix_call_outcomes_unknown" in plans[0] and "ix_call_outcomes_unflagged" in plans[0]
    assert all("ix_call_events_word" in one for one in plans)
    if database.is_sqlite:  # PostgreSQL decides by what is in the tables, which is nothing here
        assert "ix_call_outcomes_campaign" not in plans[1]


def plan(database, session, statement) -> str:
    written = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    return "\n".join(str(row) for row in session.connection().exec_driver_sql(f"{explain} {written}"))
