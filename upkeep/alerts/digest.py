"""The digest: what yesterday was, in figures of ``queries``, with what they lack and who is waited for."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dialers.base import Connection
from lib.text import many
from models.database import Database
from models.receipts import QUARANTINED
from queries import health, quarantine, receipt_counts, schedules, take_outs
from queries.lacking import MISSING, lacking
from queries.recent_counts import RecentCounts
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from upkeep.alerts import sources
from upkeep.alerts.settings import Alerts


class Digests:
    """``destinations``: those of the settings; of others nobody need do anything. ``spooled``: as of
    ``queries.health.connections``."""

    def __init__(
        self,
        settings: Alerts,
        database: Database,
        connections: Mapping[str, Connection],
        recent: RecentCounts,
        spooled: Callable[[], int | None],
        destinations: Collection[str] = (),
    ):
        self._settings = settings
        self._database = database
        self._connections = connections
        self._recent = recent
        self._spooled = spooled
        self._destinations = destinations

    def due(self, now: datetime) -> str:
        """The day whose digest is the latest that is due: the day before the last time that its hour has come."""
        assert self._settings.digest is not None
        local = now.astimezone(ZoneInfo(self._settings.tz))
        passed = local.time() >= self._settings.digest
        return str(local.date() - timedelta(days=1 if passed else 2))

    def is_due(self, now: datetime, last: str | None) -> bool:
        """Whether one is to be made, where the last was of that day. When clocks are set back an hour comes twice, and with it
        what was due before."""
        if last is None:
            return True
        ahead = date.fromisoformat(last) - date.fromisoformat(self.due(now))
        return not timedelta(0) <= ahead <= timedelta(days=1)

    def since(self, now: datetime, last: str) -> datetime:
        """From when on the digest that is due tells what was wrong, where the last was of that day: a day back, or since the last
        was due, which is longer where clocks were set back, or no worker ran at its hour. What quiet hours have left to a digest
        is told by no other."""
        assert self._settings.digest is not None
        at = datetime.combine(date.fromisoformat(last) + timedelta(days=1), self._settings.digest)
        return min(now - timedelta(days=1), at.replace(tzinfo=ZoneInfo(self._settings.tz)).astimezone(UTC))

    def made(self, now: datetime, wrong: list[str]) -> dict[str, Any]:
        """``wrong``: what was wrong meanwhile, and what nobody knows of it. Raises SQLAlchemyError."""
        day, zone = self.due(now), ZoneInfo(self._settings.tz)
        since = datetime.fromisoformat(day).replace(tzinfo=zone)
        until = (since.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
        filters = {"since": since, "until": until}
        with self._database.snapshot() as session:
            asked = answering.asked(session, filters, self._settings.tz, configured=self._connections)
            calls: int = answering.answer(asked, REPORTS["attempts"])["totals"]["attempts"]
            lacks = lacking(session, self._connections, filters, self._settings.tz, now, self._spooled())
            polls = health.poll_states(session, self._connections, now)
            waits = self._waits(session)
        known = sources.of(self._connections, polls, since, until, self._settings.tz)
        count = sum(waits.values())
        persons = (
            f"{count:,} {'waits' if count == 1 else 'wait'} for a person" if count else "nothing waits for a person"
        )
        was_yesterday = str(now.astimezone(zone).date() - timedelta(days=1)) == day
        told = known.words if not lacks else sources.INCOMPLETE
        named = [name for name in known.short if any(one.startswith(MISSING.format(name)) for one in lacks)]
        first = f"{'Yesterday' if was_yesterday else day}: {many(calls, 'call')}, {told}, {persons}."
        parts = [first, f"That was {day}, {self._settings.tz}.", *lacks, *known.sentences(but=named)]
        parts += [f"{what}: {found:,}." for what, found in waits.items() if found]
        parts += wrong
        if self._settings.public_url:
            parts.append(self._settings.public_url)
        return {"day": day, "subject": f"Wrapup: {first.rstrip('.')}", "text": "\n\n".join(parts) + "\n", "told": []}

    def _waits(self, session: Session) -> dict[str, int]:
        """What waits for a person."""
        quarantined = sum(
            row["receipts"]
            for row in receipt_counts.open_ones(session)
            if row["state"] == QUARANTINED and row["connection"] in self._connections
        )
        desks = health.sending_states(session)
        misaddressed = quarantine.misaddressed(session)
        calls, _ = self._recent.calls(self._connections)
        counted, _ = self._recent.deliveries()
        delivered = {name: own for name, own in counted.items() if name in self._destinations}
        return {
            "Receipts in quarantine": quarantined,
            "Receipts with an outdated token": sum(own["receipts"] for own in misaddressed.values()),
            "Leads in doubt": sum(desk["unknown_leads"] for desk in desks.values()),
            "Loads that are parked": sum(health.parked_loads(desks, self._connections).values()),
            "Leads to be taken out by hand": sum(take_outs.by_hand(session).values()),
            "Calls whose delivery is held": sum(one.held for one in delivered.values()),
            "Calls whose delivery was refused": sum(one.refused for one in delivered.values()),
            "Schedules in trouble": len(schedules.in_trouble(session)),
            "Words that nobody has decided": sum(
                sum(own.values()) for name, own in calls.words.items() if name in self._connections
            ),
        }
