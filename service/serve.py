"""``wrapup serve``: migrates, then keeps the web server and the worker alive."""

import os
import sys
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

import migrations
from models import ApiKey
from models.database import Database
from service.children import Child, keep_alive
from service.config import BadSettings, Settings
from web.keys import create_key

ROOT = Path(__file__).parent.parent
GUNICORN = ROOT / "deploy" / "gunicorn.conf.py"


def serve(settings: Settings, more: list[Child] | None = None) -> int:
    """Run until told to stop. ``more`` are children to keep alive besides."""
    database = Database(settings.database_url)
    try:
        migrations.upgrade(database)
    except OperationalError as error:
        raise BadSettings(
            f"WRAPUP_DATABASE_URL names a database that does not answer: {str(error.orig).splitlines()[0]}."
        ) from None
    _announce(settings, database)
    database.close()
    environ = child_environ(settings)
    web = [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN), "--chdir", str(Path.cwd()), "wsgi:app"]
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    return keep_alive([Child("web", web, environ), Child("worker", worker, environ), *(more or [])])


def child_environ(settings: Settings) -> dict[str, str]:
    """The environment for children: ours, and the settings that were worked out here."""
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "WRAPUP_DATA_DIR": str(settings.data_dir),
        "WRAPUP_DATABASE_URL": settings.database_url,
        "WRAPUP_BIND": settings.bind,
        "WRAPUP_WORKERS": str(settings.workers),
    }


def _announce(settings: Settings, database: Database) -> None:
    """What somebody who just started it wants to copy: on standard output, before the first log line."""
    with database.write() as session:
        first = session.scalar(select(func.count()).select_from(ApiKey)) == 0
        key = create_key(session, "admin", ["admin"]) if first else None
    click.echo(f"Dashboard: {settings.public_url}/")
    if key:
        click.echo(f"Admin key (shown this once): {key}")
    for connection, kind, url in settings.callback_urls():
        click.echo(f"Callback URL of {connection}, {kind}: {url}")
    sys.stdout.flush()
