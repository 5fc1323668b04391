"""Row 16: rows a second that an export brings over the API, in each format, against the plainest way to write the table as CSV:
PostgreSQL's own COPY, or csv.writer over SQLite's cursor."""

import csv
import os
import time
from collections.abc import Iterator

import requests

from bench.installation import Installation
from bench.stage import ROUNDS
from bench.table import Row, Void, compared
from models.shown import COLUMNS

# A workbook has no goal: its format costs what it costs.
GOALS = {"csv": 0.5, "ndjson": 0.5, "parquet": 0.5, "xlsx": None}
WORKBOOK_CALLS = 200_000  # more of them take minutes
PIECE = 1 << 18


def exports(ours: Installation, calls: int) -> Iterator[Row]:
    """Each format in turns with the other way."""
    for form, goal in GOALS.items():
        if form == "xlsx" and calls > WORKBOOK_CALLS:
            continue
        found, against = [], []
        for _ in range(ROUNDS):
            against.append(calls / _beside(ours))
            found.append(calls / _exported(ours, form, calls))
        yield compared(f"16. rows/s as {form}, of {calls:,} / as CSV by the database's own means", found, against, goal)


def _exported(ours: Installation, form: str, calls: int) -> float:
    """Seconds until the last byte is here. Raises Void where rows are missing."""
    began, lines, size = time.monotonic(), 0, 0
    headers = {"Authorization": f"Bearer {ours.key}"}
    with requests.get(
        f"{ours.url}/api/v1/outcomes/export?format={form}", headers=headers, stream=True, timeout=3600
    ) as answer:
        if answer.status_code != 200:
            raise Void(f"the export as {form} was answered with {answer.status_code}")
        for piece in answer.iter_content(PIECE):
            size += len(piece)
            lines += piece.count(b"\n")
    took = time.monotonic() - began
    if not size or (form in ("csv", "ndjson") and lines < calls):
        raise Void(f"the export as {form} has {lines:,} lines, of {calls:,} calls")
    return took


def _beside(ours: Installation) -> float:
    """Seconds for every column of every call, unread, and in no order."""
    statement = f"SELECT {', '.join(COLUMNS)} FROM call_outcomes"
    with ours.database.engine.connect() as connection, open(os.devnull, "wb") as out:
        driver = connection.connection.driver_connection
        began = time.monotonic()
        if ours.database.is_sqlite:
            with open(os.devnull, "w", newline="") as text:
                csv.writer(text).writerows(driver.execute(statement))
        else:
            with driver.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)") as copied:
                for row in copied:
                    out.write(row)
        return time.monotonic() - began
