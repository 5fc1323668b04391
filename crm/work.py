"""A step at one destination: what all operations need to know, and what they do alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from crm import finding
from crm.base import Again, AnyClient, Crm, Done, Refused, Result
from crm.destination import SKIP, Destination
from crm.due import later
from crm.finding import Found
from crm.settling import Settled
from crm.taken import Set, Taken
from models.deliveries import DONE, HELD, PENDING, REFUSED, SET_STATUS, UNKNOWN

FOUND = "It was found there."
Latest = Callable[[Sequence[str]], Mapping[str, datetime]]


@dataclass(frozen=True)
class Work:
    """A step at one destination. ``overtaken``: record -> when the latest call was whose outcome has set its status;
    ``uncertain``: of which nobody knows whether it has; ``logged_by_others``: see ``crm.accounts``. Before anything is written
    there ``note`` keeps to which records deliveries belong, ``note_set`` what they are about to set. ``whose``: outcome -> the
    record that was found in this step; ``sets``: delivery -> what it has asked for in it."""

    crm: Crm
    destination: Destination
    client: AnyClient
    at: datetime
    overtaken: Latest
    uncertain: Latest
    note: Callable[[Mapping[UUID, str]], None]
    note_set: Callable[[Mapping[UUID, Set]], None]
    logged_by_others: Callable[[Mapping[UUID, bool]], Mapping[UUID, str]]
    whose: dict[UUID, str] = field(default_factory=dict)
    sets: dict[UUID, Set] = field(default_factory=dict)

    def found(self, some: Sequence[Taken]) -> list[Found]:
        """Whom they belong to. What is found is kept: a call that may stand somewhere is looked for nowhere else."""
        records = self.crm.records
        assert records is not None
        asked = [self.placed(one) for one in some]
        answers = finding.found(records, self.client, self.destination, asked)
        pairs = zip(some, answers, strict=True)
        new = [(one, found.record_id) for one, found in pairs if found.record_id is not None and one.record_id is None]
        if new:
            self.whose.update({one.outcome_id: record for one, record in new})
            self.note({one.id: record for one, record in new})
        return answers

    def placed(self, taken: Taken) -> Taken:
        """With the record that was found for it, and what it has asked for, if that was so."""
        record = taken.record_id or self.whose.get(taken.outcome_id)
        noted = self.sets.get(taken.id, taken.noted)
        same = record == taken.record_id and noted is taken.noted
        return taken if same else replace(taken, record_id=record, noted=noted)

    def settled(self, taken: Taken, result: Result, record_id: str | None = None, **done: Any) -> Settled:
        """What a record's result makes of its delivery; ``done``: more of one that is."""
        if isinstance(result, Done):
            told = {"remote_id": result.remote_id, "remote_url": result.remote_url, "answer": result.answer}
            return Settled(taken, DONE, record_id=record_id, **told | done)
        if isinstance(result, Refused):
            return Settled(taken, REFUSED, result.reason, result.answer, record_id)
        if isinstance(result, Again):
            due = later(self.at, taken.attempts if result.tried else 1, result.after)
            why: dict[str, Any] = {"due": due, "tried": result.tried, "failed": result.tried}
            if taken.operation == SET_STATUS and taken.was == UNKNOWN:
                # What was set before may stand there: older calls wait.
                return Settled(taken, UNKNOWN, None, result.answer, record_id, set=taken.noted, **why)
            return Settled(taken, PENDING, None, result.answer, record_id, **why)
        due = later(self.at, taken.attempts, self.crm.look_up_after)
        begun, set_ = result.remote_id, done.get("set")
        return Settled(taken, UNKNOWN, None, result.answer, record_id, begun, set=set_, due=due, failed=True)

    def held(self, taken: Taken, found: Found) -> Settled:
        """A call of which it is not known whom it belongs to."""
        if self.destination.not_found == SKIP:
            return Settled(taken, REFUSED, found.reason, "Skipped, as `not_found` says.")
        choices = [{"id": one.id, "name": one.name, "url": one.url} for one in found.candidates]
        return Settled(taken, HELD, found.reason, candidates=choices)
