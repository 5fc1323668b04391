"""The follower: keeps the mirror up with the change feed. One per folder, in a process of its own at a low priority; a lock parts
it from others. Whatever happens to it, the last manifest stands."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import structlog

from lib import durable, private
from models.database import Database
from outcomes.feed import Place, State, state
from queries import feed
from queries.mirror import engine, fetching
from queries.mirror import manifest as manifests
from queries.mirror.columns import MONTH, NAMES, quoted, read_csv
from queries.mirror.manifest import Manifest, Segment, Unusable

log = structlog.get_logger(__name__)

PIECE = 200_000  # rows at a time
FEW, PATIENCE = (
    2_000,
    30.0,
)  # so few changes wait for so many seconds: what is not mirrored yet is asked from the tables
MOST_SMALL, MOST_SMALL_ROWS = 30, 150_000  # then they are joined into months
GRACE = 60.0  # seconds for which a file that is no longer part of it is left, because somebody may be reading it
MEMORY = "384MB"
_TWICE = """CREATE TEMP TABLE twice AS
    SELECT id, max(position) AS position FROM call_outcomes GROUP BY id HAVING count(*) > 1"""
_WRITTEN = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"


class Follower:
    def __init__(self, database: Database, folder: Path, piece: int = PIECE, patience: float = PATIENCE):
        self._database = database
        self._folder = folder
        self._piece = piece
        self._patience = patience
        self._behind_since: float | None = None
        self._leaving: dict[str, float] = {}  # file -> when it was first found to be no part of it
        private.make_folder(folder)

    def step(self) -> bool:
        """Go a step further: mirror what changed, or join. Returns whether there is more to do."""
        manifest, last = self._manifest()
        if not manifest.built:
            if manifest.place < last:
                self._save(self._appended(manifest, last))
            else:
                self._save(replace(self._joined(manifest), built=True))
                log.info("mirror_built", rows=manifest.rows(), place=manifest.place)
            return True
        waiting = last - manifest.place
        if waiting and (waiting >= FEW or self._waited()):
            self._behind_since = None
            manifest = self._appended(manifest, last)
            self._save(manifest)
        small = [one for one in manifest.segments if one.month is None]
        if len(small) > MOST_SMALL or sum(one.rows for one in small) > max(MOST_SMALL_ROWS, manifest.rows() // 50):
            self._save(self._joined(manifest))
        self._tidy(manifest)
        return last - manifest.place >= FEW

    def _waited(self) -> bool:
        now = time.monotonic()
        self._behind_since = self._behind_since or now
        return now - self._behind_since >= self._patience

    def _manifest(self) -> tuple[Manifest, int]:
        """The present one, or a new one where there is none that could be followed; and the feed's last place."""
        with self._database.read() as session:
            found: State = state(session)
            try:
                manifest = manifests.load(self._folder)
                if manifest is not None and not feed.knows(
                    session, found, Place(manifest.place, manifest.epoch, manifest.start)
                ):
                    raise Unusable("the feed was begun again")
                if manifest is not None and manifest.place > found.last_position:
                    raise Unusable("the mirror is ahead of the feed")
                if manifest is not None:
                    manifests.verify(self._folder, manifest)
            except Unusable as error:
                log.warning("mirror_begun_again", why=str(error))
                manifest = None
            if manifest is None:
                manifest = Manifest(0, found.epoch, found.start)
                self._save(manifest)
            return replace(manifest, epoch=found.epoch, start=found.start), found.last_position

    def _save(self, manifest: Manifest) -> None:
        manifests.save(self._folder, manifest)

    def _appended(self, manifest: Manifest, last: int) -> Manifest:
        """The manifest with a segment of what changed behind its place."""
        arrived = self._folder / "arriving.csv"
        try:
            with self._database.snapshot() as session:
                reached = fetching.changes(session, arrived, manifest.place, last, self._piece)
            if not arrived.stat().st_size:
                return replace(manifest, place=reached)
            with self._line() as line:
                line.execute(f"INSERT INTO arriving SELECT * FROM {read_csv(str(arrived))}")
                if manifest.built:
                    manifest = self._with_dead(line, manifest, reached)
                name = f"s-{reached}.parquet"
                segment = self._written(line, f"SELECT {NAMES} FROM arriving ORDER BY occurred_at, id", name)
        finally:
            arrived.unlink(missing_ok=True)
        return replace(manifest, place=reached, segments=(*manifest.segments, segment))

    def _with_dead(self, line: duckdb.DuckDBPyConnection, manifest: Manifest, reached: int) -> Manifest:
        """The manifest with those rows dead, too, that what arrives replaces."""
        if manifest.dead:
            line.execute(f"INSERT INTO dead SELECT segment, row FROM {engine.read(self._folder, [manifest.dead])}")
        engine.find_dead(line, self._folder, manifest.segments, "arriving", "dead")
        counts = dict(line.execute("SELECT segment, count(DISTINCT row) FROM dead GROUP BY segment").fetchall())
        if not counts:
            return manifest
        name = f"d-{reached}.parquet"
        self._copy(line, "SELECT DISTINCT segment, row FROM dead ORDER BY segment, row", name)
        segments = tuple(replace(one, dead=counts.get(at, 0)) for at, one in enumerate(manifest.segments))
        path = self._folder / name
        return replace(
            manifest, segments=segments, dead=name, dead_sha256=durable.sha256(path), dead_stamp=manifests.stamp(path)
        )

    def _joined(self, manifest: Manifest) -> Manifest:
        """The manifest with one segment per month. Months of which nothing has changed keep theirs."""
        kept, taken = [], []
        with self._line() as line:
            small = [one.file for one in manifest.segments if one.month is None]
            months: set[str] = set()
            if small:
                found = line.execute(f"SELECT DISTINCT {MONTH} FROM {engine.read(self._folder, small)}").fetchall()
                months = {month for (month,) in found}
            months |= {one.month for one in manifest.segments if one.month is not None and one.dead}
            engine.open_manifest(line, self._folder, manifest)
            for one in manifest.segments:
                if one.month is not None and one.month not in months:
                    kept.append(one)
            # While it is built, a row that changed meanwhile is there twice: the newer one counts.
            newest = ""
            if not manifest.built:
                line.execute(_TWICE)
                newest = "AND NOT EXISTS (SELECT 1 FROM twice t WHERE t.id = o.id AND t.position <> o.position)"
            for month in sorted(months):
                first, behind = _bounds(month)
                statement = (
                    f"SELECT {NAMES} FROM call_outcomes o WHERE occurred_at >= TIMESTAMP '{first}' "
                    f"AND occurred_at < TIMESTAMP '{behind}' {newest} ORDER BY occurred_at, id"
                )
                segment = self._written(line, statement, f"m-{month}-{manifest.place}.parquet", month)
                if segment.rows:
                    taken.append(segment)
        return replace(manifest, segments=(*kept, *taken), dead=None, dead_sha256="")

    @contextmanager
    def _line(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with engine.connect(self._folder, MEMORY) as line:
            yield line

    def _written(self, line: duckdb.DuckDBPyConnection, statement: str, name: str, month: str | None = None) -> Segment:
        self._copy(line, statement, name)
        ends = "count(*), coalesce(CAST(min(id) AS VARCHAR), ''), coalesce(CAST(max(id) AS VARCHAR), '')"
        ((rows, first, last),) = line.execute(f"SELECT {ends} FROM {engine.read(self._folder, [name])}").fetchall()
        path = self._folder / name
        return Segment(name, rows, durable.sha256(path), month, 0, first, last, manifests.stamp(path))

    def _copy(self, line: duckdb.DuckDBPyConnection, statement: str, name: str) -> None:
        path = self._folder / name
        private.make_file(path)
        try:
            line.execute(f"COPY ({statement}) TO '{quoted(str(path))}' {_WRITTEN}")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        private.close(path)
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def _tidy(self, manifest: Manifest) -> None:
        """Remove what is no part of the mirror any more, some time after it was."""
        present = manifests.load(self._folder) or manifest
        ours = present.files() | {"lock", "spill", f".{manifests.FILE}.new"}
        now = time.monotonic()
        found = {path.name for path in self._folder.iterdir() if path.name not in ours}
        self._leaving = {name: self._leaving.get(name, now) for name in found}
        for name, since in self._leaving.items():
            if now - since >= GRACE:
                (self._folder / name).unlink(missing_ok=True)


def _bounds(month: str) -> tuple[str, str]:
    year, number = int(month[:4]), int(month[5:])
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    return f"{year:04d}-{number:02d}-01", f"{following[0]:04d}-{following[1]:02d}-01"
