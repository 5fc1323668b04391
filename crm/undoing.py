"""What was done at a destination, taken back: logged calls are removed, and a status that still is what we set is put back."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import accounts, budgets, desk, tokens
from crm.base import AnyClient, Change, Crm, Done
from crm.destination import Destination
from crm.registry import CRMS
from crm.statuses import MOVED_ON, PUT_BACK
from lib import clock
from models import Delivery, audit
from models.database import Database, changed, chunks
from models.deliveries import DONE, LOG_CALL, SET_STATUS, UNDONE

NOT_TAKEN_BACK = "not_taken_back"
WAIT_SECONDS = 60.0  # for whoever sends to the destination now

EMPTY = "empty"
REMOVED, GONE = "removed", "record_gone"
FORGOTTEN = "forgotten"  # nothing had been set; what is sent anew looks at it anew


@dataclass(frozen=True)
class Undone:
    """What became, or would become, of one delivery."""

    id: UUID
    operation: str
    outcome_id: UUID
    remote_id: str | None
    record_id: str | None
    what: str  # REMOVED, PUT_BACK, FORGOTTEN, or why it stays as it is
    answer: str | None = None


class Busy(Exception):
    """Somebody else sends to the destination, or it rests, and that does not end."""


def done_since(session: Session, destination: str, since: datetime | None, delivery: UUID | None) -> list[Delivery]:
    """What can be taken back, the latest first: of this delivery, or of all that were sent from then on."""
    wanted = [
        Delivery.destination == destination,
        Delivery.state == DONE,
        Delivery.operation.in_((LOG_CALL, SET_STATUS)),
    ]
    wanted.append(Delivery.id == delivery if delivery is not None else Delivery.sent_at >= since)
    return list(session.scalars(select(Delivery).where(*wanted).order_by(Delivery.id.desc())))


class Undoing:
    """Takes back at one destination. ``apply=False`` looks only. While it takes back, nothing else is sent there."""

    def __init__(
        self, database: Database, destination: Destination, apply: bool, now: Callable[[], datetime] = clock.now
    ):
        self._database = database
        self._destination = destination
        self._crm: Crm = CRMS[destination.kind]
        self._apply = apply
        self._now = now
        # By record, what would stand there by now; nothing where it is applied.
        self._shown: dict[str, dict[str, str]] = {}

    def run(self, wanted: Sequence[Delivery]) -> Iterator[Undone]:
        """Of each, once for what was made by several revisions. Raises Busy, ExchangeError, LeaseLost and OtherKind."""
        with self._database.read() as session:
            desk.check_kind(session, self._destination)
        if not self._apply:
            yield from self._each(self._client(lambda: None), wanted)
            return
        held = self._held()
        with desk.kept(self._database, held, self._now):
            yield from self._each(self._client(held.check), wanted)
            with self._database.write() as session:
                desk.release(session, held)

    def _held(self) -> desk.Held:
        until = time.monotonic() + WAIT_SECONDS
        while True:
            with self._database.write() as session:
                held = desk.claim(session, self._destination, self._now(), paused=True)
            if held is not None:
                return held
            if time.monotonic() > until:
                name = self._destination.name
                raise Busy(f"{name} is being sent to, rests after a failure, or is parked: try later, or resume it.")
            time.sleep(0.2)

    def _client(self, before: Callable[[], None]) -> AnyClient:
        turns = budgets.turns_of(self._database, self._crm, self._destination, self._now)
        turns.before = before
        client = tokens.opened(self._database, self._crm, self._destination, turns)
        accounts.check(self._database, self._destination, self._crm, client)
        return client

    def _each(self, client: AnyClient, wanted: Sequence[Delivery]) -> Iterator[Undone]:
        calls = {one.remote_id: one for one in reversed(wanted) if one.operation == LOG_CALL and one.remote_id}
        for some in chunks(list(calls.values()), self._crm.batch):
            yield from self._remove(client, some)
        # The latest first: each puts back what stood before it.
        for one in wanted:
            if one.operation == SET_STATUS:
                yield self._put_back(client, one) if one.after else self._forgotten(one)

    def _remove(self, client: AnyClient, some: Sequence[Delivery]) -> Iterator[Undone]:
        answers: Sequence[Any] = [Done()] * len(some)
        if self._apply:
            assert self._crm.calls is not None
            answers = self._crm.calls.remove(client, [str(one.remote_id) for one in some])
            gone = [one.remote_id for one, answer in zip(some, answers, strict=True) if isinstance(answer, Done)]
            self._note(Delivery.remote_id.in_(gone), Delivery.operation == LOG_CALL)
        for one, answer in zip(some, answers, strict=True):
            yield _undone(one, REMOVED if isinstance(answer, Done) else NOT_TAKEN_BACK, answer.answer)

    def _put_back(self, client: AnyClient, one: Delivery) -> Undone:
        assert self._crm.records is not None
        record, set_then, stood = str(one.record_id), dict(one.after or {}), dict(one.before or {})
        (now,) = self._crm.records.read(client, [record], sorted(set_then))
        if now is None:
            return _undone(one, GONE)
        now = {**now, **self._shown.get(record, {})}
        if any(now.get(name, "") != value for name, value in set_then.items()):
            return _undone(one, MOVED_ON, _written({name: now.get(name, "") for name in set_then}))
        changes = ", ".join(f"{name} {set_then[name] or EMPTY} -> {stood.get(name) or EMPTY}" for name in set_then)
        if not self._apply:
            self._shown.setdefault(record, {}).update(stood)
            return _undone(one, PUT_BACK, changes)
        (answer,) = self._crm.records.change(client, [Change(str(one.id), record, stood)])
        if not isinstance(answer, Done):
            return _undone(one, NOT_TAKEN_BACK, answer.answer)
        self._note(Delivery.id == one.id)
        return _undone(one, PUT_BACK, changes)

    def _forgotten(self, one: Delivery) -> Undone:
        if self._apply:
            self._note(Delivery.id == one.id)
        return _undone(one, FORGOTTEN)

    def _note(self, *which: Any) -> None:
        with self._database.write() as session:
            mine = (Delivery.destination == self._destination.name, Delivery.state == DONE, *which)
            count = changed(session, update(Delivery).where(*mine).values(state=UNDONE, settled_at=self._now()))
            audit.note(session, "delivery.undo", subject=self._destination.name, count=count)


def _undone(one: Delivery, what: str, answer: str | None = None) -> Undone:
    return Undone(one.id, one.operation, one.outcome_id, one.remote_id, one.record_id, what, answer)


def _written(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} is {value or EMPTY}" for name, value in fields.items())
