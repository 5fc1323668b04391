"""An export from the mirror holds what one from the tables holds, whatever has changed since; where the mirror cannot give
it, the tables do."""

import csv
import io
import itertools
import json
import os
import shutil
import signal
from datetime import timedelta

import duckdb
import pyarrow.parquet
import pytest
from sqlalchemy import text as sql

from models import CallOutcome
from models.database import Database
from outcomes.feed import take_positions
from queries.exports import making, reading, source, spreadsheet
from queries.exports.choice import Choice
from queries.mirror import streaming
from queries.mirror.follower import Follower
from queries.sources import ALWAYS, MIRROR, NEVER, TABLES, Sources
from tests.factories import NOON, outcome
from tests.queries.test_exports import FULL, SHEET, TEXTS

pytestmark = pytest.mark.slow  # each export from the mirror is a process of its own

ALL = Choice()
FEW_COLUMNS = (Choice(("notes", "occurred_at", "agent", "id")), Choice(("notes",)), Choice(("flags", "is_final")))
STRANGE = [
    *TEXTS,
    *SHEET,
    "",
    "\\N",
    "\\.",
    "#a",
    "NULL",
    " blank ",
    "line\nbreak\r\n",
    '"',
    '""',
    "a,b",
    "\x01\x02",
    "nul\\u0000",
]


