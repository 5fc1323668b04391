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
from lib.text import many
from models import AlertState
from models.errors import said
from models.leases import is_held
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
NOBODY = (
    "No worker watches now what the database says, or the one that does is stopped or hangs, so nobody knows what else is wrong; "
    "wrapup doctor looks at this machine."
)
NOT_YET = "A worker has begun to watch, and has not looked lately at what the database says."
UNWATCHED_MACHINE = "Nobody has looked lately at the disk, the spool and the backups of {}: no worker watches it."
UNNOTED = (
    "Nobody knows what is wrong now with the disk, the spool and the backups of {} (last noted: {}): the worker that watches it "
    "has just begun, is stopped or hangs, or cannot write {} (alerts_not_kept in its log)."
)
UNREADABLE = "Nobody knows what is wrong with the disk, the spool and the backups of {}: {} cannot be read ({})."
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
    """Tell each channel that this is a test. Code 1 where one does not take it, or takes it for some alone, 2 where the settings
    have none."""
    own = settings().alerts
    if not own.channels:
        raise click.UsageError("The settings have no mail and no webhook under [alerts].")
    now, failed = clock.now(), False
    words = "This is a test: alerts of Wrapup arrive here.\n"
    message = {"day": f"{now:%Y-%m-%d-%H%M%S}", "subject": "Wrapup: a test of alerts", "text": words}
    for channel in own.channels:
        teller = Teller(channel, own)
        try:
            teller.digest(message, now)
            say(f"{channel}: {'taken for the others' if teller.left_out else 'taken'}")
            for one, why in teller.left_out.items():
                failed = True
                say(f"{channel}: not taken for {one}: {why}")
        except ExchangeError as error:
            failed = True
            say(f"{channel}: {error}")
    sys.exit(int(failed))


@group.command("list")
def list_() -> None:
    """Show what is wrong now, and who was told, as the worker that watches has noted it. Code 1 where something is, or where
    nobody can say whether something is: the database is away, or no worker watches."""
    own, now = settings(), clock.now()
    found = [_of_database(now), _of_machine(InFile(own.data_dir), now)]
    on, unknown = 0, list[str]()
    for state, unsure in found:
        as_of = f"; as of {clock.ago(state.looked_at(), now)}" if unsure else ""
        for alert in state.on():
            told = ", ".join(f"{channel} told" for channel in alert.told) or "nobody told yet"
            say(f"{alert.severity}  {clock.ago(clock.read(alert.began), now)}  {alert.summary}  ({told}{as_of})")
            on += 1
        unknown += unsure
    for channel in own.alerts.channels:
        failed = [one for state, _ in found if (one := state.channels.get(channel)) and one.failures]
        if failed:  # of the database's alerts and of the machine's, which are told apart
            one = max(failed, key=lambda one: one.failures)
            say(f"{channel}: not told {many(one.failures, 'time')} in a row: {one.error}")
    for sentence in (unknown := unknown if own.alerts.wanted else [NOT_WANTED]):
        say(sentence)
    if not on and not unknown:
        looks = (state.looked_at() for state, _ in found)
        say(f"No alert is on, as of {clock.ago(min(filter(None, looks)), now)}.")
    sys.exit(int(bool(on or unknown)))


def _of_machine(file: InFile, now: datetime) -> tuple[State, list[str]]:
    """What this machine's data folder has of alerts, and a sentence where nobody can say what is wrong now."""
    here = socket.gethostname()
    try:
        state, watched = State.read(file.noted()), file.is_watched()
    except (OSError, ValueError) as error:
        return State(), [UNREADABLE.format(here, file.path, said(error))]
    if _is_fresh(state, now):
        return state, []
    if not watched:
        return state, [UNWATCHED_MACHINE.format(here)]
    return state, [UNNOTED.format(here, clock.ago(state.looked_at(), now), file.path)]


def _of_database(now: datetime) -> tuple[State, list[str]]:
    """What the database has of alerts, and sentences about what nobody can say."""
    try:
        with context().database.read() as session:
            kept, writes = session.execute(_KEPT).one_or_none(), takes_writes(session)
    except SQLAlchemyError as error:
        return State(), [UNREAD.format(said(error))]
    document, lease = kept or (None, None)
    state = State.read(document or {})
    if not is_held(lease, now):
        return state, [NOBODY if writes else MUTE]
    return state, [] if _is_fresh(state, now) else [NOT_YET]


def _is_fresh(state: State, now: datetime) -> bool:
    """Whether it was looked lately. When is kept once a minute."""
    at = state.looked_at()
    return at is not None and abs(now - at) < UNWATCHED
