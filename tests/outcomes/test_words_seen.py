"""Words that nobody has mapped: one definition, from the outcomes themselves."""

import json
from dataclasses import replace

from sqlalchemy import text

from dialers.base import Connection
from outcomes import normalize, words_seen
from outcomes.renormalize import renormalize
from tests.factories import NOON, event, outcome, receipt

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
    assert found["ryng-main"][0] == {"field": "hangup_cause", "word": "X", "calls": 4, "sample_outcome_ids": latest}
    assert told(found["ryng-main"])[1:] == [("status_raw", "7", 4), ("status_raw", "8", 1)]
    assert told(found["other"]) == [("status_raw", "7", 1)]


def test_dispositions_only_where_the_connection_has_a_table(database):
    with database.write() as session:
        outcome(session, disposition="Interested", flags=["sale"])
        outcome(session, disposition=" maybe ")  # in the table, on purpose without flags
        outcome(session, disposition="Not today")
        outcome(session, disposition="Not today", connection="other")
    assert unmapped(database) == {}
    assert told(unmapped(database, TABLED)["ryng-main"]) == [("disposition", "Not today", 1)]


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
    assert found["ryng-main"][0] == {"field": "event", "word": "hold", "calls": 2, "sample_outcome_ids": samples}
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
        if not database.is_sqlite:
            session.execute(text("SET enable_seqscan = off"))
        counted = words_seen._counted(session, {"ryng-main": TABLED})
        latest = words_seen._latest(session, "ryng-main", "event")
        plans = [plan(database, session, statement) for statement in (counted, latest)]
    assert "ix_call_outcomes_unknown" in plans[0] and "ix_call_outcomes_unflagged" in plans[0]
    assert all("ix_call_events_word" in one for one in plans)
    if database.is_sqlite:  # PostgreSQL decides by what is in the tables, which is nothing here
        assert "ix_call_outcomes_campaign" not in plans[1]


def plan(database, session, statement) -> str:
    written = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    return "\n".join(str(row) for row in session.connection().exec_driver_sql(f"{explain} {written}"))
