"""The evidence: receipts listed, shown, and sent back to be read again."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from lib import ids
from lib import text as texts
from lib.clock import iso
from models import CallEvent, Receipt
from models.database import chunks
from models.receipts import CALLBACK, DISMISSED, KEPT_BYTES, PENDING, QUARANTINED
from models.strangers import take_away
from outcomes import keyset, quarantine

WORD_FILTERS = ("state", "connection", "source", "kind", "reason")
FILTERS = (*WORD_FILTERS, "since", "until")

# All but the body: a page of receipts must not read hundreds of megabytes.
COLUMNS = tuple(
    getattr(Receipt, name)
    for name in (
        "id",
        "connection",
        "dialer",
        "source",
        "kind",
        "received_at",
        "seen_at",
        "state",
        "reason",
        "detail",
        "forgiven",
        "stranger",
        "body_size",
        "truncated",
        "content_hash",
        "record_key",
        "processed_at",
        "readings",
        "dismissed_at",
        "dismissed_by",
    )
)
_ORDER = "-receipts"


@dataclass(frozen=True)
class Page:
    """Rows of ``COLUMNS``, newest first, and the cursor of the next page; None where this is the last."""

    rows: list[Row]
    next: str | None


def conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as conditions on ``Receipt``: a text, or a list of texts of which any may match, for each of
    ``WORD_FILTERS``; aware times for ``since`` and ``until`` of its coming. Raises KeyError for a name that is none."""
    found: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        if name not in FILTERS:
            raise KeyError(name)
        if value is None or value == []:
            continue
        if name == "state":
            found.append(_in_states([value] if isinstance(value, str) else value))
        elif name == "since":
            found.append(Receipt.received_at >= value)
        elif name == "until":
            found.append(Receipt.received_at < value)
        else:
            words = [value] if isinstance(value, str) else value
            found.append(getattr(Receipt, name).in_([texts.clean(word) for word in words]))
    return found


def _in_states(states: list[str]) -> ColumnElement[bool]:
    """Of what was dismissed, ``dismissed`` is the state that readers see. Its twin is ``health.receipt_counts``."""
    kept = [state for state in states if state not in (DISMISSED, QUARANTINED)]
    ways: list[ColumnElement[bool]] = [Receipt.state.in_(kept)] if kept else []
    if QUARANTINED in states and DISMISSED in states:
        ways.append(Receipt.state == QUARANTINED)
    elif QUARANTINED in states:
        ways.append(and_(Receipt.state == QUARANTINED, Receipt.dismissed_at.is_(None)))
    elif DISMISSED in states:
        ways.append(and_(Receipt.state == QUARANTINED, Receipt.dismissed_at.is_not(None)))
    return or_(*ways)


def page(session: Session, filters: Mapping[str, Any], cursor: str | None = None, limit: int = 100) -> Page:
    """One page of receipts, newest first. Raises BadCursor."""
    statement = select(*COLUMNS).where(*conditions(filters)).order_by(Receipt.id.desc()).limit(limit + 1)
    if cursor:
        before = ids.parse(keyset.decode(_ORDER, cursor, 1)[0])
        if before is None:
            raise keyset.BadCursor("This is not a cursor of ours.")
        statement = statement.where(Receipt.id < before)
    rows = list(session.execute(statement))
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], keyset.encode(_ORDER, str(rows[limit - 1].id)))


def find(session: Session, receipt_id: UUID) -> Receipt | None:
    """The receipt with its body."""
    return session.get(Receipt, receipt_id)


def of_outcome(session: Session, outcome_id: UUID, set_by: Mapping[str, str]) -> list[Row]:
    """Rows of ``COLUMNS`` for every receipt that the outcome was made of, in the order of their coming."""
    named = [found for found in map(ids.parse, set(set_by.values())) if found is not None]
    told = select(CallEvent.receipt_id).where(CallEvent.outcome_id == outcome_id)
    return list(
        session.execute(select(*COLUMNS).where(Receipt.id.in_(told) | Receipt.id.in_(named)).order_by(Receipt.id))
    )


def shown(row: Row | Receipt) -> dict[str, Any]:
    """A receipt as the API shows it in lists."""
    found = {column.key: getattr(row, column.key) for column in COLUMNS}
    found["id"] = str(found["id"])
    found["forgiven"] = (found["forgiven"] or "").split()
    for name in ("received_at", "seen_at", "processed_at", "dismissed_at"):
        found[name] = iso(found[name])
    if found["dismissed_at"]:
        found["state"] = DISMISSED
    found["todo"] = quarantine.todo(found["reason"]) if found["state"] == QUARANTINED else None
    return found


def shown_whole(receipt: Receipt) -> dict[str, Any]:
    """A receipt with all that was kept of it: ``body`` as text where it is UTF-8, else ``body_base64``."""
    try:
        body, encoded = receipt.body.decode("utf-8"), None
    except UnicodeDecodeError:
        body, encoded = None, base64.b64encode(receipt.body).decode("ascii")
    more = {"method": receipt.method, "query": receipt.query, "headers": receipt.headers, "context": receipt.context}
    return shown(receipt) | more | {"body": body, "body_base64": encoded}


def replay(session: Session, filters: Mapping[str, Any]) -> int:
    """Send every matching receipt back to be read again; how many. Those that wait already are left as they are."""
    return _replay(session, [*conditions(filters), Receipt.state != PENDING])


def replay_one(session: Session, receipt_id: UUID) -> Receipt | None:
    """Send one receipt back to be read again. None where there is no such receipt."""
    _replay(session, [Receipt.id == receipt_id, Receipt.state != PENDING])
    return session.get(Receipt, receipt_id, populate_existing=True)


def _replay(session: Session, wanted: list[ColumnElement[bool]]) -> int:
    # A retry that is not read again together with its first delivery would say the old words, and look like an edit.
    again = aliased(Receipt)
    told, retold = aliased(CallEvent), aliased(CallEvent)
    retries = (
        select(again.id)
        .join(retold, retold.receipt_id == again.id)
        .join(told, told.group_id == retold.group_id)
        .join(Receipt, Receipt.id == told.receipt_id)
        .where(*wanted, again.content_hash == Receipt.content_hash, again.source == CALLBACK, again.state != PENDING)
    )
    found = set(session.scalars(retries))
    replayed = _read_again(session, wanted)
    for some in chunks(sorted(found)):
        _read_again(session, [Receipt.id.in_(some), Receipt.state != PENDING])
    return replayed


def _read_again(session: Session, wanted: list[ColumnElement[bool]]) -> int:
    # An operator who has a stranger's receipt read vouches for it: it no longer counts against the strangers' quota.
    # ``readings`` stays: the reader must know that it has read this receipt before.
    again = {"state": PENDING, "reason": None, "detail": None, "forgiven": None, "processed_at": None}
    again |= {"dismissed_at": None, "dismissed_by": None}
    unsynchronized = {"synchronize_session": False}
    gone = session.execute(
        update(Receipt)
        .where(*wanted, Receipt.stranger.is_(True))
        .values(again | {"stranger": False})
        .returning(Receipt.share, KEPT_BYTES),
        execution_options=unsynchronized,
    ).all()
    take_away(session, gone)
    rest = session.execute(update(Receipt).where(*wanted).values(again), execution_options=unsynchronized)
    return len(gone) + rest.rowcount
