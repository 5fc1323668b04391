"""How far a destination is, in a sentence: what is in, what waits for whom, and why nothing moves where nothing does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib import clock
from lib.text import many
from models import DestinationState
from models.deliveries import UNDONE
from models.leases import is_held
from models.shared_clock import shared
from queries import receipt_counts
from queries.delivery_counts import Counts
from queries.destination_states import FAILING, PARKED_STATE, PAUSED_STATE, state_of

MOST_BEHIND = 100_000  # changes that are counted
Moments = Callable[[datetime], str]  # how a sentence writes a moment
LATE = timedelta(minutes=2)  # a worker looks every second; after so long it is said that nobody does


@dataclass(frozen=True)
class Ahead:
    """What is before a destination. ``behind``: calls that have changed since its place in the feed, MOST_BEHIND at most, the
    first of them at ``changed_at``; ``due_at``: since when something could be sent; ``came_at``: since when a receipt has
    waited of which nobody knows the call yet; ``spooled``: bytes of callbacks that wait elsewhere for the database, None where
    nobody knows."""

    behind: int
    changed_at: datetime | None
    due_at: datetime | None
    came_at: datetime | None
    spooled: int | None = 0

    def lacks(self, now: datetime) -> bool:
        """Whether calls may be missing of which nobody here knows anything yet."""
        return self.spooled != 0 or receipt_counts.waits_long(self.came_at, now, receipt_counts.READ)


def in_utc(at: datetime) -> str:
    """As sentences write a moment, where no reader has chosen a zone."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def lag(
    row: DestinationState, kind: str | None, ahead: Ahead | None, counts: Counts, age: float, now: datetime, at: Moments
) -> str:
    """How far it is: what is in, what waits for whom, what nobody has looked at, and why nothing moves where nothing does."""
    behind = ahead.behind if ahead else 0
    lacks = ahead is not None and ahead.lacks(now)
    so_far = "As far as the feed has been followed, " if (behind or lacks) and counts.calls else ""
    are_in = _are_in(row, counts)
    said = [so_far + are_in[0].lower() + are_in[1:] if so_far else are_in]
    said += for_a_person(counts)
    if counts.skipped:
        them, their = ("it", "its") if counts.skipped == 1 else ("them", "their")
        why = f"nobody was found for {them}, somebody left {them} out, or {their} person was erased"
        said.append(f"{counts.skipped:,} {_were(counts.skipped)} skipped, since {why}")
    if counts.unknown:
        said.append(f"of {counts.unknown:,} nobody can tell yet whether the CRM took it")
    if behind:
        more = "at least " if behind >= MOST_BEHIND else ""
        said.append(
            f"{more}{many(behind, 'change')} of calls {'has' if behind == 1 else 'have'} not been looked at yet"
        )
    sentences = ["; ".join(said) + "."]
    if age >= 1:
        sentences.append(f"Counted {round(age)} s ago.")
    return " ".join([*sentences, *_why_still(row, kind, ahead, now, at)])


def for_a_person(counts: Counts) -> list[str]:
    """Calls about which nothing happens until somebody does something: how many wait, how many were refused."""
    said = []
    if counts.held:
        said.append(f"{counts.held:,} {'waits' if counts.held == 1 else 'wait'} for a person")
    if counts.refused:
        said.append(f"{counts.refused:,} {_were(counts.refused)} refused")
    return said


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _are_in(row: DestinationState, counts: Counts) -> str:
    if not counts.calls:
        if counts.states[UNDONE]:
            return "Nothing is there: what was written has been taken back"
        if row.sent_at is not None and not any(counts.states.values()):
            return "Nothing is to be written now; of what was written before, no delivery is kept any more"
        return "Nothing is to be written so far"
    if not counts.missing:
        return "The only call is in" if counts.calls == 1 else f"All {counts.calls:,} calls are in"
    if counts.missing >= counts.calls:
        return "The only call is not in" if counts.calls == 1 else f"None of {counts.calls:,} calls is in"
    return f"All but {counts.missing:,} of {counts.calls:,} calls are in"


def _why_still(row: DestinationState, kind: str | None, ahead: Ahead | None, now: datetime, at: Moments) -> list[str]:
    state = state_of(row, kind, now)
    if kind is None:
        return ["It is not in the settings any more, so nothing is sent."]
    if ahead is None:
        was = f"It was started as a {row.kind}, and the settings say {kind}: nothing is sent."
        return [was, "Give the new one a name of its own."]
    said = [*_elsewhere(ahead.spooled)]
    if receipt_counts.waits_long(ahead.came_at, now, receipt_counts.READ):
        since = "before the clock was set back" if clock.is_ahead(ahead.came_at, now) else at(ahead.came_at)
        is_late = receipt_counts.waits_long(ahead.came_at, now, receipt_counts.LATE)
        ask = ": is a worker running?" if is_late else "."
        said.append(f"Receipts have waited since {since} to be read; what they say is in no figure{ask}")
    # Its place moves when something has changed, so that a quiet night is no trouble; and one who works through years of
    # history is behind, and at work.
    if ahead.changed_at is not None and _late(ahead.changed_at, now) and _late(row.followed_at, shared(now)):
        said.append(f"The feed has not been followed since {at(ahead.changed_at)}: is a worker running?")
    if state == PAUSED_STATE and row.paused_at is not None:
        by = f" by {row.paused_by}" if row.paused_by and row.paused_by != row.error else ""
        return [*said, f"Paused since {at(row.paused_at)}{by}: nothing is sent."]
    if state == PARKED_STATE and row.parked_until is not None:
        return [*said, f"Nothing is sent before {at(row.parked_until)}."]
    due = next_try(row, ahead)
    if state == FAILING:
        if due is None:
            return [*said, "The last exchange failed; nothing waits to be sent."]
        said.append(f"The last exchange failed; the next try is {_when(due, now)}.")
    if (
        due is not None
        and _late(due, now)
        and _late(row.sent_at or row.started_at, now)
        and not is_held(row.lease_until, now)
    ):
        said.append(f"What has been due since {at(due)} is not sent: is a worker running?")
    if state != FAILING and due is not None and due > now:
        said.append(f"What was not taken is tried again in {clock.span(due - now)}.")
    return said


def _elsewhere(spooled: int | None) -> Iterator[str]:
    if spooled is None:
        yield "Whether callbacks wait in the spool is not known."
    elif spooled:
        yield "Callbacks wait in the spool, and what they say is in no figure."


def next_try(row: DestinationState, ahead: Ahead) -> datetime | None:
    """From when on something could be sent; None where nothing waits."""
    if ahead.due_at is None:
        return None
    rests = [row.next_at] if row.failures or row.error else []
    return max([ahead.due_at, *rests, *([row.parked_until] if row.parked_until else [])])


def _late(at: datetime, now: datetime) -> bool:
    return now - at > LATE


def _when(at: datetime, now: datetime) -> str:
    return f"in {clock.span(at - now)}" if at > now else "due"
