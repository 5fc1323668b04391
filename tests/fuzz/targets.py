"""What the fuzzers call: pure functions of bytes that must return, whatever the bytes are.

An input of words is a file that can be read: a first line with kind, content type, query, method and context (parted by
tabs, all but the first optional), then the body. Several receipts of one input are parted by a line of ``---``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marshmallow import missing

from dialers.asking import Window
from dialers.base import Connection, Dialer, Event, Evidence, KeptEvent, Reading, Unreadable
from dialers.registry import DIALERS
from lib import rawjson
from lib.http.errors import ExchangeError
from models import CallOutcome, Receipt
from outcomes.fold import Folded, fold
from outcomes.matching import match
from tests.fuzz import receiving, storable

START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
PARTS = b"\n---\n"
MOST_PARTS = 8
LONGEST_RECORD_KEY = storable.LONGEST_INDEXED - 800 - 100  # beside a connection and a kind

# Settings under which more of the words is reached than by their defaults.
SETTINGS = {
    "ryng": {"status_codes": {"2": "connected", "17": "busy"}, "crm_reference_field": "lead id"},
    "qvoice": {"hangup_causes": {"my_cause": "failed"}, "crm_reference_field": "lead_ticket_id", "page_size": 2},
}


@dataclass(frozen=True)
class Target:
    """``run`` raises for what is a fault of ours, and for nothing else. ``dialer``: whose payloads are its seeds."""

    run: Callable[[bytes], object]
    dialer: str | None = None


def connection(dialer: Dialer) -> Connection:
    """A configured account at the dialer."""
    defaults = {name: field.load_default for name, field in dialer.settings().fields.items()}
    stated = {name: value() if callable(value) else value for name, value in defaults.items()}
    settings = {name: value for name, value in stated.items() if value is not missing}
    return Connection(
        name=f"{dialer.name}-main",
        dialer=dialer.name,
        settings=settings | SETTINGS.get(dialer.name, {}),
        callback_tokens=("token",),
        default_country=dialer.default_country,
        dispositions={"Interested": ("contact", "sale"), "Call back later": ("contact", "callback")},
    )


# Words ----------------------------------------------------------------------------------------------------------------
def evidence(dialer: Dialer, data: bytes) -> Evidence:
    """The receipt that an input describes."""
    head, _, body = data.partition(b"\n")
    fields = head.decode("utf-8", "replace").replace("\x00", "\ufffd").split("\t")
    kind, content_type, query, method, context = [*fields, "", "", "", ""][:5]
    return Evidence(
        source="report" if kind in {report.name for report in dialer.reports} else "callback",
        kind=kind[:200],
        body=body,
        content_type=content_type or None,
        query=query or None,
        method=method or None,
        context={"listed_under": context, "campaign_id": context} if context else None,
        seen_at=START,
    )


def read(dialer: Dialer, data: bytes) -> Reading | None:
    """What the words say of it; None where they refuse it. Asserts that either can be kept."""
    try:
        found = dialer.read(evidence(dialer, data), connection(dialer))
    except Unreadable as error:
        storable.refusal(error)
        return None
    storable.reading(found)
    return found


# From receipts to outcomes --------------------------------------------------------------------------------------------
def chain(dialer: Dialer, data: bytes) -> None:
    """Several receipts are read, grouped and folded: twice, in both orders, and once more after only a part had come."""
    groups: dict[str, list[KeptEvent]] = {}
    account = connection(dialer)
    for number, part in enumerate(data.split(PARTS)[:MOST_PARTS]):
        found = read(dialer, part)
        for ordinal, event in enumerate(found.events if found else ()):
            _join(groups, event, _kept(event, evidence(dialer, part), number, ordinal))
    for events in {id(group): group for group in groups.values()}.values():
        for now in (START + timedelta(hours=1), START + timedelta(days=9)):
            drafts = fold(events, account, dialer, now)
            again = fold(events[::-1], account, dialer, now)
            assert [(draft.attempt_key, draft.values) for draft in drafts] == [
                (draft.attempt_key, draft.values) for draft in again
            ], "the order of receipts changed an outcome"
            _storable(drafts, events)
        _continued(events, account, dialer)


def _join(groups: dict[str, list[KeptEvent]], event: Event, kept: KeptEvent) -> None:
    """The event's group; groups that it is the first to connect become one."""
    joined = {id(groups[key]): groups[key] for key in event.keys if key in groups}.values()
    group = [one for other in joined for one in other] + [kept]
    for key in [*event.keys, *(key for key, other in groups.items() if any(other is one for one in joined))]:
        groups[key] = group


