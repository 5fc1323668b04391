"""The core's part: outcomes are made, change, and are merged, in transactions as the core's, each again until it is committed."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lib import clock, ids
from models import CallOutcome
from models.database import Database
from outcomes.feed import take_positions
from tests import factories
from tests.chaos.crm import scene
from tests.chaos.crm.scene import Person

CORRECTIONS = 0.6  # of an outcome, on average
AT_ONCE = 8  # steps of one transaction, at most
PLAIN, REFERENCE, NOBODY, SEVERAL, BAD, UNMAPPED, PROVISIONAL = (
    *("plain", "reference", "nobody", "several", "bad", "unmapped", "provisional"),
)
KINDS = {PLAIN: 62, REFERENCE: 10, NOBODY: 3, SEVERAL: 3, BAD: 5, UNMAPPED: 7, PROVISIONAL: 10}
TWINS = 0.06  # of outcomes
UNSAID = 0.15  # of corrections of what was said: it was nothing that sets a status


class Writer:
    """Makes so many outcomes in so many seconds, and what follows."""

    def __init__(self, database: Database, people: list[Person], outcomes: int, seed: int):
        self._database = database
        self._random = random.Random(seed)
        self._people = people
        self._made: list[UUID] = []
        self._slots = self._shuffled(outcomes)
        self.stop = threading.Event()
        self.counted: Counter[str] = Counter()
        self.tried_again = 0

    def run(self, seconds: float) -> None:
        """Until all is written."""
        began, steps = time.monotonic(), self._steps()
        for at, step in enumerate(steps):
            if self.stop.wait(max(0.0, began + seconds * at / len(steps) - time.monotonic())):
                return
            self._committed(step)

    def settle_all(self) -> None:
        """What is still provisional becomes settled, as the core does in the end."""
        with self._database.read() as session:
            left = session.scalars(select(CallOutcome.id).where(CallOutcome.settling == "provisional")).all()
        for some in range(0, len(left), AT_ONCE):
            self._committed([("correct", one) for one in left[some : some + AT_ONCE]])

    def _shuffled(self, outcomes: int) -> list[tuple[Person, int]]:
        """(who, the slot) of each call, so that a contact's later calls come before earlier ones as often as not."""
        rounds = -(-outcomes // len(self._people))
        assert rounds <= scene.SLOTS, "more contacts are needed for so many calls"
        found = [(one, slot) for slot in range(rounds) for one in self._people][:outcomes]
        near = [(at + self._random.uniform(0, 1.5 * len(self._people)), at) for at in range(outcomes)]
        return [found[at] for _, at in sorted(near)]

    def _steps(self) -> list[list[tuple]]:
        """Transactions, each of some steps: ("make", who, slot), ("correct",), ("twin",), ("merge",)."""
        steps: list[tuple] = []
        for who, slot in self._slots:
            steps.append(("make", who, slot, ids.new()))
            steps += [("correct", None)] if self._random.random() < CORRECTIONS else []
            steps += [("twin", ids.new())] if self._random.random() < TWINS else []
            steps += [("merge", None)] if self._random.random() < TWINS else []
        steps += [("merge", None)] * int(2 * TWINS * len(self._slots) + 1)  # whatever twins are left
        parts = []
        while steps:
            size = self._random.randint(1, AT_ONCE)
            parts.append(steps[:size])
            steps = steps[size:]
        return parts

    def _committed(self, steps: list[tuple]) -> None:
        while not self.stop.is_set():
            state = self._random.getstate()
            counted: Counter[str] = Counter()
            try:
                with self._database.write() as session:
                    changed = [row for step in steps if (row := self._done(session, step, counted)) is not None]
                    rows = list(dict.fromkeys(row for some in changed for row in some))
                    for row, place in zip(rows, take_positions(session, len(rows)), strict=True):
                        row.position = place
                self.counted += counted
                return
            except DBAPIError:  # it may have been committed all the same: what was made is not made again
                self._random.setstate(state)
                self.tried_again += 1
                time.sleep(0.2)

    def _done(self, session: Session, step: tuple, counted: Counter[str]) -> list[CallOutcome] | None:
        """The rows that need a place."""
        word, *given = step
        rows = {"make": self._make, "correct": self._correct, "twin": self._twin, "merge": self._merge}[word](
            session, *given
        )
        counted[word] += bool(rows)
        return rows

    def _make(self, session: Session, who: Person, slot: int, id_: UUID) -> list[CallOutcome]:
        if session.get(CallOutcome, id_) is not None:
            return []
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        words = None if kind == UNMAPPED else scene.said(slot, "0")
        number = {NOBODY: scene.UNKNOWN_NUMBER, SEVERAL: scene.SHARED_NUMBER}.get(kind, who.number)
        row = factories.outcome(
            session,
            id=id_,
            started_at=scene.begins(slot),
            customer_number=None if kind == REFERENCE else number,
            crm_reference=who.id if kind == REFERENCE else None,
            direction="outbound",
            disposition=words,
            connect_outcome="failed" if kind == BAD else "connected",
            settling="provisional" if kind == PROVISIONAL else "settled",
            notes=f"{id_} revision 1",
            talk_seconds=1,
            changed_at=clock.now(),
        )
        self._made.append(id_)
        return [row]

    def _correct(self, session: Session, id_: UUID | None) -> list[CallOutcome]:
        row = self._some(session, id_)
        if row is None:
            return []
        changed = {"settling": "settled", "is_final": True}
        if row.disposition is not None and self._random.random() < 0.7:
            slot, version = scene.of(row.disposition)
            if version in "01":
                unsaid = self._random.random() < UNSAID and session.scalar(_twins(row)) is None
                changed["disposition"] = None if unsaid else scene.said(slot, str(int(version) + 1))
        return [_revised(row, **changed)]

    def _twin(self, session: Session, id_: UUID) -> list[CallOutcome]:
        """The same call seen a second time, as by a report that names it otherwise."""
        row = self._some(session, None)
        if row is None or row.disposition is None or session.get(CallOutcome, id_) is not None:
            return []
        slot, version = scene.of(row.disposition)
        if version == scene.TWIN or session.scalar(_twins(row)) is not None:
            return []
        twin = factories.outcome(
            session,
            id=id_,
            attempt_id=str(row.id),
            started_at=row.started_at + timedelta(seconds=1),
            customer_number=row.customer_number,
            crm_reference=row.crm_reference,
            direction="outbound",
            disposition=scene.said(slot, scene.TWIN),
            connect_outcome=row.connect_outcome,
            notes=f"{id_} revision 1",
            talk_seconds=1,
            changed_at=clock.now(),
        )
        return [twin]

    def _merge(self, session: Session, id_: UUID | None) -> list[CallOutcome]:
        """A twin becomes the row that it is, and that one knows more."""
        open_ones = select(CallOutcome).where(CallOutcome.attempt_id.is_not(None), CallOutcome.merged_into.is_(None))
        twin = session.scalars(open_ones.order_by(CallOutcome.id).limit(1).with_for_update()).first()
        if twin is None:
            return []
        kept = session.get(CallOutcome, UUID(twin.attempt_id), with_for_update=True)
        twin.merged_into = kept.id
        return [_revised(twin, changed_fields=["merged_into"], notes=twin.notes), _revised(kept)]

    def _some(self, session: Session, id_: UUID | None) -> CallOutcome | None:
        """The row, or one that was made lately, as most corrections are of late calls."""
        if id_ is None and not self._made:
            return None
        id_ = id_ or self._made[-1 - int(len(self._made) * self._random.random() ** 3)]
        row = session.get(CallOutcome, id_, with_for_update=True)
        return None if row is None or row.merged_into is not None else row


def _twins(row: CallOutcome) -> Select[tuple[UUID]]:
    return select(CallOutcome.id).where(CallOutcome.attempt_id == str(row.id))


def _revised(row: CallOutcome, **changed) -> CallOutcome:
    row.revision += 1
    values = {"notes": f"{row.id} revision {row.revision}", "talk_seconds": row.revision, "changed_at": clock.now()}
    for name, value in (values | {"changed_fields": ["notes", "talk_seconds", *changed]} | changed).items():
        setattr(row, name, value)
    return row
