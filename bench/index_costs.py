"""What the list's indexes cost whoever writes outcomes: ``python -m bench.index_costs URL``, which ``bench.filling`` has filled.

Pairs of runs without and with some of the indexes, in turns; each folds as many terminal callbacks of new calls. The figure is
processor time, of this process and of the server's that works for it, for each outcome: what other work changes least.
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Index, text

from bench import bodies
from bench.processes import processor
from dialers.base import Connection
from lib import clock, ids
from models import Receipt, bulk
from models.database import Database
from models.searching import AGENT_FIELDS, FLAGS, SEARCHED
from outcomes.normalize import normalize_pending

CALLS = 4_000  # of each run
PAIRS = 5
CONNECTION = Connection("ryng-main", "ryng", dispositions={"Interested": ("contact", "sale")})
GROUPS: dict[str, tuple[str, ...]] = {
    "outcome, and the connection alone": ("outcome",),
    "settling, is_final": ("settling", "open"),
    "number as it was written": ("number_raw",),
    "agent: six columns, three of them filled": AGENT_FIELDS,
    "campaign_name, not filled": ("campaign_name",),
    "disposition": ("disposition",),
    "flag: six, two of them raised": FLAGS,
}


@dataclass
class Run:
    """Processor time for each outcome, in microseconds."""

    ours: float
    server: float

    @property
    def both(self) -> float:
        return self.ours + self.server


def fold(database: Database, first: int) -> Run:
    """Keep and fold the callbacks of CALLS calls from this number on."""
    now = clock.now()
    rows = []
    for number in range(first, first + CALLS):
        body = bodies.body(number)
        row = {column.name: None for column in Receipt.__table__.columns}
        row |= {
            "id": ids.new(),
            "connection": CONNECTION.name,
            "dialer": "ryng",
            "source": "callback",
            "kind": "terminal",
        }
        row |= {
            "received_at": now,
            "seen_at": now,
            "method": "POST",
            "body": body,
            "body_size": len(body),
            "readings": 0,
        }
        row |= {"truncated": False, "stranger": False, "known_sender": False, "state": "pending", "content_hash": "x"}
        rows.append(row)
    with database.write() as session:
        bulk.insert_rows(session, Receipt.__table__, rows)
    server = _server(database)
    before = processor(["self"]), processor(server)
    left = CALLS
    while left:
        left -= normalize_pending(database, {CONNECTION.name: CONNECTION})
    after = processor(["self"]), processor(server)
    return Run(*((late - soon) / CALLS * 1_000_000 for soon, late in zip(before, after, strict=True)))


def _server(database: Database) -> list[int]:
    """The server's process for the one connection that is used."""
    if database.is_sqlite:
        return []
    with database.read() as session:
        return [session.scalar(text("SELECT pg_backend_pid()"))]


def _named(names: Sequence[str]) -> list[Index]:
    return [index for index in SEARCHED if str(index.name).removeprefix("ix_call_outcomes_by_") in names]


def main() -> None:
    database = Database(sys.argv[1])
    blocks = iter(range(bodies.block() + int(clock.now().timestamp()) % 10_000 * 1_000_000, 10**12, CALLS))

    def has(wanted: Sequence[Index]) -> None:
        with database.write() as session:
            for index in SEARCHED:
                index.create(session.connection(), checkfirst=True) if index in wanted else index.drop(
                    session.connection(), checkfirst=True
                )

    print("| indexes | without | with | more |\n|---|---|---|---|", flush=True)
    fold(database, next(blocks))
    for label, indexes in [("all of them", list(SEARCHED)), *((name, _named(few)) for name, few in GROUPS.items())]:
        pairs = []
        for _ in range(PAIRS):
            runs = []
            for wanted in ([], indexes):
                has(wanted)
                runs.append(fold(database, next(blocks)))
            pairs.append(runs)
        without, beside = (statistics.median(pair[at].both for pair in pairs) for at in (0, 1))
        more = statistics.median(pair[1].both / pair[0].both - 1 for pair in pairs)
        print(f"| {label} | {without:.0f} µs | {beside:.0f} µs | {more:+.1%} |", flush=True)
    has(SEARCHED)
    database.close()


if __name__ == "__main__":
    main()
