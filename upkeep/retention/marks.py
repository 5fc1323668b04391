"""How far each kind has been deleted, noted in the table ``kept``."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Kept, audit
from models.database import Database, insert_into


def all_of_them(session: Session) -> Mapping[str, Kept]:
    return {one.kind: one for one in session.scalars(select(Kept))}


def note(database: Database, kind: str, **values: Any) -> None:
    with database.write() as session:
        _row(session, kind)
        row = session.get_one(Kept, kind)
        for name, value in values.items():
            setattr(row, name, value)


def begin(database: Database, kind: str, since: datetime) -> None:
    """What is older is going to be deleted: never less than was said before."""
    with database.write() as session:
        _row(session, kind)
        row = session.get_one(Kept, kind)
        row.since = since if row.since is None else max(row.since, since)
        row.deleting = True


def progress(database: Database, kind: str, deleted: int, now: datetime) -> None:
    """Some of it is; the rest follows."""
    with database.write() as session:
        row = session.get_one(Kept, kind)
        row.deleted += deleted
        row.deleted_at = now


def end(database: Database, kind: str, deleted: int, now: datetime) -> None:
    """All of it is."""
    with database.write() as session:
        row = session.get_one(Kept, kind)
        row.deleting, row.failing_since, row.error = False, None, None
        row.rounds += 1
        row.deleted += deleted
        row.deleted_at = now
        audit.note(session, "retention.apply", subject=kind, count=deleted)


def forget_failures(database: Database, but: Collection[str]) -> None:
    """Deleting fails no more where nothing is to be deleted any more: of every kind but these."""
    over = (Kept.failing_since.is_not(None), Kept.kind.not_in(but))
    with database.read() as session:
        found = session.scalars(select(Kept.kind).where(*over)).all()
    for kind in found:
        note(database, kind, failing_since=None, error=None)


def _row(session: Session, kind: str) -> None:
    empty = {"kind": kind, "deleting": False, "rounds": 0, "deleted": 0}
    session.execute(insert_into(session, Kept).on_conflict_do_nothing(), [empty])
