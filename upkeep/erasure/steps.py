"""The steps of an erasure, each a piece at a time: where the number is looked for, and what is taken out or waited for there."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lib import ids, phone_spellings
from lib.phone_spellings import Spellings
from lib.text import many
from models import CallOutcome, Delivery, Erasure, Lead, LoadedLead, Suppression, TakeOut, bulk
from models.database import Database, changed, chunks
from models.deliveries import LEFT_OUT, POST_EVENT, REFUSED, SENDING, UNDONE
from models.loads import SENDING as BEING_SENT
from models.take_outs import PENDING as TO_BE_ASKED
from models.take_outs import SENDING as BEING_ASKED
from outcomes import before, erasing
from upkeep.backups import restoring
from upkeep.erasure import beginning, elsewhere, files, mirror, restored, scrubbing, tables
from upkeep.erasure.taking_out import Taking

GROUPS = 20  # calls of one transaction
PATIENCE = timedelta(minutes=10)  # for dialers, and for what is being sent at this moment
STEPS = ("find", "dialers", "calls", "destinations", "numbers", "tables", "files", "mirror", "scrub")

AT_MOST = f"That is waited for {PATIENCE // timedelta(minutes=1)} minutes at most, from the beginning of the erasure."
LISTED = "The dialer's list has shown it as a lead: have it deleted there."
NEWS = "After the erasure had begun {} came with the number: new, and kept; a further erasure takes it out."

Tell = Callable[[str, Sequence[str], Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True)
class Did:
    """What came of a piece. ``over``: the step is. ``waits_for``: a sentence, where it is to be tried again later."""

    over: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    told: Sequence[Mapping[str, Any]] = ()
    left: Sequence[str] = ()
    place: Any = None
    progress: int | None = None
    waits_for: str | None = None


@dataclass(frozen=True)
class Steps:
    """``folders``, ``tell``: as of ``working.Eraser``."""

    database: Database
    data_dir: Path
    folders: Sequence[Path]
    tell: Tell

    def take(self, step: str, row: Erasure, at: datetime) -> Did:
        """Do a piece of the step, one of ``STEPS``."""
        done: Mapping[str, Callable[[Erasure, datetime], Did]] = {
            "find": self._find,
            "dialers": self._dialers,
            "calls": self._calls,
            "destinations": self._destinations,
            "numbers": self._numbers,
            "tables": self._tables,
            "files": self._files,
            "mirror": self._mirror,
            "scrub": self._scrub,
        }
        return done[step](row, at)

    def _find(self, row: Erasure, at: datetime) -> Did:
        """After a restore the number is known by its hash alone: it is looked for, and where nothing has it nothing is to be done
        but the list of those that must not be called."""
        if row.number is not None:
            return Did(over=True)
        found = restored.find(self.database, row.stand_in, row.place)
        if found is not None and not isinstance(found, str):
            return Did(place=dict(found))
        with self.database.write() as session:
            session.execute(update(Erasure).where(Erasure.id == row.id).values(number=found))
            if row.keep_uncalled:
                restored.suppress(session, row, at)
        row.number = found
        return Did(over=True)

    def _dialers(self, row: Erasure, at: datetime) -> Did:
        """Leads with the number are taken out of dialers because it stands on the list now: that is waited for, for a while."""
        if row.number is None:
            return Did(over=True)
        waiting = None
        with self.database.read() as session:
            unspread = select(Suppression.id).where(Suppression.number == row.number, Suppression.spread_at.is_(None))
            if row.keep_uncalled and session.scalar(unspread.limit(1)) is not None:
                waiting = "A worker is to look for leads with the number in the dialers."
            mine = session.scalars(select(TakeOut).where(TakeOut.number == row.number)).all()
            open_ones = sorted({one.connection for one in mine if one.state in (TO_BE_ASKED, BEING_ASKED)})
            if open_ones:
                waiting = f"Leads are being taken out of {', '.join(open_ones)}."
            being_sent = select(LoadedLead.connection).where(
                LoadedLead.number == row.number, LoadedLead.state == BEING_SENT
            )
            if (connection := session.scalar(being_sent.limit(1))) is not None:
                waiting = f"A lead with the number is being sent to {connection} at this moment."
            told = [
                {"to": one.connection, "records": [one.target] if one.target else [], "made": []}
                | {"state": "by_hand" if one.state in (TO_BE_ASKED, BEING_ASKED, "by_hand") else one.state}
                | {"said": one.reason}
                for one in mine
            ]
            told += _still_listed(session, row.number, {(one.connection, one.target) for one in mine})
        if waiting and at - row.erased_at < PATIENCE:
            return Did(waits_for=f"{waiting} {AT_MOST}")
        return Did(over=True, told=told)

    def _calls(self, row: Erasure, at: datetime) -> Did:
        """By the index of numbers."""
        if row.number is None:
            return Did(over=True)
        with self.database.write() as session:
            bulk.expect_growth(session)
            calls = select(CallOutcome.group_id, CallOutcome.connection, CallOutcome.lead_id)
            known = before.of(row).is_call()
            mine = session.execute(calls.where(CallOutcome.customer_number == row.number, known).limit(GROUPS)).all()
            groups = {call.group_id for call in mine}
            leads = {(call.connection, call.lead_id) for call in mine if call.lead_id is not None}
            for connection, lead in leads:  # calls of the same leads of which no number was told
                same = (CallOutcome.connection == connection, CallOutcome.lead_id == lead)
                others = calls.where(*same, CallOutcome.customer_number.is_(None), known)
                groups |= {call.group_id for call in session.execute(others)}
            counts = erasing.erase_calls(session, groups, _spellings(row), at) if groups else {}
        return Did(over=not groups, counts=counts)

    def _destinations(self, row: Erasure, at: datetime) -> Did:
        """What CRMs have of the calls: told to them where they can be told, else named for a person."""
        own = CallOutcome.customer_number == row.stand_in
        calls = select(CallOutcome.id).where(own)
        with self.database.read() as session:
            found = beginning.records(session, own)
            mine = (Delivery.outcome_id.in_(calls), Delivery.state == SENDING)
            busy = session.scalar(select(Delivery.destination).where(*mine).limit(1))
        if busy is not None and at - row.erased_at < PATIENCE:
            return Did(waits_for=f"Something of the calls is being sent to {busy} at this moment. {AT_MOST}")
        told = [{**one, **self.tell(one["to"], one["records"], one["made"])} for one in found]
        gone = dict.fromkeys(("record_id", "remote_id", "remote_url", "answer", "candidates", "before", "after"))
        with self.database.write() as session:
            of_calls, an_event = Delivery.outcome_id.in_(calls), Delivery.operation == POST_EVENT
            count = changed(session, update(Delivery).where(of_calls).values(gone))
            # An event is the outcome as it is when it is posted: it tells whoever was told of the call that the person is erased.
            # Its digest holds nothing but that the call was told to be settled.
            open_ones = (~an_event, Delivery.state.not_in(("done", UNDONE, REFUSED)))
            ended = {"state": REFUSED, "reason": LEFT_OUT, "settled_at": at}
            for which, values in (((~an_event,), {"digest": None}), (open_ones, ended)):
                session.execute(
                    update(Delivery).where(of_calls, *which).values(values),
                    execution_options={"synchronize_session": False},
                )
        return Did(over=True, told=told, counts={"deliveries": count})

    def _numbers(self, row: Erasure, at: datetime) -> Did:
        if row.number is None:
            return Did(over=True)
        with self.database.write() as session:
            counts = erasing.erase_number(session, row.number, _spellings(row), at)
        return Did(over=True, counts=counts)

    def _tables(self, row: Erasure, at: datetime) -> Did:
        spellings = _spellings(row)
        if spellings is None:
            return Did(over=True)
        place = row.place or {"table": 0, "after": None, "again": [], "first": None}
        if place["table"] == len(tables.searched()):
            return self._again(row, spellings, place, at)
        one = tables.searched()[place["table"]]
        after = tables.read(place["after"], one) if place["after"] else None
        bound = tables.last_id(before.of(row).known_to)
        with self.database.read() as session:
            looked = tables.look_at(session, one, after, bound, spellings)
        counts, waiting = self._taken_out(row, one, looked.hits, spellings, at)
        again = [*place["again"], *map(str, waiting)]
        if looked.first is None or looked.last is None:
            return Did(place={**place, "table": place["table"] + 1, "after": None, "again": again}, counts=counts)
        reached, share = looked.last, None
        first = place["first"] or str(looked.first[0])
        if place["table"] == 0:
            share = tables.share(first, reached, bound)
        place = {**place, "after": tables.written(reached), "again": again, "first": first}
        return Did(place=place, counts=counts, progress=share)

    def _taken_out(
        self,
        row: Erasure,
        one: tables.Searched,
        hits: Sequence[Mapping[str, Any]],
        spellings: Spellings,
        at: datetime,
    ) -> tuple[dict[str, int], list[UUID]]:
        counts: dict[str, int] = {}
        again: list[UUID] = []
        for some in chunks(hits, tables.MOST_AT_ONCE):
            with self.database.write() as session:
                bulk.expect_growth(session)
                more, waiting = Taking(session, spellings, before.of(row), at).take_out(one, some)
            tables.add(counts, more)
            again += waiting
        return counts, again

    def _again(self, row: Erasure, spellings: Spellings, place: dict[str, Any], at: datetime) -> Did:
        """Receipts that waited to be read when they were looked at: a normalizer has them by now, or soon."""
        if not place["again"]:
            return Did(over=True)
        one = tables.searched()[0]
        wanted = [ids.parse(each) for each in place["again"]]
        with self.database.read() as session:
            statement = select(*one.keys, *one.columns).where(bulk.among(session, one.keys[0], wanted))
            looked: list[dict[str, Any]] = [dict(found) for found in session.execute(statement).mappings()]
        hits = [found for found in looked if tables.holds(found, one, spellings)]
        counts, again = self._taken_out(row, one, hits, spellings, at)
        place = {**place, "again": list(map(str, again))}
        waits = "Callbacks wait to be read." if again else None
        return Did(over=not again, place=place, counts=counts, waits_for=waits)

    def _files(self, row: Erasure, at: datetime) -> Did:
        spellings = _spellings(row)
        if spellings is None:
            return Did(over=True)
        if files.spool_holds(self.data_dir / "spool", spellings):
            return Did(waits_for="Callbacks wait in the spool.")
        found = files.take_out(
            [self.data_dir, *self.folders, *restoring.folders_aside(self.database)], spellings, self.database
        )
        return Did(over=True, counts=found.counts, left=[*found.left, *elsewhere.sentences(self.database)])

    def _mirror(self, row: Erasure, at: datetime) -> Did:
        if mirror.begin_again(self.data_dir / "mirror", row.place is not None):
            return Did(over=True)
        return Did(
            place={"asked": True}, waits_for="The mirror is to be begun again by whoever follows the feed for it."
        )

    def _scrub(self, row: Erasure, at: datetime) -> Did:
        with self.database.write() as session:  # the row itself is the last that holds the number
            session.execute(update(Erasure).where(Erasure.id == row.id).values(number=None))
            since = select(func.count()).where(CallOutcome.customer_number == row.number)
            news = session.scalar(since) if row.number is not None else 0
        left = [NEWS.format(many(news, "call"))] if news else []
        return Did(over=True, left=[*left, *scrubbing.scrub(self.database, _spellings(row))])


def _still_listed(session: Session, number: str, told: Collection[tuple[str, str | None]]) -> list[dict[str, Any]]:
    """Leads that a dialer's list has shown, and of which it was told nothing: there is nothing to be called any more, say, or the
    number may be called. Their data are there all the same."""
    listed = session.execute(select(Lead.connection, Lead.lead_id).where(Lead.number == number).order_by(Lead.id))
    found: dict[str, list[str]] = {}
    for connection, lead in listed:
        if (connection, lead) not in told:
            found.setdefault(connection, []).append(lead)
    return [
        {"to": connection, "records": leads, "made": [], "state": "by_hand", "said": LISTED}
        for connection, leads in found.items()
    ]


def _spellings(row: Erasure) -> Spellings | None:
    return phone_spellings.of(row.number)
