"""``wrapup audit``: who did what, when and from where."""

import sys
from datetime import datetime

import click
from flask.cli import with_appcontext

import migrations
from models.audit import ACTS
from queries import audit as notes
from service.cli.polling import MomentOption
from web.context import context


@click.command()
@click.option("--who", multiple=True, help="Only of this key, user or e-mail; may be given several times.")
@click.option(
    "--act", multiple=True, type=click.Choice(ACTS), metavar="ACT", help="Only this act, such as receipts.replay."
)
@click.option("--since", type=MomentOption(), help="At or after this time.")
@click.option("--until", type=MomentOption(), help="Before this time.")
@click.option("--format", "form", type=click.Choice(notes.FORMS), default="ndjson", help="The form of each line.")
@with_appcontext
def audit(
    who: tuple[str, ...], act: tuple[str, ...], since: datetime | None, until: datetime | None, form: str
) -> None:
    """Write what persons did, newest first, to standard output: a JSON object in each line, as the API shows it, or CSV."""
    migrations.upgrade(context().database)
    wanted = {"who": list(who), "act": list(act), "since": since, "until": until}
    for piece in notes.written(context().database, wanted, form):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
