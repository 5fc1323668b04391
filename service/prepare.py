"""What comes before the first question: the schema, and what somebody who just started it wants to copy."""

import sys

import click
import structlog
from sqlalchemy import func, select

import migrations
from lib import clock, private
from models import ApiKey
from models.database import Database
from outcomes import strangers
from outcomes.feed_place import FeedPlace
from service.config import Settings
from web.keys import create_key

# What Wrapup has in its data folder, by what the names begin with.
OURS = (
    "secrets",
    "spool",
    "uploads",
    "refused",
    "wrapup.db",
    "feed-place.json",
    "demo.lock",
    "wrapup.toml",
    "jaicp-sandbox",
)
DATA_FOLDER_OPEN = "Others can look into WRAPUP_DATA_DIR; it holds more than what is Wrapup's, and was left as it is."

log = structlog.get_logger(__name__)


def prepare(settings: Settings, database: Database) -> None:
    """Migrate; print the dashboard's address, a first key, the callback URLs. On standard output, to be copied."""
    private.make_folder(settings.data_dir)
    if not private.close_folder(settings.data_dir, OURS):
        log.warning("data_folder_open", said=DATA_FOLDER_OPEN)
    migrations.upgrade(database)
    FeedPlace(database, settings.data_dir).check()
    with database.write() as session:
        first = session.scalar(select(func.count()).select_from(ApiKey)) == 0
        key = create_key(session, "admin", ["admin"]) if first else None
        strangers.remember_tokens(session, settings.token_fingerprints(), clock.now())
        strangers.share_out(session, settings.connections)
    for sentence in settings.warnings():
        log.warning("loose_setting", said=sentence)
    click.echo(f"Dashboard: {settings.public_url}/")
    if key:
        click.echo(f"Admin key (shown this once): {key}")
    for connection, kind, url in settings.callback_urls():
        click.echo(f"Callback URL of {connection}, {kind}: {url}")
    sys.stdout.flush()
