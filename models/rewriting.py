"""Writing SQLite's file anew (VACUUM): all of it, as small as can be, with nothing on pages that are free."""

import os
import shutil
import sqlite3
from pathlib import Path

SPARE_BYTES = 64 * 1024 * 1024  # for callbacks that wait in the spool meanwhile
TIMES = 2  # of what it will have: SQLite writes it beside, and from there through its log


class NoRoom(Exception):
    """The message is a sentence. Nothing was begun."""


def rewrite(driver: sqlite3.Connection, path: Path) -> None:
    """Nobody else writes meanwhile. Raises NoRoom and sqlite3.Error.

    SQLite writes the copy among its temporary files, which may lie on a small disk, or in a container's memory; so they lie
    beside the database meanwhile, unless SQLITE_TMPDIR says where."""
    pages, free, size = (
        driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    needed, there = TIMES * (pages - free) * size + SPARE_BYTES, shutil.disk_usage(path.parent).free
    if there < needed:
        raise NoRoom(
            f"{path.parent} has {there // 1024**2:,} MB free; {needed // 1024**2:,} MB are needed to write {path.name} anew."
        )
    beside = "" if os.environ.get("SQLITE_TMPDIR") else str(path.parent).replace("'", "''")
    driver.execute(f"PRAGMA temp_store_directory = '{beside}'")
    try:
        driver.execute("VACUUM")
    finally:
        driver.execute("PRAGMA temp_store_directory = ''")
