"""The four reports that QVoice can be asked for, walked page by page. docs.qvoice.net, "Campaigns"."""

import hashlib
import json
import math
from collections.abc import Generator, Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

from dialers import bodies
from dialers.asking import Layer, Record, Report, ReportPage, Window
from dialers.base import Connection, Unreadable
from dialers.fields import LONGEST_ID, text
from dialers.qvoice import activity, words
from dialers.qvoice.api import Client
from dialers.qvoice.envelopes import Envelope, Slice, opened
from lib import text as texts
from lib.http.errors import AskedWrongly, ExchangeError, Garbled, WalkStuck

HISTORY_PATH = "/api/v2/reports/campaigns/leads/history"
STATUS_PATH = "/api/v2/reports/campaigns/leads/status"
LEADS_PATH = "/api/v2/config/campaigns/{}/leads"
QUEUES_PATH = "/callcenter/queues/status"

# By one of these a record is told from an envelope.
CALL_COLUMNS = ("call_id", "lead_number", "campaign_name", "lead_history")
LEAD_COLUMNS = ("number", "campaign_id", "status")
CAMPAIGN_COLUMNS = ("total_leads", "leads_by_status", "name")
QUEUE_COLUMNS = ("extension", "agents", "name")

LONGEST_KEY = 400
MOST_PAGES = 20_000  # of one walk: a dialer that makes up new keys for ever must end, too
MOST_CAMPAIGNS = 10_000  # whose leads are asked for
MOST_HALVES = 1000
SHORTEST_HALF = timedelta(seconds=2)
CUT = "An answer was full and named no next page: some calls may be missing. Raise page_size."

_minute = timedelta(minutes=1)


def lead_history(client: Client, connection: Connection, window: Window) -> Iterator[ReportPage]:
    """The calls of the window. The window is sent with every page and never moves."""
    fields = connection.settings.get("report_fields")
    query = {"pageSize": str(_page_size(connection))} | ({"fields": ",".join(fields)} if fields else {})
    if (yield from _calls(client, connection, query, window)):
        yield from _halves(client, connection, query, window, count())


def _calls(
    client: Client, connection: Connection, query: dict[str, str], window: Window
) -> Generator[ReportPage, None, set[str | bytes] | None]:
    """The pages of one window. Returns the calls in it where the answer was cut: the documented answer is a bare array that
    cannot name a next page, so a full one may have lost its end."""
    times = {"startDate": str(int(window.start.timestamp())), "endDate": str(math.ceil(window.end.timestamp()))}
    cut = None
    for number, envelope in enumerate(_pages(client, HISTORY_PATH, query | times, "startKey", CALL_COLUMNS)):
        records = [_call(record, connection) for record in envelope.records]
        if number == 0 and not envelope.pages and len(records) >= int(query["pageSize"]):
            cut = {record.key or record.body for record in records}
        yield ReportPage(records, more=envelope.more or bool(cut))  # of what was cut both halves follow
    return cut


def _halves(
    client: Client, connection: Connection, query: dict[str, str], window: Window, halved: Iterator[int]
) -> Iterator[ReportPage]:
    """What was cut off, by asking for both halves of the window, and for the halves of those that are full again."""
    if window.end - window.start < SHORTEST_HALF:
        yield ReportPage([], CUT)
        return
    if next(halved) >= MOST_HALVES:
        raise WalkStuck(f"GET {HISTORY_PATH} stayed full in {MOST_HALVES} smaller windows. Raise page_size.")
    middle = window.start + (window.end - window.start) / 2
    halves = Window(window.start, middle), Window(middle, window.end)
    cut = []
    for half in halves:
        cut.append((yield from _calls(client, connection, query, half)))
    if cut[0] and cut[0] == cut[1]:  # the same calls in both: the dialer does not look at the window
        yield ReportPage([], CUT)
        return
    for half, calls in zip(halves, cut, strict=True):
        if calls:
            yield from _halves(client, connection, query, half, halved)


def leads(client: Client, connection: Connection, asked: None) -> Iterator[ReportPage]:
    """The leads of every campaign that the status report names. A campaign that fails does not hide the others'."""
    failure: ExchangeError | None = None
    for campaign_id in _campaign_ids(client):
        path = LEADS_PATH.format(quote(campaign_id, safe=""))
        query = {"page_size": str(_page_size(connection))}
        try:
            for envelope in _pages(client, path, query, "next_start_key", LEAD_COLUMNS):
                yield ReportPage([_lead(record, campaign_id) for record in envelope.records], more=envelope.more)
        except (AskedWrongly, Garbled, WalkStuck) as error:
            failure = failure or error
    if failure:
        raise failure


def campaign_status(client: Client, connection: Connection, asked: None) -> Iterator[ReportPage]:
    """Each campaign's totals, as they are now."""
    for envelope in _pages(client, STATUS_PATH, {}, "startKey", CAMPAIGN_COLUMNS):
        yield ReportPage([_listed(record) for record in envelope.records], more=envelope.more)


