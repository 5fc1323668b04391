"""What figures lack is said to whoever gets them without a page: nothing of it while all is as usual."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dialers.base import Connection
from models import PollCursor
from outcomes import callback_pace
from queries.lacking import lacking
from tests import factories
from tests.factories import NOON

RYNG, QVOICE = Connection("ryng-main", "ryng"), Connection("qvoice-main", "qvoice")
CONNECTIONS = {RYNG.name: RYNG, QVOICE.name: QVOICE}
LAYERS = ("recent", "yesterday", "week")


@pytest.fixture
def said(database):
    """What is said at noon of these connections, of what matches the filters, with so many bytes in the spool."""

    def asked(spooled=0, now=NOON, **filters):
        with database.read() as session:
            return lacking(session, CONNECTIONS, filters, "Asia/Kolkata", now, spooled)

    with database.write() as session:
        for layer in LAYERS:
            factories.poll(session, layer=layer, complete_to=NOON, due_at=NOON)
    return asked


def test_nothing_where_all_is_as_usual(said, database):
    with database.write() as session:
        factories.receipt(session, received_at=NOON - timedelta(seconds=9), state="pending")
    assert said() == []


def test_receipts_that_nobody_has_read(said, database):
    with database.write() as session:
        for seconds in (40, 3, 2):
            factories.receipt(session, received_at=NOON - timedelta(seconds=seconds), state="pending")
    (sentence,) = said(connection=["qvoice-main"], until=NOON - timedelta(days=9))  # they may be of any call
    assert sentence == "3 receipts wait to be read, the oldest for 40 s: what is shown lacks them."


def test_receipts_that_wait_since_before_the_clock_was_set_back(said, database):
    with database.write() as session:
        factories.receipt(session, received_at=NOON + timedelta(hours=1), state="pending")
    assert said() == ["1 receipt waits to be read, since before the clock was set back: what is shown lacks them."]


def test_callbacks_in_the_spool(said):
    assert "the database has not taken them yet" in said(spooled=90)[0]
    assert "is not known" in said(spooled=None)[0]


@pytest.mark.parametrize(
    "wrong", [{"error": "No answer.", "failures": 2}, {"due_at": NOON - timedelta(minutes=3)}], ids=["error", "overdue"]
)
def test_a_dialer_that_does_not_answer(said, database, wrong):
    with database.write() as session:
        factories.poll(session, report="leads", layer="now", error="No answer.", complete_to=None)  # tells of no calls
    assert said() == []
    with database.write() as session:
        for row in session.scalars(select(PollCursor).where(PollCursor.report == "lead_history")):
            row.complete_to = NOON - timedelta(hours=2)
            for name, value in wrong.items():
                setattr(row, name, value)
    complete = "Of qvoice-main calls may be missing: lead history complete to 2026-11-18 15:30."
    assert said() == said(connection=["qvoice-main"]) == said(until=NOON + timedelta(hours=12)) == [complete]
    assert said(connection=["ryng-main"]) == said(dialer=["ryng"]) == said(until=NOON - timedelta(hours=2)) == []


def test_a_dialer_that_did_not_answer_all(said, database):
    """As the pages of reports and the digest say it."""
    with database.write() as session:
        factories.poll(session, layer="awaiting", complete_to=NOON, due_at=NOON, warning="Cut off.")
    assert said() == [], "it follows single calls"
    with database.write() as session:
        session.execute(update(PollCursor).where(PollCursor.layer == "recent").values(warning="Cut off."))
    gap = "Of qvoice-main calls may be missing: lead history complete to 2026-11-18 17:30, with a gap."
    assert said() == [gap] and said(connection=["ryng-main"]) == []


def test_a_dialer_that_was_never_read(database):
    with database.read() as session:
        found = lacking(session, CONNECTIONS, {}, "UTC", NOON, 0)
    assert found == ["Of qvoice-main calls may be missing: lead history not read yet."]


def test_callbacks_that_stay_away(said, database):
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            factories.receipt(session, received_at=NOON - timedelta(seconds=seconds))
    while callback_pace.learn(database, CONNECTIONS, NOON):
        continue
    assert said()[0].startswith("Of ryng-main calls may be missing: no callback for 6 min; ")
    assert said(until=NOON - timedelta(minutes=6)) == []
    assert "no callback for" not in "".join(said(spooled=90))


def test_what_nobody_asks_for_any_more_makes_nothing_late(said, database):
    """A layer of another release, or of the dialer that the connection had before."""
    with database.write() as session:
        factories.poll(session, layer="day", due_at=NOON - timedelta(days=9), error="Refused.", failures=3)
    assert said(now=NOON + timedelta(minutes=1)) == []
