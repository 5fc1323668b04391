"""``wrapup alerts``: what is wrong, whether telling works, and the rules for Prometheus."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

import migrations
from lib import clock
from lib.http.errors import ExchangeError
from models import AlertState
from service.cli.settings import settings
from service.terminal import say
from upkeep.alerts import rules as written
from upkeep.alerts.keepers import ROW, InFile
from upkeep.alerts.state import State
from upkeep.alerts.telling import Teller
from web.context import context

_KEPT = select(AlertState.document, AlertState.lease_until).where(AlertState.name == ROW)

UNWATCHED = "The settings have no mail, webhook or heartbeat under [alerts], so no worker watches;"
DOCTOR = "wrapup doctor looks at this machine."

group = AppGroup("alerts", help="Look at alerts, try whether they are told, write rules for Prometheus.")


@group.command()
def rules() -> None:
    """Write the rules for Prometheus, with the bounds and the public address of the settings, to standard output."""
    own = settings()
    click.echo(written.written(own.alerts.conditions, own.public_url), nl=False)


@group.command()
def test() -> None:
    """Tell each channel that this is a test. Code 1 where one does not take it, 2 where the settings have none."""
    own = settings().alerts
    if not own.channels:
        raise click.UsageError("The settings have no mail and no webhook under [alerts].")
    now, failed = clock.now(), False
    words = "This is a test: alerts of Wrapup arrive here.\n"
    message = {"day": f"{now:%Y-%m-%d-%H%M%S}", "subject": "Wrapup: a test of alerts", "text": words}
    for channel in own.channels:
        try:
            Teller(channel, own).digest(message, now)
            say(f"{channel}: taken")
        except ExchangeError as error:
            failed = True
            say(f"{channel}: {error}")
    sys.exit(int(failed))


@group.command("list")
def list_() -> None:
    """Show what is wrong now, and who was told, as the worker that watches has noted it. Code 1 where something is, or where no
    worker watches."""
    own, now = settings(), clock.now()
    migrations.upgrade(context().database)
    with context().database.read() as session:
        kept = session.execute(_KEPT).one_or_none()
    document, lease = kept or (None, None)
    states = [State.read(document or {}), State.read(InFile(own.data_dir).read())]
    on = [alert for state in states for alert in state.on()]
    for alert in on:
        told = ", ".join(f"{channel} told" for channel in alert.told) or "nobody told yet"
        say(f"{alert.severity}  {clock.ago(clock.parse(alert.began), now)}  {alert.summary}  ({told})")
    for state in states:
        for channel, one in state.channels.items():
            if one.failures:
                say(f"{channel}: not told {one.failures} times in a row: {one.error}")
    watched = lease is not None and now < lease
    if not own.alerts.wanted:
        say(f"{UNWATCHED} {DOCTOR}")
    elif not watched:
        say(f"No worker watches now, so nobody knows what else is wrong; {DOCTOR}")
    elif not on:
        say("Nothing is wrong.")
    sys.exit(int(bool(on) or not watched))
