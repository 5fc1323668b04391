"""Which alerts there are, since when, and who was told what: pure, as a document that is kept in the database or in a file.

    wrong --lasts--> it has begun --well for KEEPS--> it has ended
                          |                               |
                          +--> told that it began         +--> told that it ended

Each channel is told once that an alert began and once that it ended. What could not be told before it ended is told as one; what
began in quiet hours and ended in them is left to the digest. Whoever dies between telling and noting it tells it once more: a
message may come twice, and none is lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lib import clock, ids
from upkeep.alerts.condition import KEEPS
from upkeep.alerts.judging import Windows, Wrong

BEGAN, ENDED, WAS, KEPT_QUIET = "began", "ended", "was", "kept_quiet"
REMEMBERED = timedelta(days=2)  # what has ended, for a digest that comes late
UNWATCHED = timedelta(minutes=5)  # between two looks: then nobody knows what was wrong meanwhile
PAUSES = tuple(timedelta(minutes=one) for one in (1, 2, 5, 15))  # before it is told again


@dataclass
class Alert:
    """``since``: since when it is wrong; ``began``: when that had lasted long enough; ``well``: since when it is well again;
    ``quiet``: it began in quiet hours. ``told``: channel -> what was told last. Times are ISO texts."""

    id: str
    key: str
    name: str
    severity: str
    since: str
    summary: str
    todo: str
    began: str | None = None
    well: str | None = None
    ended: str | None = None
    quiet: bool = False
    told: dict[str, str] = field(default_factory=dict)


@dataclass
class Channel:
    """How telling goes: failures in a row, when it is tried next, and what went wrong."""

    failures: int = 0
    next_at: str | None = None
    error: str | None = None


Gap = tuple[datetime, datetime]  # from when until when nobody has looked


@dataclass(frozen=True)
class Note:
    """What a channel is to be told of an alert: BEGAN, ENDED, or WAS of one that is over by now. ``unwatched``: when nobody
    looked while it lasted, so that nobody knows when it ended."""

    alert: Alert
    what: str
    unwatched: Sequence[Gap] = ()


@dataclass
class State:
    """All of it. ``digested``: of which day the last digest was, and ``digest``: the one that is to be sent, with its
    ``told``. ``looked``: when it was judged last; ``unwatched``: from when until when it was not."""

    alerts: list[Alert] = field(default_factory=list)
    windows: Windows = field(default_factory=Windows)
    channels: dict[str, Channel] = field(default_factory=dict)
    digested: str | None = None
    digest: dict[str, Any] | None = None
    looked: str | None = None
    unwatched: list[list[str]] = field(default_factory=list)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "State":
        """An empty one of what another release has kept in another form: rather told twice than never."""
        try:
            return cls._read(told)
        except (ValueError, TypeError, AttributeError):
            return cls()

    @classmethod
    def _read(cls, told: Mapping[str, Any]) -> "State":
        return cls(
            [Alert(**one) for one in told.get("alerts", [])],
            Windows({key: [(at, least) for at, least in own] for key, own in told.get("windows", {}).items()}),
            {name: Channel(**one) for name, one in told.get("channels", {}).items()},
            told.get("digested"),
            told.get("digest"),
            told.get("looked"),
            [list(one) for one in told.get("unwatched", [])],
        )

    def document(self) -> dict[str, Any]:
        return {
            "alerts": [asdict(one) for one in self.alerts],
            "windows": self.windows.kept,
            "channels": {name: asdict(one) for name, one in self.channels.items()},
            "digested": self.digested,
            "digest": self.digest,
            "looked": self.looked,
            "unwatched": self.unwatched,
        }

    def on(self) -> list[Alert]:
        """Those that have begun, and not ended."""
        return [one for one in self.alerts if one.began and not one.ended]

    def advance(self, wrong: Iterable[Wrong], unknown: Collection[str], now: datetime, quiet: bool) -> None:
        """What is wrong now. Of conditions in ``unknown`` nobody knows, so that their alerts stay as they are."""
        self._note_look(now)
        at, found = clock.iso(now), {one.key: one for one in wrong}
        open_ones = {one.key: one for one in self.alerts if not one.ended}
        for key, one in found.items():
            alert = open_ones.get(key)
            if alert is None:
                new = (str(ids.new()), key, one.condition.name, one.severity, at, one.summary, one.condition.todo)
                alert = Alert(*new)
                self.alerts.append(alert)
            alert.summary, alert.severity, alert.well = one.summary, one.severity, None
            if _time(alert.since) > now:  # by a clock that has been set back
                alert.since = at
            if not alert.began and now - _time(alert.since) >= one.lasts:
                alert.began, alert.quiet = at, quiet
        for key, alert in open_ones.items():
            if key in found or alert.name in unknown and not key.endswith('"missing"]'):
                continue
            if alert.well is None or _time(alert.well) > now:  # by a clock that has been set back
                alert.well = at
            if alert.began and now - _time(alert.well) >= KEEPS:
                alert.ended = at
        self.alerts = [one for one in self.alerts if one.began or not one.well]

    def notes(self, channel: str, held: Collection[str], digests: bool) -> list[Note]:
        """What the channel is to be told now. ``held``: severities that are kept back at this hour; ``digests``: whether what
        began and ended meanwhile is told by a digest."""
        found = []
        for one in self.alerts:
            what = _to_tell(one, channel)
            if what is None or one.severity in held:
                continue
            if what == WAS and one.quiet and digests:
                one.told[channel] = KEPT_QUIET
                continue
            found.append(Note(one, what, self.gaps(_time(one.since), _time(one.ended)) if one.ended else ()))
        return found

    def looked_at(self) -> datetime | None:
        """When it was judged last; None where it never was."""
        return clock.read(self.looked)

    def gaps(self, since: datetime, until: datetime) -> list[Gap]:
        """When nobody looked between these."""
        found = [(_time(begins), _time(ends)) for begins, ends in self.unwatched]
        return [(begins, ends) for begins, ends in found if begins < until and ends > since]

    def _note_look(self, now: datetime) -> None:
        last, at = self.looked_at(), clock.iso(now)
        if last is None or now - last > UNWATCHED:
            self.unwatched.append([clock.iso(last or clock.EARLIEST), at])
        self.unwatched = [one for one in self.unwatched if now - _time(one[1]) < REMEMBERED]
        self.looked = at

    def told(self, channel: str, notes: Iterable[Note]) -> None:
        self.channels[channel] = Channel()
        known = {one.id: one for one in self.alerts}
        for note in notes:
            if alert := known.get(note.alert.id):
                alert.told[channel] = note.what

    def not_told(self, channel: str, why: str, now: datetime) -> None:
        own = self.channels.get(channel, Channel())
        pause = PAUSES[min(own.failures, len(PAUSES) - 1)]
        self.channels[channel] = Channel(own.failures + 1, clock.iso(now + pause), why)

    def rests(self, channel: str, now: datetime) -> bool:
        """Whether it failed a moment ago. A pause that is longer than any was given by a clock that has been set back."""
        until = self.channels.get(channel, Channel()).next_at
        return until is not None and now < _time(until) <= now + 2 * PAUSES[-1]

    def untold_since(self, channel: str, held: Collection[str]) -> datetime | None:
        """Since when the oldest waits that the channel is to be told of; None where nothing does."""
        waits = [_time(one.ended or one.began or "") for one in self._untold(channel) if one.severity not in held]
        return min(waits, default=None)

    def forget(self, channels: Collection[str], now: datetime) -> None:
        """Drop what is over, told, and too old for a digest."""
        wanted = [one.id for channel in channels for one in self._untold(channel)]

        def stays(one: Alert) -> bool:
            return one.ended is None or one.id in wanted or now - _time(one.ended) < REMEMBERED

        self.alerts = [one for one in self.alerts if stays(one)]

    def _untold(self, channel: str) -> Iterator[Alert]:
        return (one for one in self.alerts if _to_tell(one, channel) is not None)


def _to_tell(alert: Alert, channel: str) -> str | None:
    told = alert.told.get(channel)
    if not alert.began:
        return None
    if told is None:
        return WAS if alert.ended else BEGAN
    return ENDED if alert.ended and told == BEGAN else None


def _time(text: str) -> datetime:
    found = clock.read(text)
    assert found is not None
    return found
