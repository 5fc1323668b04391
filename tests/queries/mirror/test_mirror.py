"""The mirror gives the figures of the tables, whatever has changed since; and where it cannot, it says so and is begun again."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from lib import clock, months
from models import CallOutcome, ChangeFeed, Kept
from models.retention import OUTCOMES
from outcomes.feed import begin_epoch, begin_start, take_positions
from queries.mirror import follower as following
from queries.mirror import manifest as manifests
from queries.mirror import writing
from queries.mirror.follower import Follower
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from queries.sources import MIRROR, TABLES, Sources
from queries.summary import summary
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.slow  # together more than ten seconds

ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
GROUPS = ((), ("day",), ("campaign", "flag"), ("hour", "weekday"), ("month", "week"), ("agent", "disposition"))
# What CSV, SQL or JSON could take for something else.
STRANGE = [None, "", "\\N", "a,b", 'say "hi"', "line\nbreak\r\n", "'; DROP--", "नमस्ते", "NULL", " blank "]


class Calls:
    """Calls on a database, made and changed by chance, the same each time."""

    def __init__(self, database):
        self.database = database
        self.chosen = random.Random(20261128)

    def make(self, count: int) -> None:
        with self.database.write() as session:
            for _ in range(count):
                factories.outcome(session, **self._values())

    def change(self, count: int) -> None:
        with self.database.write() as session:
            rows = list(session.scalars(select(CallOutcome).order_by(CallOutcome.id)))
            for row in self.chosen.sample(rows, count):
                for name, value in self._values().items():
                    setattr(row, name, value)
                row.occurred_at = row.started_at
                row.revision += 1
                row.position = take_positions(session, 1)[0]
                session.flush()

    def _values(self):
        pick = self.chosen.choice
        at = NOON + timedelta(minutes=self.chosen.randrange(60_000), microseconds=pick([0, 1, 999_999]))
        return {
            "started_at": at,
            "ended_at": at + timedelta(seconds=100),
            "disposed_at": pick([None, at + timedelta(seconds=self.chosen.randrange(90, 5000))]),
            "lead_id": pick([None, "1", "2", "3"]),
            "campaign_id": pick([None, "6541", "\\N"]),
            "campaign_name": pick(STRANGE),
            "agent_name": pick([None, "Priya"]),
            "notes": pick(STRANGE),
            "disposition": pick(STRANGE),
            "connect_outcome": pick(["connected", "no_answer", "voicemail", "abandoned"]),
            "settling": pick(["settled", "provisional", "awaiting_disposition"]),
            "is_final": pick([True, False]),
            "flags": pick([[], ["contact"], ["contact", "sale"]]),
            "talk_seconds": pick([None, 0, 5, 90, 2**40]),
            "custom_fields": pick([{}, {"a": 'x"y', "b": [1, None]}]),
        }


@pytest.fixture
def calls(database):
    return Calls(database)


def follow(database, folder, steps: int = 50) -> Follower:
    """A follower that has caught up, in pieces of 40 changes."""
    found = Follower(database, folder, piece=40, patience=0)
    for _ in range(steps):
        if not found.step():
            break
    return found


FEW = ("attempts_per_lead", "contact_rate", "times")  # of each kind of statement one


def answers(session, names=FEW):
    """Reports in some groups and zones, and what a list takes out of the tables."""
    found = []
    for at, (name, report) in enumerate((name, REPORTS[name]) for name in names):
        if not report.tables:
            own = report.own_rows or report.groups
            group_by = () if own else GROUPS[at % len(GROUPS)]
            question = answering.asked(session, {"connection": ["ryng-main"]}, ZONES[at % 3], group_by)
            found.append((name, answering.answer(question, report)))
    texts = (CallOutcome.campaign_name, CallOutcome.notes, CallOutcome.disposition, CallOutcome.occurred_at)
    found.append(sorted(map(repr, (tuple(row) for row in session.execute(select(CallOutcome.id, *texts))))))
    return found


def agree(sources, source=MIRROR, names=FEW):
    told = sources.ask(lambda session: answers(session, names))
    assert (told.source, told.note is None) == (source, source == MIRROR), told.note
    with sources._database.snapshot() as session:
        assert told.value == answers(session, names)
    return told


def test_whatever_has_changed_the_figures_are_those_of_the_tables(database, calls, folder, sources, monkeypatch):
    calls.make(120)
    follower = follow(database, folder)
    agree(sources, names=REPORTS)
    for _ in range(2):  # laid over it, twice
        calls.change(15)
        calls.make(5)
        agree(sources)
    follower.step()  # in a segment of its own
    agree(sources)
    calls.change(15)
    follower.step()
    calls.change(9)
    agree(sources)
    assert any(one.dead for one in manifests.load(folder).segments)
    monkeypatch.setattr(following, "MOST_SMALL", 0)
    follower.step()  # joined into months
    assert not any(one.dead or one.month is None for one in manifests.load(folder).segments)
    agree(sources, names=REPORTS)


def test_calls_of_a_machine_that_did_not_know_the_time_are_in_it(database, folder, sources):
    with database.write() as session:
        for at in (datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC), NOON):
            factories.outcome(session, started_at=None, first_seen_at=at)
    found = Follower(database, folder, piece=1, patience=0)
    for _ in range(20):
        found.step()
    agree(sources)


def test_calls_change_while_it_is_built(database, calls, folder, sources):
    calls.make(90)
    follower = Follower(database, folder, piece=40, patience=0)
    follower.step()
    calls.change(30)
    assert agree(sources, TABLES).note == "Asked from the tables, which is slower: the mirror is being built."
    while follower.step():
        calls.change(3) if calls.chosen.random() < 0.5 else None
    agree(sources)


def test_the_same_question_is_asked_once(database, calls, folder, sources):
    calls.make(20)
    follow(database, folder)
    agree(sources)
    kept = len(sources._mirror._kept)
    agree(sources)
    assert len(sources._mirror._kept) == kept > 0


def damage(folder):
    path = folder / manifests.load(folder).segments[0].file
    path.write_bytes(path.read_bytes()[:-9] + b"x" + path.read_bytes()[-8:])


def lose(folder):
    (folder / manifests.load(folder).segments[0].file).unlink()


def rewrite(**values):
    def done(folder):
        path = folder / manifests.FILE
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return done


def spoil(folder):
    (folder / manifests.FILE).write_text("{")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (damage, "is damaged"),
        (lose, "cannot be read (FileNotFoundError)"),
        (rewrite(shape="older"), "was written by another release"),
        (rewrite(place=10**9), "is one of another feed"),
        (spoil, "manifest cannot be read"),
    ],
)
def test_what_is_wrong_with_it_is_said_and_mended(sqlite_url, folder, wrong, told):
    from models.database import Database

    database = Database(sqlite_url)
    Calls(database).make(30)
    follow(database, folder)
    wrong(folder)
    sources = Sources(database, folder)
    assert told in agree(sources, TABLES).note
    follow(database, folder)
    agree(sources)
    sources.close()
    database.close()


def test_a_feed_that_was_begun_again_is_another_one(database, calls, folder, sources):
    calls.make(30)
    follow(database, folder)
    with database.write() as session:
        begin_epoch(session, clock.now())
    assert agree(sources, TABLES).note.endswith("the mirror is one of another feed.")
    follow(database, folder)
    agree(sources)


def test_a_place_that_is_given_again_is_another_change(database, calls, folder, sources):
    """A database is restored while somebody asks: what was laid over the mirror, and every answer, is of the lost one."""
    calls.make(30)
    follow(database, folder)
    calls.make(5)
    agree(sources)
    with database.write() as session:  # as it was in the backup; its worker starts, and other calls come
        session.execute(delete(CallOutcome).where(CallOutcome.position > 30))
        session.execute(update(ChangeFeed).values(last_position=30))
        begin_start(session)
    calls.make(5)
    agree(sources)


def test_what_others_have_in_the_folder_stays(database, calls, folder, monkeypatch):
    """As a file system of its own has."""
    monkeypatch.setattr(following, "GRACE", -1)
    (folder / "lost+found").mkdir(parents=True)
    (folder / "s-1.parquet").touch()  # of a follower that died
    calls.make(5)
    follow(database, folder)
    assert {path.name for path in folder.iterdir()} - {"spill"} == {"lost+found"} | manifests.load(folder).files()


def test_a_process_that_dies_is_started_again(database, calls, folder, sources):
    calls.make(30)
    follow(database, folder)
    agree(sources)
    sources._mirror._child._process.kill()
    calls.change(2)
    told = [sources.ask(answers).source for _ in range(2)]
    assert told[1] == MIRROR
    agree(sources)


def test_filters_that_only_events_answer_ask_the_tables(database, calls, folder, sources):
    calls.make(10)
    follow(database, folder)

    def count(session):
        (row,) = session.execute(select(func.count()).select_from(CallOutcome))
        return row[0]

    assert sources.ask(count, {"unread": ["callEnded"]}).told() == {"source": TABLES, "source_note": None}
    assert sources.ask(count, {}).told() == {"source": MIRROR, "source_note": None}


def test_the_summary_is_the_same(database, calls, folder, sources):
    calls.make(60)
    follow(database, folder)
    calls.change(9)

    def asked(session):
        return summary(session, {}, ["day", "campaign"], "Asia/Kathmandu")

    told = sources.ask(asked)
    assert told.source == MIRROR
    with database.snapshot() as session:
        assert told.value == asked(session)


def test_a_full_disk_leaves_what_is_there(database, calls, folder, sources, monkeypatch):
    calls.make(30)
    follower = follow(database, folder)
    calls.make(10)
    monkeypatch.setattr(writing, "_WRITTEN", "(FORMAT nothing)")  # DuckDB fails, as where the disk is full
    before = manifests.load(folder)
    with pytest.raises(following.duckdb.Error):
        follower.step()
    assert manifests.load(folder) == before
    assert not list(folder.glob("*.csv"))
    agree(sources)


def test_places_are_not_given_back(database, calls, folder, sources):
    """A restored database of which nobody has said so: the mirror is ahead of it."""
    calls.make(30)
    follow(database, folder)
    agree(sources)
    with database.write() as session:
        session.execute(update(ChangeFeed).values(last_position=10))
        session.execute(update(CallOutcome).where(CallOutcome.position > 10).values(merged_into=None))
    assert sources.ask(lambda session: None).source == TABLES


def test_what_is_deleted_for_its_age_goes_from_the_mirror_too(database, calls, folder, sources):
    """NOON and some forty days after it: the mirror has several months, of which the first goes."""
    calls.make(60)
    follower = follow(database, folder)
    calls.change(10)
    follower.step()
    agree(sources)
    since = months.later(months.begin(NOON), 1)
    row = {"kind": OUTCOMES, "since": since, "deleted": 0}
    with database.write() as session:
        session.add(Kept(deleting=True, rounds=0, **row))
        ids = session.scalars(select(CallOutcome.id).where(CallOutcome.occurred_at < since)).all()
        session.execute(delete(CallOutcome).where(CallOutcome.id == ids[0]))
    assert "still has what is being deleted" in agree(sources, TABLES).note
    assert not follower.step()
    with database.write() as session:
        session.execute(delete(CallOutcome).where(CallOutcome.occurred_at < since))
        session.execute(update(Kept).values(deleting=False, rounds=1))
    assert "still has what is being deleted" in agree(sources, TABLES).note
    while follower.step():
        pass
    agree(sources, names=REPORTS)
    assert min(one.month or "9" for one in manifests.load(folder).segments) >= months.name(since)
    assert len(ids) > 5
    calls.change(9)
    agree(sources)
