"""Commands that run Wrapup or its parts, and what they need first."""

import sys

import click
import structlog
from flask.cli import AppGroup

import migrations
from lib.text import many
from service import erasing, logs
from service.cli.settings import settings
from service.prepare import run as run_prepare
from service.supervisor.folder import hold
from service.supervisor.plan import plan
from service.supervisor.serve import supervise
from service.worker import run as run_worker
from web.context import context

group = AppGroup("wrapup")
log = structlog.get_logger(__name__)


@group.command()
@click.option("--without-worker", is_flag=True, help="Receiver, API and dashboard only; the worker runs elsewhere.")
def serve(without_worker: bool) -> None:
    """Run receiver, API, dashboard and worker; start again what dies. SIGHUP renews all of it without a gap."""
    sys.exit(supervise(plan(settings()), worker=not without_worker))


@group.command(hidden=True)
def prepare() -> None:
    """What ``serve`` does first. Code 75 while the database does not answer."""
    sys.exit(run_prepare())


@group.command()
def worker() -> None:
    """Run the worker alone: read receipts, settle calls, poll dialers, apply decisions, send leads, deliveries and schedules."""
    own = settings()
    hold(own.data_dir, own.database_url)
    logs.configure(own.log_level, serving=True)
    run_worker(context().database, own)


@group.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    database = context().database
    migrations.upgrade(database)
    left = erasing.finish(settings(), database)
    click.echo("The database has the present schema.")
    if left:
        click.echo(f"{many(left, 'erasure')} wait for a worker: see `wrapup erase --list`.")


@group.command()
def connections() -> None:
    """List the connections and their callback URLs."""
    own = context().settings
    for connection in own.connections.values():
        click.echo(f"{connection.name}  {connection.dialer}")
        for name, kind, url in own.callback_urls():
            if name == connection.name:
                click.echo(f"  {kind}: {url}")
