"""Words that are decided without the settings file: what holds, who said it when, and what becomes of the past."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from dialers.base import Connection
from lib import clock, ids
from models import CallOutcome, Decision
from outcomes import applying, decisions
from outcomes.applying import apply_next, preview
from outcomes.decisions import Decided, decide
from queries import summary as sums
from queries import words_seen
from tests.evidence import RYNG, START, connect, keep, normalize, outcomes, receipt, terminal

PLAIN = replace(RYNG, dispositions={})
LATER = timedelta(seconds=10)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """No process goes on with what was decided before."""
    monkeypatch.setattr(decisions, "LOOK_SECONDS", 0.0)
    # Soon after the calls: nothing settles by time.
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=6))


def decision(field, word, meaning, **more) -> Decision:
    return Decision(id=ids.new(), field=field, word=word, meaning=meaning, **more)


FILE = Connection(
    "ryng-main",
    "ryng",
    {"status_codes": {"2": "connected"}},
    dispositions={"Sold": ("sale",), "Nope": ()},
    words={"7": "busy"},
)
MERGED = [  # what was decided here -> the dispositions and words that hold besides the file's
    ([], {}, {}),
    ([("disposition", "New", ["contact"])], {"New": ("contact",)}, {}),
    ([("disposition", "New", [])], {"New": ()}, {}),
    ([("disposition", " sold ", ["dnc"])], {}, {}),  # the file has it
    ([("disposition", "nope", ["dnc"])], {}, {}),  # the file says: no flags
    ([("disposition", "New", None)], {}, {}),  # withdrawn
    ([("status_raw", "8", "failed"), ("event", "hold", "dismissed")], {}, {"8": "failed", "hold": "dismissed"}),
    ([("hangup_cause", "7", "failed")], {}, {}),
    ([("status_raw", "2", "failed")], {}, {}),  # the dialer's own table in the settings has it
    ([("status_raw", "Sold", "busy")], {}, {"Sold": "busy"}),  # a status is no disposition
]


@pytest.mark.parametrize("made, dispositions, words", MERGED)
def test_what_holds_is_the_file_first(made, dispositions, words):
    found = decisions.merged(FILE, [decision(*one) for one in made])
    assert (found.dispositions, found.words) == (FILE.dispositions | dispositions, FILE.words | words)


def test_the_latest_decision_of_a_word_holds_and_all_are_kept(database):
    live = Decided(database, {PLAIN.name: PLAIN})
    steps = [
        ("Later", ["callback"], "priya", ["callback"]),
        (" later", ["contact", "callback", "contact"], "asha", ["callback", "contact"]),
        ("LATER", None, "priya", []),
        ("Later", [], "asha", []),
    ]
    for word, meaning, by, flags in steps:
        with database.write() as session:
            decide(session, PLAIN, "disposition", word, meaning, by)
        assert live[PLAIN.name].flags("later") == flags
    assert live[PLAIN.name].decides("Later")
    with database.read() as session:
        told = [(one.word, one.meaning, one.decided_by) for one in decisions.history(session, PLAIN.name)]
    assert told == [
        ("Later", [], "asha"),
        ("LATER", None, "priya"),
        (" later", ["contact", "callback"], "asha"),
        ("Later", ["callback"], "priya"),
    ]


def test_deciding_the_same_again_is_one_decision(database):
    with database.write() as session:
        first = decide(session, PLAIN, "status_raw", "NO-FORWARD", "canceled", "priya")
        assert decide(session, PLAIN, "hangup_cause", "no_forward", "canceled", "asha").id == first.id
        assert decide(session, PLAIN, "status_raw", "NO-FORWARD", "failed", "asha").id != first.id


REFUSED = [
    ("status_raw", "7", "failed", decisions.DecidedInFile),
    ("disposition", "SOLD", ["dnc"], decisions.DecidedInFile),
    ("hangup_cause", "2", None, decisions.DecidedInFile),
    ("status_raw", "8", None, decisions.NothingToWithdraw),
    ("status_raw", "8", "great", decisions.BadDecision),
    ("status_raw", "8", "dialed", decisions.BadDecision),  # what happened is said of events
    ("status_raw", "8", ["sale"], decisions.BadDecision),
    ("disposition", "New", "busy", decisions.BadDecision),
    ("disposition", "New", ["great"], decisions.BadDecision),
    ("notes", "New", [], decisions.BadDecision),
    ("event", " -", "busy", decisions.BadDecision),
    ("disposition", "  ", [], decisions.BadDecision),
]


@pytest.mark.parametrize("field, word, meaning, error", REFUSED)
def test_what_cannot_be_decided_here(database, field, word, meaning, error):
    with database.write() as session, pytest.raises(error):
        decide(session, FILE, field, word, meaning, "priya")


SILENT = {"talktime": 0, "legDetails": None, "disposition": None, "callDisposed": None}
WORDS = [  # the calls, the decision, and what the outcomes that change say afterwards
    ({"status": "No-Forward", **SILENT}, "status_raw", "NO FORWARD", "canceled", {"connect_outcome": "canceled"}),
    ({"disposition": "Sale"}, "disposition", " sale ", ["contact", "sale"], {"flags": ["contact", "sale"]}),
    ({"disposition": "Dear", "parentDisposition": "No"}, "disposition", "no", ["dnc"], {"flags": ["dnc"]}),
    ({"disposition": "Sale"}, "disposition", "Sale", [], {}),
    ({"status": "No-Forward", **SILENT}, "status_raw", "NO FORWARD", "dismissed", {}),
]


@pytest.mark.parametrize("said, field, word, meaning, expected", WORDS)
def test_a_worker_applies_a_decision_to_the_calls_that_have_the_word(database, said, field, word, meaning, expected):
    keep(database, *(receipt(terminal(n, 100 + n, **said)) for n in range(3)), receipt(terminal(9, 109)))
    live = Decided(database, {PLAIN.name: PLAIN})
    normalize(database, live)
    assert len(unmapped(database, live)) > 0
    looked = preview(database, live.current(), PLAIN, field, word, meaning)
    changed = 3 if expected else 0
    assert (looked["calls"], looked["looked_at"], looked["changed"], len(looked["examples"])) == (
        3,
        3,
        changed,
        changed,
    )
    before = [(row.id, row.revision) for row in outcomes(database)]
    with database.write() as session:
        made = decide(session, PLAIN, field, word, meaning, "priya")
    assert (made.state, [(row.id, row.revision) for row in outcomes(database)]) == ("waiting", before)
    assert not apply_next(database, live)  # other processes may still read with the old meaning

    assert apply_next(database, live, now=clock.now() + LATER)

    (done,) = history(database)
    assert (done.state, done.calls, done.changed, done.reason) == ("done", 3, changed, None)
    rows = outcomes(database)
    assert [row.id for row in rows] == [outcome for outcome, _ in before]
    for row in rows[:3]:
        assert {name: getattr(row, name) for name in expected} == expected
        assert row.revision == (2 if expected else 1)
    assert rows[3].revision == 1
    assert all(
        seen["word"].strip().casefold() not in (word.strip().casefold(), "no-forward")
        for seen in unmapped(database, live)
    )
    assert not apply_next(database, live, now=clock.now() + LATER)


def test_a_decided_word_for_an_event(database):
    keep(
        database,
        receipt(connect(7, event="Machine_Heard"), kind="connect"),
        receipt(connect(8, event="hold"), kind="connect"),
    )
    live = Decided(database, {PLAIN.name: PLAIN})
    normalize(database, live)
    with database.write() as session:
        decide(session, PLAIN, "event", "machine heard", "voicemail", "priya")
        decide(session, PLAIN, "event", "Hold", "dismissed", "priya")
    assert unmapped(database, live) == []
    while apply_next(database, live, now=clock.now() + LATER):
        pass
    first, second = outcomes(database)
    assert (first.connect_outcome, first.is_final) == ("voicemail", True)
    assert (second.connect_outcome, second.is_final) == ("in_progress", False)


def test_withdrawing_brings_back_what_was(database):
    keep(database, receipt(terminal(1, 101, disposition="Sale")))
    live = Decided(database, {PLAIN.name: PLAIN})
    normalize(database, live)
    for meaning, flags in ((["sale"], ["sale"]), (None, [])):
        with database.write() as session:
            decide(session, PLAIN, "disposition", "Sale", meaning, "priya")
        assert apply_next(database, live, now=clock.now() + LATER)
        (row,) = outcomes(database)
        assert row.flags == flags
    assert [seen["word"] for seen in unmapped(database, live)] == ["Sale"]


def test_until_it_is_applied_nothing_is_zero(database):
    """The table has the word by now, its calls do not know it yet."""
    keep(database, receipt(terminal(1, 101, disposition="Sale")))
    live = Decided(database, {PLAIN.name: PLAIN})
    normalize(database, live)
    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
    assert sales(database, live) is None
    assert apply_next(database, live, now=clock.now() + LATER)
    assert sales(database, live) == 1


def sales(database, live):
    with database.read() as session:
        return sums.summary(session, {}, [], configured=live)["totals"]["sales"]


def test_what_comes_in_is_read_with_the_decision_at_once(database):
    live = Decided(database, {PLAIN.name: PLAIN})
    assert live[PLAIN.name].flags("Sale") == []
    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
    keep(database, receipt(terminal(1, 101, disposition="SALE")))
    normalize(database, live.current(), now=START + timedelta(minutes=5))
    (row,) = outcomes(database)
    assert row.flags == ["sale"]


def test_a_decision_of_a_connection_that_is_gone_fails_with_the_reason(database):
    with database.write() as session:
        decide(session, replace(PLAIN, name="gone"), "status_raw", "8", "failed", "priya")
    assert apply_next(database, Decided(database, {PLAIN.name: PLAIN}), now=clock.now() + LATER)
    (done,) = history(database, "gone")
    assert (done.state, done.reason) == ("failed", "No connection of this name is configured.")


def test_a_fault_of_ours_fails_with_the_reason_and_can_be_decided_again(database, monkeypatch):
    keep(database, receipt(terminal(1, 101, disposition="Sale")))
    live = Decided(database, {PLAIN.name: PLAIN})
    normalize(database, live)

    def broken(*_args, **_options):
        raise RuntimeError("boom")
        yield

    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
    with monkeypatch.context() as patch:
        patch.setattr(applying, "renormalize", broken)
        with pytest.raises(RuntimeError):
            apply_next(database, live, now=clock.now() + LATER)
    assert [(one.state, one.reason) for one in history(database)] == [
        ("failed", "Reading the calls again failed: RuntimeError.")
    ]
    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
    assert apply_next(database, live, now=clock.now() + LATER)
    assert history(database)[0].state == "done"


def test_a_worker_that_died_is_followed_by_another(database):
    live = Decided(database, {PLAIN.name: PLAIN})
    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
        session.execute(update(Decision).values(state="running", lease_until=clock.now() + timedelta(seconds=60)))
    assert not apply_next(database, live, now=clock.now() + LATER)
    assert apply_next(database, live, now=clock.now() + timedelta(seconds=70))


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_clock_that_is_set_back_holds_up_no_decision(database, state):
    with database.write() as session:
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
        session.execute(update(Decision).values(state=state, lease_until=clock.now() + timedelta(seconds=60)))
    assert apply_next(database, Decided(database, {PLAIN.name: PLAIN}), now=clock.now() - timedelta(days=1))


def test_what_is_decided_while_a_batch_is_understood_holds_for_its_calls(database, monkeypatch):
    monkeypatch.setattr(decisions, "LOOK_SECONDS", 60.0)
    keep(database, receipt(terminal(1, 101, disposition="Sale")))
    live, others, done = Decided(database, {PLAIN.name: PLAIN}), Decided(database, {PLAIN.name: PLAIN}), []

    def meanwhile(*_args):
        if live._looked and not done:
            done.append(True)
            with database.write() as session:
                decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
            assert apply_next(database, others, now=clock.now() + LATER)

    event.listen(database.engine, "after_cursor_execute", meanwhile)
    normalize(database, live)
    event.remove(database.engine, "after_cursor_execute", meanwhile)
    assert done and [row.flags for row in outcomes(database)] == [["sale"]]


def unmapped(database, live):
    with database.read() as session:
        return words_seen.unmapped(session, live).get(PLAIN.name, [])


def history(database, name=PLAIN.name):
    with database.read() as session:
        found = decisions.history(session, name)
        session.expunge_all()
    return found


def test_only_calls_with_the_word_are_read_again(database):
    keep(database, *(receipt(terminal(n, 100 + n, disposition="Sale" if n < 2 else "Other")) for n in range(5)))
    normalize(database, {PLAIN.name: PLAIN})
    with database.read() as session:
        groups = applying.concerned(session, PLAIN.name, decisions.key("disposition", "sale"))
        own = set(session.scalars(select(CallOutcome.group_id).where(CallOutcome.disposition == "Sale")))
    assert set(groups) == own and len(groups) == 2


def test_before_the_first_migration_nothing_is_decided_here(database):
    live = Decided(database, {PLAIN.name: PLAIN})
    with database.write() as session:
        Decision.__table__.drop(session.connection())
    assert live[PLAIN.name] == PLAIN
    with database.write() as session:
        Decision.__table__.create(session.connection())
        decide(session, PLAIN, "disposition", "Sale", ["sale"], "priya")
    assert live[PLAIN.name].flags("Sale") == ["sale"]
