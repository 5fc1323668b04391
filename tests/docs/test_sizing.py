"""docs/sizing.md says what bench/RESULTS.md has, and docs/operations.md who goes first as the processes do."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import text

from bench.bodies import body
from outcomes import normalize
from queries.exports import child
from queries.mirror import process, streamer
from service import mirroring
from service.supervisor import serve
from tests.docs.pages import quoted, read, rows, section
from tests.evidence import CONNECTIONS, connect, keep, outcomes, receipt

RESULTS = read("bench/RESULTS.md")
# Where the figures of each machine stand; the first that has the row counts.
OF = {
    "fast": ["## Rows 1, 3, 6, 7, 10 and 25 once more (2026-11-30, late afternoon)"],
    "slow": [
        "## Rows 1, 6, 10 and 25 once more (2026-11-29, at the end of the night)",
        "## Before and after, in one run each on one day (2026-11-29, night)",
    ],
}
COLUMNS = [(machine, database) for machine in OF for database in ("SQLite", "PostgreSQL")]
# Of the kernel (sched(7), kernel/sched/core.c): who has so much beside another has that part of a processor.
WEIGHTS = {0: 1024, 1: 820, 3: 526, 5: 335, 11: 87, 13: 56, 15: 36}


def measured(machine: str, database: str, row: str) -> Decimal:
    for heading in OF[machine]:
        lines = section(RESULTS, heading).splitlines()
        for line in lines:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if cells[0].startswith(database) and len(cells) > 2 and cells[1].startswith(f"{row}. "):
                told = cells[3] if "Before and after" in heading else cells[2]
                return Decimal(re.match(r"[\d,.]+", told)[0].replace(",", ""))
    raise AssertionError(f"{machine}, {database}: no row {row}")


def said() -> list[tuple[str, str, str, str]]:
    """(machine, database, row, figure) of each cell of the two tables."""
    told = rows(section(read("docs/sizing.md"), "## What two processors do"))
    return [(*where, cells[1], cell) for cells in told for where, cell in zip(COLUMNS, cells[2:], strict=True)]


@pytest.mark.parametrize(("machine", "database", "row", "figure"), said())
def test_what_the_page_says_was_measured(machine, database, row, figure):
    """With two digits."""
    exact, told = measured(machine, database, row), Decimal(figure.replace(",", ""))
    assert abs(told - exact) <= exact * Decimal("0.051")


def test_who_goes_first_has_the_priority_that_the_page_says():
    told = rows(section(read("docs/operations.md"), "## Who goes first"))
    assert {int(cells[1]): int(cells[2]) for cells in told} == WEIGHTS
    worker = serve.SQLITE_WORKER_NICE, serve.WORKER_NICE
    reader, beside = serve.READER_NICE, {process.NICE, streamer.NICE, child.NICE}
    assert {0, *worker, reader, *(nice + mirroring.NICE for nice in worker), *(reader + one for one in beside)} == set(
        WEIGHTS
    )


def test_a_batch_has_so_many_receipts_as_the_architecture_says():
    page = read("docs/architecture.md")
    assert f"up to {normalize.BATCH:,} pending receipts" in page and f"({normalize.SQLITE_BATCH} there)" in page


def test_every_line_of_the_doctors_that_the_page_names_is_one_of_his():
    table = rows(section(read("docs/sizing.md"), "## When outcomes come late"))
    named = {word for cells in table for told in re.findall(r"[Dd]octor: ([^.;]*)", cells[1]) for word in quoted(told)}
    his = {name for cells in rows(section(read("docs/operations.md"), "## The doctor")) for name in quoted(cells[0])}
    assert named and named <= his


CALLS = 500


def test_a_call_takes_about_as_much_disk_as_the_page_says(database):
    """Two callbacks each, understood one after the other, as they come."""
    (cells,) = rows(section(read("docs/sizing.md"), "## Disk"))
    told = float(re.match(r"[\d.]+", cells[1 if database.is_sqlite else 2])[0]) * 1000
    before = size(database)
    for number in range(CALLS):
        bodies_of = (connect(number, "agent-answered"), body(number))
        keep(database, *(receipt(one, kind) for one, kind in zip(bodies_of, ("connect", "terminal"), strict=True)))
    while normalize.normalize_pending(database, CONNECTIONS):
        continue
    assert len(outcomes(database)) == CALLS
    assert told * 0.6 < (size(database) - before) / CALLS < told * 1.4


def size(database) -> int:
    with database.read() as session:
        if database.is_sqlite:
            return session.scalar(text("PRAGMA page_count")) * session.scalar(text("PRAGMA page_size"))
        return session.scalar(text("SELECT pg_database_size(current_database())"))
