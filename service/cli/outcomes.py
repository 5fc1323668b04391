"""``wrapup renormalize``: the past is read again with the mappings of today. ``wrapup words``: what they may be."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

import migrations
from lib.text import many
from models import audit
from outcomes import renormalize as history
from outcomes.differences import Differences
from outcomes.feed_place import FeedPlace
from queries import suggesting, words_seen
from queries.exports import lake as lakes
from queries.exports.making import NotMade
from service.cli.settings import no_connection, settings
from web.context import context

MOST_SUGGESTED = 1_000

words = AppGroup("words", help="Words of the dialers that nobody has decided.")


@words.command()
@click.argument("connection")
def suggest(connection: str) -> None:
    """Print tables of the words that nobody has decided, with what they plainly seem to mean, for you to correct and paste.

    Nothing is changed. What is not clear stands there as a comment.
    """
    database, connections = context().database, context().connections
    if connection not in connections:
        raise click.UsageError(no_connection(connection))
    migrations.upgrade(database)
    own = {connection: connections[connection]}
    with database.read() as session:
        seen = words_seen.unmapped(session, own, MOST_SUGGESTED).get(connection, [])
    click.echo(suggesting.tables(own[connection], seen))


@click.command()
@click.option("--connection", required=True, help="Whose history.")
@click.option("--apply", is_flag=True, help="Change the outcomes; without it, only show what would change.")
@with_appcontext
def renormalize(connection: str, apply: bool) -> None:
    """Read a connection's history again from its receipts, after [words...], [dispositions...] or the like were changed.

    Have the worker read the new settings first: SIGHUP to wrapup serve, or a restart. Ids stay; only what really changes reaches
    the change feed. May be stopped and run again at any time.
    """
    database, connections = context().database, context().connections
    if connection not in connections:
        raise click.UsageError(no_connection(connection))
    migrations.upgrade(database)
    FeedPlace(database, settings().data_dir).check()
    if apply:
        with database.write() as session:  # before: whoever has begun is known, wherever it is stopped
            audit.note(session, "outcomes.renormalize", connection=connection)
    looked, found = 0, Differences()
    try:
        with click.progressbar(length=history.calls(database, connection), label="Read", file=sys.stderr) as bar:
            for count, differences in history.renormalize(database, connections, connection, apply):
                looked += count
                found.add(differences)
                bar.update(count)
    finally:  # also where it was stopped: this much is done
        _tell(looked, found, apply)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def lake(folder: Path) -> None:
    """Write all outcomes into FOLDER as Parquet, a partition for each month; run again, only what has changed since.

    FOLDER/_manifest.json says of which place in the change feed they are, and names the files with their sha256.
    """
    database = context().database
    migrations.upgrade(database)
    try:
        renewed = lakes.renew(database, folder)
    except (lakes.Busy, NotMade) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from None
    manifest = renewed.manifest
    click.echo(
        f"{many(renewed.written, 'month')} written, {many(manifest.rows, 'outcome')} in {many(len(manifest.files), 'month')}, "
        f"at place {manifest.place}."
    )


def _tell(looked: int, found: Differences, apply: bool) -> None:
    verb = "changed" if apply else "would change"
    click.echo(
        f"{many(looked, 'call')}, {many(found.receipts, 'receipt')} read again: {many(found.changed, 'outcome')} {verb}."
    )
    for line in found.lines():
        click.echo(line)
    if found.made:
        click.echo(f"new outcomes  {found.made}")
    if found.unreadable or found.failed:
        left = found.unreadable + found.failed
        click.echo(f"{many(left, 'receipt')} can no longer be understood; what had been read before stands.")
    if found.outlived:
        click.echo(
            f"{many(found.outlived, 'outcome')} left as they are: receipts that they were made of have been deleted."
        )
    if not apply:
        click.echo("Nothing was changed. With --apply it is done.")
