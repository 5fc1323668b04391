"""The evidence: receipts listed and shown. What is done with them: ``outcomes.receipts``."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lib import ids
from lib import text as texts
from lib.clock import iso
from models import CallEvent, Receipt
from models.bulk import among
from models.database import AnyRow
from models.receipts import DISMISSED, QUARANTINED
from models.strangers import STRANGERS
from queries import keyset, quarantine
from queries.keyset import Page

WORD_FILTERS = ("state", "connection", "source", "kind", "reason")
FILTERS = (*WORD_FILTERS, "token", "since", "until")
OURS, OTHER = TOKENS = ("ours", "other")  # of what came without a right to: whose its token was

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
MOST_OUTCOMES = 100  # of a receipt
_ORDER = "-receipts"


def conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as conditions on ``Receipt``: a text, or a list of texts of which any may match, for each of
    ``WORD_FILTERS``; one of ``TOKENS`` for ``token``; aware times for ``since`` and ``until`` of its coming. Raises KeyError for
    a name that is none."""
    found: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        if name not in FILTERS:
            raise KeyError(name)
        if value is None or value == []:
            continue
        if name == "state":
            found.append(_in_states([value] if isinstance(value, str) else value))
        elif name == "token":
            found += [Receipt.stranger.is_(True), Receipt.known_sender.is_(value == OURS)]
        elif name == "since":
            found.append(Receipt.received_at >= value)
        elif name == "until":
            found.append(Receipt.received_at < value)
        else:
            words = [value] if isinstance(value, str) else value
            found.append(getattr(Receipt, name).in_([texts.clean(word) for word in words]))
    return found


def _in_states(states: list[str]) -> ColumnElement[bool]:
    """Of what was dismissed, ``dismissed`` is the state that readers see. Its twin is ``receipt_counts.by_state``."""
    kept = [state for state in states if state not in (DISMISSED, QUARANTINED)]
    ways: list[ColumnElement[bool]] = [Receipt.state.in_(kept)] if kept else []
    if QUARANTINED in states and DISMISSED in states:
        ways.append(Receipt.state == QUARANTINED)
    elif QUARANTINED in states:
        ways.append(and_(Receipt.state == QUARANTINED, Receipt.dismissed_at.is_(None)))
    elif DISMISSED in states:
        ways.append(and_(Receipt.state == QUARANTINED, Receipt.dismissed_at.is_not(None)))
    return or_(*ways)


def page(session: Session, filters: Mapping[str, Any], cursor: str | None = None, limit: int = 100) -> Page[AnyRow]:
    """One page of receipts, rows of ``COLUMNS``, newest first. Raises BadCursor."""
    statement = select(*COLUMNS).where(*conditions(filters)).order_by(Receipt.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Receipt.id < keyset.row(_ORDER, cursor))
    rows = list(session.execute(statement))
    return keyset.page(rows, limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def by_reason(session: Session, filters: Mapping[str, Any], configured: Iterable[str]) -> list[dict[str, Any]]:
    """``{"reason", "connection", "stranger", "token", "detail", "receipts", "todo"}``, the most first. ``detail`` is one of the
    sentences; ``token``: whose it was, of what came without a right to: whoever replays what our dialer sent to an outdated URL
    must not vouch for what others made up beside it. Connections that strangers have made up are one row: their names are theirs
    to choose, and must not fill a page. ``filters``: see ``conditions``."""
    names = list(configured)
    columns = (
        Receipt.reason.label("reason"),
        case((made_up(names), STRANGERS), else_=Receipt.connection).label("connection"),
        Receipt.stranger.label("stranger"),
        and_(Receipt.stranger.is_(True), Receipt.known_sender.is_(True)).label("ours"),
        Receipt.detail.label("detail"),
    )
    inner = select(*columns).where(*conditions(filters)).subquery()
    keys = (inner.c.reason, inner.c.connection, inner.c.stranger, inner.c.ours)
    found = select(*keys, func.max(inner.c.detail).label("detail"), func.count().label("receipts")).group_by(*keys)
    ordered = found.order_by(func.count().desc(), *keys)
    return [
        dict(row._mapping)
        | {"todo": quarantine.todo(row.reason), "token": (OURS if row.ours else OTHER) if row.stranger else None}
        for row in session.execute(ordered)
    ]


def made_up(configured: Iterable[str]) -> ColumnElement[bool]:
    """A stranger chose the name. One that came with a token of ours is a connection's of another time, or has a slip."""
    strange = (Receipt.stranger.is_(True), Receipt.known_sender.is_(False))
    return and_(*strange, Receipt.connection.not_in(list(configured)))


def find(session: Session, receipt_id: UUID) -> Receipt | None:
    """The receipt with its body."""
    return session.get(Receipt, receipt_id)


def of_outcome(session: Session, outcome_id: UUID, set_by: Mapping[str, str]) -> list[AnyRow]:
    """Rows of ``COLUMNS`` for every receipt that the outcome was made of, in the order of their coming."""
    told = session.scalars(select(CallEvent.receipt_id).where(CallEvent.outcome_id == outcome_id))
    # Asked for by their ids: of what one of two subqueries finds PostgreSQL reads all receipts that there are.
    of_it = {*told, *(found for found in map(ids.parse, set(set_by.values())) if found is not None)}
    return list(session.execute(select(*COLUMNS).where(among(session, Receipt.id, of_it)).order_by(Receipt.id)))


def outcomes_of(session: Session, receipt_id: UUID) -> list[UUID]:
    """The outcomes that have learned something of the receipt, ``MOST_OUTCOMES`` at most."""
    told = select(CallEvent.outcome_id).where(CallEvent.receipt_id == receipt_id, CallEvent.outcome_id.is_not(None))
    return list(session.scalars(told.distinct().order_by(CallEvent.outcome_id).limit(MOST_OUTCOMES)))


def shown(row: AnyRow | Receipt) -> dict[str, Any]:
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
    """A receipt with all that was kept of it."""
    more = {"method": receipt.method, "query": receipt.query, "headers": receipt.headers, "context": receipt.context}
    return shown(receipt) | more | shown_body(receipt.body)


def shown_body(body: bytes) -> dict[str, str | None]:
    """``body`` as text where it is UTF-8, else ``body_base64``."""
    try:
        return {"body": body.decode("utf-8"), "body_base64": None}
    except UnicodeDecodeError:
        return {"body": None, "body_base64": base64.b64encode(body).decode("ascii")}