def queue_status(client: Client, connection: Connection, asked: None) -> Iterator[ReportPage]:
    """Each queue's agents and counters, as they are now."""
    for envelope in _pages(client, QUEUES_PATH, {}, "startKey", QUEUE_COLUMNS):
        yield ReportPage([_listed(record) for record in envelope.records], more=envelope.more)


def _pages(
    client: Client, path: str, query: dict[str, str], key_name: str, columns: tuple[str, ...]
) -> Iterator[Envelope]:
    """Every page until one is empty or names no next. ``columns``: a record has at least one of them. Raises WalkStuck
    where a key comes again."""
    what = f"GET {path}"
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        envelope = client.ask(path, query, lambda body: _opened(body, what, columns))
        yield envelope
        if envelope.next_key is None or not envelope.more:
            return
        if envelope.next_key in seen:
            raise WalkStuck(f"{what} named the same next page twice; what came before was kept.")
        seen.add(envelope.next_key)
        query = query | {key_name: envelope.next_key}
    raise WalkStuck(f"{what} had no end after {MOST_PAGES} pages; what came before was kept.")


def _opened(body: bytes, what: str, columns: tuple[str, ...]) -> Envelope:
    """The answer, opened. Any object in an object looks like a record that is listed by its key; where none of them has a
    column that we know, it is an envelope that nobody knows."""
    envelope = opened(body, what)
    keyed = [record for record in envelope.records if record.listed_under is not None]
    rows = (_object(record) or {} for record in keyed)  # one at a time
    if keyed and not any(column in row for row in rows for column in columns):
        raise Garbled(f"The answer to {what} has a shape that nobody knows.")
    return envelope


def _page_size(connection: Connection) -> int:
    return connection.settings.get("page_size") or 1000


def _campaign_ids(client: Client) -> list[str]:
    pages = _pages(client, STATUS_PATH, {}, "startKey", CAMPAIGN_COLUMNS)
    found: dict[str | None, None] = {}
    for envelope in pages:
        found |= dict.fromkeys(record.listed_under or _id(record) for record in envelope.records)
        if len(found) > MOST_CAMPAIGNS:
            raise WalkStuck(
                f"GET {STATUS_PATH} names more than {MOST_CAMPAIGNS:,} campaigns; their leads were not asked for."
            )
    # A name of dots would be another path. A longer one than this no table keeps; its campaign is quarantined.
    return [one for one in found if one and one.strip(".") and len(one) <= LONGEST_ID]


# Records --------------------------------------------------------------------------------------------------------------
def _call(record: Slice, connection: Connection) -> Record:
    row = _object(record)
    try:
        names = activity.names(row, connection) if row is not None else ()
    except Unreadable:
        names = ()
    return Record(record.body, texts.clean(names[0]) if names else None, _context(record))


def _lead(record: Slice, campaign_id: str) -> Record:
    lead_id = _id(record) or record.listed_under
    key = json.dumps([campaign_id, lead_id]) if lead_id else None
    return Record(record.body, _short(key), {words.CAMPAIGN_ID: campaign_id} | (_context(record) or {}))


def _listed(record: Slice) -> Record:
    return Record(record.body, _short(record.listed_under or _id(record)), _context(record))


def _short(key: str | None) -> str | None:
    """A key that an index can hold: one record with a longer one would fail its whole page, for ever."""
    if key is None or len(key) <= LONGEST_KEY:
        return key
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _context(record: Slice) -> dict[str, str] | None:
    return {words.LISTED_UNDER: record.listed_under} if record.listed_under is not None else None


def _id(record: Slice) -> str | None:
    row = _object(record)
    return texts.clean(text(row.get("id"))) if row is not None else None


def _object(record: Slice) -> dict[str, Any] | None:
    """The record's columns, as far as its key needs them; None for one that words will quarantine. The plain parser: it is
    several times faster than the one that remembers repetitions, and a page has a thousand records."""
    row = bodies.glance(record.body)
    if not isinstance(row, dict):
        return None
    return texts.clean(row) if "\\u" in record.text else row


REPORTS = (
    Report(
        words.LEAD_HISTORY,
        (
            Layer("recent", every=_minute, span=timedelta(hours=4)),
            Layer("yesterday", every=10 * _minute, span=timedelta(hours=24)),
            Layer("week", every=30 * _minute, span=timedelta(days=7)),
            Layer("awaiting", every=10 * _minute, awaiting=True),
        ),
        lead_history,
    ),
    Report(words.LEADS, (Layer("now", every=10 * _minute),), leads),
    Report(words.CAMPAIGN_STATUS, (Layer("now", every=_minute),), campaign_status),
    Report(words.QUEUE_STATUS, (Layer("now", every=_minute),), queue_status),
)
