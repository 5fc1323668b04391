"""Whom alerts are told without Prometheus, and when, as the settings file says."""

from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from lib import clock
from lib.mail import Mail
from upkeep.alerts.condition import CRITICAL, SEVERITIES, Condition
from upkeep.alerts.conditions import CONDITIONS

MAIL, WEBHOOK = "mail", "webhook"
EVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Alerts:
    """``server`` takes the mails ``to`` these; ``secrets`` sign what the ``webhook`` is given, as Slack reads it where ``slack``.
    ``heartbeat`` is called while all is well. ``quiet``: from when until when nobody is told, on the clocks of ``tz``, but of
    what is critical where ``except_critical``. ``digest``: when the day before is told."""

    server: Mail | None = None
    to: tuple[str, ...] = ()
    webhook: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    slack: bool = False
    ca_file: str | None = None
    heartbeat: str | None = field(default=None, repr=False)
    tz: str = "UTC"
    quiet: tuple[time, time] | None = None
    except_critical: bool = False
    digest: time | None = None
    every_seconds: float = EVERY_SECONDS
    public_url: str = ""
    conditions: tuple[Condition, ...] = CONDITIONS

    @property
    def channels(self) -> tuple[str, ...]:
        return (*((MAIL,) if self.to else ()), *((WEBHOOK,) if self.webhook else ()))

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be told anything."""
        return bool(self.channels or self.heartbeat)

    def held(self, now: datetime) -> frozenset[str]:
        """The severities that nobody is told of at this hour."""
        quiet = self.is_quiet(now)
        return frozenset(one for one in SEVERITIES if quiet and not (self.except_critical and one == CRITICAL))

    def is_quiet(self, now: datetime) -> bool:
        if self.quiet is None:
            return False
        (begins, ends), at = self.quiet, now.astimezone(ZoneInfo(self.tz)).time()
        return begins <= at < ends if begins < ends else at >= begins or at < ends

    def wall(self, at: datetime) -> str:
        """As messages write a moment."""
        return f"{at.astimezone(ZoneInfo(self.tz)):%Y-%m-%d %H:%M} {self.tz}"

    def unwatched(self, gap: tuple[datetime, datetime]) -> str:
        """As messages write from when until when nobody has looked."""
        begins, ends = gap
        since = f"From {self.wall(begins)} to" if begins > clock.EARLIEST else "Until"
        why = "no worker watched, the database was away, or the clock was set"
        return f"{since} {self.wall(ends)} nobody looked at all of it: {why}."
