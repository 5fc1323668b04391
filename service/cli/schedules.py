"""``wrapup schedules``: what is sent by itself, and trying it."""

import sys

import click
from flask.cli import AppGroup

import migrations
from lib import clock
from lib.text import visible
from models import ScheduledSend, audit
from models.schedules import SENT
from queries import schedules as shown
from queries.views.answering import Means
from schedules import noting
from schedules.asking import asker
from schedules.sending import Sender
from service.cli.settings import settings
from service.terminal import say
from web import spooled
from web.context import context

group = AppGroup("schedules", help="Look at schedules, and try them.")


@group.command("list")
def list_() -> None:
    """Show each schedule, when it is due next, or was and nobody has taken it up, and what came of it last. Code 1 where one came
    to no good."""
    migrations.upgrade(context().database)
    with context().database.read() as session:
        found = shown.schedules(session, "", everybodys=True)
    if not found:
        say("There is no schedule.")
    now = clock.now()
    for one in found:
        last, next_at = one["last"], clock.read(one["next_at"])
        late = next_at is not None and next_at < now  # and no worker has taken it up
        came = f"{last['due_at']} {last['state']}" if last else "none" if late else "never due yet"
        say(f"{one['name']}  {one['state']}  {'was due' if late else 'next'} {one['next_at'] or '-'}  last {came}")
        if last and last["answer"]:
            say(f"  {last['answer']}")
    if any(one["last"] and one["last"]["state"] in ("failed", "unknown") for one in found):
        sys.exit(1)


@group.command()
@click.argument("name")
def send(name: str) -> None:
    """Send a schedule's view once, now, and say what came of it. Code 1 where it was not sent."""
    own, configured = context(), settings()
    migrations.upgrade(own.database)
    with own.database.write() as session:
        row = shown.named(session, name)
        if row is None:
            raise click.UsageError(f"There is no schedule {name!r}.")
        send_id = noting.tried(session, row, clock.now())
        audit.note(session, "schedule.send", subject=row.id)
    means = Means(own.database, own.sources, own.connections.current(), configured.limits, spooled.waiting)
    with own.database.read() as session:
        tried = session.get(ScheduledSend, send_id)
    assert tried is not None
    Sender(own.database, configured.schedules, asker(means)).send(tried)
    with own.database.read() as session:
        found = session.get(ScheduledSend, send_id)
    if found is None:  # deleted meanwhile
        raise click.ClickException("The schedule is gone.")
    say(f"{found.state}  {visible(found.target or found.answer or '')}")
    if found.answer:
        say(f"  {visible(found.answer)}")
    if found.state != SENT:
        sys.exit(1)
