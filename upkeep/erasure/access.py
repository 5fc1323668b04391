"""What is kept of a person, as it is: the rows that an erasure finds, shown and left. docs/erasure.md.

Whole rows, with all their columns: whoever asks what is kept of them is told all of it, also what a later release keeps.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Table, and_, or_, select
from sqlalchemy.orm import Session

from lib import clock, phone, phone_spellings
from models import Base, Erasure, Lead, LeadStatus, Receipt, audit
from models.database import Database, chunks, stand_ins
from queries import evidence
from upkeep.erasure import beginning, tables
from upkeep.erasure.beginning import UNREADABLE, NotErased

AT_ONCE = 100  # rows, in memory: each body may have a megabyte
# Secrets of ours, where a note beside them names the number.
HIDDEN = ("secret_hash", "fingerprint", "access", "refresh")
Shown = dict[str, Any]


def kept(database: Database, number: str, everywhere: bool = False) -> Iterator[Shown]:
    """Every row, ``{"table", "row"}``, JSON values under the names of its columns; a body is text where it is UTF-8, else
    ``body_base64``. By indexes what is known under the number, and under what stands for it where it was erased before;
    ``everywhere``: then whatever else it stands in, for which all tables are read. It is noted who has asked. Raises NotErased
    for what is no number."""
    spellings = phone_spellings.of(number)
    if spellings is None:
        raise NotErased(UNREADABLE.format(number))
    with database.write() as session:
        audit.note(session, "person.show", subject=phone.masked(number), details={"everywhere": everywhere})
    return _kept(database, number, spellings if everywhere else None)


def _kept(database: Database, number: str, spellings: phone_spellings.Spellings | None) -> Iterator[Shown]:
    with database.read() as session:
        found = _ids(session, number)
    shown = {model.__table__: {(key,) for key in keys} for model, keys in found.items()}
    for table, known in shown.items():
        yield from _rows(database, table, sorted(known))
    if spellings is None:
        return
    bound = tables.last_id(clock.now())
    for one in tables.searched():
        after: tables.Key | None = None
        while True:
            with database.read() as session:
                looked = tables.look_at(session, one, after, bound, spellings)
            keys_of = [tables.key_of(row, one) for row in looked.hits]
            yield from _rows(database, one.table, [key for key in keys_of if key not in shown.get(one.table, ())])
            if not looked.count:
                break
            after = looked.last


def _ids(session: Session, number: str) -> dict[type[Base], set[UUID]]:
    names = (number, stand_ins(session).number(number))
    of_it = beginning.kept_under(names)
    leads = select(Lead.id).where(Lead.number.in_(names))
    of_it[LeadStatus] = select(LeadStatus.id).where(LeadStatus.lead_id.in_(leads))
    of_it[Erasure] = select(Erasure.id).where(Erasure.stand_in == names[1])
    found: dict[type[Base], set[UUID]] = {model: set(session.scalars(ids)) for model, ids in of_it.items()}
    statuses = select(LeadStatus.receipt_id).where(LeadStatus.lead_id.in_(leads))
    for told in (select(Lead.receipt_id).where(Lead.number.in_(names)), statuses):  # as far as it is still there
        found[Receipt] |= set(session.scalars(told))
    return found


def _rows(database: Database, table: Table, keys: Sequence[tables.Key]) -> Iterator[Shown]:
    columns = tuple(table.primary_key.columns)
    for some in chunks(keys, AT_ONCE):
        which = or_(*(and_(*(column == part for column, part in zip(columns, key, strict=True))) for key in some))
        with database.read() as session:
            rows = session.execute(select(table).where(which).order_by(*columns)).mappings()
            yield from [_shown(table, row) for row in rows]


def _shown(table: Table, row: RowMapping) -> Shown:
    found: Shown = {}
    for name, value in row.items():
        if name in HIDDEN:
            continue
        if isinstance(value, bytes):
            found |= evidence.shown_body(value)  # of a receipt: nothing else has bytes
        elif isinstance(value, UUID):
            found[name] = str(value)
        else:
            found[name] = clock.iso(value) if isinstance(value, datetime) else value
    return {"table": table.name, "row": found}
