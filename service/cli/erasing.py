"""``wrapup erase``: a person, known by a number, is taken out of everything that Wrapup keeps."""

import sys
import time
from collections.abc import Iterator
from uuid import UUID

import click
from flask.cli import with_appcontext

import migrations
from leads.spreading import Spreading
from leads.taking_out import take_out_next
from lib import clock, phone_spellings
from lib.text import many
from models import Erasure
from models.rewriting import NoRoom
from outcomes import before
from queries import erasures
from service import erasing
from service.cli.settings import settings
from service.cli.suppressions import BY, read_number
from service.terminal import say
from upkeep.erasure import beginning, files, scrubbing, tables
from upkeep.erasure.beginning import Found, NotErased
from web.context import context

LOOK_SECONDS = 0.5
NOT_EVERYWHERE = (
    "Nothing was changed. Bodies that nobody understood, other people's calls that name the number, and files are found when it "
    "is applied, or with --everywhere. With --apply all of it is erased."
)


@click.command()
@click.option("--number", help="Whose: E.164, or as a connection dials it.")
@click.option("--connection", help="Read a national number as this connection does; else as all of them do.")
@click.option("--apply", is_flag=True, help="Erase; without it, only say what would be touched.")
@click.option("--everywhere", is_flag=True, help="Before, look through all tables and files, too; long for many calls.")
@click.option(
    "--may-be-called", is_flag=True, help="Do not put the number on the list of those that must not be called."
)
@click.option("--list", "listed", is_flag=True, help="Show the ledger, the newest first.")
@click.option("--vacuum", is_flag=True, help="Write the database anew, so that no free page holds anything any more.")
@with_appcontext
def erase(
    number: str | None,
    connection: str | None,
    apply: bool,
    everywhere: bool,
    may_be_called: bool,
    listed: bool,
    vacuum: bool,
) -> None:
    """Erase a person: calls stay, without the number and whatever else was known of whom they were with.

    May be stopped at any time: a worker, or `wrapup migrate`, goes on with it. Code 1 of --list where one is not done.
    """
    database = context().database
    migrations.upgrade(database)
    if listed:
        _list()
    elif vacuum:
        try:
            scrubbing.vacuum(database)
        except NoRoom as error:
            raise click.ClickException(str(error)) from None
        say("The database was written anew.")
    elif number is None:
        raise click.UsageError("Say whom: --number.")
    else:
        _erase(read_number(connection, number), apply, everywhere, not may_be_called)


def _erase(number: str, apply: bool, everywhere: bool, keep_uncalled: bool) -> None:
    database, own = context().database, settings()
    try:
        with database.read() as session:
            found = beginning.look(session, number)
        for line in _told(found):
            say(line)
        if everywhere:
            _look_everywhere(number)
        if not apply:
            say("Nothing was changed. With --apply all of it is erased." if everywhere else NOT_EVERYWHERE)
            return
        begun = beginning.begin(database, own.data_dir, number, BY, keep_uncalled)
    except NotErased as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"The ledger cannot be written, so nothing was begun: {error.strerror}.") from None
    _work(begun.id)


def _told(found: Found) -> Iterator[str]:
    yield f"{found.number}:"
    for name, count in found.counts.items():
        if count:
            yield f"  {name}: {count:,}"
    for one in found.records:
        there, made = (", ".join(one[name]) or "none" for name in ("records", "made"))
        yield f"  at {one['to']}: records {there}; made for calls {made}"


def _look_everywhere(number: str) -> None:
    spellings = phone_spellings.of(number)
    assert spellings is not None
    database, hits, looked = context().database, dict[str, int](), 0
    spooled = erasing.spool_holds(settings(), number)  # first, as for ``wrapup person``
    with database.read() as session:
        known = before.beginning(session, number, clock.now())
    for table, rows, held in tables.look(database, spellings, tables.last_id(known.known_to)):
        looked += rows
        if held:
            hits[table] = hits.get(table, 0) + held
    say(f"  of {looked:,} rows in all tables the number stands in{':' if hits else ' none.'}")
    for table, count in hits.items():
        say(f"    {table}: {count:,}")
    own = settings()
    found = list(files.look([own.data_dir, *erasing.folders_of(own)], spellings, database))
    say(f"  of the files beside the database it stands in{':' if found else ' none.'}")
    for line in found:
        say(f"    {line}")
    if spooled:
        say(f"  {erasing.SPOOLED} An erasure waits for them.")


def _work(erasure: UUID) -> None:
    """To the end, whoever works on it: a worker beside may be faster."""
    database, own = context().database, settings()
    eraser = erasing.eraser_of(own, database)
    spreading = Spreading(database, own.connections)
    step = ""
    while True:
        spreading.step()
        for connection in own.connections.values():
            while take_out_next(database, connection):
                continue
        worked = eraser.work(erasure)
        with database.read() as session:
            row = session.get_one(Erasure, erasure)
        if row.state == "done":
            break
        if (now := row.waits_for or row.step) != step:
            step = now
            click.echo(step, err=True)
        if not worked:
            time.sleep(LOOK_SECONDS)
    _say_end(row)


def _say_end(row: Erasure) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(row.counts.items()) if count)
    say(f"Erased: {counts or 'nothing was found'}. In the ledger: {row.id}.")
    for line in (*erasures.sentences(row.told), *row.left):
        say(f"  {line}")


def _list() -> None:
    with context().database.read() as session:
        rows = erasures.all_of(session)
    if not rows:
        say("Nobody was erased.")
    for row in rows:
        say(f"{row['id']}  {row['erased_at']}  {row['state']}  by {row['by']}  {many(row['touched'], 'row')}")
        if row["waits_for"]:
            say(f"  {row['waits_for']}")
    if any(row["state"] != "done" for row in rows):
        sys.exit(1)
