"""Each thing is broken for real, and its alert arrives at a mail server and at a webhook, and its end after mending."""

import os
import shutil
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from models import AlertState
from models.database import Database
from tests.factories import receipt
from tests.schedules.rig import mailbox
from tests.upkeep.alerts.breaking import APART, BREAKS, SILENT
from tests.upkeep.alerts.rig import Receiver, Rig, names, receiving
from upkeep.alerts.conditions import CONDITIONS, NAMED
from upkeep.alerts.settings import MAIL, WEBHOOK
from upkeep.alerts.telling import Heartbeat, Teller


def test_all_is_well_for_an_hour_then_each_thing_is_broken_told_mended_and_told(rig):
    rig.minutes(60, step=3)
    assert rig.mails() == rig.receiver.bodies == []
    beats = rig.receiver.beats
    assert 15 <= beats <= 20

    for broken, _ in BREAKS.values():
        broken(rig)
    rig.minutes(18, step=3)
    BREAKS["callbacks_spooled"][1](rig)  # while some wait there, nobody can say that none come
    rig.well = False
    rig.minutes(150, step=10)  # nothing comes any more, so that what is silent is heard of
    assert names(rig.receiver, "began") == set(BREAKS) | SILENT
    assert rig.receiver.beats == beats  # nobody called while anything was wrong

    rig.well = True
    for _, mended in BREAKS.values():
        mended(rig)
    rig.minutes(66, step=6)
    assert names(rig.receiver, "ended") == set(BREAKS) | SILENT
    assert {count for _, count in alerts(rig.receiver).items()} == {1}, "each once at its beginning and once at its end"
    assert rig.receiver.wrong == [] and rig.receiver.beats > beats
    told = rig.told()
    for name in set(BREAKS) | SILENT:
        first = NAMED[name].sentence.partition("{")[0]
        assert f"\n{first}" in told and NAMED[name].todo in told, name
    assert told.count("It is over: it lasted from") == sum(what == "ended" for what, _ in alerts(rig.receiver))


def test_each_condition_is_broken_somewhere():
    assert set(BREAKS) | SILENT | APART == {one.name for one in CONDITIONS}
    assert not (set(BREAKS) & SILENT) and not (set(BREAKS) | SILENT) & APART


def alerts(receiver: Receiver) -> Counter:
    """(what, id) -> how often it was told."""
    return Counter((one["what"], one["id"]) for body in receiver.bodies for one in body["data"]["alerts"])


def test_a_database_that_is_away_is_told_and_that_it_is_back(rig):
    rig.minutes(2)
    with gone(rig):
        rig.well = False
        for _ in range(3):
            looked_at_what_is_left(rig)
        assert names(rig.receiver, "began") == {"database_away"}
        assert [mail for mail in rig.mails() if "cannot read its database" in mail] == rig.mails() != []
    rig.well = True
    beats = rig.receiver.beats
    rig.minutes(5)
    assert names(rig.receiver, "ended") == {"database_away"}
    assert rig.receiver.beats > beats >= 1  # on a busy machine one may stay away
    assert set(rig.receiver.events().values()) == {1}


def test_all_is_well_is_said_by_nobody_who_has_not_looked(rig):
    """The database can be read, and refuses what is written, so that nothing is judged any more."""
    rig.minutes(3)
    assert (beats := rig.receiver.beats) > 0 and rig.watch.is_well()
    with refused(rig.database, "alert_states"), pytest.raises(SQLAlchemyError):
        rig.now += timedelta(minutes=3)
        rig.watch.look_at_machine()
        rig.watch.look()
    assert not rig.watch.is_well()
    rig.watch.call(Heartbeat(rig.receiver.url, None))
    assert rig.receiver.beats == beats
    rig.minutes(1)
    assert rig.receiver.beats == beats + 1


def test_a_database_that_can_be_read_and_takes_no_writes_is_told(rig):
    rig.minutes(2)
    with refused(rig.database, "alert_states"):
        for _ in range(3):
            looked_at_what_is_left(rig)
        assert names(rig.receiver, "began") == {"database_read_only"}
        assert [mail for mail in rig.mails() if "read its database and not write" in mail] == rig.mails() != []
    rig.minutes(5)
    assert names(rig.receiver, "ended") == {"database_read_only"}
    assert set(rig.receiver.events().values()) == {1}


@contextmanager
def refused(database, table: str):
    """Whoever writes there is."""
    body = "BEGIN SELECT RAISE(ABORT, 'refused'); END" if database.is_sqlite else "EXECUTE FUNCTION refuse()"
    function = "CREATE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE ''refused''; END' LANGUAGE plpgsql"
    each = "" if database.is_sqlite else "FOR EACH ROW "
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text(function))
        session.execute(text(f"CREATE TRIGGER refused BEFORE UPDATE ON {table} {each}{body}"))
    yield
    with database.write() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER refused"))
        else:
            session.execute(text("DROP FUNCTION refuse() CASCADE"))


