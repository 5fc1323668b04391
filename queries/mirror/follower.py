"""The follower: keeps the mirror up with the change feed. One per folder, in a process of its own at a low priority; a lock parts
it from others. Whatever happens to it, the last manifest stands."""

import time
from dataclasses import replace
from math import inf
from pathlib import Path

import duckdb
import structlog

from lib import durable, months, private
from models import Kept
from models.database import Database
from models.retention import OUTCOMES
from outcomes.feed import Place, State, state
from queries import feed
from queries.mirror import building, engine, fetching, forgetting, writing
from queries.mirror import manifest as manifests
from queries.mirror.behind import FEW
from queries.mirror.columns import NAMES, read_csv
from queries.mirror.forgetting import OURS
from queries.mirror.manifest import Manifest, Unusable

log = structlog.get_logger(__name__)

PIECE = 200_000  # rows at a time
PATIENCE = 30.0  # seconds for which fewer than FEW changes wait
MOST_SMALL, MOST_SMALL_ROWS = 30, 150_000  # then they are joined into months
GRACE = 60.0  # seconds for which a file that is no longer part of it is left, because somebody may be reading it
REST = 120.0  # seconds with hardly anything to do, after which nobody need follow; by then such files are gone


class Follower:
    def __init__(self, database: Database, folder: Path, piece: int = PIECE, patience: float = PATIENCE):
        self._database = database
        self._folder = folder
        self._piece = piece
        self._patience = patience
        self._behind_since: float | None = -inf  # what waits already was reason enough to begin
        self._leaving: dict[str, float] = {}  # file -> when it was first found to be no part of it
        self._worked_at = time.monotonic()  # when it had more to do than what comes one by one
        private.make_folder(folder)

    def rested(self) -> float:
        """For how many seconds it has had nothing to do but what comes one by one."""
        return time.monotonic() - self._worked_at

    def step(self) -> bool:
        """Go a step further: mirror what changed, or join. Returns whether there is more to do."""
        if forgetting.is_asked(self._folder):
            forgetting.forget(self._folder)
        manifest, last = self._manifest()
        if not manifest.built:
            manifest = building.piece(self._database, self._folder, manifest, last, self._piece)
            self._save(manifest)
            if manifest.built:
                log.info("mirror_built", rows=manifest.rows(), place=manifest.place)
            return self._has_worked()
        if dropped := self._dropped(manifest):
            self._save(dropped)
            return self._has_worked()
        waiting = last - manifest.place
        if waiting >= FEW:
            self._has_worked()
        if waiting and (waiting >= FEW or self._waited()):
            self._behind_since = None
            manifest = self._appended(manifest, last)
            self._save(manifest)
        small = [one for one in manifest.segments if one.month is None]
        if len(small) > MOST_SMALL or sum(one.rows for one in small) > max(MOST_SMALL_ROWS, manifest.rows() // 50):
            self._save(self._joined(manifest))
            self._has_worked()
        self._tidy(manifest)
        return last - manifest.place >= FEW

    def _has_worked(self) -> bool:
        self._worked_at = time.monotonic()
        return True

    def _waited(self) -> bool:
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
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
                kept = session.get(Kept, OUTCOMES)
                manifest = Manifest(0, found.epoch, found.start, rounds=kept.rounds if kept else 0)
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
            with writing.line(self._folder) as line:
                line.execute(f"INSERT INTO arriving SELECT * FROM {read_csv(str(arrived))}")
                manifest = self._with_dead(line, manifest, reached)
                name = f"s-{reached}.parquet"
                segment = writing.segment(
                    line, self._folder, f"SELECT {NAMES} FROM arriving ORDER BY occurred_at, id", name
                )
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
        writing.copy(line, self._folder, "SELECT DISTINCT segment, row FROM dead ORDER BY segment, row", name)
        segments = tuple(replace(one, dead=counts.get(at, 0)) for at, one in enumerate(manifest.segments))
        path = self._folder / name
        return replace(
            manifest, segments=segments, dead=name, dead_sha256=durable.sha256(path), dead_stamp=manifests.stamp(path)
        )

    def _joined(self, manifest: Manifest) -> Manifest:
        """The manifest with one segment per month. Months of which nothing has changed keep theirs."""
        kept, taken = [], []
        with writing.line(self._folder) as line:
            small = [one.file for one in manifest.segments if one.month is None]
            months: set[str] = set()
            if small:
                months = set(writing.months(line, engine.read(self._folder, small)))
            months |= {one.month for one in manifest.segments if one.month is not None and one.dead}
            engine.open_manifest(line, self._folder, manifest)
            for one in manifest.segments:
                if one.month is not None and one.month not in months:
                    kept.append(one)
            for month in sorted(months):
                first, behind = _bounds(month)
                statement = (
                    f"SELECT {NAMES} FROM call_outcomes WHERE occurred_at >= TIMESTAMP '{first}' "
                    f"AND occurred_at < TIMESTAMP '{behind}' ORDER BY occurred_at, id"
                )
                segment = writing.segment(line, self._folder, statement, f"m-{month}-{manifest.place}.parquet", month)
                if segment.rows:
                    taken.append(segment)
        return replace(manifest, segments=(*kept, *taken), dead=None, dead_sha256="")

    def _dropped(self, manifest: Manifest) -> Manifest | None:
        """The manifest without the months of which outcomes have been deleted; None where none were since."""
        with self._database.read() as session:
            kept = session.get(Kept, OUTCOMES)
        if kept is None or kept.deleting or kept.rounds == manifest.rounds or kept.since is None:
            return None
        joined = self._joined(manifest)
        first = months.name(kept.since)
        segments = tuple(one for one in joined.segments if one.month is not None and one.month >= first)
        log.info("mirror_months_dropped", kept_since=first, rows=joined.rows() - sum(one.rows for one in segments))
        return replace(joined, segments=segments, rounds=kept.rounds)

    def _tidy(self, manifest: Manifest) -> None:
        """Remove what is no part of the mirror any more, some time after it was."""
        present = manifests.load(self._folder) or manifest
        now = time.monotonic()
        found = {path.name for of in OURS for path in self._folder.glob(of)} - present.files()
        self._leaving = {name: self._leaving.get(name, now) for name in found}
        for name, since in self._leaving.items():
            if now - since >= GRACE:
                (self._folder / name).unlink(missing_ok=True)


def _bounds(month: str) -> tuple[str, str]:
    year, number = int(month[:4]), int(month[5:])
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    return f"{year:04d}-{number:02d}-01", f"{following[0]:04d}-{following[1]:02d}-01"
