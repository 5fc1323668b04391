"""The call log, which Ringostat can be asked for. help.ringostat.com, "Ringostat API. Export call log".

At most 6500 calls are answered, there is no next page, and nothing says that an answer was cut. So a full answer is not
taken: both halves of its time are asked for instead. Times are asked for by the wall clock, as calls carry them: halves of
that leave nothing out, also where clocks are changed.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from dialers import bodies, rows
from dialers.asking import Layer, Record, Report, ReportPage, Window
from dialers.base import Connection
from dialers.fields import text
from dialers.ringostat import times, words
from dialers.ringostat.api import CALLS, Client
from lib import text as texts
from lib.http.errors import Garbled

PAGE = 1_000  # records that are kept at once
MOST_FULL = 3  # seconds that are full: then the dialer does not look at the time
LONGEST_KEY = 400
WHAT = f"GET {CALLS}"

_minute = timedelta(minutes=1)


def calls(client: Client, connection: Connection, window: Window) -> Iterator[ReportPage]:
    """The calls of the window, the earliest first. Raises Garbled at the end where some could not be told apart in time."""
    start, end = times.walls(window, times.zone(connection))
    limit = int(connection.settings["export_limit"])
    query = {
        "export_type": "json",
        "fields": ",".join(connection.settings["report_fields"]),
        "merge": "0",  # others show the attempts of a caller as one
        "order": "calldate",
    }
    spans, seen, full = [(start, end)], set[bytes](), 0
    while spans:
        start, end = spans.pop()
        found = opened(client.calls(query | {"from": _written(start), "to": _written(end)}))
        if len(found) >= limit and end - start > times.SECOND:
            # The halves share a second, since nobody says whether "to" is included.
            middle = start + timedelta(seconds=(end - start) // times.SECOND // 2)
            spans += [(middle, end), (start, middle)]
            yield ReportPage([], more=True)  # so that the poller knows that we are still at it
            continue
        yield from _pages(found, seen, bool(spans))
        full += len(found) >= limit
        if full >= MOST_FULL:
            break
    if full:
        raise Garbled(f"The answer to {WHAT} was full ({limit} calls) for a single second: some calls may be missing.")


def opened(body: bytes) -> list[bytes]:
    """The records as they stand in the answer. Raises Garbled for everything but an array."""
    if body.strip() == b"null":
        return []
    return rows.cut(body, WHAT, " Lower export_limit.")


def _pages(found: list[bytes], seen: set[bytes], more: bool = False) -> Iterator[ReportPage]:
    """The records that this walk has not met before; ``more``: others are asked for after them. Those of one call stand
    together, in an order of their own: the log may show its legs the one way now and the other way at the next poll, and that is
    no news."""
    fresh: dict[str | None, list[tuple[bytes, Record]]] = {}
    for body in found:
        digest = hashlib.sha256(body).digest()
        if digest not in seen:
            seen.add(digest)
            record = Record(body, _key(body))
            fresh.setdefault(record.key, []).append((digest, record))
    records = [record for own in fresh.values() for _, record in (sorted(own, key=_digest) if len(own) > 1 else own)]
    for at in range(0, len(records) or 1, PAGE):
        yield ReportPage(records[at : at + PAGE], more=more or at + PAGE < len(records))


def _digest(seen: tuple[bytes, Record]) -> bytes:
    return seen[0]


def _key(body: bytes) -> str | None:
    """The call's ``uniqueid``; None for a record that words will quarantine."""
    row = bodies.glance(body)
    found = texts.clean(text(row.get("uniqueid"))) if isinstance(row, dict) else None
    if found is None or len(found) <= LONGEST_KEY:
        return found
    return f"sha256:{hashlib.sha256(found.encode()).hexdigest()}"


def _written(wall: datetime) -> str:
    return wall.strftime(times.WRITTEN)


REPORTS = (
    Report(
        words.CALLS,
        (
            Layer("recent", every=_minute, span=timedelta(hours=4)),
            Layer("day", every=10 * _minute, span=timedelta(hours=24)),
            # Recordings and call cards come later.
            Layer("week", every=30 * _minute, span=timedelta(days=7)),
        ),
        calls,
    ),
)
