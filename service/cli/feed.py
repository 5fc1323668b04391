"""``wrapup feed``: where the change feed is, how it begins again after a restore, and something to try a follower with."""

import click
from flask.cli import AppGroup

import migrations
from lib import clock
from models import audit
from outcomes import doubting, feed, feed_place
from service.cli.settings import settings
from service.cli.trying import test_event
from web.context import context

group = AppGroup("feed", help="The change feed: where it is, and how it begins again after a restore.")
group.add_command(test_event)


@group.command()
def show() -> None:
    """Show the feed's epoch and its last place, and the place that this host has kept."""
    database, folder = context().database, settings().data_dir
    migrations.upgrade(database)
    with database.read() as session:
        state = feed.state(session)
    click.echo(f"epoch {state.epoch}, last place {state.last_position}")
    kept = feed_place.read(folder)
    if kept is None:
        click.echo("This host has kept no place.")
        return
    click.echo(f"kept here: epoch {kept.epoch}, place {kept.position}")
    if feed.behind(state, kept):
        click.echo("The database is an older one than this host has seen: a new epoch begins when the worker starts.")


@group.command()
@click.option(
    "--above", type=click.IntRange(0, 2**62), default=0, help="A place that a reader has reached, if you know of one."
)
def restart(above: int) -> None:
    """Begin a new epoch: after a restore from a backup, whenever readers may have seen more than the database knows. Leads that
    are not sent yet may have been sent since the backup: nobody sends them before somebody has decided.

    Every reader with a cursor gets 409 feed_restarted once, and begins again. A plain position of before the backup reads on; one
    that the database does not know is a 409 as well.
    """
    database, folder = context().database, settings().data_dir
    migrations.upgrade(database)
    kept = feed_place.read(folder) or feed.BEGINNING
    known = feed.Place(max(kept.position, above), kept.epoch)
    with database.write() as session:
        doubted = doubting.doubt(session, clock.now())
        state = feed.begin_epoch(session, clock.now(), known)
        details = {"epoch": str(state.epoch), "above": above, "leads_in_doubt": doubted}
        audit.note(session, "feed.restart", details=details)
    feed_place.FeedPlace(database, folder).check()
    click.echo(f"Epoch {state.epoch} has begun; its places are above {state.begins_above}.")
    click.echo("Every reader with a cursor gets 409 feed_restarted once, and begins again with an empty `after`.")
    for sentence in doubting.told(doubted):
        click.echo(sentence)
