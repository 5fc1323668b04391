"""What comes before the first question: the schema, and what somebody who just started it wants to copy."""

import os
import sys
from collections.abc import Sequence

import click
import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

import migrations
from lib import clock, private
from models import ApiKey
from models.database import Database
from models.errors import is_damaged, refuses, said
from outcomes import strangers
from outcomes.feed_place import FeedPlace
from service import erasing, logs
from service.settings import config
from web.keys import create_key

# What Wrapup has in its data folder, by what the names begin with.
OURS = (
    "secrets",
    "spool",
    "uploads",
    "refused",
    "ended",
    "wrapup.db",
    "feed-place.json",
    "erasures.jsonl",
    "in-use",
    "reading",
    "mirror",
    "counted_",
    "alerts.",
    "last-",
    "before-",
    "demo.lock",
    "wrapup.toml",
    "jaicp-sandbox",
)
AWAY = 75  # EX_TEMPFAIL: it is worth trying again
DATA_FOLDER_OPEN = "Others can look into WRAPUP_DATA_DIR; it holds more than what is Wrapup's, and was left as it is."

log = structlog.get_logger(__name__)


def run() -> int:
    """``wrapup prepare``, which ``serve`` starts first, without the application. The code of its end: 75 while the database does
    not answer. Raises BadSettings."""
    settings = config.load()
    logs.configure(settings.log_level)
    database = settings.database()
    try:
        prepare(settings, database)
    except OperationalError as error:
        log.error("database_away", said=said(error))
        return AWAY
    except click.ClickException as error:  # only people can mend that
        error.show()
        return error.exit_code
    except DBAPIError as error:
        if not isinstance(error, InterfaceError) and not refuses(error) and not is_damaged(error):
            raise
        print(f"wrapup: The database cannot be used: {said(error)}.", file=sys.stderr)
        return 1
    finally:
        database.close()
    return 0


def prepare(settings: config.Settings, database: Database) -> None:
    """Migrate; print the dashboard's address, a first key, the callback URLs. On standard output, to be copied."""
    private.make_folder(settings.data_dir)
    if not private.close_folder(settings.data_dir, OURS):
        log.warning("data_folder_open", said=DATA_FOLDER_OPEN)
    database.make(anew=True)
    migrations.upgrade(database)
    FeedPlace(database, settings.data_dir).check()
    erasing.begin_again(settings, database)
    with database.write() as session:
        first = session.scalar(select(func.count()).select_from(ApiKey)) == 0
        key = create_key(session, "admin", ["admin"]) if first else None
        strangers.remember_tokens(session, settings.token_fingerprints(), clock.now())
        strangers.share_out(session, settings.connections)
    for sentence in settings.warnings():
        log.warning("loose_setting", said=sentence)
    urls = [f"Callback URL of {connection}, {kind}: {url}" for connection, kind, url in settings.callback_urls()]
    _print([f"Dashboard: {settings.public_url}/", *([f"Admin key (shown this once): {key}"] if key else []), *urls])


def _print(lines: Sequence[str]) -> None:
    """To be copied by whoever reads it. Where nobody can, as with a log that has ended, Wrapup works all the same."""
    if sys.stdout is None:
        _not_printed("It was closed before the start")
        return
    try:
        for line in lines:
            click.echo(line)
        sys.stdout.flush()
    except OSError as error:
        _not_printed(error.strerror)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still writes at its end


def _not_printed(why: str | None) -> None:
    more = "`wrapup connections` prints the URLs, `wrapup keys create` makes a key."
    log.warning("not_printed", said=f"Standard output: {why}. {more}")
