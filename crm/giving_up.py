"""What is tried in vain for days is not tried any more by itself: somebody has to look, and says that it is to go on.

Where others were taken meanwhile, it is the delivery alone that the other side fails at: it is refused. Where nothing was, it is
the other side: the destination is paused, as Standard Webhooks advises, and no delivery is at fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.base import SwitchedOff
from crm.settling import Settled
from crm.statuses import PUT_BACK
from crm.taken import Taken
from models import Delivery
from models.deliveries import DONE, GIVEN_UP, IN_DOUBT, IS_OPEN, PENDING, REFUSED, SENDING, UNKNOWN, UNMATCHED

LONGEST = timedelta(days=3)


class GaveUp(SwitchedOff):
    """The other side takes nothing, for days: the destination is paused until somebody resumes it."""

    error_id = GIVEN_UP


@dataclass(frozen=True)
class Failing:
    """``results`` with since when each has been tried in vain; ``since``: the same of the destination; ``state``: what its row
    says of it from now on."""

    results: Sequence[Settled]
    since: datetime | None
    state: Mapping[str, object]


def looked_at(results: Sequence[Settled], answered: bool, since: datetime | None, at: datetime) -> Failing:
    """``answered``: whether the other side took or refused something, or said why it takes nothing now. ``since`` when it had
    done none of these before."""
    answered = answered or any(map(_is_answer, results))
    failed = [one for one in results if one.failed]
    since = None if answered else min(since or at, at) if failed else since
    if failed and since is not None and at - since >= LONGEST:
        said = [one.answer for one in failed if one.answer][:1]
        words = ["Nothing was taken for three days.", *said, "Resume it when the other side is well again."]
        error = GaveUp(" ".join(words))
        told = {"error": str(error), "error_id": error.error_id, "paused_by": str(error)}
        return Failing(results, None, {**told, "paused_at": at, "failing_since": None})
    return Failing([_looked_at(one, since, at) for one in results], since, {"failing_since": since})


def still_fails(session: Session, destination: str, taken: Sequence[Taken]) -> bool:
    """Whether something of what has failed is being tried still, among what was just taken or besides. Where all of it went
    without being taken or refused, what fails next does so for the first time."""
    if any(one.attempts > 1 for one in taken):
        return True
    tried = (Delivery.destination == destination, IS_OPEN, Delivery.state != SENDING, Delivery.attempts > 0)
    # What has failed is put off, so it is found there first, however much waits that was never tried.
    last = select(Delivery.id).where(*tried).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(1)
    return session.scalar(last) is not None


def _is_answer(one: Settled) -> bool:
    """Whether the other side took or refused it. What had nothing to be sent proves nothing."""
    if one.state == REFUSED:
        return one.reason not in UNMATCHED
    return one.state == DONE and one.reason in (None, PUT_BACK)


def _looked_at(one: Settled, since: datetime | None, at: datetime) -> Settled:
    if one.state not in (PENDING, UNKNOWN):
        return one
    own = min(one.taken.failing_since or at, at) if one.failed else one.taken.failing_since
    others_taken = own is not None and (since is None or since > own)
    if not one.failed or own is None or not others_taken or at - own < LONGEST:
        return replace(one, failing_since=own)
    reason = IN_DOUBT if one.state == UNKNOWN else GIVEN_UP
    said = f"Given up: it was tried for three days. {one.answer or ''}".rstrip()
    return replace(one, state=REFUSED, reason=reason, answer=said, due=None)
