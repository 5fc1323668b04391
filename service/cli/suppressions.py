"""``wrapup suppressions``: numbers that must not be called."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup

import migrations
from dialers.base import Connection
from dialers.giving import BadLeads, BadList, Refused
from leads import numbers, suppressing
from leads.bounds import Row
from lib import clock
from lib import text as texts
from outcomes.suppressions import CHANGES
from queries import suppressions
from service.cli.settings import no_connection
from service.terminal import say, say_json
from web.context import context

BY = "command line"  # who it was, for the list

group = AppGroup("suppressions", help="Numbers that must not be called: put there, listed, taken off.")
_reader = click.option("--connection", help="Read national numbers as this connection does; else as all of them do.")


@group.command()
@click.argument("number", nargs=-1)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV: number,reason,until.")
@click.option("--reason", help="Why; leads are rejected with it.")
@click.option("--until", help="They may be called from then on.")
@_reader
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def put(
    number: tuple[str, ...],
    file: Path | None,
    reason: str | None,
    until: str | None,
    connection: str | None,
    dry_run: bool,
) -> None:
    """Say that numbers must not be called, all or nothing.

    Code 2 where one cannot be read: then nothing was put there.
    """
    if (file is None) == (not number) or (file is not None and (reason or until)):
        raise click.UsageError("Name numbers, with a reason and an end for all of them, or a file that has these.")
    own = context()
    migrations.upgrade(own.database)
    try:
        found = numbers.check(_readers(connection), _rows(number, file, reason, until), clock.now())
    except (BadLeads, BadList, Refused) as error:
        for fault in getattr(error, "faults", ()):
            say(f"row {fault['row']}, {fault['field']}: {fault['message']}", err=True)
        say(f"wrapup: {error}", err=True)
        sys.exit(2)
    for doubt in found.doubts:
        number, raw, why = doubt["number"], doubt["number_raw"], " ".join(doubt["doubts"])
        say(f"{raw} is read as {number}. {why}" if raw != number else f"{number}: {why}", err=True)
    changes = suppressing.look(own.database, found) if dry_run else suppressing.put(own.database, found, BY)
    counts = {what: sum(one.what == what for one in changes) for what in CHANGES}
    would = "Nothing was put there. It would be: " if dry_run else ""
    say(would + ", ".join(f"{count} {what}" for what, count in counts.items()))


@group.command("list")
@click.option("--number", multiple=True, help="Only this number; may be given several times.")
@click.option("--state", type=click.Choice(suppressions.STATES), multiple=True, help="Only those in this state.")
@_reader
def list_(number: tuple[str, ...], state: tuple[str, ...], connection: str | None) -> None:
    """Show the list, newest first: a JSON object in each line, as the API shows it."""
    migrations.upgrade(context().database)
    now, cursor = clock.now(), None
    wanted = {"number": [read_number(connection, one) for one in number], "state": list(state)}
    while True:
        with context().database.read() as session:
            page = suppressions.page(session, wanted, now, cursor, 1000)
        for row in page.rows:
            say_json(suppressions.shown(row, now))
        if (cursor := page.next) is None:
            return


@group.command("take-off")
@click.argument("number")
@_reader
def take_off(number: str, connection: str | None) -> None:
    """Take NUMBER off, whoever says that it must not be called. Who and when is kept."""
    migrations.upgrade(context().database)
    taken = suppressing.take_off(context().database, read_number(connection, number), BY)
    if taken is None:
        raise click.ClickException("Nobody says that this number must not be called.")
    say(f"{taken.rows[0].number}: {texts.many(len(taken.rows), 'row')} taken off.")


def _rows(given: tuple[str, ...], file: Path | None, reason: str | None, until: str | None) -> Iterator[Row]:
    if file is not None:
        return numbers.rows_of_csv(file.read_bytes())
    return numbers.of_list(given, {"reason": reason, "until": until})


def _readers(connection: str | None) -> list[Connection]:
    known = context().settings.connections
    if connection is not None and connection not in known:
        raise click.UsageError(no_connection(connection))
    return [one for name, one in known.items() if connection in (None, name)]


def read_number(connection: str | None, written: str) -> str:
    """A number as it was typed, in E.164. Raises ClickException."""
    try:
        return numbers.read(numbers.countries(_readers(connection)), written).number
    except Refused as error:
        raise click.ClickException(str(error)) from None
