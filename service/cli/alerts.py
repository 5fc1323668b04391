"""``wrapup alerts``: what is wrong, whether telling works, and the rules for Prometheus."""

import socket
import sys
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from lib import clock
from lib.http.errors import ExchangeError
from models import AlertState
from models.database import said
from models.writing import takes_writes
from service.cli.settings import settings
from service.terminal import say
from upkeep.alerts import rules as written
from upkeep.alerts.keepers import ROW, InFile
from upkeep.alerts.state import UNWATCHED, State
from upkeep.alerts.telling import Teller
from web.context import context

NOT_WANTED = (
    "The settings have no mail, webhook or heartbeat under [alerts], so no worker watches; "
    "wrapup doctor looks at this machine."
)
NOBODY = "No worker watches now, so nobody knows what else is wrong; wrapup doctor looks at this machine."
NOT_YET = "A worker has begun to watch, and has not looked lately at what the database says."
UNWATCHED_MACHINE = "Nobody has looked lately at the disk, the spool and the backups of {}: no worker watches it."
MUTE = "The database takes no writes, so no worker can say that it watches, and nobody knows what else is wrong."
UNREAD = "The database cannot be read, so nobody knows what else is wrong: {}."
_KEPT = select(AlertState.document, AlertState.lease_until).where(AlertState.name == ROW)

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
    """Show what is wrong now, and who was told, as the worker that watches has noted it. Code 1 where something is, or where
    nobody can say whether something is: the database is away, or no worker watches."""
    own, now = settings(), clock.now()
    machine = State.read(InFile(own.data_dir).read())
    table, unknown = _kept(now)
    states = [table, machine]
    on = [alert for state in states for alert in state.on()]
    for alert in on:
        told = ", ".join(f"{channel} told" for channel in alert.told) or "nobody told yet"
        say(f"{alert.severity}  {clock.ago(clock.parse(alert.began), now)}  {alert.summary}  ({told})")
    for state in states:
        for channel, one in state.channels.items():
            if one.failures:
                say(f"{channel}: not told {one.failures} times in a row: {one.error}")
    if not own.alerts.wanted:
        unknown = [NOT_WANTED]
    elif not _is_fresh(machine, now):
        unknown.append(UNWATCHED_MACHINE.format(socket.gethostname()))
    for sentence in unknown:
        say(sentence)
    if not on and not unknown:
        looks = (state.looked_at() for state in states)
        say(f"No alert is on, as of {clock.ago(min(filter(None, looks)), now)}.")
    sys.exit(int(bool(on or unknown)))


def _kept(now: datetime) -> tuple[State, list[str]]:
    """What the database has of alerts, and sentences about what nobody can say."""
    try:
        with context().database.read() as session:
            kept, writes = session.execute(_KEPT).one_or_none(), takes_writes(session)
    except SQLAlchemyError as error:
        return State(), [UNREAD.format(said(error))]
    document, lease = kept or (None, None)
    state = State.read(document or {})
    if lease is None or now >= lease:
        return state, [NOBODY if writes else MUTE]
    return state, [] if _is_fresh(state, now) else [NOT_YET]


def _is_fresh(state: State, now: datetime) -> bool:
    """Whether it was looked lately. When is kept once a minute."""
    at = state.looked_at()
    return at is not None and abs(now - at) < UNWATCHED
