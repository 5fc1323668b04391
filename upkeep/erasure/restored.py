"""After a backup was put back: whom an entry of the ledger is about is known by a hash alone, and is found among the numbers that
are there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib import phone_spellings
from lib.stand_ins import StandIns, code_of
from models import CallOutcome, Erasure, Lead, LoadedLead, Suppression, TakeOut
from models.database import AnyColumn, Database
from models.suppressions import PERSON
from outcomes import suppressions
from outcomes.suppressions import Wanted
from upkeep.erasure import tables
from upkeep.erasure.beginning import REASON

NUMBERS: tuple[AnyColumn, ...] = (
    *(CallOutcome.customer_number, Lead.number, LoadedLead.number, Suppression.number, TakeOut.number),
)
_ALL = UUID(int=2**128 - 1)


def find(database: Database, stand_in: str, place: Mapping[str, Any] | None) -> str | Mapping[str, Any] | None:
    """The number that a stand-in stands for; None where nothing has it; or where to go on looking, with another call. First where
    numbers stand by themselves, then in the bodies of receipts, some at a time."""
    code, own = code_of(stand_in), database.stand_ins
    if place is None:
        with database.read() as session:
            for column in NUMBERS:
                several = select(column).where(column.is_not(None)).distinct()
                for number in session.scalars(several, execution_options={"yield_per": 10_000}):
                    if number.startswith(f"+{code}") and own.number_of(code, number) == stand_in:
                        return str(number)
        return {"after": None}
    receipts = tables.searched()[0]
    after = tables.read(place["after"], receipts) if place["after"] else None
    with database.read() as session:
        looked = list(tables.rows(session, receipts, after, _ALL))
    for row in looked:
        if found := _within(row, receipts, own, code, stand_in):
            return found
    return {"after": tables.written(tables.key_of(looked[-1], receipts))} if looked else None


def _within(row: Mapping[str, Any], receipts: tables.Searched, own: StandIns, code: str, stand_in: str) -> str | None:
    for column in receipts.columns:
        value = row[column.name]
        if value is None:
            continue
        texts = phone_spellings.texts(value) if isinstance(value, bytes) else phone_spellings.text_as_read(str(value))
        for text in texts:
            for number in phone_spellings.candidates(text, code):
                if own.number_of(code, number) == stand_in:
                    return number
    return None


def suppress(session: Session, row: Erasure, at: datetime) -> None:
    """The number stands on the list of those that must not be called, as it stood when it was erased."""
    suppressions.put(session, PERSON, [Wanted(row.stand_in, row.stand_in, REASON)], row.by, at)
