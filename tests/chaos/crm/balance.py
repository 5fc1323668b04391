"""Whether what is found balances: each call once, where it belongs, as it was last; nothing written backwards; and whether
``deliveries`` says the same."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact, Found, Outcome, Row

CRM, HOOK = "crm", "hook"
_REVISION = re.compile(r"revision (\d+)")
OPEN = ("pending", "sending", "parked", "unknown")


def wrong(found: Found) -> list[str]:
    """One sentence for each thing that does not balance; empty when all is as it should be."""
    return [
        *_requests(found),
        *_calls(found),
        *_histories(found),
        *_statuses(found),
        *_events(found),
        *_deliveries(found),
    ]


def whose(found: Found, outcome: Outcome) -> str | None:
    """The contact on which the call is to stand; None where a person has to say."""
    if outcome.reference is not None:
        return outcome.reference
    return found.people.get(outcome.number or "")


def refused(outcome: Outcome) -> bool:
    """Whether the account takes no such call."""
    return outcome.connect_outcome == "failed"


def _requests(found: Found) -> Iterator[str]:
    for one in found.wrong_requests:
        yield f"a request was not as the documentation says: {one}"
    yield from found.odd


def _calls(found: Found) -> Iterator[str]:
    by_mark: dict[str | None, list[Call]] = defaultdict(list)
    for call in found.calls:
        if call.live:
            by_mark[call.mark].append(call)
    for outcome in found.outcomes:
        there = by_mark.pop(outcome.id, [])
        contact = whose(found, outcome)
        wanted = 0 if outcome.merged or refused(outcome) or contact is None else 1
        if len(there) != wanted:
            why = "merged" if outcome.merged else "refused" if refused(outcome) else f"of contact {contact}"
            yield f"outcome {outcome.id} ({why}): {len(there)} calls instead of {wanted}"
        for call in there[:wanted]:
            yield from _stands(call, outcome, str(contact))
    for mark, calls in by_mark.items():
        yield f"{len(calls)} calls of {mark}, which is no outcome"


def _stands(call: Call, outcome: Outcome, contact: str) -> Iterator[str]:
    if list(call.contacts) != [contact]:
        yield f"call {call.id} stands on {list(call.contacts)}, and not on {contact}"
    wanted = {
        "body": outcome.notes,
        "title": outcome.disposition or "",
        "result": "connected",
        "seconds": str(outcome.talk_seconds),
        "to": outcome.number or "",
    }
    for name, value in wanted.items():
        if value not in call.properties.get(name, ""):
            yield f"call {call.id} of revision {outcome.revision}: {name} is {call.properties.get(name)!r}, without {value!r}"


def _histories(found: Found) -> Iterator[str]:
    last: dict[str | None, int] = {}
    # One that was removed and made anew comes later.
    for call in sorted(found.calls, key=lambda call: (len(call.id), call.id)):
        for said in call.bodies:
            told = _REVISION.search(said)
            if told is None:
                continue
            revision = int(told[1])
            if revision < last.get(call.mark, 0):
                yield f"call {call.id}: revision {revision} was written after {last[call.mark]}"
            last[call.mark] = max(revision, last.get(call.mark, 0))


def _statuses(found: Found) -> Iterator[str]:
    latest: dict[str | None, Outcome] = {}
    silent: dict[str | None, set[int]] = defaultdict(set)
    for outcome in sorted(found.outcomes, key=lambda one: one.occurred_at):
        if not outcome.merged and outcome.disposition is not None:
            latest[whose(found, outcome)] = outcome
        elif outcome.disposition is None:
            silent[whose(found, outcome)].add(scene.slot_at(outcome.occurred_at))
    for contact in found.contacts:
        one = latest.get(contact.id)
        words = one.disposition if one else None
        wanted = (scene.last_call(words), scene.lead_status(words)) if words else ("", "NEW")
        stands = (contact.last_call, contact.status)
        if stands != wanted:
            yield f"contact {contact.id} says {stands}, and its latest call {wanted}"
        yield from _in_order(contact, silent[contact.id])


def _in_order(contact: Contact, silent: Collection[int]) -> Iterator[str]:
    """``silent``: calls that in the end say nothing; what they had set was put back, and what stood before came again. So is what
    a twin had set, once it has been merged into its call, for as long as that has set nothing itself."""
    last_slot, versions = -1, dict[int, str]()
    for said in filter(None, contact.last_calls):
        slot, version = int(said.partition("-")[0]), said.partition("-")[2]
        if slot in silent:
            continue
        if slot < last_slot:
            yield f"contact {contact.id}: the status of call {slot} was set after that of {last_slot}"
        if version != scene.TWIN:
            last_slot = max(slot, last_slot)
            if version < versions.get(slot, ""):
                yield f"contact {contact.id}: call {said} was set after it had been corrected {versions[slot]} times"
            versions[slot] = version


def _events(found: Found) -> Iterator[str]:
    for id_ in found.altered:
        yield f"event {id_} came again with another body"
    for one in found.backwards:
        yield f"an event went backwards: {one}"
    for outcome in found.outcomes:
        revisions = [event.revision for event in found.events.get(outcome.id, ())]
        told = bool(revisions) or not outcome.merged
        if told and (not revisions or revisions[-1] != outcome.revision):
            yield f"outcome {outcome.id}: the receiver has revisions {revisions}, and it is at {outcome.revision}"
    for id_ in found.events.keys() - {outcome.id for outcome in found.outcomes}:
        yield f"events of {id_}, which is no outcome"


def _deliveries(found: Found) -> Iterator[str]:
    last: dict[tuple[str, str, str], Row] = {}
    for row in found.deliveries:
        if row.state in OPEN:
            yield f"{row.operation} of {row.outcome_id} is still {row.state}"
        key = (row.destination, row.operation, row.outcome_id)
        if key not in last or row.revision > last[key].revision:
            last[key] = row
    there = {call.mark: call.id for call in found.calls if call.live}
    for outcome in found.outcomes:
        yield from _told(found, outcome, last, there)


def _told(
    found: Found, outcome: Outcome, last: Mapping[tuple[str, str, str], Row], there: Mapping[str | None, str]
) -> Iterator[str]:
    contact = whose(found, outcome)
    logged = last.get((CRM, "log_call", outcome.id))
    posted = last.get((HOOK, "post_event", outcome.id))
    status = last.get((CRM, "set_status", outcome.id))
    if outcome.merged:
        removed = last.get((CRM, "remove_call", outcome.id))
        if logged is not None and logged.state == "done" and (removed is None or removed.state != "done"):
            yield f"outcome {outcome.id} is merged, and deliveries says that its call is there"
        return
    if contact is None:
        wanted, remote = ("held", outcome.revision), None
    elif refused(outcome):
        wanted, remote = ("refused", outcome.revision), None
    else:
        wanted, remote = ("done", outcome.revision), there.get(outcome.id)
    said = logged and (logged.state, logged.revision)
    if said != wanted or (remote and logged and logged.remote_id != remote):
        yield f"outcome {outcome.id}: deliveries says {said} of call {logged and logged.remote_id}, not {wanted} of {remote}"
    if posted is None or (posted.state, posted.revision) != ("done", outcome.revision):
        yield f"outcome {outcome.id}: deliveries says {posted} of the event of revision {outcome.revision}"
    if outcome.disposition is not None:
        wanted = ("held" if contact is None else "done", outcome.revision)
        if status is None or (status.state, status.revision) != wanted:
            yield f"outcome {outcome.id}: deliveries says {status} of the status, not {wanted}"
