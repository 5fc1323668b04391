"""What is done about deliveries of one operation: whom they belong to, what is sent, and what each comes to. A step of
``delivering``."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from crm.accounts import SHARED, said_of
from crm.base import Call, Calls, Done, Event, Result, Seen
from crm.destination import Destination
from crm.setting_statuses import set_statuses
from crm.settling import Settled
from crm.taken import MERGED, TOLD_SETTLED, Taken
from crm.work import FOUND, Work
from dialers.vocabulary import NEVER_DISPOSED, SETTLED
from lib.http.errors import ExchangeError
from models.deliveries import (
    DONE,
    LOG_CALL,
    POST_EVENT,
    REMOVE_CALL,
    SET_STATUS,
    UNDONE,
    UNKNOWN,
)

UNCHANGED = "unchanged"
Known = list[tuple[Taken, Call]]


def _log(work: Work, some: Sequence[Taken]) -> list[Settled]:
    calls = work.crm.calls
    assert calls is not None  # else there is no such delivery
    results = _merged(work, calls, [one for one in some if one.merged])
    left = _ours(work, [one for one in some if not one.merged], results)
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
    logged = _given(work, calls, [(taken, call) for taken, call, _ in wanted])
    results += [
        work.settled(taken, result, record_id=call.record_id, digest=digest if isinstance(result, Done) else None)
        for (taken, call, digest), result in zip(wanted, logged, strict=True)
    ]
    return results


def _given(work: Work, calls: Calls, wanted: Known) -> Sequence[Result]:
    """What came of each that is logged. An error's ``tried`` names deliveries."""
    if not wanted:
        return []
    try:
        return calls.log(work.client, [call for _, call in wanted])
    except ExchangeError as error:
        if error.tried is not None:
            error.tried = {taken.id for taken, call in wanted if call.trace in error.tried}
        raise


def _ours(work: Work, some: Sequence[Taken], results: list[Settled]) -> list[Taken]:
    """Without those that another destination logs at the same place: there is one call under one mark."""
    others = work.logged_by_others({one.outcome_id: one.remote_id is not None or one.was == UNKNOWN for one in some})
    shared = [(one, others[one.outcome_id]) for one in some if one.outcome_id in others]
    results += [Settled(one, DONE, SHARED, said_of(other)) for one, other in shared]
    return [one for one in some if one.outcome_id not in others]


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
    events = [_event(one) for one in some]
    try:
        answers = work.crm.events.post(work.client, events)
    except ExchangeError as error:
        if error.tried is not None:
            pairs = zip(some, events, strict=True)
            error.tried = {one.id for one, event in pairs if event.id in error.tried}
        raise
    return [
        work.settled(taken, answer, digest=TOLD_SETTLED if _kind(taken) == SETTLED else None)
        for taken, answer in zip(some, answers, strict=True)
    ]


def _event(taken: Taken) -> Event:
    # The delivery's own id, without what a later revision in its place has in common with it.
    number = f"{taken.id}-{taken.revision}"
    return Event(number, f"call.outcome.{_kind(taken)}", taken.changed_at, taken.outcome, taken.changed_fields)


def _kind(taken: Taken) -> str:
    """Once it is told that nothing is waited for; what comes after that are corrections, also a disposition that came late."""
    if taken.merged:
        return "merged"
    is_settled = taken.outcome["settling"] in (SETTLED, NEVER_DISPOSED)
    return SETTLED if is_settled and not taken.told_settled else "changed"


_STEPS: Mapping[str, Callable[[Work, Sequence[Taken]], list[Settled]]] = {
    LOG_CALL: _log,
    SET_STATUS: set_statuses,
    REMOVE_CALL: _remove,
    POST_EVENT: _post,
}


def done(work: Work, operation: str, some: Sequence[Taken]) -> list[Settled]:
    """What the deliveries come to, all of one operation. Raises ExchangeError, and then nobody knows what came of any."""
    return _STEPS[operation](work, some)
