"""Fills a database as it is after a year: a hundred of each invented call, and of each three receipts, an event and a key.

    python -m bench.multiplied URL COUNT

Few are invented (``bench.invented``); the database makes what stands behind them, and multiplies both, which takes a tenth of the
time. Bodies are as long as real ones. Nothing is folded. PostgreSQL logs nothing of it where its ``wal_level`` is minimal.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Table

from bench import invented
from bench.filling import PIECE, bare, command, insert
from bench.table import note
from models import CallEvent, CallGroup, CallKey, CallOutcome, ChangeFeed, Receipt
from models.database import Database

COPIES = 100
RECEIPTS = 3  # of each call: two that the dialer posts and its report's record, or three versions of the record

_POSTED = "(part < 2 AND dialer <> 'qvoice')"
_BODY = """CASE part WHEN 1 THEN '{"callID":' || call_id || ',"callLogID":' || call_id || ',"callbackType":"terminal",
"event":"call-ended","agentID":67131,"agentUsername":"asha@example.test","agentNum":"+919800000001","customerNum":"'
|| customer_number || '","virtualNum":"+914900000000","callCreated":"2026-11-18T09:00:00.000Z",
"callStarted":"2026-11-18T10:00:00.000Z","callEnded":"2026-11-18T10:02:00.000Z","callDisposed":"2026-11-18T10:02:08.000Z",
"callbackTime":null,"callDirection":"outbound","talktime":61,"callDuration":120,"parentDisposition":null,
"disposition":"Interested","notes":"","status":"completed","recordingUrl":"https://recordings.example.test/x.mp3"}'
ELSE '{"callID":' || call_id || ',"callLogID":' || call_id || ',"callbackType":"connect","event":"agent-answered",
"agentID":67131,"agentUsername":"asha@example.test","agentNum":"+919800000001","customerNum":"' || customer_number || '",
"virtualNum":"+914900000000","callStarted":"2026-11-18T10:00:00.000Z","callDirection":"outbound"}' END"""
_FACTS = """'{"call_id":"' || call_id || '","attempt_id":"' || call_id || '","direction":"outbound","customer_number":"'
|| customer_number || '","agent_id":"67131","agent_username":"asha@example.test","started_at":"2026-11-18T10:00:00Z",
"ended_at":"2026-11-18T10:02:00Z","talk_seconds":61,"duration_seconds":120,"connect_outcome":"connected"}'"""
_NUMBER = "substr({0}, 1, length({0}) - 8) || copy || substr({0}, length({0}) - 5)"

Values = Mapping[str, str]  # column -> its value in SQL


@dataclass(frozen=True)
class Made:
    """How rows of a table are made: the first of each copies, out of invented calls, and what tells a copy from others."""

    table: Table
    first: Values
    copied: Values
    source: str = "invented"

    @property
    def statements(self) -> Iterator[str]:
        few, firsts = f"few_{self.table.name}", ", ".join(f"{how} AS {name}" for name, how in self.first.items())
        yield f"CREATE TABLE {few} AS SELECT {firsts} FROM {self.source}"
        copies = " UNION ALL ".join(f"SELECT '{at:02}' AS copy" for at in range(COPIES))
        values = ", ".join(self.copied.get(name, name) for name in self.first)
        into = f"INSERT INTO {self.table.name} ({', '.join(self.first)})"
        yield f"{into} SELECT {values} FROM {few} CROSS JOIN ({copies}) AS copies"
        yield f"DROP TABLE {few}"


TABLES: tuple[Table, ...] = tuple(model.__table__ for model in (CallGroup, CallOutcome, CallKey, Receipt, CallEvent))


