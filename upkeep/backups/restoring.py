"""Putting a backup back, into an empty place; what lives there stays, or is moved aside where that was said.

First all is looked at, then the database is put under another name, brought to the present schema and given a new epoch of the
feed, then comes what lies beside it, and the database's own name last: interrupted anywhere, there is no half of it.
"""

import errno
import os
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from lib import clock, durable, private
from models import audit, leases
from models.database import BESIDE, Database
from models.schema import is_newer, known
from outcomes import doubting, feed, feed_place
from upkeep import beats
from upkeep.backups import beside, folders, manifest, own_schema, postgresql
from upkeep.backups.manifest import DUMP, SQLITE_FILE, Content, Manifest
from upkeep.backups.refused import Refused, told

RESTORING = ".restoring"
ASIDE = "before-"  # and the time: what stood there before a backup was put over it
ASIDE_SCHEMA = "before_"  # the same of PostgreSQL's tables

Prepare = Callable[[Database], None]  # brings it to the present schema


@dataclass(frozen=True)
class Place:
    """Where to. ``settings_file``: where it is to be put if there is none; None: it stays in the backup."""

    data_dir: Path
    database_url: str
    settings_file: Path | None = None


@dataclass(frozen=True)
class Restored:
    """``said``: sentences about what was done. ``state``: of the feed, in its new epoch."""

    manifest: Manifest
    state: feed.State
    said: list[str]


def checked(backup: Path, kind: str) -> tuple[Manifest, Content]:
    """What the backup is, all of its files read. Raises Refused where it cannot be put back into this kind of database."""
    found = manifest.load(backup)
    if found.database is None:
        raise Refused(f"{backup} was made --without-database: put the database back with the tool that saved it.")
    if is_newer(found.database.revision):
        raise Refused(
            f"{backup} was made by a newer release of Wrapup ({found.release}, schema {found.database.revision}); this one knows "
            f"up to {max(known())}. Take that release; nothing was changed."
        )
    if found.database.kind != kind:
        raise Refused(
            f"{backup} is of {found.database.kind}, and WRAPUP_DATABASE_URL names {kind}: give a URL of the same kind."
        )
    if wrong := manifest.damage(backup, found):
        raise Refused(f"{backup} is damaged: {'; '.join(wrong)}. Nothing was changed; take another backup.")
    return found, found.database


def restore(backup: Path, place: Place, prepare: Prepare, over: bool = False, at: datetime | None = None) -> Restored:
    """Put it back, whole. Nobody works there meanwhile. ``over``: what is there is moved aside. Raises Refused; there is then
    what there was before."""
    at = at or clock.now()
    with closing(Database(place.database_url)) as database:
        found, content = checked(backup, database.engine.dialect.name)
        private.make_folder(place.data_dir)
        given = feed_place.read(place.data_dir) or feed.BEGINNING
        reached = feed.Place(max(given.position, content.place), max(given.epoch or 0, content.epoch))
        aside = place.data_dir / f"{ASIDE}{folders.name(at)}"
        with told("Putting it back"):
            if (file := database.file) is not None:
                state = _sqlite(backup, file, prepare, over, reached, at, aside, place)
            else:
                then = partial(put_beside, backup, place.data_dir, aside)
                state = _postgresql(backup, database, content, prepare, over, reached, at, then)
        feed_place.FeedPlace(database, place.data_dir).check()
        with database.read() as session:
            doubted = doubting.count(session)
        said = [f"The database is as it was at {found.made_at}, its schema is now {max(known())}."]
        places = [str(one) for one in _places_aside(database, aside) if one.exists()]
        places += [f"the schema {one} of the database" for one in schemas_aside(database) if one == _schema(at)]
        if places:
            said.append(f"What was there before lies in {' and in '.join(places)}; remove it when you need it no more.")
        said += _settings(backup, place)
        said += doubting.told(doubted)
        if found.needs:
            said.append(
                f"The settings need these environment variables, which are in no backup: {', '.join(found.needs)}."
            )
        said.append(
            f"Epoch {state.epoch} of the change feed has begun: a reader that was ahead gets 409 feed_restarted."
        )
        return Restored(found, state, said)


def put_beside(backup: Path, data_dir: Path, aside: Path) -> None:
    """Secrets, spool and the ledger of erasures. Secrets that are there and are others are moved aside; receipts that wait there
    stay; of erasures those of the backup, of later backups beside it, and of the place itself. Raises OSError."""
    for path in sorted((backup / beside.SECRETS).glob("*")):
        target = data_dir / beside.SECRETS / path.name
        if target.exists() and target.read_bytes() != path.read_bytes():
            _move(target, aside)
        beside.written(path, target)
    beside.put_spool(backup, data_dir)
    later = [one for one in folders.whole(backup.parent) if one.name > backup.name]
    beside.put_ledger(beside.ledger_lines(backup, *later, data_dir), data_dir)


# SQLite --------------------------------------------------------------------------------------------------------------------
def _sqlite(
    backup: Path, path: Path, prepare: Prepare, over: bool, reached: feed.Place, at: datetime, aside: Path, place: Place
) -> feed.State:
    if path.exists() and not over:
        raise Refused(
            f"There is a database at {path}. Put the backup into an empty place with --to, or say --over: what is there is "
            "then moved aside."
        )
    folders.refuse_without_room(path.parent, (backup / SQLITE_FILE).stat().st_size)
    unfinished = path.with_name(path.name + RESTORING)
    try:
        put_sqlite(backup, unfinished)
        with closing(Database(f"sqlite:///{unfinished}")) as copied:
            state = _made_present(backup, copied, prepare, reached, at)
        _remove_beside(unfinished)
        put_beside(backup, place.data_dir, aside)
        for name in (path, *(Path(f"{path}{one}") for one in BESIDE)):
            if name.exists():
                _move_database(name, aside)
        unfinished.rename(path)
        durable.sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
        _remove_beside(unfinished)
    return state


