"""What comes before the first question: the schema, and what somebody who just started it wants to copy."""

import sys

import click
import structlog
from sqlalchemy import func, select

import migrations
from lib import clock
from models import ApiKey
from models.database import Database
from outcomes import quarantine, strangers
from outcomes.feed_place import FeedPlace
from service.config import Settings
from web.keys import create_key

log = structlog.get_logger(__name__)


def prepare(settings: Settings, database: Database) -> None:
    """Migrate; print the dashboard's address, a first key, the callback URLs. On standard output, to be copied."""
    migrations.upgrade(database)
    FeedPlace(database, settings.data_dir).check()
    with database.write() as session:
        first = session.scalar(select(func.count()).select_from(ApiKey)) == 0
        key = create_key(session, "admin", ["admin"]) if first else None
        quarantine.remember_tokens(session, settings.token_fingerprints(), clock.now())
        strangers.share_out(session, settings.connections)
    for sentence in settings.warnings():
        log.warning("loose_setting", said=sentence)
    click.echo(f"Dashboard: {settings.public_url}/")
    if key:
        click.echo(f"Admin key (shown this once): {key}")
    for connection, kind, url in settings.callback_urls():
        click.echo(f"Callback URL of {connection}, {kind}: {url}")
    sys.stdout.flush()