@pytest.fixture
def rows(database):
    """Strange ones, at times with and without a fraction, some of them at the same moment."""
    with database.write() as session:
        outcome(session, **FULL)
        outcome(session, settling="provisional", connect_outcome="in_progress")
        outcome(session, started_at=None, first_seen_at=NOON - timedelta(days=70))
        outcome(session, merged_into=outcome(session).id)
        for at, text in enumerate(STRANGE):
            given = dict.fromkeys(("customer_name", "notes", "disposition", "agent_name"), text)
            moment = NOON + timedelta(days=at // 2, microseconds=at % 3 * 250_000)
            outcome(session, **given, started_at=moment, custom_fields={"नाम": text, "n": [1, None, 10**25]})
        if database.is_sqlite:  # as an earlier release has written it
            (row,) = session.execute(sql("SELECT id, custom_fields FROM call_outcomes ORDER BY id LIMIT 1")).all()
            session.execute(
                sql("UPDATE call_outcomes SET custom_fields = :cell WHERE id = :id"),
                {"cell": json.dumps(json.loads(row.custom_fields)), "id": row.id},
            )


@pytest.fixture
def begun(monkeypatch):
    """The processes that were begun."""
    found = []
    inner = streaming._begun
    monkeypatch.setattr(streaming, "_begun", lambda *given: found.append(inner(*given)) or found[-1])
    return found


def follow(database, folder):
    follower = Follower(database, folder, patience=0)
    while follower.step():
        pass


def change(database):
    """Every third call moves in time, and some come."""
    with database.write() as session:
        for row in session.query(CallOutcome).order_by(CallOutcome.id).all()[::3]:
            row.notes, row.revision = f"changed, {row.notes}", row.revision + 1
            row.started_at = row.occurred_at = row.occurred_at + timedelta(days=3)
            row.position = take_positions(session, 1)[0]
        outcome(session, notes="new")


def many(database, count, days=1, **values):
    with database.write() as session:
        for at in range(count):
            outcome(session, started_at=NOON + timedelta(days=days * at // count), **values)


def read(written, pieces, choice):
    text = b"".join(pieces).decode()
    if written == reading.LINES:
        return [json.loads(line) for line in text.splitlines()]
    found = list(csv.reader(io.StringIO(text, newline="")))
    at = [at for at, name in enumerate(choice.columns) if name in ("flags", "custom_fields", "sources")]
    return [[json.loads(cell) if here in at else cell for here, cell in enumerate(row)] for row in found]


def agree(database, sources, filters=None, choices=(ALL,), giver=MIRROR, forms=(reading.LINES, reading.GUARDED)):
    for written, choice in itertools.product(forms, choices):
        found, who = source.pieces(database, sources, filters or {}, choice, written)
        assert who == giver
        given = read(written, found, choice)
        assert given == read(written, reading.pieces(database, filters or {}, choice, written), choice)
    return len(given)


def test_the_same_rows_in_the_same_order(database, folder, sources, rows, monkeypatch):
    follow(database, folder)
    assert agree(database, sources, choices=(ALL, *FEW_COLUMNS)) == len(STRANGE) + 4
    change(database)
    assert agree(database, sources) == len(STRANGE) + 5
    follow(database, folder)
    change(database)
    span = {"since": NOON, "until": NOON + timedelta(days=9)}
    for filters in (
        span,
        {"flag": ["sale"]},
        {"is_final": False, "connection": ["ryng-main"]},
        {"disposition": ["None"]},
    ):
        agree(database, sources, filters, forms=(reading.PLAIN,))


def test_a_file_of_parquet_is_the_same(database, folder, sources, rows):
    """As the one that is made of the tables' rows, byte for byte in each cell: in order already, sorted, or both."""

    def read_parquet(file):
        with file:
            return pyarrow.parquet.read_table(pyarrow.BufferReader(file.read()))

    def agrees(filters, choice=ALL):
        found = read_parquet(source.parquet(database, sources, filters, choice))
        pieces = reading.pieces(database, filters, choice, reading.PLAIN)
        wanted = read_parquet(making.made("queries.exports.parquet", choice.order(), pieces))
        assert [(one.name, one.type) for one in found.schema] == [(one.name, one.type) for one in wanted.schema]
        for one, other in zip(found.to_pylist(), wanted.to_pylist(), strict=True):
            # In the CSV that SQLite's rows go through, an empty text is an absent one.
            assert {name: cell or None for name, cell in one.items()} == {
                name: cell or None for name, cell in other.items()
            }
        return found.num_rows

    follow(database, folder)
    assert agrees({}) == len(STRANGE) + 4
    change(database)
    assert agrees({}) == len(STRANGE) + 5
    follow(database, folder)
    assert agrees({"since": NOON, "is_final": True}, FEW_COLUMNS[0]) > 5
    assert source.parquet(database, sources, {"number": ["+919812345678"]}, ALL) is None
    shutil.rmtree(folder)
    assert source.parquet(database, sources, {}, ALL) is None


def test_pieces_are_whole_rows(database, folder, sources, rows, monkeypatch):
    """Wherever the bytes are cut: a line's end within quotes ends no row."""
    follow(database, folder)
    choice = Choice(("notes", "occurred_at", "talk_seconds", "id", "is_final"), True, "Asia/Kolkata")

    def made(pieces):
        return b"".join(spreadsheet.written(piece, choice) for piece in pieces)

    wanted = made(reading.pieces(database, {}, choice, reading.PLAIN))
    for size in (1, 64):
        monkeypatch.setattr(streaming, "PIECE", size)
        monkeypatch.setattr(streaming, "_READ", size)
        found, _ = source.pieces(database, sources, {}, choice, reading.PLAIN)
        assert made(found) == wanted


def test_slices_are_all_rows_once(database, folder, sources, monkeypatch):
    """Whether they are of one segment or of several, or lie over them; also those of one moment."""
    monkeypatch.setattr(streaming, "SLICE", 1)
    many(database, 10, days=120)  # each slice is asked of a process of its own
    follow(database, folder)
    for _ in range(2):
        change(database)
        follow(database, folder)
    change(database)
    assert len(list(folder.glob("*.parquet"))) > 5
    assert agree(database, sources, forms=(reading.LINES,)) == 13


def test_long_rows_need_no_more_memory(sqlite_url, folder):
    """Conversations instead of notes: a row group of a hundred thousand of them, or a vector of two thousand, would be more
    than there is."""
    database = Database(sqlite_url)
    sources = Sources(database, folder)
    with database.write() as session:
        for at in range(1_500):
            outcome(session, started_at=NOON + timedelta(minutes=at), notes=os.urandom(15_000).hex())
    follow(database, folder)
    groups = f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{folder}/m-*.parquet')"
    ((count,),) = duckdb.connect().execute(groups).fetchall()
    assert count > 1
    change(database)
    found, who = source.pieces(database, sources, {}, Choice(("notes", "id")), reading.LINES)
    assert who == MIRROR
    assert sum(piece.count(b"\n") for piece in found) == 1_501
    database.close()


def test_what_is_looked_for_is_found_in_the_tables(database, folder, sources, rows):
    follow(database, folder)
    for filters in ({"number": ["+919812345678"]}, {"agent": ["Año"]}, {"lead_id": ["1"]}, {"changed_since": NOON}):
        agree(database, sources, filters, giver=TABLES)


def test_where_the_mirror_cannot_give_them_the_tables_do(database, folder, sources, rows):
    def giver(of=sources):
        found, who = source.pieces(database, of, {}, ALL, reading.LINES)
        assert len(read(reading.LINES, found, ALL)) == len(STRANGE) + 4
        return who

    assert giver() == TABLES  # there is none
    assert giver(Sources(database, folder, ALWAYS)) == TABLES  # it is not begun yet
    Follower(database, folder, piece=10, patience=0).step()
    assert giver() == TABLES  # it is being built
    follow(database, folder)
    assert giver(Sources(database, folder, NEVER)) == TABLES
    assert giver() == MIRROR
    segment = next(folder.glob("m-*.parquet"))
    segment.write_bytes(segment.read_bytes()[:-100] + bytes(100))
    assert giver() == TABLES
    segment.unlink()
    assert giver() == TABLES


def test_a_mirror_that_is_taken_away_meanwhile_is_read_to_its_end(database, folder, sources):
    many(database, 200, notes="n" * 20_000)
    follow(database, folder)
    found, _ = source.pieces(database, sources, {}, ALL, reading.LINES)
    for file in folder.glob("*.parquet"):
        file.unlink()
    assert len(read(reading.LINES, found, ALL)) == 200


def test_rows_that_end_before_their_end_are_an_error(database, folder, sources, monkeypatch, begun):
    """So that the connection breaks off, and nobody takes the half for the whole."""
    many(database, 200, notes="n" * 20_000)
    follow(database, folder)
    monkeypatch.setattr(streaming, "PIECE", 1_000)
    found, _ = source.pieces(database, sources, {}, ALL, reading.LINES)
    assert next(found)
    os.kill(begun[0].pid, signal.SIGKILL)
    with pytest.raises(streaming.Broken):
        list(found)


def test_whoever_leaves_leaves_no_process(database, folder, sources, monkeypatch, begun):
    many(database, 200, notes="n" * 20_000)
    monkeypatch.setattr(streaming, "PIECE", 1_000)
    follow(database, folder)
    for taken in range(2):
        found, _ = source.pieces(database, sources, {}, ALL, reading.LINES)
        for _ in range(taken):
            next(found)
        found.close()
    assert [process.returncode for process in begun] == [-signal.SIGKILL] * 2  # as they were, waiting for a reader
    assert not list(folder.glob("over-*"))
