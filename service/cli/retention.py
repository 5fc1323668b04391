"""``wrapup retention``: what is kept for how long, what would be deleted now, and having it done."""

import click
from flask.cli import with_appcontext

import migrations
from lib import clock, months
from lib.text import many
from models.retention import KINDS
from models.rewriting import NoRoom
from service.cli.settings import settings
from upkeep.retention import keeper, showing, space
from web.context import context


@click.command()
@click.option("--apply", is_flag=True, help="Delete it; without it, only show what would be deleted.")
@click.option("--compact", is_flag=True, help="SQLite: write the file anew, so that it gives back what is free in it.")
@with_appcontext
def retention(apply: bool, compact: bool) -> None:
    """Show what is older than [retention] keeps it, by kind and month; with --apply delete it. There is no way back.

    The worker does it by itself, an hour after its log has said so. May be stopped and run again at any time.
    """
    database, ages, now = context().database, settings().retention, clock.now()
    if compact:
        _compact()
        return
    migrations.upgrade(database)
    for kind in KINDS:
        since = ages.since(kind, now)
        click.echo(f"{kind:<11} {f'kept since {months.name(since)}' if since else 'kept for ever'}")
    with database.read() as session:
        found = showing.counted(session, ages, now)
    for line in showing.lines(found):
        click.echo(line)
    if not found:
        click.echo("Nothing is older than it is kept.")
    if not apply:
        if found:
            click.echo("Nothing was deleted. With --apply it is.")
        return
    try:
        gone = keeper.apply(database, ages, now)
    except keeper.NotParted as error:
        raise click.ClickException(str(error)) from None
    for kind, rows in gone.items():
        click.echo(f"{kind}: {many(rows, 'row')} deleted.")


def _compact() -> None:
    database = context().database
    if not database.is_sqlite:
        raise click.UsageError("PostgreSQL gives space back by itself; --compact is for SQLite.")
    before = space.free_pages(database)
    try:
        space.compact(database)
    except NoRoom as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{many(before, 'free page')} given back. What becomes free from now on is given back by itself.")
