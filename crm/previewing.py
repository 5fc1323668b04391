"""What would be written at a destination, against what is there now: nothing is written."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, select

from crm import accounts, budgets, desk, finding, following, operations, settling, statuses, tokens
from crm.base import AnyClient, Crm
from crm.destination import Destination
from crm.registry import CRMS
from crm.taken import Taken, imagined
from lib import clock
from models import CallOutcome, Delivery
from models.bulk import among
from models.database import Database, chunks
from models.deliveries import DONE, LOG_CALL, NOBODY, POST_EVENT, RECORD_GONE, SET_STATUS
from queries.selection import NOT_MERGED

SAMPLES = 5
MOST = 1_000  # calls that are looked at
NEW, RENEWED, SAME, SET = "new", "renewed", "same", "set"


@dataclass
class Preview:
    """By (operation, what would come of it): how many, and some of them in words."""

    looked_at: int = 0
    calls: int = 0  # of these, such as something is to be done about
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)  # records of which a later call has been looked at

    def add(self, operation: str, what: str, words: str) -> None:
        self.counts[operation, what] += 1
        some = self.samples.setdefault((operation, what), [])
        if len(some) < SAMPLES:
            some.append(words)


def preview(
    database: Database, destination: Destination, since: datetime, now: Callable[[], datetime] = clock.now
) -> Preview:
    """Of the latest calls since then, at most MOST, as if they were sent: also of such as are older than the ``since`` of the
    destination. Raises ExchangeError and OtherKind."""
    with database.read() as session:
        desk.check_kind(session, destination)
    destination = replace(destination, since=None)
    crm, found = CRMS[destination.kind], Preview()
    turns = budgets.turns_of(database, crm, destination, now)
    client = tokens.opened(database, crm, destination, turns)
    accounts.check(database, destination, crm, client)
    for some in chunks(list(_calls(database, crm, destination, since, found)), crm.batch):
        by = {name: [one for one in some if one.operation == name] for name in (LOG_CALL, SET_STATUS, POST_EVENT)}
        _log(crm, client, destination, by[LOG_CALL], found)
        _set(database, crm, client, destination, by[SET_STATUS], found)
        _post(database, destination, by[POST_EVENT], found)
    return found


def _calls(database: Database, crm: Crm, destination: Destination, since: datetime, found: Preview) -> Iterator[Taken]:
    with database.read() as session:
        wanted = select(CallOutcome).where(NOT_MERGED, CallOutcome.occurred_at >= since)
        latest = wanted.order_by(CallOutcome.occurred_at.desc(), CallOutcome.id.desc()).limit(MOST)
        for row in session.scalars(latest):
            found.looked_at += 1
            wanted_of = following.operations(crm, destination, row)
            found.calls += bool(wanted_of)
            for operation in wanted_of:
                yield imagined(row, operation)


def _log(crm: Crm, client: AnyClient, destination: Destination, some: Sequence[Taken], into: Preview) -> None:
    calls, records = crm.calls, crm.records
    if calls is None or records is None or not some:
        return
    whose = finding.found(records, client, destination, some)
    known = []
    for one, found in zip(some, whose, strict=True):
        if found.record_id is None:
            into.add(LOG_CALL, found.reason or NOBODY, _named(one))
        else:
            known.append((one, operations.call_of(destination, one, found.record_id)))
    seen = calls.look_up(client, [call for _, call in known]) if known else []
    for (one, call), there in zip(known, seen, strict=True):
        what = NEW if there is None else SAME if there.same else RENEWED
        into.add(LOG_CALL, what, f"{_named(one)} on record {call.record_id}")


def _post(database: Database, destination: Destination, some: Sequence[Taken], into: Preview) -> None:
    """Who was told of an outcome cannot be asked what it knows: what was posted counts."""
    if not some:
        return
    mine = (Delivery.destination == destination.name, Delivery.operation == POST_EVENT, Delivery.state == DONE)
    posted = select(Delivery.outcome_id, func.max(Delivery.revision)).where(*mine).group_by(Delivery.outcome_id)
    with database.read() as session:
        ids = {one.outcome_id for one in some}
        told = {row[0]: row[1] for row in session.execute(posted.where(among(session, Delivery.outcome_id, ids)))}
    for one in some:
        last = told.get(one.outcome_id)
        what = NEW if last is None else SAME if last >= one.outcome["revision"] else RENEWED
        into.add(POST_EVENT, what, _named(one))


def _set(
    database: Database, crm: Crm, client: AnyClient, destination: Destination, some: Sequence[Taken], into: Preview
) -> None:
    """Of each record its latest call decides: of those that are looked at, the first."""
    records = crm.records
    if records is None or not some:
        return
    rules = [(one, statuses.rule_for(destination, one.outcome)) for one in some]
    mapped = [(one, rule) for one, rule in rules if rule is not None]
    whose = finding.found(records, client, destination, [one for one, _ in mapped])
    ids = sorted({found.record_id for found in whose if found.record_id is not None})
    names = sorted({name for _, rule in mapped for name in rule.sets})
    now = dict(zip(ids, records.read(client, ids, names), strict=True)) if ids else {}
    with database.read() as session:
        latest = settling.overtaken(session, destination.name, ids)
    for (one, rule), found in zip(mapped, whose, strict=True):
        fields = now.get(found.record_id or "")
        if found.record_id is None or fields is None:
            into.add(SET_STATUS, found.reason or RECORD_GONE, _named(one))
            continue
        record = found.record_id
        decision = statuses.decide(rule, fields, destination.never_back)
        if record in into.decided or latest.get(record, one.occurred_at) > one.occurred_at:
            decision = statuses.Decision({}, statuses.OVERTAKEN)
        into.decided.add(record)
        changes = ", ".join(f"{name} {fields.get(name) or 'empty'} -> {to}" for name, to in decision.fields.items())
        into.add(SET_STATUS, decision.reason or SET, f"{_named(one)} on record {record} {changes}".rstrip())


def _named(one: Taken) -> str:
    said = one.outcome["disposition"] or one.outcome["connect_outcome"]
    return f"{clock.iso(one.occurred_at)} {one.outcome['customer_number'] or 'no number'} {said} ({one.outcome_id})"
