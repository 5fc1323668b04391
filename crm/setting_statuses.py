"""Statuses of records: read, compared, then set. A step of ``operations``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crm import statuses
from crm.base import Change, Records
from crm.destination import Rule
from crm.settling import Settled
from crm.statuses import Decision
from crm.taken import MERGED, Set, Taken
from crm.work import FOUND, Work
from models.deliveries import DONE, PENDING, RECORD_GONE, REFUSED, UNDONE, UNKNOWN

WAITS = "Whether another call has set the status of this record is not known yet."
IN_TURN = "An earlier call of this record comes first: it decides whether this one may set anything."


@dataclass(frozen=True)
class _Status:
    """A status that is to be set on a record; without a ``rule`` what the call had set there is to be put back."""

    taken: Taken
    rule: Rule | None
    record_id: str


def set_statuses(work: Work, some: Sequence[Taken]) -> list[Settled]:
    records = work.crm.records
    assert records is not None
    known, results = _mapped(work, some)
    known = _certain(work, known, results)
    now = _now(work, records, known)
    latest = dict(work.overtaken([one.record_id for one in known]))
    known = _in_turn(work, known, now, latest, results)
    changes: dict[str, tuple[_Status, Change]] = {}  # by record: one call decides
    for one in sorted(known, key=lambda one: one.taken.occurred_at, reverse=True):
        fields, taken = now[one.record_id], one.taken
        if fields is None:
            results.append(Settled(taken, REFUSED, RECORD_GONE, "The CRM has no such record any more.", one.record_id))
            continue
        one, decision = _decided(work, one, fields)
        if one.record_id in changes or latest.get(one.record_id, taken.occurred_at) > taken.occurred_at:
            decision = statuses.Decision({}, statuses.OVERTAKEN)
        elif one.rule is not None and decision.reason in (None, statuses.ALREADY):
            # A later call that sets nothing stands in nobody's way.
            latest[one.record_id] = taken.occurred_at
        stands = taken.was == UNKNOWN and _stands(taken.noted, fields)  # what nobody knew of was done
        if decision.reason == statuses.ALREADY and stands:
            results.append(Settled(taken, DONE, None, FOUND, one.record_id, set=taken.noted))
        elif decision.reason == statuses.PUT_BACK:
            results.append(Settled(taken, DONE, decision.reason, FOUND, one.record_id, set=taken.noted))
        elif decision.reason is not None:
            state = UNDONE if decision.reason == statuses.UNMAPPED else DONE
            results.append(Settled(taken, state, decision.reason, record_id=one.record_id))
        else:
            changes[one.record_id] = (one, Change(str(taken.id), one.record_id, decision.fields))
            work.sets[taken.id] = _about_to(taken, fields, decision.fields)
    if changes:
        work.note_set(work.sets)
    answers = records.change(work.client, [change for _, change in changes.values()]) if changes else []
    for (one, change), answer in zip(changes.values(), answers, strict=True):
        why = {} if one.rule is not None else {"reason": statuses.PUT_BACK}
        set_ = work.sets[one.taken.id]
        results.append(work.settled(one.taken, answer, record_id=change.record_id, set=set_, **why))
    return results


def _decided(work: Work, one: _Status, fields: Mapping[str, str]) -> tuple[_Status, Decision]:
    """What the call had set and does not set any more is put back: all of it where nothing else may be set in its place."""
    if one.rule is None:
        return one, _retracted(one.taken, fields)
    decision = statuses.decide(one.rule, fields, work.destination.never_back, _before_us(one.taken, fields))
    if decision.reason in (statuses.NOT_FROM, statuses.BACKWARDS):
        retracted = _retracted(one.taken, fields)
        is_ours = retracted.reason in (None, statuses.PUT_BACK)
        return (replace(one, rule=None), retracted) if is_ours else (one, decision)
    rest = _rest(one.taken, one.rule, fields)
    return one, Decision({**rest, **decision.fields}) if rest else decision


def _rest(taken: Taken, rule: Rule, fields: Mapping[str, str]) -> Mapping[str, str]:
    """What stood before in the fields that the call had set, and sets no more, where nobody has moved them."""
    if taken.ours is None:
        return {}
    stand = [name for name, value in taken.ours.after.items() if name not in rule.sets and fields.get(name) == value]
    stood = {name: taken.ours.before.get(name, "") for name in stand}
    return {name: value for name, value in stood.items() if value != fields[name]}


def _retracted(taken: Taken, fields: Mapping[str, str]) -> Decision:
    """What becomes of the status that the call had set. ``PUT_BACK`` with nothing to be set: that was done, and nobody knew."""
    ours, noted = taken.ours, taken.noted
    if ours is None:
        return Decision({}, statuses.UNMAPPED)
    stood = {name: ours.before.get(name, "") for name in ours.after}
    if _holds(fields, stood):
        return Decision({}, statuses.PUT_BACK if _stands(noted, fields) else statuses.UNMAPPED)
    asked = {**ours.after, **noted.before} if noted is not None else ours.after  # and perhaps it was not done
    if _holds(fields, ours.after) or _holds(fields, asked):
        return Decision({name: value for name, value in stood.items() if fields.get(name, "") != value})
    return Decision({}, statuses.MOVED_ON)


def _holds(fields: Mapping[str, str], some: Mapping[str, str]) -> bool:
    return all(fields.get(name, "") == value for name, value in some.items())


def _stands(some: Set | None, fields: Mapping[str, str]) -> bool:
    """Whether the record still is as we set it."""
    return some is not None and _holds(fields, some.after)


def _about_to(taken: Taken, fields: Mapping[str, str], after: Mapping[str, str]) -> Set:
    """What it is going to set. What it has set itself without anybody knowing did not stand there before."""
    own = (
        taken.noted.before if taken.was == UNKNOWN and taken.noted is not None and _stands(taken.noted, fields) else {}
    )
    return Set({name: own.get(name, fields.get(name, "")) for name in after}, after)


def _before_us(taken: Taken, fields: Mapping[str, str]) -> Mapping[str, str] | None:
    return taken.ours.before if taken.ours is not None and _stands(taken.ours, fields) else None


def _certain(work: Work, known: Sequence[_Status], results: list[Settled]) -> list[_Status]:
    """Without those that wait until it is known whether another call has set their record's status: a later one may have, and an
    earlier one may do so yet, as long as nobody has looked. Of two that are unknown the earlier waits."""
    uncertain = work.uncertain([one.record_id for one in known])
    waits = [one for one in known if one.record_id in uncertain and _waits(one.taken, uncertain[one.record_id])]
    due = work.at + timedelta(seconds=max(1.0, work.crm.look_up_after))
    for one in waits:
        was = UNKNOWN if one.taken.was == UNKNOWN else PENDING
        results.append(Settled(one.taken, was, None, WAITS, one.record_id, set=one.taken.noted, due=due))
    return [one for one in known if one not in waits]


def _in_turn(
    work: Work,
    known: Sequence[_Status],
    now: Mapping[str, Mapping[str, str] | None],
    latest: Mapping[str, datetime],
    results: list[Settled],
) -> list[_Status]:
    """Without those of which an earlier call that is due with them decides whether they may set anything: their turn comes when
    that one is done. So calls that were waiting together come to the same as if each had been sent at its time."""
    standing, left = dict(now), list[_Status]()
    for one in sorted(known, key=lambda one: one.taken.occurred_at):
        taken, fields, stood = one.taken, now[one.record_id], standing[one.record_id]
        overtaken = latest.get(one.record_id, taken.occurred_at) > taken.occurred_at
        if fields is None or stood is None or one.rule is None or overtaken:
            left.append(one)
            continue
        first, then = (
            statuses.decide(one.rule, some, work.destination.never_back, _before_us(taken, some))
            for some in (fields, stood)
        )
        if (first.reason in statuses.KEPT_OFF) != (then.reason in statuses.KEPT_OFF) and taken.was != UNKNOWN:
            own: dict[str, Any] = {"set": taken.noted, "due": work.at, "tried": False}
            results.append(Settled(taken, PENDING, None, IN_TURN, one.record_id, **own))
        else:
            left.append(one)
        standing[one.record_id] = {**stood, **then.fields}
    return left


def _waits(taken: Taken, other: datetime) -> bool:
    return taken.was != UNKNOWN or other > taken.occurred_at


def _mapped(work: Work, some: Sequence[Taken]) -> tuple[list[_Status], list[Settled]]:
    """Those that are to set something, or to put it back, and whose record is known; and what the others come to."""
    results = [Settled(one, UNDONE, MERGED) for one in some if one.merged]
    rules = [(one, statuses.rule_for(work.destination, one.outcome)) for one in some if not one.merged]
    known: list[_Status] = []
    for one, rule in rules:
        if rule is None and one.ours is not None and one.record_id is not None:
            known.append(_Status(one, None, one.record_id))
        elif rule is None:
            results.append(Settled(one, UNDONE, statuses.UNMAPPED))
    mapped = [(one, rule) for one, rule in rules if rule is not None]
    whose = work.found([one for one, _ in mapped])
    for (taken, rule), found in zip(mapped, whose, strict=True):
        if found.record_id is None:
            results.append(work.held(taken, found))
        else:
            known.append(_Status(taken, rule, found.record_id))
    return known, results


def _now(work: Work, records: Records, known: Sequence[_Status]) -> Mapping[str, Mapping[str, str] | None]:
    names = sorted({name for one in known for name in _names(one)})
    ids = list(dict.fromkeys(one.record_id for one in known))
    return dict(zip(ids, records.read(work.client, ids, names), strict=True)) if ids else {}


def _names(one: _Status) -> Collection[str]:
    """The fields that it is about."""
    own = one.taken.ours.after if one.taken.ours is not None else {}
    return {*own, *(one.rule.sets if one.rule is not None else ())}
