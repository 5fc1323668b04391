"""What is done about deliveries of one operation: whom they belong to, what is sent, and what each comes to. A step of
``delivering``."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from crm import finding, statuses
from crm.base import Again, AnyClient, Call, Calls, Change, Crm, Done, Event, Records, Refused, Result, Seen
from crm.claiming import MERGED, Set, Settled, Taken, later
from crm.destination import SKIP, Destination, Rule
from crm.finding import Found
from dialers.vocabulary import NEVER_DISPOSED, SETTLED
from models.deliveries import (
    DONE,
    HELD,
    LOG_CALL,
    PENDING,
    POST_EVENT,
    RECORD_GONE,
    REFUSED,
    REMOVE_CALL,
    SET_STATUS,
    UNDONE,
    UNKNOWN,
)

UNCHANGED, UNMAPPED = "unchanged", "unmapped"
FOUND = "It was found there."
WAITS = "Whether a later call has set the status of this record is not known yet."

Latest = Callable[[Sequence[str]], Mapping[str, datetime]]


@dataclass(frozen=True)
class Work:
    """A step at one destination. ``overtaken``: record -> when the latest call was whose outcome has set its status;
    ``uncertain``: of which nobody knows whether it has. Before anything is written there ``note`` keeps to which records
    deliveries belong, ``note_set`` what they are about to set. ``whose``: outcome -> the record that was found in this step;
    ``sets``: delivery -> what it has asked for in it."""

    crm: Crm
    destination: Destination
    client: AnyClient
    at: datetime
    overtaken: Latest
    uncertain: Latest
    note: Callable[[Mapping[UUID, str]], None]
    note_set: Callable[[Mapping[UUID, Set]], None]
    whose: dict[UUID, str] = field(default_factory=dict)
    sets: dict[UUID, Set] = field(default_factory=dict)

    def done(self, operation: str, some: Sequence[Taken]) -> list[Settled]:
        """What the deliveries come to, all of one operation. Raises ExchangeError, and then nobody knows what came of any."""
        return _STEPS[operation](self, some)

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
            due = later(self.at, taken.attempts, result.after)
            return Settled(taken, PENDING, None, result.answer, record_id, due=due)
        due = later(self.at, taken.attempts, self.crm.look_up_after)
        return Settled(taken, UNKNOWN, None, result.answer, record_id, set=done.get("set"), due=due)

    def held(self, taken: Taken, found: Found) -> Settled:
        """A call of which it is not known whom it belongs to."""
        if self.destination.not_found == SKIP:
            return Settled(taken, REFUSED, found.reason, "Skipped, as `not_found` says.")
        choices = [{"id": one.id, "name": one.name, "url": one.url} for one in found.candidates]
        return Settled(taken, HELD, found.reason, candidates=choices)


def _log(work: Work, some: Sequence[Taken]) -> list[Settled]:
    calls = work.crm.calls
    assert calls is not None  # else there is no such delivery
    results = _merged(work, calls, [one for one in some if one.merged])
    left = [one for one in some if not one.merged]
    whose = work.found(left)
    results += [work.held(one, found) for one, found in zip(left, whose, strict=True) if found.record_id is None]
    pairs = zip(left, whose, strict=True)
    known = [(one, call_of(work.destination, one, found.record_id)) for one, found in pairs if found.record_id]
    known = _looked_up(work, calls, known, results)
    wanted = []
    for taken, call in known:
        digest = _digest(calls, call)
        if digest == taken.digest and call.remote_id is not None and taken.was != UNKNOWN:
            results.append(Settled(taken, DONE, UNCHANGED, record_id=call.record_id, digest=digest))
        else:
            wanted.append((taken, call, digest))
    logged = calls.log(work.client, [call for _, call, _ in wanted]) if wanted else []
    results += [
        work.settled(taken, result, record_id=call.record_id, digest=digest if isinstance(result, Done) else None)
        for (taken, call, digest), result in zip(wanted, logged, strict=True)
    ]
    return results


def _merged(work: Work, calls: Calls, some: Sequence[Taken]) -> list[Settled]:
    """What of them may stand in the CRM is looked up: whatever is there is to be removed."""
    unknown = [one for one in some if one.was == UNKNOWN]
    seen = _seen(work, calls, unknown)
    return [Settled(one, UNDONE, MERGED) for one in some if one.was != UNKNOWN] + [
        Settled(one, UNDONE, MERGED) if there is None else Settled(one, DONE, MERGED, FOUND, remote_id=there.remote_id)
        for one, there in zip(unknown, seen, strict=True)
    ]


def _seen(work: Work, calls: Calls, some: Sequence[Taken]) -> Sequence[Seen | None]:
    asked = [call_of(work.destination, one, one.record_id or "") for one in some]
    return calls.look_up(work.client, asked) if asked else ()


def call_of(destination: Destination, taken: Taken, record_id: str) -> Call:
    """The call as it is to stand on the record."""
    agent = taken.outcome["agent"]
    names = (agent[name] for name in ("email", "id", "username", "name") if agent[name])
    owner = next((destination.owners[name] for name in names if name in destination.owners), None)
    return Call(str(taken.outcome_id), str(taken.id), taken.outcome, record_id, owner, taken.remote_id)


Known = list[tuple[Taken, Call]]


def _looked_up(work: Work, calls: Calls, known: Known, results: list[Settled]) -> Known:
    """An unknown result is looked up before anything is sent again: what stands there as it should is done."""
    unknown = [(taken, call) for taken, call in known if taken.was == UNKNOWN]
    if not unknown:
        return known
    seen = calls.look_up(work.client, [call for _, call in unknown])
    left = [(taken, call) for taken, call in known if taken.was != UNKNOWN]
    for (taken, call), one in zip(unknown, seen, strict=True):
        if one is not None and one.same:
            results.append(_found_done(work, calls, taken, call, one))
        else:
            known_id = call.remote_id if one is None else one.remote_id
            left.append((replace(taken, remote_id=known_id), replace(call, remote_id=known_id)))
    return left


def _found_done(work: Work, calls: Calls, taken: Taken, call: Call, seen: Seen) -> Settled:
    digest = _digest(calls, call)
    done = Done(seen.remote_id, seen.remote_url, FOUND)
    return work.settled(taken, done, record_id=call.record_id, digest=digest)


def _digest(calls: Calls, call: Call) -> str:
    content = {**calls.content(call), "record": call.record_id}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class _Status:
    """A status that is to be set on a record."""

    taken: Taken
    rule: Rule
    record_id: str


def _set(work: Work, some: Sequence[Taken]) -> list[Settled]:
    records = work.crm.records
    assert records is not None
    known, results = _mapped(work, some)
    known = _certain(work, known, results)
    now = _now(work, records, known)
    latest = _latest(work, known)
    changes: dict[str, tuple[Taken, Change]] = {}  # by record: one call decides
    for one in known:
        fields, taken = now[one.record_id], one.taken
        if fields is None:
            results.append(Settled(taken, REFUSED, RECORD_GONE, "The CRM has no such record any more.", one.record_id))
            continue
        decision = statuses.decide(one.rule, fields, work.destination.never_back, _before_us(taken, fields))
        if latest[one.record_id] > taken.occurred_at or one.record_id in changes:
            decision = statuses.Decision({}, statuses.OVERTAKEN)
        if decision.reason == statuses.ALREADY and taken.was == UNKNOWN and _stands(taken.noted, fields):
            results.append(Settled(taken, DONE, None, FOUND, one.record_id, set=taken.noted))
        elif decision.reason is not None:
            results.append(Settled(taken, DONE, decision.reason, record_id=one.record_id))
        else:
            changes[one.record_id] = (taken, Change(str(taken.id), one.record_id, decision.fields))
            work.sets[taken.id] = _about_to(taken, fields, decision.fields)
    if changes:
        work.note_set(work.sets)
    answers = records.change(work.client, [change for _, change in changes.values()]) if changes else []
    for (taken, change), answer in zip(changes.values(), answers, strict=True):
        results.append(work.settled(taken, answer, record_id=change.record_id, set=work.sets[taken.id]))
    return results


def _stands(some: Set | None, fields: Mapping[str, str]) -> bool:
    """Whether the record still is as we set it."""
    return some is not None and all(fields.get(name, "") == value for name, value in some.after.items())


def _about_to(taken: Taken, fields: Mapping[str, str], after: Mapping[str, str]) -> Set:
    """What it is going to set. What it has set itself without anybody knowing did not stand there before."""
    own = (
        taken.noted.before if taken.was == UNKNOWN and taken.noted is not None and _stands(taken.noted, fields) else {}
    )
    return Set({name: own.get(name, fields.get(name, "")) for name in after}, after)


def _before_us(taken: Taken, fields: Mapping[str, str]) -> Mapping[str, str] | None:
    return taken.ours.before if taken.ours is not None and _stands(taken.ours, fields) else None


def _certain(work: Work, known: Sequence[_Status], results: list[Settled]) -> list[_Status]:
    """Without those of which a later call may have set the status already: they wait until that is known."""
    uncertain = work.uncertain([one.record_id for one in known])
    waits = [one for one in known if one.record_id in uncertain and uncertain[one.record_id] > one.taken.occurred_at]
    due = work.at + timedelta(seconds=max(1.0, work.crm.look_up_after))
    for one in waits:
        was = UNKNOWN if one.taken.was == UNKNOWN else PENDING
        results.append(Settled(one.taken, was, None, WAITS, one.record_id, set=one.taken.noted, due=due))
    return [one for one in known if one not in waits]


def _mapped(work: Work, some: Sequence[Taken]) -> tuple[list[_Status], list[Settled]]:
    """Those whose outcome is mapped and whose record is known; and what the others come to."""
    rules = [(one, None if one.merged else statuses.rule_for(work.destination, one.outcome)) for one in some]
    results = [Settled(one, UNDONE, MERGED if one.merged else UNMAPPED) for one, rule in rules if rule is None]
    mapped = [(one, rule) for one, rule in rules if rule is not None]
    whose = work.found([one for one, _ in mapped])
    known: list[_Status] = []
    for (taken, rule), found in zip(mapped, whose, strict=True):
        if found.record_id is None:
            results.append(work.held(taken, found))
        else:
            known.append(_Status(taken, rule, found.record_id))
    return known, results


def _now(work: Work, records: Records, known: Sequence[_Status]) -> Mapping[str, Mapping[str, str] | None]:
    names = sorted({name for one in known for name in one.rule.sets})
    ids = list(dict.fromkeys(one.record_id for one in known))
    return dict(zip(ids, records.read(work.client, ids, names), strict=True)) if ids else {}


def _latest(work: Work, known: Sequence[_Status]) -> Mapping[str, datetime]:
    """Of each record: when its latest call was. That one decides, of those that were before and of those in this step."""
    latest = dict(work.overtaken([one.record_id for one in known]))
    for one in known:
        latest[one.record_id] = max(latest.get(one.record_id, one.taken.occurred_at), one.taken.occurred_at)
    return latest


def _remove(work: Work, some: Sequence[Taken]) -> list[Settled]:
    calls = work.crm.calls
    assert calls is not None
    nameless = [one for one in some if one.remote_id is None]
    found = zip(nameless, _seen(work, calls, nameless), strict=True)
    there = [(one, None if seen is None else seen.remote_id) for one, seen in found]
    results = [Settled(one, DONE, UNCHANGED) for one, remote in there if remote is None]  # nothing of it stands there
    named = [(one, one.remote_id) for one in some if one.remote_id is not None]
    known = [(one, remote) for one, remote in (*named, *there) if remote is not None]
    answers = calls.remove(work.client, [remote for _, remote in known]) if known else []
    return results + [work.settled(taken, answer) for (taken, _), answer in zip(known, answers, strict=True)]


def _post(work: Work, some: Sequence[Taken]) -> list[Settled]:
    assert work.crm.events is not None
    answers = work.crm.events.post(work.client, [_event(one) for one in some])
    return [work.settled(taken, answer) for taken, answer in zip(some, answers, strict=True)]


def _event(taken: Taken) -> Event:
    kind = "merged" if taken.merged else "settled" if _has_settled(taken) else "changed"
    # The delivery's own id, without what a later revision in its place has in common with it.
    number = f"{taken.id}-{taken.revision}"
    return Event(number, f"call.outcome.{kind}", taken.changed_at, taken.outcome, taken.changed_fields)


def _has_settled(taken: Taken) -> bool:
    """Whether it is told for the first time that nothing is waited for; what comes after that are corrections."""
    settled = taken.outcome["settling"] in (SETTLED, NEVER_DISPOSED)
    return settled and (taken.first or "settling" in (taken.changed_fields or ()))


_STEPS: Mapping[str, Callable[[Work, Sequence[Taken]], list[Settled]]] = {
    LOG_CALL: _log,
    SET_STATUS: _set,
    REMOVE_CALL: _remove,
    POST_EVENT: _post,
}
