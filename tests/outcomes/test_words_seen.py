"""Words that nobody has mapped: one definition, from the outcomes themselves."""

from sqlalchemy import text

from dialers.base import Connection
from outcomes import words_seen
from tests.factories import outcome

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
        statement = words_seen._counted({"ryng-main": TABLED})
        written = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = "\n".join(str(row) for row in session.connection().exec_driver_sql(f"{explain} {written}"))
    assert "ix_call_outcomes_unknown" in plan and "ix_call_outcomes_unflagged" in plan
