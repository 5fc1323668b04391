"""Migrations with rows in the tables: nothing is lost, and nothing comes to mean something else, up, down and up again.

A new migration needs no line here, as long as it says the same of all rows that are there. Where it says something of each
(or puts rows into a new table), ``SAYS`` and ``BRINGS`` hold what.
"""

import json
import zlib
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import migrations
from models import Base
from models.base import Guid, UtcDateTime
from queries import shape
from queries.feed import changes
from tests import evidence
from tests.databases import parts_of
from tests.factories import NOON

REVISIONS = [one.revision for one in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()][::-1]
ROWS = 4  # of each table, put in at each revision

# What a migration says in a new column of a row that was there.
SAYS = {
    ("0008", "call_outcomes", "talk_source"): lambda row: None if row["talk_seconds"] is None else "stated",
    ("0008", "call_outcomes", "duration_source"): lambda row: None if row["duration_seconds"] is None else "stated",
    ("0013", "loaded_leads", "news_at"): lambda row: (
        row["sent_at"] if row["state"] in ("accepted", "unknown") else None
    ),
}
# How many rows a migration puts into a new table, by what was there.
BRINGS = {
    ("0013", "campaign_names"): lambda tables: sum(
        row["name"] is not None for row in tables["campaign_statuses"].values()
    ),
    ("0016", "feed_starts"): lambda tables: 1,
}


# What a migration down says otherwise of a row that stays: where the older release cannot hold a limit, the key is revoked.
TAKES = {("0040", "api_keys"): "revoked_at"}

# Rows that are like those of a running release; what is not named here gets a value of its column's kind.
ONE_ROW = {
    "kept": {"rounds": 3},
    "change_feed": {"last_position": 41},
    "stranger_quota": {"receipts": 3, "bytes": 900, "overflow": 2},
}
WORDS = {
    ("receipts", "state"): ["normalized", "pending", "quarantined", "ignored"],
    ("receipts", "source"): ["callback", "report"],
    ("lead_loads", "state"): ["running", "done", "parked"],
    ("loaded_leads", "state"): ["pending", "sending", "accepted", "rejected", "unknown"],
    ("call_outcomes", "connect_outcome"): ["connected", "no_answer", "in_progress"],
    ("call_outcomes", "settling"): ["settled", "awaiting_disposition", "provisional"],
    ("call_outcomes", "flags"): [["contact", "sale"], [], ["callback"]],
    ("call_outcomes", "sources"): [["callback:terminal"], ["report:calls"]],
    ("call_outcomes", "merged_into"): [None],
    ("call_outcomes", "changed_fields"): [["notes"], None],
    ("api_keys", "scopes"): [["read"], ["read", "leads", "admin"]],
    ("api_keys", "connections"): [["ryng-main"], None],
    ("api_keys", "networks"): [None, ["10.0.0.0/8"]],
    ("decisions", "meaning"): [["sale"], "connected", None],
    ("decisions", "state"): ["waiting", "running", "done", "failed"],
    ("deliveries", "operation"): ["log_call", "set_status", "remove_call", "post_event"],
    ("erasures", "state"): ["running", "done"],
    ("suppressions", "source"): ["person", "outcome", "crm"],
    ("take_outs", "state"): ["pending", "sending", "done", "by_hand", "left"],
    ("views", "kind"): ["report", "outcomes"],
    ("schedules", "way"): ["mail", "folder", "bucket"],
    ("scheduled_sends", "state"): ["pending", "sending", "sent", "failed", "unknown", "missed"],
    ("deliveries", "state"): ["pending", "done", "held", "refused", "unknown"],
}
REFERENCES = {"outcome_id": "call_outcomes", "receipt_id": "receipts"}  # without a foreign key


def own_id(table: str, number: int) -> UUID:
    return UUID(int=(int.from_bytes(table.encode()[:10].ljust(10)) << 32) + number)


def value(column: sa.Column, number: int, refers_to: str | None):
    """What the column says in the row of this number."""
    table, name, kind = column.table.name, column.name, column.type
    of_column = zlib.crc32(name.encode()) % 10**6  # so that no two columns of a row say the same
    if words := WORDS.get((table, name)):
        return words[number % len(words)]
    if column.nullable and number % ROWS == 0:
        return None
    if isinstance(kind, Guid):
        return own_id(refers_to or table, number)
    if isinstance(kind, UtcDateTime):
        return NOON + timedelta(minutes=number, microseconds=of_column)
    if isinstance(kind, sa.Boolean):
        return number % 2 == 1
    if isinstance(kind, sa.BigInteger):
        return 2**40 + of_column + number
    if isinstance(kind, sa.Integer):
        return of_column + number
    if isinstance(kind, sa.LargeBinary):
        return b'{"of": "\xc5\xbe\x00\xff"}' + str(number).encode()
    if isinstance(kind, sa.JSON):
        return {"number": number, "word": 'ž"\n', "list": [1, None, 2.5, True]}
    length = kind.length or 500
    return f"{number} {name} of {table}, ž'\"%"[:length]


def columns_of(table: str, found: list) -> list[sa.Column]:
    """As this revision has them: of the models' kinds, where these have the column, too."""
    modelled = Base.metadata.tables.get(table)
    known = {} if modelled is None else {column.name: column.type for column in modelled.columns}
    columns = [sa.Column(one["name"], known.get(one["name"], one["type"]), nullable=one["nullable"]) for one in found]
    sa.Table(table, sa.MetaData(), *columns)
    return columns


