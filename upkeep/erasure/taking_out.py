"""Taking a number out of rows in which it was found.

Of receipts that tell of nobody's call all is taken, since all of it may be the person's. What was written of other people's
calls, and names the number, stays without the number. What the person's own calls of after the erasure have brought stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, delete, select, update
from sqlalchemy.orm import Session

from lib.phone_spellings import Spellings
from models import CallEvent, CallKey, CallOutcome, Delivery, Lead, LoadedLead, Receipt, TakeOut, View, bulk
from models.database import stand_ins
from models.receipts import CALLBACK, PENDING
from outcomes import blotting, erasing
from outcomes.before import Before
from outcomes.erased import Reducer, hash_of_what_is_left
from outcomes.erasing import Counts
from outcomes.receipts import retries
from upkeep.erasure.tables import KEYED, Searched, add, last_id

Row = Mapping[str, Any]

# Dialers' names of leads, and words by which calls are counted as well: as ``outcomes.erased`` leaves them there.
_LEADS: Collection[Column[Any]] = (
    *(Lead.__table__.c.lead_id, LoadedLead.__table__.c.dialer_id, TakeOut.__table__.c.target),
)
_REF = TakeOut.__table__.c.ref
_ASKED = View.__table__.c.query
_WORDS = ("campaign", "campaign_id", "queue_id", "name", "status", "reference", "word")


@dataclass(frozen=True)
class Taking:
    """One transaction's. Raises Raced wherever it takes something out of calls."""

    session: Session
    spellings: Spellings
    before: Before
    at: datetime

    def take_out(self, one: Searched, found: Sequence[Row]) -> tuple[Counts, list[UUID]]:
        """Take the number out of these rows. What was changed, by table, and receipts that wait to be read: they are to be looked
        at again."""
        keys = [row[one.keys[0].name] for row in found]
        if one.table is Receipt.__table__:
            return self._of_receipts(keys)
        if one.table is CallEvent.__table__:
            told = select(CallEvent.receipt_id, CallEvent.group_id).where(bulk.among(self.session, CallEvent.id, keys))
            rows = self.session.execute(told).all()
            counts, waiting = self._of_receipts(list({row.receipt_id for row in rows}))
            return add(counts, self._of_calls({row.group_id for row in rows}).counts), waiting
        if one.table is CallOutcome.__table__:
            groups = select(CallOutcome.group_id).where(bulk.among(self.session, CallOutcome.id, keys))
            return self._of_calls(set(self.session.scalars(groups))).counts, []
        if one.table is CallKey.__table__:
            return self._of_keys(found), []
        for row in found:
            if not self._is_news(one, row):
                self._of_row(one, row)
        return {one.table.name: len(found)}, []

    # Calls ------------------------------------------------------------------------------------------------------------------
    def _of_calls(self, groups: Collection[UUID]) -> "_Calls":
        """Of the person's all that was known is taken, of others the number."""
        calls = select(
            *(CallOutcome.group_id, CallOutcome.customer_number, CallOutcome.customer_number_raw),
            self.before.is_call().label("is_before"),
        )
        found = self.session.execute(calls.where(bulk.among(self.session, CallOutcome.group_id, groups))).all()
        theirs = [row for row in found if is_with(row, self.spellings)]
        own = {row.group_id for row in theirs if row.is_before}
        news = {row.group_id for row in theirs} - own
        done = _Calls(own, news)
        if own:
            add(done.counts, erasing.erase_calls(self.session, own, self.spellings, self.at))
        if others := set(groups) - own - news:
            add(done.counts, blotting.blot_calls(self.session, others, self.spellings, self.at))
        return done

    def _of_receipts(self, receipts: Sequence[UUID]) -> tuple[Counts, list[UUID]]:
        session = self.session
        alike = retries(session, [bulk.among(session, Receipt.id, receipts)])  # also those that came since the erasure
        mine = bulk.among(session, Receipt.id, {*receipts, *alike})
        fresh = session.execute(select(Receipt.id, Receipt.state).where(mine, Receipt.erased_at.is_(None)))
        states = {row.id: row.state for row in fresh}
        waiting = [receipt for receipt, state in states.items() if state == PENDING]
        read = [receipt for receipt in states if receipt not in waiting]
        told = select(CallEvent.receipt_id, CallEvent.group_id)
        events = session.execute(told.where(bulk.among(session, CallEvent.receipt_id, read))).all()
        done = self._of_calls({event.group_id for event in events})
        nobodys = set(read) - {event.receipt_id for event in events}
        add(done.counts, {"receipts": erasing.blank_receipts(session, nobodys, self.at)})
        kept = {event.receipt_id for event in events if event.group_id in done.news}
        left = {event.receipt_id for event in events} - kept
        self._blot_receipts(left, done.counts)
        return done.counts, waiting

    def _blot_receipts(self, receipts: Collection[UUID], counts: Counts) -> None:
        """Of other people's calls, as far as they still have their bytes."""
        mine = select(Receipt).where(bulk.among(self.session, Receipt.id, receipts), Receipt.erased_at.is_(None))
        for receipt in self.session.scalars(mine, execution_options={"populate_existing": True}):
            own = Reducer(stand_ins(self.session), receipt.connection, self.spellings)
            # By it records and retries are known still; of what it was nobody can find the number who has not the key.
            known = own.content_hash(receipt.content_hash, receipt.query)
            receipt.body = self.spellings.blotted_bytes(receipt.body)
            is_callback = receipt.source == CALLBACK
            receipt.content_hash = hash_of_what_is_left(known, receipt.body) if is_callback else known
            receipt.query = self._blotted(receipt.query)
            receipt.detail, receipt.context = self._blotted(receipt.detail), self._blotted(receipt.context)
            headers = {name: value for name, value in (receipt.headers or {}).items() if name != "content-encoding"}
            receipt.headers = self._blotted(headers)
            if own.holds(receipt.record_key):  # a poll knows the record by it, as it knows those of who was erased
                receipt.record_key = own.record_key(receipt.record_key)
            add(counts, {"receipts": 1})
        self.session.flush()

    def _of_keys(self, found: Sequence[Row]) -> Counts:
        """Names of calls; those of calls that nothing is left of, too."""
        same = [(row["connection"], row["key"]) for row in found]
        groups: set[UUID] = set()
        for connection, key in same:
            mine = select(CallKey.group_id).where(CallKey.connection == connection, CallKey.key == key)
            groups |= set(self.session.scalars(mine))
        return add(self._of_calls(groups).counts, {"call_keys": len(found)})

    # What stands beside calls -----------------------------------------------------------------------------------------------
    def _is_news(self, one: Searched, row: Row) -> bool:
        """Whether a row that came after the erasure is of the person's own dealings since then."""
        if not one.has_ids or row["id"] < last_id(self.before.erased_at):
            return False
        if one.table is Delivery.__table__:
            whose = (
                select(CallOutcome.customer_number)
                .join(Delivery, Delivery.outcome_id == CallOutcome.id)
                .where(Delivery.id == row["id"])
            )
            return self.session.scalar(whose) == self.spellings.number
        return row.get("number") == self.spellings.number

    def _of_row(self, one: Searched, row: Row) -> None:
        keyed = [column for column in one.keys if column.name in KEYED.get(one.table, ())]
        values = {column.name: self._left(column, row) for column in (*keyed, *one.columns)}
        changed = {name: value for name, value in values.items() if value != row[name]}
        if not changed:
            return
        # A dialer has brought the name again since it was taken out.
        if any(column.name in changed for column in keyed):
            there = [column == values.get(column.name, row[column.name]) for column in one.keys]
            self.session.execute(delete(one.table).where(*there))
        same = [column == row[column.name] for column in one.keys]
        self.session.execute(update(one.table).where(*same).values(changed))

    def _left(self, column: Column[Any], row: Row) -> Any:
        value = row[column.name]
        own = Reducer(stand_ins(self.session), row.get("connection", ""), self.spellings)
        if column is _ASKED and value:  # by the names that calls have now: it would find none, and say 0
            return {name: [own.word(one) for one in asked] for name, asked in value.items()}
        if not isinstance(value, str):
            return self._blotted(value)
        if not own.holds(value):
            return value
        if column in _LEADS:
            return own.lead(value)
        if column is _REF:
            kind, _, name = value.partition(":")
            return f"{kind}:{own.lead(name)}"
        return own.word(value) if column.name in _WORDS else self._blotted(value)

    def _blotted(self, value: Any) -> Any:
        if value is None:
            return None
        return self.spellings.blotted_bytes(value) if isinstance(value, bytes) else self.spellings.blotted_value(value)


@dataclass(frozen=True)
class _Calls:
    """What became of calls. ``news``: those that the person has had since."""

    own: set[UUID]
    news: set[UUID]
    counts: Counts = field(default_factory=dict)


def is_with(row: Any, spellings: Spellings) -> bool:
    """Whether a call was with the person: by the number that was read, or, where none could be, by what was written."""
    number, raw = row.customer_number, row.customer_number_raw
    return number == spellings.number or (number is None and raw is not None and spellings.within(raw))