def put_sqlite(backup: Path, path: Path) -> None:
    """The backup's database at the path, as it is. Raises OSError."""
    _remove_beside(path)
    beside.written(backup / SQLITE_FILE, path)


def _move_database(path: Path, aside: Path) -> None:
    """Where it lies on another disk than the data folder nothing is renamed into that one, and its own may have no room."""
    try:
        _move(path, aside)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with suppress(OSError):  # secrets may lie there
            aside.rmdir()
        _move(path, path.parent / aside.name)


def _places_aside(database: Database, aside: Path) -> list[Path]:
    return list(dict.fromkeys((aside, *([database.file.parent / aside.name] if database.file else ()))))


def folders_aside(database: Database) -> list[Path]:
    """What restores have moved aside beside SQLite's file, and nobody has removed yet."""
    found = database.file.parent.glob(f"{ASIDE}*") if database.file else ()
    return sorted(path for path in found if path.is_dir())


def _remove_beside(path: Path) -> None:
    """A log of another file would be written into this one."""
    for name in BESIDE:
        Path(f"{path}{name}").unlink(missing_ok=True)


# PostgreSQL ----------------------------------------------------------------------------------------------------------------
def _postgresql(
    backup: Path,
    database: Database,
    content: Content,
    prepare: Prepare,
    over: bool,
    reached: feed.Place,
    at: datetime,
    then: Callable[[], None],
) -> feed.State:
    schema = _schema(at)
    with database.engine.begin() as connection:
        if others := _others(connection):
            raise Refused(f"Others are connected to the database ({others}): stop what works there first.")
        program = postgresql.restorer(connection, content.client)
        own = own_schema.found(backup, connection, program[0])
        if inspect(connection).get_table_names():
            if not over:
                raise Refused(
                    "The database is not empty. Name an empty one in WRAPUP_DATABASE_URL, or say --over: its tables are then "
                    "moved aside, into a schema of their own."
                )
            own_schema.move(connection, own, schema)
    try:
        _put(backup, database, *program, own)
        state = _made_present(backup, database, prepare, reached, at)
        then()
    except BaseException:
        own_schema.put_back(database, own, schema)
        raise
    return state


def _schema(at: datetime) -> str:
    return f"{ASIDE_SCHEMA}{at:%Y%m%d_%H%M%S}"


def schemas_aside(database: Database) -> list[str]:
    """What restores have moved aside within the database, and nobody has removed yet."""
    if database.is_sqlite:
        return []
    with database.read() as session:
        found = session.scalars(text("SELECT nspname FROM pg_namespace ORDER BY nspname"))
        return [name for name in found if name.startswith(ASIDE_SCHEMA)]


def put_postgresql(backup: Path, database: Database, content: Content) -> None:
    """The backup's rows in an empty database, as they are. Raises Refused."""
    with database.engine.begin() as connection:
        program = postgresql.restorer(connection, content.client)
        own = own_schema.found(backup, connection, program[0])
    _put(backup, database, *program, own)


def _put(backup: Path, database: Database, pg_restore: Path, release: int, own: str) -> None:
    """``own``: the schema, which is there and empty."""
    with database.engine.connect() as connection:
        server = postgresql.server_version(connection)
    if server < postgresql.KNOWS_IT <= release:
        psql, _ = postgresql.program("psql", release)
        postgresql.restore_older(database, pg_restore, psql, backup / DUMP, own)
    else:
        postgresql.restore(database, pg_restore, backup / DUMP, own)


def _others(connection: Connection) -> str:
    found = connection.execute(
        text(
            "SELECT DISTINCT coalesce(nullif(application_name, ''), usename) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    )
    return ", ".join(sorted(str(name) for (name,) in found))


# Both ----------------------------------------------------------------------------------------------------------------------
def _made_present(backup: Path, database: Database, prepare: Prepare, reached: feed.Place, at: datetime) -> feed.State:
    prepare(database)
    with database.write() as session:
        audit.note(session, "backup.restore", subject=backup.name)
        # Of those who worked when it was saved nobody works here.
        leases.end_all(session)
        beats.forget(session)
        doubting.doubt(session, at)
        return feed.begin_epoch(session, at, reached)


def _settings(backup: Path, place: Place) -> list[str]:
    kept = backup / beside.SETTINGS
    if not kept.is_file():
        return []
    target = place.settings_file
    if target is None:
        return [f"Its settings are {kept}."]
    if not target.exists():
        try:
            beside.written(kept, target)
        except OSError as error:
            return [f"Its settings are {kept}; they could not be put to {target}: {error.strerror}."]
        return [f"Its settings were put to {target}."]
    if target.read_bytes() == kept.read_bytes():
        return [f"The settings in {target} are those of the backup."]
    return [f"The settings in {target} were left as they are; those of the backup are {kept}, and are others."]


def _move(path: Path, aside: Path) -> None:
    private.make_folder(aside)
    os.rename(path, aside / path.name)