def put_rows(database, revision: str) -> list[tuple[str, dict]]:
    """(table, row) of each that was put in."""
    first, put = REVISIONS.index(revision) * ROWS, []
    with database.write() as session:
        found = inspect(session.connection())
        told, keys = found.get_multi_columns(), found.get_multi_foreign_keys()
        for table, _ in found.get_sorted_table_and_fkc_names():
            if table in (None, "alembic_version") or table in parts_of(session.connection()):
                continue
            columns = columns_of(table, told[None, table])
            if table in ONE_ROW:
                session.execute(sa.update(columns[0].table).values(ONE_ROW[table]))
                continue
            refers = REFERENCES | {
                name: key["referred_table"] for key in keys[None, table] for name in key["constrained_columns"]
            }
            numbers = range(first + 1, first + ROWS + 1)
            rows = [{one.name: value(one, number, refers.get(one.name)) for one in columns} for number in numbers]
            session.execute(sa.insert(columns[0].table), rows)
            put += [(table, row) for row in rows]
    return put


def everything(database) -> dict:
    """Table -> primary key -> row, as the database itself writes them."""
    tables = {}
    with database.read() as session:
        parts = parts_of(session.connection())
        for (_, table), found in inspect(session.connection()).get_multi_pk_constraint().items():
            if table != "alembic_version" and table not in parts:
                rows = session.execute(text(f"SELECT * FROM {table}")).mappings().all()
                tables[table] = {tuple(row[name] for name in found["constrained_columns"]): dict(row) for row in rows}
    return tables


MODELS = {model.__tablename__: model for model in Base.__subclasses__()}


def as_read(session, table: str, row: dict) -> dict:
    """The same columns of the row, as the running release reads them."""
    model = MODELS[table]
    key = [row[column.name] for column in inspect(model).primary_key]
    found = session.get_one(model, tuple(key))
    return {name: getattr(found, name) for name in row if hasattr(found, name)}


def compare(before: dict, after: dict, tables) -> None:
    """The tables have the same rows, and in these the columns that both have say the same."""
    for table in tables:
        assert after[table].keys() == before[table].keys(), table
        for key, row in before[table].items():
            left = after[table][key]
            assert {name: left[name] for name in row.keys() & left.keys()} == {
                name: row[name] for name in row.keys() & left.keys()
            }, (table, key)


def climb(database, before: dict, revision: str) -> dict:
    """One migration up, with rows in the tables."""
    migrations.upgrade(database, revision)
    after = everything(database)
    assert before.keys() <= after.keys()
    compare(before, after, before)
    for table, rows in before.items():
        for name in {name for row in after[table].values() for name in row}:
            if rows and name not in next(iter(rows.values())):
                says = SAYS.get((revision, table, name))
                if says is None:  # the same of all
                    assert len({json.dumps(row[name], default=str) for row in after[table].values()}) == 1, (
                        table,
                        name,
                    )
                else:
                    assert all(row[name] == says(row) for row in after[table].values()), (table, name)
            else:
                assert all(name in row for row in rows.values()), (table, name)
    if before:
        for table in after.keys() - before.keys():
            brings = BRINGS.get((revision, table), lambda tables: 0)
            assert len(after[table]) == brings(before), table
    return after


def descend(database, before: dict, revision: str) -> dict:
    """Down: of what the older release has a place for nothing is lost."""
    migrations.downgrade(database, revision)
    after = everything(database)
    for (above, table), name in TAKES.items():
        if REVISIONS[REVISIONS.index(revision) + 1] == above:
            for key, row in after[table].items():
                before[table][key][name] = row[name] = before[table][key][name] or row[name]
    compare(before, after, after)
    return after


def test_nothing_is_lost_on_the_way_up_and_down_and_up_again(untouched):
    found, put = {}, []
    for revision in REVISIONS:
        climb(untouched, found, revision)
        put += put_rows(untouched, revision)
        found = everything(untouched)
    with untouched.read() as session:
        for table, row in put:
            assert as_read(session, table, row) == row, table
    for revision in reversed(REVISIONS[:-1]):
        found = descend(untouched, found, revision)
    lowest = found
    for revision in REVISIONS[1:]:
        found = climb(untouched, found, revision)
    compare(lowest, found, lowest)
    with untouched.read() as session:
        for table, row in put:
            assert table not in lowest or as_read(session, table, row), table


@pytest.mark.parametrize("release", ["0001", "0012"])
def test_calls_of_an_older_release_go_on(database, release):
    """What it has folded keeps its ids and places in the feed, and what it left pending is folded with it."""
    sale, later = evidence.terminal(1, 11), evidence.terminal(2, 21, disposition=None, callDisposed=None)
    evidence.keep(database, *(evidence.receipt(one) for one in (sale, later)))
    evidence.normalize(database)
    evidence.keep(database, evidence.receipt(evidence.terminal(2, 21), at=evidence.START + timedelta(minutes=2)))
    migrations.downgrade(database, release)
    before = {row["call_id"]: row for row in everything(database)["call_outcomes"].values()}

    migrations.upgrade(database)
    evidence.normalize(database)
    first, second = evidence.outcomes(database)
    assert [(row.disposition, row.settling, row.connect_outcome) for row in (first, second)] == [
        ("Interested", "settled", "connected")
    ] * 2
    told = [(str(row.id), row.revision) for row in (first, second)]
    assert told == [(str(before[call]["id"]), revision) for call, revision in (("1", 1), ("2", 2))]
    assert (first.talk_seconds, first.talk_source, first.duration_source) == (95, "stated", "stated")
    with database.read() as session:
        fed = changes(session, 0, 10)
        assert [shape.change(row)["id"] for row in fed] == [str(first.id), str(second.id)]
    assert fed[0].position == before["1"]["position"]
    assert fed[1].position > max(row["position"] for row in before.values())
