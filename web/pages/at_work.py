"""Whether anything goes on here: what stands in the way of all of it, as sentences."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.schema import of_newer_release
from models.writing import takes_writes
from queries import receipt_counts
from upkeep import beats
from web import spooled
from web.pages import sentences


@dataclass(frozen=True)
class AtWork:
    """Each None where it is not so; of the workers nothing is said where another of these stops them anyway."""

    unwritable: str | None
    newer: str | None
    no_worker: str | None  # one has ended, or hangs
    none_known: str | None  # none was ever started, say, or each was stopped on purpose: perhaps somebody wants it so


def at_work(reading: Session, now: datetime) -> AtWork:
    """What the database says of it, and this machine's spool."""
    unwritable = sentences.unwritable(takes_writes(reading), spooled.takes_more)
    newer = sentences.NEWER if of_newer_release(reading) else None
    if unwritable or newer:  # no worker can say that it is at work
        return AtWork(unwritable, newer, None, None)
    loops = beats.ages(reading, now)
    return AtWork(None, None, sentences.no_worker(loops), None if loops else sentences.NO_WORKER_KNOWN)


@dataclass(frozen=True)
class Unread:
    """What is shown lacks what waits to be read: each a sentence, or None."""

    waiting: str | None  # for too long: a trouble
    soon: str | None  # for a while, as in a burst


def unread(reading: Session, now: datetime) -> Unread:
    """What the database has of it; callbacks in a spool are ``sentences.spooled``."""
    oldest = receipt_counts.oldest_pending(reading)
    loops = beats.ages(reading, now) if sentences.is_late(oldest, now) else {}
    return Unread(sentences.waiting(oldest, now, loops), sentences.unread(oldest, now))
