"""What lies in the tables, held against what was answered: count and content."""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from bench import bodies
from bench.contenders import Callback
from bench.load import Load
from bench.table import Void
from models import CallOutcome, ChangeFeed, Receipt
from models.database import Database
from models.receipts import CALLBACK, PENDING


class Missing(Void):
    """What was answered is not in the table, or not yet."""


def receipts(database: Database, since: datetime) -> Iterator[bytes]:
    """The bodies of Ryng's terminal callbacks that arrived since then."""
    known = (Receipt.connection == "ryng", Receipt.source == CALLBACK, Receipt.kind == "terminal")
    yield from _bodies(database, select(Receipt.body).where(*known, Receipt.received_at >= since))


def textbook(database: Database, after: int) -> Iterator[bytes]:
    """The bodies that the textbook has stored after the row with this id."""
    yield from _bodies(database, select(Callback.body).where(Callback.id > after))


def last_of_textbook(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.coalesce(func.max(Callback.id), 0)))


def _bodies(database: Database, statement) -> Iterator[bytes]:
    with database.engine.connect() as connection:
        yield from connection.execution_options(yield_per=5_000).execute(statement).scalars()


def balance(found: Iterable[bytes], loads: Iterable[Load]) -> set[int]:
    """Hold bodies against the runs they are of: each byte for byte as it was sent, none twice, and none missing that was
    answered. Returns their numbers. Raises Missing and Void. What was under way when a run ended may be there or not."""
    loads = list(loads)
    numbers: set[int] = set()
    for body in found:
        try:
            number = bodies.number(body)
        except ValueError:
            number = -1
        if body != bodies.body(number):
            raise Void(f"a body is not as it was sent: {body[:60]!r}...")
        if number in numbers:
            raise Void(f"the callback {number} is stored twice")
        numbers.add(number)
    left = len(numbers)
    for load in loads:
        ranges = [range(first, first + count) for first, count in load.sent]
        here = sum(number in numbers for one in ranges for number in one)
        if here < load.answered:
            raise Missing(f"{load.answered} callbacks were answered, and {here} of that run are stored")
        missing = next((number for number in load.answers if number not in numbers), None)
        if missing is not None:
            raise Missing(f"the callback {missing} was answered and is not stored")
        left -= here
    if left:
        raise Void(f"{left} callbacks are stored that nobody sent")
    return numbers


def arrived(database: Database, since: datetime, loads: Iterable[Load], seconds: float = 60.0) -> set[int]:
    """``balance`` of what arrived since then. What went into the spool may take so many seconds. Raises Void."""
    loads, end = list(loads), time.monotonic() + seconds
    while True:
        try:
            return balance(receipts(database, since), loads)
        except (Missing, OperationalError):  # a database that has just come back breaks connections off
            if time.monotonic() > end:
                raise
            database.engine.dispose()
            time.sleep(0.5)  # the spool is still being drained


def pending(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Receipt.state == PENDING))


def drained(database: Database, seconds: float = 300.0) -> None:
    """Wait until no receipt is pending. Raises Void."""
    end = time.monotonic() + seconds
    while left := pending(database):
        if time.monotonic() > end:
            raise Void(f"{left} receipts are still pending after {seconds:.0f} s")
        time.sleep(0.1)


def outcomes(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(CallOutcome))


def last_place(database: Database) -> int:
    """Of the change feed."""
    with database.read() as session:
        place: int = session.scalars(select(ChangeFeed.last_position)).one()
    return place


def outcomes_match(database: Database, numbers: set[int], after: int = 0) -> None:
    """Each of these calls has one outcome after this place, which says what its callback said. Raises Void."""
    wanted = {str(number): bodies.talk_seconds(number) for number in numbers}
    columns = (CallOutcome.call_id, CallOutcome.talk_seconds, CallOutcome.disposition, CallOutcome.connect_outcome)
    asked = select(*columns).where(CallOutcome.connection == "ryng", CallOutcome.position > after)
    with database.engine.connect() as connection:
        for call, talk, *said in connection.execution_options(yield_per=5_000).execute(asked):
            expected = wanted.pop(call, None)
            if expected is None and call and int(call) in numbers:
                raise Void(f"the call {call} has two outcomes")
            if expected is not None and [talk, *said] != [expected, "Interested", "connected"]:
                raise Void(f"the outcome of the call {call} is wrong: {talk} s, {said}")
    if wanted:
        raise Void(f"{len(wanted)} calls have no outcome, such as {next(iter(wanted))}")


def nobody_writes(database: Database) -> bool:
    """Whether no transaction is open that could hold a lock."""
    if not database.is_sqlite:
        others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'"
        with database.engine.connect() as connection:
            return connection.execute(text(busy)).scalar() == 0
    connection = sqlite3.connect(database.url.database, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        return True
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