def _kept(event: Event, receipt: Evidence, number: int, ordinal: int) -> KeptEvent:
    at = START + timedelta(seconds=number)
    return KeptEvent(
        id=UUID(int=number * 10_000 + ordinal),
        receipt_id=UUID(int=number),
        ordinal=ordinal,
        source=f"{receipt.source}:{receipt.kind}",
        kind=event.kind,
        attempt=event.attempt,
        happened_at=event.happened_at,
        received_at=at,
        seen_at=at,
        facts=dict(event.facts),
    )


def _storable(drafts: list[Folded], events: list[KeptEvent]) -> None:
    assert sorted(event.id for draft in drafts for event in draft.events) == sorted(event.id for event in events)
    for draft in drafts:
        storable.column(CallOutcome, "attempt_key", draft.attempt_key)
        for name, value in draft.values.items():
            if name != "is_final":
                storable.column(CallOutcome, name, value)


def _continued(events: list[KeptEvent], account: Connection, dialer: Dialer) -> None:
    """A part of the events made rows already: each row goes on as one attempt, or is merged into one."""
    now = START + timedelta(hours=1)
    rows, homes = [], {}
    for number, draft in enumerate(fold(events[: len(events) // 2], account, dialer, now)):
        rows.append((UUID(int=10**9 + number), draft.attempt_key))
        homes |= {event.id: rows[-1][0] for event in draft.events}
    then = [KeptEvent(**(vars(event) | {"outcome_id": homes.get(event.id)})) for event in events]
    found = match(fold(then, account, dialer, now), rows)
    assert sorted([*found.rows.values(), *found.merged]) == sorted(row for row, _ in rows)


# Reports --------------------------------------------------------------------------------------------------------------
class Answers:
    """A dialer that gives one answer to everything it is asked."""

    def __init__(self, body: bytes):
        self._body = body
        self._asked = 0

    def ask(self, path: str, query, understand):
        self._asked += 1
        if self._asked > 4:
            raise ExchangeError("asked often enough")
        return understand(self._body)


def reports(dialer: Dialer, data: bytes) -> None:
    """Every report is walked over the answer: it yields pages that can be kept, or ends in a ``ExchangeError``."""
    account = connection(dialer)
    for report in dialer.reports:
        try:
            for page in report.walk(Answers(data), account, Window(START - timedelta(hours=1), START)):
                for record in page.records:
                    assert isinstance(record.body, bytes)
                    if record.key is not None:
                        storable.column(Receipt, "record_key", record.key)
                        assert len(record.key.encode()) <= LONGEST_RECORD_KEY
                    if record.context is not None:
                        storable.jsonable(record.context)
        except ExchangeError as error:
            storable.text(str(error))
            assert len(str(error)) < 3000  # it may name a path with an id of 200 characters, each of them escaped


# JSON -----------------------------------------------------------------------------------------------------------------
def cut_json(data: bytes) -> None:
    """Whatever can be read is cut into the same parts, and can be stored."""
    try:
        text = rawjson.decode(data)
        value = rawjson.loads(data)
    except rawjson.NotJson as error:
        storable.text(str(error))
        _cut(data)
        return
    storable.jsonable(value)
    if isinstance(value, rawjson.Members):
        parts = [(key, text[begin:end]) for key, begin, end in rawjson.members(text)]
        assert [(key, rawjson.loads(part)) for key, part in parts] == value.pairs
        value.conflicts()
    if isinstance(value, list):
        assert [rawjson.loads(text[begin:end]) for begin, end in rawjson.elements(text)] == value


def _cut(data: bytes) -> None:
    """The cutters look at less than the reader does; they may go on where it stops, and raise nothing else."""
    text = data.decode("latin-1")
    for cut in (rawjson.members, rawjson.elements):
        try:
            cut(text)
        except rawjson.NotJson as error:
            storable.text(str(error))


def _of(function: Callable[[Dialer, bytes], object], dialer: Dialer) -> Callable[[bytes], object]:
    return lambda data: function(dialer, data)


TARGETS: dict[str, Target] = (
    {f"words-{name}": Target(_of(read, dialer), name) for name, dialer in DIALERS.items()}
    | {f"chain-{name}": Target(_of(chain, dialer), name) for name, dialer in DIALERS.items()}
    # ``Answers`` is asked as QVoice's client is: another dialer's reports need an answerer of their own.
    | {"reports-qvoice": Target(_of(reports, DIALERS["qvoice"]), "qvoice")}
    | {"rawjson": Target(cut_json), "body": Target(receiving.body), "receiver": Target(receiving.receiver)}
)
