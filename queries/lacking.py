"""What figures lack at this moment, in sentences for whoever does not look at the pages: receipts that nobody has read yet,
callbacks that wait elsewhere for the database, calls that a dialer has not told of as it usually does, and what is not kept any
more."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from lib.text import many
from models.receipts import PENDING
from queries import completeness, health, heard, receipt_counts
from queries.reports import gone

MISSING = "Of {} calls may be missing"


def lacking(
    session: Session,
    configured: Mapping[str, Connection],
    filters: Mapping[str, Any],
    tz: str,
    now: datetime,
    spooled: int | None,
) -> list[str]:
    """Of the calls that match, those that may be missing; nothing where all is as usual. ``spooled``: as of
    ``health.connections``."""
    deleted = gone.note(filters, gone.calls_before(session), tz)
    found = [*([deleted] if deleted else []), *_waiting(session, now), *_spooled(spooled)]
    wanted, dialers = filters.get("connection") or configured, filters.get("dialer") or DIALERS
    asked = {name: one for name, one in configured.items() if name in wanted and one.dialer in dialers}
    end = min(filters.get("until") or now, now)
    polls = health.poll_states(session, configured, now)
    silences = heard.silences(session, asked, now) if heard.can_judge(session, spooled) else {}
    for name, connection in asked.items():
        said = [*_behind(connection, polls.get(name, []), tz, end, now)]
        if name in silences and silences[name].since < end:
            said.append(silences[name].words[:1].lower() + silences[name].words[1:].rstrip("."))
        if said:
            found.append(f"{MISSING.format(name)}: {'; '.join(said)}.")
    return found


def _waiting(session: Session, now: datetime) -> Iterator[str]:
    oldest = receipt_counts.oldest_pending(session)
    if receipt_counts.waits_long(oldest, now, receipt_counts.READ):
        count = sum(row["receipts"] for row in receipt_counts.open_ones(session) if row["state"] == PENDING)
        wait = "waits" if count == 1 else "wait"
        since = ("the oldest " if not clock.is_ahead(oldest, now) else "") + receipt_counts.waited(oldest, now)
        yield f"{many(count, 'receipt')} {wait} to be read, {since}: what is shown lacks them."


def _spooled(spooled: int | None) -> Iterator[str]:
    if spooled is None:
        yield "Whether callbacks wait in the spool is not known."
    elif spooled:
        yield "Callbacks wait in the spool: the database has not taken them yet, and what is shown lacks them."


def _behind(
    connection: Connection, polls: list[dict[str, Any]], tz: str, end: datetime, now: datetime
) -> Iterator[str]:
    """The reports of calls that could not be read as usual and are not complete to ``end``, or were not answered all."""
    of_calls, asked = completeness.reports_of_calls(connection), [one for one in polls if one["due_at"]]
    wrong = {one["report"] for one in asked if one["error"] or completeness.is_late(clock.read(one["due_at"]), now)}
    for one in completeness.of_reports(connection, polls):
        unread = one.to is None and not one.idle
        short = one.report in wrong and (one.to is None or one.to < end)
        if one.report in of_calls and (unread or short or one.gaps):
            yield one.words(f"{one.to.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}" if one.to else "")
