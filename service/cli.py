"""The commands. ``wrapup X`` is ``flask --app wsgi X``. Answers go to standard output, logs to standard error."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

import migrations
from callbacks import recovery
from lib import text as texts
from models.receipts import STATES
from outcomes import receipts as sent_back
from queries import evidence
from service import cli_feed, cli_leads, cli_outcomes, cli_polling, cli_receipts
from service.demo import main as run_demo
from service.plan import plan
from service.prepare import prepare as run_prepare
from service.serve import supervise
from service.worker import run as run_worker
from web import keys as api_keys


def register(app: Flask) -> None:
    """Add the commands to the application."""
    for command in (
        serve,
        demo,
        prepare,
        worker,
        migrate,
        connections,
        cli_polling.check,
        cli_polling.poll,
        replay,
        cli_receipts.purge_strangers,
        import_spool,
        keys,
        cli_leads.group,
    ):
        app.cli.add_command(command)
    for command in (cli_outcomes.renormalize, cli_outcomes.words, cli_feed.group):
        app.cli.add_command(command)


group = AppGroup("wrapup")


@group.command()
@click.option("--without-worker", is_flag=True, help="Receiver, API and dashboard only; the worker runs elsewhere.")
def serve(without_worker: bool) -> None:
    """Run receiver, API, dashboard and worker; start again what dies. SIGHUP renews all of it without a gap."""
    sys.exit(supervise(plan(current_app.extensions["settings"]), worker=not without_worker))


@group.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Run all of it on a database of its own, with the sandbox's dialers placing calls. --fresh begins anew."""
    sys.exit(run_demo(list(arguments)))


@group.command(hidden=True)
def prepare() -> None:
    """What ``serve`` does first. Code 75 while the database does not answer."""
    try:
        run_prepare(current_app.extensions["settings"], current_app.extensions["database"])
    except OperationalError as error:
        click.echo(f"wrapup: the database does not answer: {str(error.orig).splitlines()[0]}", err=True)
        sys.exit(75)


@group.command()
def worker() -> None:
    """Run the worker alone: normalize, settle, poll."""
    settings = current_app.extensions["settings"]
    database, urls = current_app.extensions["database"], settings.callbacks_of()
    run_worker(database, settings.connections, urls, settings.data_dir)


@group.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    migrations.upgrade(current_app.extensions["database"])
    click.echo("The database has the present schema.")


@group.command()
def connections() -> None:
    """List the connections and their callback URLs."""
    settings = current_app.extensions["settings"]
    for connection in settings.connections.values():
        click.echo(f"{connection.name}  {connection.dialer}")
        for name, kind, url in settings.callback_urls():
            if name == connection.name:
                click.echo(f"  {kind}: {url}")


@group.command()
@click.argument("receipt", nargs=-1, type=click.UUID)
@click.option("--state", type=click.Choice(STATES), help="all in this state, such as quarantined")
@click.option("--connection", help="all of this connection")
@click.option("--reason", help="all quarantined for this reason, such as unparseable")
@click.option("--from-log", type=click.File("rb"), help="bring back what this log says no store took; once each")
def replay(receipt: tuple[UUID, ...], from_log: BinaryIO | None, **filters: str | None) -> None:
    """Have receipts read again: those named, or all that match. The worker reads them within a second."""
    if from_log is not None:
        if receipt or any(filters.values()):
            raise click.UsageError("--from-log brings back what the log holds; it goes with no other choice.")
        _bring_back(recovery.from_log(from_log))
        return
    wanted = {name: value for name, value in filters.items() if value is not None}
    if bool(receipt) == bool(wanted):
        raise click.UsageError("Name receipts, or say which with --state, --connection or --reason.")
    with current_app.extensions["database"].write() as session:
        if wanted:
            replayed = sent_back.replay(session, evidence.conditions(wanted))
        else:
            missing = [str(one) for one in receipt if sent_back.replay_one(session, one) is None]
            if missing:
                raise click.ClickException(f"There is no receipt {missing[0]}; nothing was replayed.")
            replayed = len(receipt)
    click.echo(f"Replayed {replayed}.")


@group.command("import-spool")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def import_spool(path: Path) -> None:
    """Take over the spool of a machine that died: a segment, its folder or the data folder. What is there already stays once."""
    try:
        found = recovery.from_spool(path)
    except recovery.NothingThere as error:
        raise click.ClickException(str(error)) from None
    _bring_back(found)


def _bring_back(found: Iterator[recovery.Found]) -> None:
    settings, database = current_app.extensions["settings"], current_app.extensions["database"]
    migrations.upgrade(database)
    brought = recovery.bring_back(database, settings, found)
    click.echo(
        f"Read {brought.read} receipts: {brought.new} brought back, {brought.known} were there already,"
        f" {brought.refused} did not fit under the strangers' cap."
    )
    if brought.unreadable:
        raise click.ClickException(f"{brought.unreadable} lines could not be read; they are left where they are.")


@group.group(cls=AppGroup)
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create")
@click.argument("name")
@click.option("--scope", default="read", help="read, leads, admin; several with commas. Admin may do everything.")
def create(name: str, scope: str) -> None:
    """Make a key. It is shown once, alone on standard output; standard error names the database that knows it."""
    database = current_app.extensions["database"]
    migrations.upgrade(database)  # a key is often the first thing that somebody makes
    with database.write() as session:
        try:
            key = api_keys.create_key(session, name, [word.strip() for word in scope.split(",")])
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    where = database.url.render_as_string(hide_password=True)
    click.echo(f"Known to {where}: a Wrapup that uses another database refuses it.", err=True)
    click.echo(key)


@keys.command("list")
def list_() -> None:
    """List the keys: id, name, scopes, whether revoked."""
    with current_app.extensions["database"].read() as session:
        for key in api_keys.list_keys(session):
            state = "revoked" if key.revoked_at else "valid"
            click.echo(f"{key.id}  {texts.visible(key.name)}  {','.join(key.scopes)}  {state}")


@keys.command("revoke")
@click.argument("name_or_id")
def revoke(name_or_id: str) -> None:
    """Revoke a key by its name or id; it stops working at once."""
    with current_app.extensions["database"].write() as session:
        revoked = api_keys.revoke_key(session, name_or_id)
    if not revoked:
        raise click.ClickException("There is no valid key of that name or id.")
    click.echo(f"Revoked {revoked}.")
