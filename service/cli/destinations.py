"""``wrapup crm check | preview | send | undo``: what a destination needs, what it would be sent, and what is taken back."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import click
from flask.cli import with_appcontext

import migrations
from crm import checking, history, previewing, undoing
from crm.desk import OtherKind
from crm.destination import Destination
from crm.registry import CRMS
from crm.statuses import PUT_BACK
from crm.undoing import FORGOTTEN, REMOVED, Busy, Undoing, Undone
from lib import clock, ids, masking
from lib.http.errors import ExchangeError
from lib.text import many
from models import Delivery, audit
from models.database import Database
from models.deliveries import LOG_CALL
from models.leases import LeaseLost
from models.retention import DELIVERIES
from queries import kept
from queries.deliveries import several
from service.cli.polling import MomentOption
from service.cli.settings import settings
from service.terminal import say
from web.context import context

DAY = timedelta(days=1)
SAMPLES = 5
_TAKEN_BACK = (REMOVED, PUT_BACK, FORGOTTEN)


@click.command()
@click.argument("name")
@click.option("--create-properties", is_flag=True, help="Make what is missing, where the CRM's API lets us.")
@with_appcontext
def check(name: str, create_properties: bool) -> None:
    """Ask the CRM for everything that the destination needs: each line yes, or no with what to do. Code 1 where one is no."""
    if create_properties:
        with _database().write() as session:
            audit.note(session, "destination.make_properties", subject=name)
    fine = True
    for line in checking.check(_database(), _destination(name), create_properties):
        say(f"{'yes' if line.fine else 'no '}  {line.what}" + ("" if line.fine or not line.todo else f": {line.todo}"))
        fine = fine and line.fine
    sys.exit(0 if fine else 1)


@click.command()
@click.argument("name")
@click.option("--since", type=MomentOption(), help="Calls from then on; the last 24 hours without it.")
@with_appcontext
def preview(name: str, since: datetime | None) -> None:
    """Show what would be written, against what is there now: counted, and some of each. Nothing is written."""
    destination = _destination(name)
    try:
        found = previewing.preview(_database(), destination, since or clock.now() - DAY)
    except ExchangeError as error:
        raise click.ClickException(_said(error, destination)) from None
    except OtherKind as error:
        raise click.ClickException(str(error)) from None
    more = f" of the latest {previewing.MOST:,}" if found.looked_at >= previewing.MOST else ""
    say(f"{many(found.calls, 'call')}{more} would be gone through. Nothing was written.")
    for (operation, what), count in sorted(found.counts.items()):
        say(f"{operation}  {what}  {count:,}")
        for words in found.samples[operation, what]:
            say(f"    {words}")


@click.command()
@click.argument("name")
@click.option("--since", type=MomentOption(), required=True, help="Calls from then on.")
@click.option("--until", type=MomentOption(), help="Up to this moment; now without it.")
@with_appcontext
def send(name: str, since: datetime, until: datetime | None) -> None:
    """Send the calls of this time: history. The worker does it; run it again after an interruption, nothing is noted twice."""
    made, destination, until = 0, _destination(name), until or clock.now()
    if since >= until:
        raise click.UsageError("--since must lie before --until, and not in the future.")
    with _database().write() as session:  # before: whoever has begun is known, wherever it is stopped
        told = {"since": clock.iso(since), "until": clock.iso(until)}
        audit.note(session, "destination.send", subject=name, details=told)
    try:
        for step in history.send(_database(), destination, since, until):
            made = step.made
            say(f"{step.calls:,} of {many(step.of, 'call')} noted, up to {clock.iso(step.to)}", err=True)
    except OtherKind as error:
        raise click.ClickException(str(error)) from None
    say(f"{several(made)} will be sent by the worker.")


@click.command()
@click.argument("name")
@click.option("--since", type=MomentOption(), help="What was sent from then on.")
@click.option("--delivery", "delivery_id", help="One delivery, by its id.")
@click.option("--apply", is_flag=True, help="Take it back; without it, only show what would be.")
@with_appcontext
def undo(name: str, since: datetime | None, delivery_id: str | None, apply: bool) -> None:
    """Take back what was done: calls that were logged are removed, a status that still is what we set is put back."""
    delivery = _id(delivery_id) if delivery_id else None
    if (since is None) == (delivery is None):
        raise click.UsageError("Say either --since or --delivery.")
    destination, database = _destination(name), _database()
    counts: Counter[str] = Counter()
    try:
        for one in Undoing(database, destination, apply).run(_done(database, name, since, delivery)):
            counts[one.what] += 1
            if counts[one.what] <= SAMPLES or apply:
                say(f"{'' if apply or one.what not in _TAKEN_BACK else 'would be '}{one.what}  {_named(one)}")
    except ExchangeError as error:
        raise click.ClickException(_said(error, destination)) from None
    except (Busy, OtherKind) as error:
        raise click.ClickException(str(error)) from None
    except LeaseLost:
        raise click.ClickException("Somebody else sends to it now; what is said above is done.") from None
    for what, count in sorted(counts.items()):
        say(_summed(what, count, apply))
    if sentence := _not_kept(database, since):
        say(sentence)
    if not counts:
        say(f"Nothing of it can be taken back: {_why_nothing(destination)}.")
    elif not apply:
        say("Nothing was changed. With --apply it is done.")


def _summed(what: str, count: int, apply: bool) -> str:
    one = count == 1
    if what not in _TAKEN_BACK:
        return f"{count:,} {'stays' if one else 'stay'} {what}"
    verb = ("was" if one else "were") if apply else "would be"
    return f"{count:,} {verb} {what}"


def _why_nothing(destination: Destination) -> str:
    if CRMS[destination.kind].events is not None:
        return "who was told something cannot be made not to know it"
    return "there is no call that was logged, and no status"


def _not_kept(database: Database, since: datetime | None) -> str | None:
    """Of what nobody knows any more that it was sent."""
    with database.read() as session:
        before = kept.since(session, DELIVERIES)
    if before is None or since is None or since >= before:
        return None
    return f"Deliveries before {clock.iso(before)} are not kept any more ([retention]): what was done by them is not taken back."


def _done(database: Database, name: str, since: datetime | None, delivery: UUID | None) -> Sequence[Delivery]:
    with database.read() as session:
        return undoing.done_since(session, name, since, delivery)


def _named(one: Undone) -> str:
    where = f"call {one.remote_id}" if one.operation == LOG_CALL else f"record {one.record_id}"
    return f"{where} of outcome {one.outcome_id}" + (f" ({one.answer})" if one.answer else "")


def _said(error: ExchangeError, destination: Destination) -> str:
    return str(masking.masked(str(error), CRMS[destination.kind].secrets(destination)))


def _id(text: str) -> UUID:
    found = ids.parse(text)
    if found is None:
        raise click.UsageError("--delivery must be a delivery's id.")
    return found


def _database() -> Database:
    database = context().database
    migrations.upgrade(database)
    return database


def _destination(name: str) -> Destination:
    known = settings().destinations
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise click.UsageError(f"There is no destination {name!r}. The settings have: {names}.")
    return known[name]
