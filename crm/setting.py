"""Statuses of records: read, compared, then set. A step of ``operations``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm import statuses
from crm.base import Change, Records
from crm.destination import Rule
from crm.settling import Settled
from crm.taken import MERGED, Set, Taken
from crm.work import FOUND, Work
from models.deliveries import DONE, PENDING, RECORD_GONE, REFUSED, UNDONE, UNKNOWN

UNMAPPED = "unmapped"
WAITS = "Whether another call has set the status of this record is not known yet."


@dataclass(frozen=True)
class _Status:
    """A status that is to be set on a record."""

    taken: Taken
    rule: Rule
    record_id: str


def set_statuses(work: Work, some: Sequence[Taken]) -> list[Settled]:
    records = work.crm.records
    assert records is not None
    known, results = _mapped(work, some)
    known = _certain(work, known, results)
    now = _now(work, records, known)
    latest = dict(work.overtaken([one.record_id for one in known]))
    changes: dict[str, tuple[Taken, Change]] = {}  # by record: one call decides
    for one in sorted(known, key=lambda one: one.taken.occurred_at, reverse=True):
        fields, taken = now[one.record_id], one.taken
        if fields is None:
            results.append(Settled(taken, REFUSED, RECORD_GONE, "The CRM has no such record any more.", one.record_id))
            continue
        decision = statuses.decide(one.rule, fields, work.destination.never_back, _before_us(taken, fields))
        if one.record_id in changes or latest.get(one.record_id, taken.occurred_at) > taken.occurred_at:
            decision = statuses.Decision({}, statuses.OVERTAKEN)
        elif decision.reason in (None, statuses.ALREADY):  # a later call that sets nothing stands in nobody's way
            latest[one.record_id] = taken.occurred_at
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
    """Without those that wait until it is known whether another call has set their record's status: a later one may have, and an
    earlier one may do so yet, as long as nobody has looked. Of two that are unknown the earlier waits."""
    uncertain = work.uncertain([one.record_id for one in known])
    waits = [one for one in known if one.record_id in uncertain and _waits(one.taken, uncertain[one.record_id])]
    due = work.at + timedelta(seconds=max(1.0, work.crm.look_up_after))
    for one in waits:
        was = UNKNOWN if one.taken.was == UNKNOWN else PENDING
        results.append(Settled(one.taken, was, None, WAITS, one.record_id, set=one.taken.noted, due=due))
    return [one for one in known if one not in waits]


def _waits(taken: Taken, other: datetime) -> bool:
    return taken.was != UNKNOWN or other > taken.occurred_at


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
