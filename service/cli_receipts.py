"""``wrapup purge-strangers``: the quarantine is emptied of what had no right to come."""

from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from models.receipts import DISMISSED, QUARANTINED
from outcomes import strangers
from queries import evidence


@click.command("purge-strangers")
@click.option("--reason", help="Why they were put aside, such as unknown_connection.")
@click.option("--connection", help="The connection, as the URL said it.")
@click.option("--state", type=click.Choice([QUARANTINED, DISMISSED]), help="Only those in this state.")
@click.option("--until", type=click.DateTime(), help="Only those that came before this time, in UTC.")
@with_appcontext
def purge_strangers(until: datetime | None, **filters: str | None) -> None:
    """Delete receipts that came without a right to and of which no call has learned anything. There is no way back.

    What came with a token of ours, an outdated one, say, goes only once it was dismissed.
    """
    wanted = {name: value for name, value in filters.items() if value is not None}
    if until is not None:
        wanted["until"] = until.replace(tzinfo=UTC)
    if not wanted:
        raise click.UsageError("Say which with --reason, --connection, --state or --until.")
    purged = strangers.purge(current_app.extensions["database"], evidence.conditions(wanted))
    click.echo(f"Purged {purged}.")
