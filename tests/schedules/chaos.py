"""Moment after moment becomes due while workers are killed: none is sent twice, none is forgotten, each in doubt is shown.

``python -m tests.schedules.chaos`` does so for 1,000 moments on SQLite, and with ``--database postgresql`` there.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

import migrations
from models import ScheduledSend
from models.database import Database
from models.schedules import FAILED, MISSED, PENDING, SENDING, SENT, UNKNOWN
from rig.patience import stretched
from schedules import due
from schedules.noting import times_of
from schedules.settings import Settings
from tests.schedules.rig import Engine, mail_of, mailbox, view

# Two changes within six weeks: clocks are set back for Ramadan, and forth after it.
ZONE, BEGIN = "Africa/Casablanca", datetime(2026, 2, 10, tzinfo=UTC)
CHANGES = (datetime(2026, 2, 15, 2, tzinfo=UTC), datetime(2026, 3, 22, 2, tzinfo=UTC))
DAYS = 41  # from the first of them to behind the second change
STEP = timedelta(minutes=1)  # of the clock, while something is still open
LOOK = 0.05  # seconds
DELAY = 0.05  # seconds that the mail server takes, so that some die while it does


def run(
    url: str, folder: Path, at: list[str], moments: int, seed: int = 0, weekdays: tuple[int, ...] = ()
) -> Counter[str]:
    """States -> how many moments ended so. Fails where one was sent twice, was forgotten, or came to something else than is
    shown."""
    database = Database(url)
    with closing(database), mailbox(delay=DELAY) as box:
        engine = Engine(database, folder, Settings(mail_of(box.port)))
        engine.at = BEGIN
        row = engine.schedule(view(database), at=at, weekdays=list(weekdays), tz=ZONE)
        times = times_of(row)
        assert times is not None
        awaited = due.following(times, BEGIN)
        clock = folder / "clock"
        _set(clock, BEGIN)
        words = [sys.executable, "-m", "tests.schedules.workers", url, str(box.port), str(clock), str(seed)]
        workers = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            wanted = [next(awaited) for _ in range(moments)]
            for moment in wanted:
                _until_settled(database, clock, moment)
        finally:
            kills, _ = workers.communicate("", timeout=stretched(30))
        found = engine.sends()
        _check(found, wanted, box.times())
        assert wanted[0] < CHANGES[0] and wanted[-1] > CHANGES[1], "both changes are to be crossed"
        return Counter(send.state for send in found) + Counter(kills=int(kills.split()[-1]))


def _set(clock: Path, at: datetime) -> None:
    beside = clock.with_suffix(".new")
    beside.write_text(at.isoformat())
    beside.rename(clock)


def _until_settled(database: Database, clock: Path, moment: datetime) -> None:
    """Set the clock to the moment, and let it go on until nothing is open."""
    at, began, seen = moment, time.monotonic(), 0.0
    _set(clock, at)
    while not _settled(database, moment):
        time.sleep(LOOK)
        seen += LOOK
        assert time.monotonic() - began < stretched(60), f"{moment} is still open"
        if seen >= stretched(0.2):  # a worker has died with it: its lease has to pass
            at, seen = at + STEP, 0.0
            _set(clock, at)


def _settled(database: Database, moment: datetime) -> bool:
    with database.read() as session:
        noted = session.scalar(select(ScheduledSend.id).where(ScheduledSend.due_at == moment).limit(1))
        is_open = select(ScheduledSend.id).where(ScheduledSend.state.in_((PENDING, SENDING))).limit(1)
        return noted is not None and session.scalar(is_open) is None


def _check(found: list[ScheduledSend], wanted: list[datetime], came: Counter[str]) -> None:
    assert [send.due_at for send in found] == wanted, "forgotten, or noted twice"
    assert {name for name, times in came.items() if times > 1} == set(), "sent twice"
    told = {name for name in came if name.startswith("<unknown.")}
    by_id = {send.target: send for send in found if send.target}
    assert set(came) - told <= set(by_id), "nobody has written down that it leaves"
    assert {name.replace("unknown.", "") for name in told} <= set(by_id)
    for send in found:
        assert send.state in (SENT, FAILED, UNKNOWN, MISSED)
        if send.state in (FAILED, MISSED):
            assert send.target not in came
        if send.state == SENT:
            assert came[send.target or ""] == 1


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.schedules.chaos", description=__doc__)
    parser.add_argument("--moments", type=int, default=1_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    a_day = max(1, min(24, given.moments // DAYS))
    every = [f"{(2 + hour) % 24:02}:30" for hour in range(a_day)]
    with tempfile.TemporaryDirectory() as name:
        if given.database == "sqlite":
            print(_prepared(f"sqlite:///{name}/wrapup.db", Path(name), every, given.moments, given.seed))
            return
        from rig.postgresql import server

        with server(durable=False) as url:
            print(_prepared(url, Path(name), every, given.moments, given.seed))


def _prepared(url: str, folder: Path, at: list[str], moments: int, seed: int) -> Counter[str]:
    with closing(Database(url)) as database:
        migrations.upgrade(database)
    return run(url, folder, at, moments, seed)


if __name__ == "__main__":
    main()