def fill(database: Database, count: int) -> int:
    """Put in about so many calls; how many it were."""
    began = time.monotonic()
    if database.is_sqlite:
        _hasty(database)
    with bare(database, TABLES) as connection:
        made = _invent(connection, count // COPIES)
        for one in made_of(connection.dialect.name):
            for statement in one.statements:
                connection.exec_driver_sql(statement)
            note(f"  {one.table.name} after {time.monotonic() - began:.0f} s")
        connection.exec_driver_sql("DROP TABLE invented")
        connection.execute(ChangeFeed.__table__.update().values(last_position=made * COPIES))
    database.engine.dispose()
    note(f"  indexes after {time.monotonic() - began:.0f} s")
    return made * COPIES


def _hasty(database: Database) -> None:
    """The one connection of the pool keeps nothing safe until the pool is disposed of."""
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        for setting in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-500000"):
            driver.execute(f"PRAGMA {setting}")


def _invent(connection: Connection, count: int) -> int:
    """The table ``invented``, with so many rows of outcomes."""
    connection.exec_driver_sql("CREATE TABLE invented AS SELECT * FROM call_outcomes WHERE 1 = 0")
    names, made = [column.name for column in CallOutcome.__table__.columns], 0
    rows = invented.calls(count)
    while piece := list(islice(rows, PIECE)):
        insert(connection, "invented", names, piece)
        made += len(piece)
    return made


def made_of(dialect: str) -> list[Made]:
    """Each table's rows. Ids are those of the invented calls but for two digits: as random, and in the order of their times."""
    postgresql = dialect == "postgresql"
    guid, blob, json = ("::uuid", "convert_to({}, 'UTF8')", "::jsonb") if postgresql else ("", "CAST({} AS BLOB)", "")
    text = "::text" if postgresql else ""
    digits = f"replace(id{text}, '-', '')"

    def own(column: str) -> str:
        return f"(substr({column}{text}, 1, 34) || copy){guid}"

    def receipt_id(part: str) -> str:
        return f"(substr(id{text}, 1, 15) || {part} || substr(id{text}, 17)){guid}"

    outcome = {column.name: column.name for column in CallOutcome.__table__.columns}
    receipt = {"id": receipt_id("part"), "connection": "connection", "dialer": "dialer"}
    receipt |= {
        "source": f"CASE WHEN {_POSTED} THEN 'callback' ELSE 'report' END",
        "kind": f"CASE WHEN NOT {_POSTED} THEN 'lead_history' WHEN part = 1 THEN 'terminal' ELSE 'connect' END",
        "received_at": "changed_at",
        "seen_at": "changed_at",
        "method": f"CASE WHEN {_POSTED} THEN 'POST' END",
        "headers": f"""CASE WHEN {_POSTED} THEN '{{"content-type":"application/json","user-agent":"dialer/4"}}'{json} END""",
        "body": blob.format(_BODY),
        "body_size": f"length({_BODY})",
        "truncated": "false",
        "content_hash": f"substr({digits}, 21) || part || substr({digits}, 1, 20) || substr({digits}, 2)",
        "record_key": f"CASE WHEN NOT {_POSTED} THEN call_id END",
        "stranger": "false",
        "known_sender": "false",
        "state": "CASE WHEN part = 2 THEN 'duplicate' ELSE 'normalized' END",
        "processed_at": "changed_at",
        "readings": "1",
    }
    event = {name: "id" for name in ("id", "group_id", "outcome_id")}
    event |= {"receipt_id": receipt_id("1"), "ordinal": "0", "source": "'callback:terminal'", "kind": "'call_ended'"}
    event |= {"attempt": "attempt_id", "happened_at": "ended_at", "received_at": "changed_at", "seen_at": "changed_at"}
    event |= {"facts": f"({_FACTS}){json}"}
    parts = " UNION ALL ".join(f"SELECT {at} AS part" for at in range(RECEIPTS))
    group = {name: name for name in ("id", "connection", "dialer")}
    key = {"connection": "connection", "key": "'call:' || call_id", "group_id": "id"}
    return [
        Made(CallGroup.__table__, group, {"id": own("id")}),
        Made(
            CallOutcome.__table__,
            outcome,
            {name: own(name) for name in ("id", "group_id")}
            | {name: f"{name} || copy" for name in ("attempt_key", "call_id", "attempt_id", "lead_id", "crm_reference")}
            | {name: _NUMBER.format(name) for name in ("customer_number", "customer_number_raw")}
            | {"position": f"(position - 1) * {COPIES} + CAST(copy AS INTEGER) + 1"},
        ),
        Made(CallKey.__table__, key, {"key": "key || copy", "group_id": own("group_id")}),
        Made(
            Receipt.__table__,
            receipt,
            {
                "id": own("id"),
                "content_hash": "substr(content_hash, 1, 62) || copy",
                "record_key": "record_key || copy",
            },
            f"invented CROSS JOIN ({parts}) AS parts",
        ),
        Made(
            CallEvent.__table__,
            event,
            {name: own(name) for name in ("id", "receipt_id", "group_id", "outcome_id")},
        ),
    ]


if __name__ == "__main__":
    command(fill)
