"""``wrapup person``: what is kept of a person, known by a number, for whoever asks."""

import click
from flask.cli import with_appcontext

import migrations
from lib import phone_spellings
from lib.text import many
from service import erasing
from service.cli.settings import settings
from service.cli.suppressions import read_number
from service.terminal import say, say_json
from upkeep.erasure import access, files
from upkeep.erasure.beginning import NotErased
from web.context import context

NOT_EVERYWHERE = (
    "Files, bodies that nobody understood or has read yet, and what others' calls say of the number: with --everywhere."
)


@click.command()
@click.option("--number", required=True, help="Whose: E.164, or as a connection dials it.")
@click.option("--connection", help="Read a national number as this connection does; else as all of them do.")
@click.option("--everywhere", is_flag=True, help="Look through all tables and files, too; long for many calls.")
@with_appcontext
def person(number: str, connection: str | None, everywhere: bool) -> None:
    """Write what is kept of a person to standard output: a JSON object in each line, {"table", "row"}.

    What there is of each, and the files in which the number stands, is said on standard error. Nothing is changed; that you have
    asked is in the audit log.
    """
    database = context().database
    migrations.upgrade(database)
    counts: dict[str, int] = {}
    whose = read_number(connection, number)
    spooled = erasing.spool_holds(settings(), whose)  # first: what is taken in meanwhile is rather told of twice
    try:
        for one in access.kept(database, whose, everywhere):
            say_json(one)
            counts[one["table"]] = counts.get(one["table"], 0) + 1
    except NotErased as error:
        raise click.ClickException(str(error)) from None
    told = ", ".join(many(count, "row") + f" of {name}" for name, count in counts.items())
    say(f"{whose}: {told or 'nothing is known under the number'}.", err=True)
    if everywhere:
        _tell_of_files(whose)
    else:
        say(NOT_EVERYWHERE, err=True)
    if spooled:
        say(f"{erasing.SPOOLED} Ask again when they were taken in.", err=True)


def _tell_of_files(number: str) -> None:
    own, spellings = settings(), phone_spellings.of(number)
    assert spellings is not None
    for line in files.look([own.data_dir, *erasing.folders_of(own)], spellings, context().database):
        say(f"It stands in a file: {line}", err=True)
