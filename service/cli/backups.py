"""``wrapup backup``, ``restore`` and ``restore-drill``: what is there when the machine is not."""

import os
import sys
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

import migrations
from lib import clock
from lib.text import many
from models import audit
from models.database import Database
from service import erasing, logs
from service.cli.settings import settings
from service.drill import Drill
from service.settings import config
from service.settings.mistakes import BadSettings
from service.supervisor.folder import vacant
from service.terminal import say
from upkeep.backups import beside, folders, making, noted, restoring
from upkeep.backups.beside import Beside
from upkeep.backups.folders import size
from upkeep.backups.refused import Refused, told
from upkeep.erasure import ledger
from web.context import context

SAMPLE = 200
UNSET = (
    "Persons who were erased since are taken out by the next start, or by `wrapup migrate`; it was not done yet, for the "
    "settings cannot be read: {}"
)
NO_LEDGER = (
    "Nobody is known here as erased. Whoever was erased since that backup, on another machine, is in this database again: put "
    "the present ledger there as {} before the start."
)
NICE = 5  # as whoever asks: callbacks go first
DIR = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=DIR)
@click.option("--keep", type=click.IntRange(1), help="Remove all but the newest so many, when this one is whole.")
@click.option("--without-database", is_flag=True, help="Spool, secrets, ledger of erasures and settings alone.")
@with_appcontext
def backup(folder: Path, keep: int | None, without_database: bool) -> None:
    """Back up everything into a new folder in DIR, while everything runs.

    The last line is the backup's folder, alone. Code 1 where it could not be made, and nothing of it is there then, or where it
    is there and what follows failed: the sentence says which.
    """
    os.nice(NICE)
    own = settings()
    database = None if without_database else context().database
    try:
        own_files = Beside(own.data_dir, own.secret_key, own.file)
        is_all = not without_database or not context().database.is_sqlite  # SQLite's file has nobody else to copy it
        made = making.make(database, own_files, folder.absolute(), keep, is_all=is_all)
    except Refused as error:
        raise click.ClickException(str(error)) from None
    content = made.manifest.database
    if content is None:
        say(f"{size(made.manifest.bytes())}, without a database.")
        if not is_all:
            say("It is not noted as the last backup of this host: the database is not in it.", err=True)
    else:
        rows = (
            many(content.counts.get("receipts", 0), "receipt"),
            many(content.counts.get("call_outcomes", 0), "outcome"),
        )
        say(f"{size(made.manifest.bytes())}: {', '.join(rows)}, feed at epoch {content.epoch}, place {content.place}.")
    if made.pruned:
        say(f"Removed: {', '.join(made.pruned)}.")
    if folder.stat().st_dev == own.data_dir.stat().st_dev:
        say("It lies on the disk that it is a backup of: have it copied to another one.", err=True)
    if database is not None:
        _note(database, "backup.make", made.folder.name)
    say(str(made.folder))


@click.command()
@click.argument("backup_folder", metavar="BACKUP", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", "data_dir", type=DIR, help="The data folder to put it into; that of the settings without it.")
@click.option("--over", is_flag=True, help="Also where something is: that is moved aside.")
def restore(backup_folder: Path, data_dir: Path | None, over: bool) -> None:
    """Put a backup back, bring it to the present schema, and begin the change feed anew. Stop Wrapup first. Persons who were
    erased since are taken out again.

    An empty place is expected: WRAPUP_DATA_DIR and WRAPUP_DATABASE_URL say where, or --to another data folder.
    """
    logs.configure("warning")
    where = config.places()
    place = restoring.Place(where.data_dir, where.database_url, where.file)
    if data_dir is not None:
        place = _elsewhere(place, data_dir.absolute())
    try:
        folders.refuse_of_another(place.data_dir)
        with vacant(place.data_dir):
            done = restoring.restore(backup_folder.absolute(), place, _prepare, over)
            for sentence in done.said:
                say(sentence)
            with told("Taking out whoever was erased since"):
                if data_dir is not None:  # the living one knows of persons whom no backup does
                    beside.put_ledger(beside.ledger_lines(place.data_dir, where.data_dir), place.data_dir)
                for sentence in _erased_again(place, is_copy=data_dir is not None):
                    say(sentence)
            if not ledger.read(place.data_dir):
                say(NO_LEDGER.format(place.data_dir / ledger.FILE))
    except Refused as error:
        raise click.ClickException(str(error)) from None


def _note(database: Database, act: str, name: str) -> None:
    """In the audit log, where it can be: a standby is backed up as well."""
    if audit.actor() is None:
        return
    with suppress(SQLAlchemyError), database.write() as session:
        audit.note(session, act, subject=name)


def _elsewhere(place: restoring.Place, data_dir: Path) -> restoring.Place:
    """With a data folder of its own a SQLite database lies in it, whatever the environment says; one of a server is there."""
    if place.database_url.startswith("sqlite"):
        return restoring.Place(data_dir, f"sqlite:///{data_dir / 'wrapup.db'}")
    return restoring.Place(data_dir, place.database_url)


def _erased_again(place: restoring.Place, is_copy: bool) -> list[str]:
    """Sentences about those whom the ledger knows as erased, and the backup did not."""
    if not ledger.read(place.data_dir):
        return []
    where = {"WRAPUP_DATA_DIR": str(place.data_dir), "WRAPUP_DATABASE_URL": place.database_url}
    try:
        own = config.load(os.environ | where)
    except BadSettings as error:
        return [UNSET.format(error)]
    own = replace(own, outside=own.outside and not is_copy)
    with closing(own.database()) as database:
        again = erasing.begin_again(own, database)
        left = erasing.finish(own, database)
    said = [f"{many(again, 'person')} erased since the backup: taken out again."] if again else []
    return [*said, *([f"{many(left, 'erasure')} wait for a worker: see `wrapup erase --list`."] if left else [])]


def _prepare(database: Database) -> None:
    migrations.upgrade(database)


@click.command("restore-drill")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--scratch", type=DIR, help="A folder with room for the copy; the system's for temporary files without it."
)
@click.option("--server", help="A PostgreSQL server for the copy's database; that of the settings without it.")
@click.option("--sample", type=click.IntRange(1), default=SAMPLE, help=f"Calls that are folded again. [{SAMPLE}]")
def restore_drill(folder: Path, scratch: Path | None, server: str | None, sample: int) -> None:
    """Try whether a backup holds: put the newest in DIR back to one side, start it, ask it, and take it away again.

    A line for each thing that is tried, and yes or no at the end; code 1 where it is no. Nothing leaves the copy.
    """
    os.nice(NICE)
    logs.configure("error")
    holds = True
    try:
        backup_folder = folders.newest(folder.absolute(), clock.now())
        for line in Drill(backup_folder, scratch, server, sample).run():
            holds = holds and line.ok
            say(f"{'yes' if line.ok else 'no '}  {line.what}: {line.said}")
    except Refused as error:
        raise click.ClickException(str(error)) from None
    data_dir = config.places().data_dir
    if data_dir.is_dir():
        try:
            noted.note(data_dir, noted.DRILL if holds else noted.FAILED_DRILL, clock.now(), backup=backup_folder.name)
        except OSError as error:
            say(f"What came of it could not be noted in {data_dir}: {error.strerror}.", err=True)
    if holds and data_dir.is_dir():
        with closing(Database(config.places().database_url)) as database:
            _note(database, "backup.drill", backup_folder.name)
    say(f"yes: {backup_folder} holds." if holds else f"no: {backup_folder} does not hold.")
    sys.exit(0 if holds else 1)
