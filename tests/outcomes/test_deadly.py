"""A receipt that kills the process which reads it is found and put into quarantine; all others become outcomes."""

import json
import os
import signal
import threading
from contextlib import closing
from dataclasses import asdict, replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from dialers.registry import DIALERS
from models import Receipt
from models.database import Database
from outcomes import normalize as normalize_module
from outcomes import receipts as sent_back
from outcomes.deadly import Normalizing
from outcomes.in_hand import FOLDER, Note
from outcomes.renormalize import renormalize
from tests.evidence import CONNECTIONS, keep, normalize, outcomes, receipt, terminal
from tests.forks import end_of, forked

POISON = b'{"callID":"poison","callLogID":1,"status":"busy"}'
RYNG = DIALERS["ryng"]
KILLED = -signal.SIGKILL
REASON = "reading_killed"


@pytest.fixture
def poison(monkeypatch):
    """What is read of POISON kills at once, as a fault below Python does."""

    def read(evidence, connection):
        if evidence.body == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        return RYNG.read(evidence, connection)

    monkeypatch.setitem(DIALERS, "ryng", replace(RYNG, read=read))
    return receipt(POISON)


def life(database_url, folder, threads=1) -> int:
    """Of a process that normalizes until nothing is left, in so many threads: the code of its end."""

    def normalizes():
        normalizing = Normalizing(Database(database_url), CONNECTIONS, folder)
        running = [threading.Thread(target=_to_the_end, args=(normalizing,)) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    return end_of(forked(normalizes))


def _to_the_end(normalizing):
    while normalizing.step():
        continue


def lives(database_url, folder, threads=1) -> int:
    """How many died until one came to the end."""
    for died in range(20):
        if (code := life(database_url, folder, threads)) == 0:
            return died
        assert code == KILLED
    raise AssertionError("it dies for ever")


def of(database, body) -> Receipt:
    with database.read() as session:
        return session.scalars(select(Receipt).where(Receipt.body == body)).one()


@pytest.mark.parametrize("threads", [1, 2])
def test_it_is_found_and_all_others_are_outcomes(database, database_url, tmp_path, poison, threads):
    before, behind = ([receipt(terminal(call_id=f"{word}{n}")) for n in range(6)] for word in ("before", "behind"))
    keep(database, *before, poison, *behind)

    assert lives(database_url, tmp_path, threads) > 1

    found = of(database, POISON)
    assert (found.state, found.reason, found.readings) == ("quarantined", REASON, 1)
    assert {row.call_id for row in outcomes(database)} == {f"{w}{n}" for w in ("before", "behind") for n in range(6)}
    with database.read() as session:
        assert set(session.scalars(select(Receipt.state).where(Receipt.body != POISON))) == {"normalized"}


@pytest.mark.parametrize("step", ["Taken", "inflated_size"])
def test_one_that_kills_before_it_is_read_is_found(database, database_url, tmp_path, monkeypatch, step):
    """Where its row is fetched, or its body inflated to see how large it is."""
    done = getattr(normalize_module, step)

    def kills(*given):
        if POISON in given:
            os.kill(os.getpid(), signal.SIGKILL)
        return done(*given)

    monkeypatch.setattr(normalize_module, step, kills)
    keep(database, receipt(terminal()), receipt(POISON))
    lives(database_url, tmp_path)
    assert of(database, POISON).reason == REASON and len(outcomes(database)) == 1


def test_two_of_them_are_found(database, database_url, tmp_path, poison):
    keep(database, *(receipt(terminal(call_id=n)) for n in range(3)), poison, receipt(POISON, kind="connect"))
    lives(database_url, tmp_path)
    with database.read() as session:
        assert set(session.scalars(select(Receipt.reason).where(Receipt.body == POISON))) == {REASON}
    assert len(outcomes(database)) == 3


def test_one_that_is_replayed_is_read_once_more(database, database_url, tmp_path, poison, monkeypatch):
    keep(database, poison)
    assert lives(database_url, tmp_path) == 2, "once beside others, once alone"
    monkeypatch.setitem(DIALERS, "ryng", RYNG)
    with database.write() as session:
        of_poison = session.get(Receipt, poison.id)
        of_poison.state, of_poison.reason = "pending", None
    assert life(database_url, tmp_path) == 0
    assert of(database, POISON).state == "normalized"


def test_where_the_past_is_read_again_it_is_left_out(database, database_url, tmp_path, poison, monkeypatch):
    """It was understood once, and kills since a newer release: who applied a decision to its call was killed for ever."""
    other = {name: replace(one, words={"busy": "failed"}) for name, one in CONNECTIONS.items()}
    with monkeypatch.context() as before:
        before.setitem(DIALERS, "ryng", RYNG)
        keep(database, poison, receipt(terminal()))
        normalize(database)
    with database.write() as session:
        sent_back.replay_one(session, poison.id)
    lives(database_url, tmp_path)
    assert of(database, POISON).reason == REASON and len(outcomes(database)) == 2

    def again():
        ((calls, found),) = renormalize(Database(database_url), other, *other, apply=True)
        assert (calls, found.receipts, found.unreadable) == (2, 2, 1)

    assert end_of(forked(again)) == 0
    assert len(outcomes(database)) == 2


def test_who_dies_of_something_else_accuses_nobody(database, database_url, tmp_path, poison, monkeypatch):
    keep(database, poison)
    assert life(database_url, tmp_path) == KILLED
    monkeypatch.setitem(DIALERS, "ryng", RYNG)  # it was somebody's kill -9
    assert life(database_url, tmp_path) == 0
    assert of(database, POISON).state == "normalized"
    assert [row.call_id for row in outcomes(database)] == ["poison"]


def test_who_is_killed_while_they_wait_for_the_writer_accuse_nobody(database, database_url, tmp_path, monkeypatch):
    keep(database, receipt(POISON))
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        assert {life(database_url, tmp_path) for _ in range(2)} == {KILLED}
    assert life(database_url, tmp_path) == 0
    assert of(database, POISON).state == "normalized"


def test_while_the_database_is_away_nothing_is_forgotten(database, database_url, tmp_path, poison, monkeypatch):
    """It was looked at once, in vain, and each life began with whole batches again."""
    keep(database, poison)
    assert life(database_url, tmp_path) == KILLED
    with monkeypatch.context() as patched, pytest.raises(OperationalError) as away:
        for way in ("read", "write"):
            patched.setattr(Database, way, away_now)
        Normalizing(database, CONNECTIONS, tmp_path).step()
    assert lives(database_url, tmp_path) == 1, away  # which holds on to all that it went through


def away_now(*_, **__):
    raise OperationalError("", {}, ConnectionError())


def test_one_that_another_worker_has_is_left_to_it(postgresql_url, tmp_path):
    """It was read while the one that it was told of waited for its row, and became one in quarantine with an outcome."""
    database, accused = Database(postgresql_url), receipt(POISON)
    keep(database, accused)
    accuse(tmp_path, accused)
    impatient = Database(f"{postgresql_url}{'&' if '?' in postgresql_url else '?'}options=-clock_timeout%3D1s")
    with closing(database), closing(impatient):
        with database.write() as another:
            another.execute(update(Receipt).values(state="normalized"))
            assert Normalizing(impatient, CONNECTIONS, tmp_path).step() == 0
        assert of(database, POISON).state == "normalized"


def accuse(folder, accused):
    """As somebody leaves it who was killed while they read this one alone."""
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "0").write_text(json.dumps(asdict(Note(1, accused.id, alone=True)), default=str))


def test_what_was_read_is_in_nobodys_hand(database, tmp_path):
    keep(database, receipt(terminal()))
    normalizing = Normalizing(database, CONNECTIONS, tmp_path)
    assert normalizing.step() == 1 and normalizing.step() == 0
    (file,) = (tmp_path / FOLDER).iterdir()
    assert not file.read_text().strip()


def test_where_nothing_can_be_noted_it_is_read_all_the_same(database, tmp_path):
    (tmp_path / FOLDER).write_text("a file")
    keep(database, receipt(terminal()))
    assert Normalizing(database, CONNECTIONS, tmp_path).step() == 1


@pytest.mark.parametrize(
    "note",
    [
        '{"count": 2}',
        '{"count": "two", "receipt": null, "alone": true}',
        '{"count": 1e999, "receipt": null, "alone": true}',
        '{"count": 1, "receipt": "x", "alone": true}',
        "[1]",
        "{",
    ],
)
def test_a_note_that_nobody_understands_is_none(database, tmp_path, note):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "0").write_text(note)
    keep(database, receipt(terminal()))
    assert Normalizing(database, CONNECTIONS, tmp_path).step() == 1
    assert normalize(database) == 0
