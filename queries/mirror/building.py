"""How a mirror is begun: all that there is at a place of the feed, oldest call first, in pieces.

Each piece is read at a moment of its own. A call that changes meanwhile has a place behind that one: it is left out where it
was not read yet, and where it was, what it becomes is followed like any later change (``follower``).
"""

from dataclasses import replace
from pathlib import Path

from models.database import Database
from queries.mirror import fetching, writing
from queries.mirror.columns import MONTH, NAMES, read_csv
from queries.mirror.manifest import Manifest


def piece(database: Database, folder: Path, manifest: Manifest, last: int, most: int) -> Manifest:
    """The manifest with the next calls, at most so many; ``built`` where there were no more. ``last``: the feed's last place,
    up to which the mirror is built where nothing of it is there yet."""
    if manifest.reached is None:
        manifest = replace(manifest, place=last)
    arrived = folder / "arriving.csv"
    try:
        with database.snapshot() as session:
            fetching.oldest(session, arrived, manifest.place, manifest.reached, most)
        if not arrived.stat().st_size:
            return replace(manifest, built=True)
        with writing.line(folder) as line:
            line.execute(f"INSERT INTO arriving SELECT * FROM {read_csv(str(arrived))}")
            segments = manifest.segments
            for month in writing.months(line, "arriving"):
                statement = f"SELECT {NAMES} FROM arriving WHERE {MONTH} = '{month}' ORDER BY occurred_at, id"
                name = f"m-{month}-{manifest.place}-{len(segments)}.parquet"
                segments += (writing.segment(line, folder, statement, name, month),)
            ((moment, row),) = line.execute(
                "SELECT strftime(occurred_at, '%Y-%m-%d %H:%M:%S.%f'), CAST(id AS VARCHAR) FROM arriving "
                "ORDER BY occurred_at DESC, id DESC LIMIT 1"
            ).fetchall()
    finally:
        arrived.unlink(missing_ok=True)
    return replace(manifest, segments=segments, reached=(moment, row))
