"""The audit log as it is listed, shown and exported: who did what, when and from where."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lib.clock import iso
from models import Audit
from models.database import AnyRow, Database
from queries import keyset
from queries.exports.cells import FORMULA
from queries.keyset import Page

WORD_FILTERS = ("who", "act", "connection", "subject")
FILTERS = (*WORD_FILTERS, "since", "until")
FORMS = ("csv", "ndjson")
NAMES = (
    "id",
    "happened_at",
    "who",
    "key_id",
    "source",
    "act",
    "connection",
    "subject",
    "count",
    "details",
    "request_id",
)

_COLUMNS = tuple(getattr(Audit, name) for name in NAMES)
_PIECE = 1_000  # rows that are read at once
_ORDER = "-audit"


def conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as conditions: a list of texts, of which any may match, for each of ``WORD_FILTERS``; aware times for ``since``
    and ``until``."""
    found: list[ColumnElement[bool]] = [
        getattr(Audit, name).in_(filters[name]) for name in WORD_FILTERS if filters.get(name)
    ]
    if filters.get("since") is not None:
        found.append(Audit.happened_at >= filters["since"])
    if filters.get("until") is not None:
        found.append(Audit.happened_at < filters["until"])
    return found


def page(session: Session, filters: Mapping[str, Any], cursor: str | None = None, limit: int = 100) -> Page[AnyRow]:
    """One page of notes, newest first. Raises BadCursor."""
    statement = select(*_COLUMNS).where(*conditions(filters)).order_by(Audit.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Audit.id < keyset.row(_ORDER, cursor))
    rows = list(session.execute(statement))
    return keyset.page(rows, limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def shown(row: AnyRow) -> dict[str, Any]:
    """A note as the API shows it."""
    found = {name: getattr(row, name) for name in NAMES}
    key_id = None if row.key_id is None else str(row.key_id)
    return found | {
        "id": str(row.id),
        "happened_at": iso(row.happened_at),
        "key_id": key_id,
        "details": row.details or {},
    }


def written(database: Database, filters: Mapping[str, Any], form: str) -> Iterator[bytes]:
    """All such notes, newest first, as a file of one of FORMS, piece by piece: of any length, in the memory of one piece."""
    if form == "csv":
        yield _csv([NAMES])
    cursor = None
    while True:
        with database.read() as session:
            found = page(session, filters, cursor, _PIECE)
        rows = [shown(row) for row in found.rows]
        if form == "csv":
            yield _csv([_cell(row[name]) for name in NAMES] for row in rows)
        else:
            yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        if (cursor := found.next) is None:
            return


def _csv(rows: Any) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text and text[0] in FORMULA else text
