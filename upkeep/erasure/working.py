"""The work of erasures, a piece at a time: a worker's loop takes steps, or a command does. Whoever works holds the row for a
while; who dies leaves it, and the next one goes on where it stopped. Each piece is small, so that nobody waits for it long.
"""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, select, text, update
from sqlalchemy.exc import OperationalError

from lib import clock, ids
from models import Erasure
from models.database import Database, changed
from models.erasures import DONE, IS_RUNNING, RUNNING
from models.leases import FREE, free, until
from outcomes.groups import Raced
from upkeep.erasure import tables
from upkeep.erasure.steps import STEPS, Steps, Tell

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)  # of a piece; who dies with it leaves it for so long
TRIES = 5


def nobody(destination: str, records: Sequence[str], made: Sequence[str]) -> Mapping[str, Any]:
    """Where nobody can tell a destination, a person is told to."""
    return {"state": "by_hand", "said": None}


@dataclass
class Eraser:
    """``folders``: where files may be that hold the number, the data folder first. ``tell``: tells a destination to erase
    records, and says what came of it."""

    database: Database
    data_dir: Path
    folders: Sequence[Path] = ()
    tell: Tell = nobody
    owner: str = field(default_factory=lambda: f"{socket.gethostname()} {ids.new()}")

    def step(self) -> bool:
        """Do some of what is to be done; False where nothing is, or where all of it waits for something. Raises what one of them
        died of, after the others had their turn."""
        did, died = False, list[Exception]()
        for one in self.running():
            try:
                did |= self.work(one)
            except Exception as error:  # noqa: BLE001 - raised below
                log.error("erasure_fails", erasure=str(one), error=type(error).__name__)
                died.append(error)
        if died:
            raise died[0]
        return did

    def running(self) -> Sequence[UUID]:
        """Those that have not come to their end."""
        with self.database.read() as session:
            return session.scalars(select(Erasure.id).where(text(IS_RUNNING)).order_by(Erasure.id)).all()

    def is_quick(self, erasure: UUID) -> bool:
        """Whether what comes next goes by indexes, and all tables are not looked through yet."""
        with self.database.read() as session:
            row = session.get_one(Erasure, erasure)
            return row.state == RUNNING and row.place is None and row.step in ("", *STEPS[: STEPS.index("tables")])

    def work(self, erasure: UUID) -> bool:
        """Do some of one erasure. False where it waits, is done, or somebody else is at it."""
        at = clock.now()
        with self.database.write() as session:
            mine = (Erasure.id == erasure, Erasure.state == RUNNING)
            taken = or_(Erasure.lease_owner == self.owner, free(Erasure.lease_until, at, LEASE))
            if not changed(
                session,
                update(Erasure).where(*mine, taken).values(lease_owner=self.owner, lease_until=until(at, LEASE)),
            ):
                return False
            row = session.get_one(Erasure, erasure, populate_existing=True)
        step = row.step or STEPS[0]
        for attempt in range(TRIES):
            try:
                return self._do(row, step, at)
            except (Raced, OperationalError):  # a worker was faster: what was done is rolled back
                if attempt == TRIES - 1:
                    raise
        return False

    def _do(self, row: Erasure, step: str, at: datetime) -> bool:
        did = Steps(self.database, self.data_dir, self.folders, self.tell).take(step, row, at)
        values: dict[str, Any] = {"waits_for": did.waits_for, **FREE}
        values["counts"] = tables.add(dict(row.counts), did.counts)
        values["touched"] = sum(values["counts"].values())
        if did.told:
            values["told"] = [*row.told, *did.told]
        if did.left:
            values["left"] = [*row.left, *(one for one in did.left if one not in row.left)]
        values["place"], values["progress"] = did.place, row.progress if did.progress is None else did.progress
        if did.over:
            at_step = STEPS.index(step)
            values |= {"place": None}
            if at_step + 1 < len(STEPS):
                values["step"] = STEPS[at_step + 1]
            else:
                values |= {"state": DONE, "ended_at": at, "progress": 100}
        with self.database.write() as session:
            session.execute(update(Erasure).where(Erasure.id == row.id).values(values))
        if did.over and step == STEPS[-1]:
            log.info("erasure_done", erasure=str(row.id), touched=values["touched"])
        return did.waits_for is None