def looked_at_what_is_left(rig: Rig) -> None:
    rig.now += timedelta(minutes=1)
    with suppress(SQLAlchemyError):
        rig.watch.look()
    rig.watch.look_at_machine()
    for channel in (MAIL, WEBHOOK):
        rig.watch.tell(Teller(channel, rig.settings))


class gone:
    """The database: nobody can connect to it, and whoever had is sent away. SQLite's file is somewhere else."""

    def __init__(self, rig: Rig):
        self._database, self._name = rig.database, rig.database.url.database

    def __enter__(self):
        if self._database.is_sqlite:
            self._database.close()
            for end in ("", "-wal", "-shm"):
                self._move(end, f"{end}.away")
            return
        self._allow(False)

    def _move(self, before: str, after: str) -> None:
        if os.path.exists(f"{self._name}{before}"):
            os.replace(f"{self._name}{before}", f"{self._name}{after}")

    def _allow(self, allowed: bool) -> None:
        engine = create_engine(self._database.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS {allowed}'))
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(ended), {"name": self._name})
        engine.dispose()

    def __exit__(self, *_):
        if self._database.is_sqlite:
            self._database.close()
            for end in ("", "-wal", "-shm"):
                self._move(f"{end}.away", end)
            return
        self._allow(True)


def test_a_disk_with_little_room(alone):
    rig = alone(conditions=tuple(replace(one, bound=2**62) for one in CONDITIONS if one.name == "disk_nearly_full"))
    rig.minutes(2)
    assert names(rig.receiver, "began") == {"disk_nearly_full"}
    assert rig.mails()[0].startswith("Wrapup: Only ") and rig.receiver.beats == 1


def test_a_disk_of_sqlites_file_with_little_room_and_one_that_is_gone(sqlite_template, another_disk, tmp_path):
    shutil.copy(sqlite_template, another_disk / "wrapup.db")
    few = tuple(replace(one, bound=2**62) for one in CONDITIONS if one.name == "database_disk_nearly_full")
    with (
        mailbox() as box,
        receiving() as receiver,
        closing(Database(f"sqlite:///{another_disk}/wrapup.db")) as database,
    ):
        rig = Rig(database, tmp_path, box, receiver, conditions=few)
        rig.begin()
        rig.minutes(2)
        assert names(receiver, "began") == {"database_disk_nearly_full"}
        assert rig.mails()[0].startswith("Wrapup: Only ") and rig.mails()[0].endswith("on the disk of SQLite's file.")
        database.close()
        another_disk.rename(another_disk.with_suffix(".away"))
        for _ in range(17):
            looked_at_what_is_left(rig)
        another_disk.with_suffix(".away").rename(another_disk)
        assert "how much room is left on the disk of SQLite's file" in rig.mails()[-1]
        assert receiver.events() == {("began", "database_disk_nearly_full"): 2}


def test_a_figure_that_vanishes_is_an_alert_too(rig):
    """No worker was ever started: its beat is no zero, it is not there."""
    rig.beating = False
    rig.minutes(3)
    assert [one["summary"] for body in rig.receiver.bodies for one in body["data"]["alerts"]] == [
        "No worker is known to be at work: none was ever started, each was stopped, or its clock is ahead of this one."
    ]


def test_of_several_workers_one_tells_and_another_goes_on_where_it_died(rig):
    other = rig.another()
    with rig.database.write() as session:
        receipt(session, state="pending", received_at=rig.now - timedelta(hours=1))
    for _ in range(5):
        rig.minutes(1)
        rig.now -= timedelta(minutes=1)
        rig.minutes(1, other)
    assert rig.receiver.events() == {("began", "receipts_wait"): 1}
    # The first is no more, and the other knows what was told.
    with rig.database.write() as session:
        session.execute(text("DELETE FROM receipts WHERE state = 'pending'"))
    rig.watch.leave()
    rig.minutes(6, other)
    assert rig.receiver.events() == {("began", "receipts_wait"): 1, ("ended", "receipts_wait"): 1}


def test_what_a_newer_release_has_kept_silences_nobody(rig):
    """After going back to this one: what it cannot read is begun anew."""
    with rig.database.write() as session:
        session.add(AlertState(name="everywhere", document={"alerts": [{"of_a_newer_release": True}]}))
        receipt(session, state="pending", received_at=rig.now - timedelta(hours=1))
    rig.minutes(5, channels=(WEBHOOK,))
    assert rig.receiver.events() == {("began", "receipts_wait"): 1}
