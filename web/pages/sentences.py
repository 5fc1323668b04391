"""Sentences for people: what a settling state means, what a receipt's state says, what waits too long."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeGuard

from dialers import vocabulary as ours
from lib import clock
from lib.text import many
from models import receipts
from models.decisions import FAILED, RUNNING, WAITING
from outcomes import undecided as undecided_words
from queries import receipt_counts, words_seen
from queries.reports.written import hms, percent, plain
from queries.suppressions import Asked
from upkeep import beats
from web.pages import zones

# Never the look alone: the word stands beside it. All others are ``quiet``.
_TONES = {
    ours.CONNECTED: "good",
    ours.PENDING: "open",
    ours.IN_PROGRESS: "open",
    ours.RETRY_SCHEDULED: "open",
    ours.FAILED: "bad",
    ours.INVALID_NUMBER: "bad",
    ours.UNREACHABLE: "bad",
    ours.ABANDONED: "bad",
    ours.BLOCKED: "bad",
    ours.AGENT_UNAVAILABLE: "bad",
    ours.UNKNOWN: "warn",
}
_SETTLING = {
    ours.PROVISIONAL: "The call is not over, or nobody has told its end yet.",
    ours.AWAITING_DISPOSITION: "The call is over; no disposition has been recorded yet.",
    ours.SETTLED: "Nothing is waited for. A correction is still possible.",
    ours.NEVER_DISPOSED: "Its end, or a disposition, was waited for and did not come in time.",
}
_RECEIPT_STATES = {
    receipts.PENDING: "Kept, and waiting to be read.",
    receipts.NORMALIZED: "Read; its call events are in.",
    receipts.DUPLICATE: "Read; another receipt had said all of it.",
    receipts.IGNORED: "Read; it is of a kind that says nothing about a call.",
    receipts.QUARANTINED: "Put aside, with a reason.",
}
LATE_SECONDS = 120
_UNASKED_SECONDS = 3600  # a CRM may ask for an hour's rest
_UNSENT_SECONDS = 300  # a mail may take minutes, and each way out sends one after the other
NEWER = (
    "The database was made by a newer release of Wrapup: this one keeps callbacks in it and does nothing else. Start the newer "
    "one here, too; where it is at work nowhere, nothing is read, asked for or sent."
)
UNWRITABLE = (
    "The database takes no writes: callbacks are kept in the spool, and nothing is read, asked for or sent. "
    "wrapup doctor says why."
)
NOWHERE = (
    "Neither the database nor this machine's spool takes writes: callbacks are in the error log and in memory alone, and nothing "
    "is read, asked for or sent. Make room on the disk, or have it written to again; wrapup doctor says which."
)
_NO_WORKER = (
    "No worker is at work: the last was seen {} ago, and has ended, hangs or is stopped, or cannot write to the database. "
    "Callbacks are kept, and nothing is read, asked for or sent. Start it again; what does its log say, and wrapup doctor?"
)

_BEHIND = "A worker is at work, and behind: wrapup doctor says what it may wait for."

NO_WORKER_KNOWN = (
    "No worker is known to be at work: none was ever started, each was stopped, or its clock is ahead of this one. Callbacks are "
    "kept, and nothing is read, asked for or sent."
)


def tone(connect_outcome: str) -> str:
    """The look of a connect outcome."""
    return _TONES.get(connect_outcome, "quiet")


def settling(word: str, settle_by: datetime | None, zone: str) -> str:
    """The settling state as a sentence, with the end of the waiting where there is one."""
    until = f" Waiting until {zones.moment(settle_by, zone, 'full')} ({zone})." if settle_by else ""
    return _SETTLING[word] + until


def receipt_state(word: str) -> str:
    return _RECEIPT_STATES[word]


def figure(value: int | None) -> str:
    """A count; a dash where it is not known, which is not 0."""
    return "–" if value is None else str(value)


def undecided(count: int) -> str:
    """How many words of a connection nobody has decided: ``3 words undecided``."""
    return f"{many(count, 'word')} {'or more ' if count >= words_seen.MOST_WORDS else ''}undecided"


def link(connection: Mapping[str, Any], word: Mapping[str, Any]) -> dict[str, Any]:
    """A word that nobody has decided, with the filters of the list of its calls, as many as it says."""
    said = [undecided_words.value(way["field"], way["word"]) for way in word["said_as"]]
    return {
        "word": word["word"],
        "calls": word["calls"],
        "filters": {"connection": connection["name"], "unmapped": said},
    }


def said_as(word: Mapping[str, Any]) -> str:
    """Where a word stands, in words: ``status, hangup cause``."""
    fields = dict.fromkeys(way["field"] for way in word["said_as"])
    return ", ".join({"status_raw": "status"}.get(name, plain(name)) for name in fields)


def meaning(decision: Mapping[str, Any]) -> str:
    """What was decided of a word, in words."""
    if decision["withdrawn"]:
        return "withdrawn"
    if decision["flags"] is not None:
        return ", ".join(map(plain, decision["flags"])) or "no flags"
    return "dismissed: it needs no meaning" if decision["dismissed"] else plain(decision["outcome"])


def applied(decision: Mapping[str, Any]) -> str:
    """What became of a decision, as a sentence."""
    if decision["source"] == "file":
        return "Decided in the settings file, which wins."
    if decision["state"] == WAITING:
        return "Waits for a worker to read its calls again."
    if decision["state"] == RUNNING:
        return "Its calls are being read again."
    calls = f"{many(decision['calls'], 'call')} read again, {many(decision['changed'], 'outcome')} changed."
    failed = "Failed." if decision["state"] == FAILED else None
    return " ".join(filter(None, (failed, decision["reason"], calls)))


def late(decision: Mapping[str, Any], now: datetime) -> bool:
    """Whether it waits for longer than a worker takes to see it."""
    at = clock.parse(decision["decided_at"])
    return decision["state"] == WAITING and at is not None and (now - at).total_seconds() > LATE_SECONDS


def size(count: int) -> str:
    return many(count, "byte") if count < 10_000 else f"{count / 1000:.0f} kB"


def is_late(oldest: datetime | None, now: datetime) -> TypeGuard[datetime]:
    """Whether the receipt that ``receipt_counts.oldest_pending`` gave waits too long."""
    return receipt_counts.waits_long(oldest, now, receipt_counts.LATE)


def waiting(oldest: datetime | None, now: datetime, loops: Mapping[str, float]) -> str | None:
    """A sentence where receipts wait too long to be read. ``loops``: of the workers, as ``upkeep.beats.ages`` gives them."""
    if not is_late(oldest, now):
        return None
    waited = receipt_counts.waited(oldest, now)
    why = _BEHIND if beats.is_reading(loops) else "Is a worker running?"
    return f"Receipts have been waiting to be read {waited}, and what is shown lacks them. {why}"


def unread(oldest: datetime | None, now: datetime) -> str | None:
    """A sentence where some wait that are read soon, as in a burst: no trouble, but what is shown lacks them."""
    if is_late(oldest, now) or not receipt_counts.waits_long(oldest, now, receipt_counts.READ):
        return None
    return f"Receipts wait to be read, the oldest {receipt_counts.waited(oldest, now)}: what is shown lacks them."


def unwritable(writes: bool, spools: Callable[[], bool]) -> str | None:
    """A sentence where the database takes no writes. ``spools``: whether the spool does."""
    if writes:
        return None
    return UNWRITABLE if spools() else NOWHERE


def no_worker(loops: Mapping[str, float]) -> str | None:
    """A sentence where no worker is heard that was not stopped on purpose: ``upkeep.beats.silence``."""
    silent = beats.silence(loops)
    return _NO_WORKER.format(clock.span(silent)) if silent else None


def unsent_leads(since: datetime | None, now: datetime) -> str | None:
    """A sentence where nobody sends a load that could be sent."""
    if since is None or (now - since).total_seconds() < LATE_SECONDS:
        return None
    return f"Nobody has been sending it for {clock.span(now - since)}. Is a worker running, and the connection in the settings?"


def unsent(since: datetime | None, now: datetime) -> str | None:
    """A sentence where what a schedule sends waits too long for a worker."""
    if since is None or (now - since).total_seconds() < _UNSENT_SECONDS:
        return None
    return f"What was to be sent by a schedule has been waiting for {clock.span(now - since)}. Is a worker running?"


def overdue(schedule: Mapping[str, Any], now: datetime) -> str | None:
    """The same of one schedule."""
    waits = (schedule["next_at"], schedule["last"] and schedule["last"]["next_at"])
    return unsent(min(filter(None, map(clock.parse, filter(None, waits))), default=None), now)


def suppressed(numbers: int, all_of_them: bool) -> str | None:
    """How many numbers must not be called; None where none is on the list."""
    if not numbers:
        return None
    return f"{many(numbers, 'number')}{'' if all_of_them else ' or more'} must not be called"


def by_hand(leads: int) -> str | None:
    """A sentence where dialers have leads that a person has to take out."""
    if not leads:
        return None
    are, them = ("is", "it") if leads == 1 else ("are", "them")
    return f"{many(leads, 'lead')} whose number must not be called {are} still in a dialer: somebody has to take {them} out."


def unasked(destinations: Iterable[Asked], now: datetime) -> str | None:
    """Sentences where a CRM could not be asked whom not to call, or nobody asks it."""
    return " ".join(filter(None, (_unasked(one, now) for one in destinations))) or None


def _unasked(one: Asked, now: datetime) -> str | None:
    if one.is_over:
        return None
    if one.error:
        said = f"it last said so {clock.ago(one.at, now)}" if one.at else "it has never said so"
        return f"Whom not to call could not be asked at {one.name}; {said}."
    since = one.waits_since
    if since is None or (now - since).total_seconds() < _UNASKED_SECONDS:
        return None
    return f"Nobody has asked {one.name} whom not to call for {clock.span(now - since)}. Is a worker running?"


def not_taken_out(since: datetime | None, now: datetime) -> str | None:
    """A sentence where nobody looks for leads whose number must not be called, or takes them out."""
    if since is None or (now - since).total_seconds() < _UNSENT_SECONDS:
        return None
    return (
        "Leads whose number must not be called were to be taken out of dialers, and nobody has looked for "
        f"{clock.span(now - since)}. Is a worker running, and the connection in the settings?"
    )


def spooled(waiting: int | None) -> str | None:
    """A sentence where callbacks are kept that the database does not have, so that what is shown lacks them."""
    if waiting is None:
        return "This machine's spool cannot be read: whether callbacks wait in it is not known."
    if not waiting:
        return None
    return (
        f"Callbacks wait in this machine's spool ({size(waiting)}): the database has not taken them yet, and what is shown "
        "lacks them."
    )


FILTERS = (plain, tone, settling, receipt_state, hms, percent, size, many, figure, undecided, said_as, meaning, applied)
