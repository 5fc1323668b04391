"""``wrapup crm``: how far each destination is, what was written, and steering: pause, resume, try again."""

import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from crm.steering import CannotRetry, NotChosen
from models.deliveries import DELIVERY_STATES, OPERATIONS
from queries import deliveries as delivered
from queries import keyset
from queries.deliveries import several
from service.cli import destinations
from service.terminal import say
from web import steered
from web.context import context

group = AppGroup("crm", help="Look at destinations and what was written to them, and steer them.")
for command in (destinations.check, destinations.preview, destinations.send, destinations.undo):
    group.add_command(command)

BY = "the command line"  # who paused a destination, where nobody has signed in


@group.command("list")
def list_() -> None:
    """Show each destination and how far it is.

    Code 1 where one is not running, or something waits for a person.
    """
    found = steered.shown()
    if not found:
        say("The settings have no destination.")
    for one in found:
        say(f"{one['name']}  {one['kind']}  {one['state']}  {one['lag']}")
        if one["error"]:
            say(f"  {one['error']}")
        for why in one["reasons"]:
            if why["state"] not in ("done", "undone"):
                say(f"  {why['deliveries']:,} {why['state']}: {why['reason']}")
    if any(one["state"] != "running" or one["waits_for_person"] for one in found):
        sys.exit(1)


@group.command("deliveries")
@click.option("--destination", multiple=True, help="Only of this destination; may be given several times.")
@click.option("--outcome", multiple=True, type=click.UUID, help="Only of this outcome.")
@click.option("--state", multiple=True, type=click.Choice(DELIVERY_STATES), help="Only those in this state.")
@click.option("--reason", multiple=True, help="Only those with this reason, such as required_field.")
@click.option("--operation", multiple=True, type=click.Choice(OPERATIONS), help="Only of this operation.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, help="How many of the newest.")
@click.option("--cursor", help="Go on after the last one of a list.")
def list_deliveries(limit: int, cursor: str | None, **filters: tuple[Any, ...]) -> None:
    """Show what was written where, the newest first."""
    with context().database.read() as session:
        try:
            page = delivered.page(session, {name: list(given) for name, given in filters.items()}, cursor, limit)
        except keyset.BadCursor as error:
            raise click.UsageError(f"--cursor: {error}") from None
        rows = [delivered.shown(row) for row in page.rows]
    for row in rows:
        said = [row["id"], row["destination"], row["operation"], row["state"], row["reason"], row["outcome_id"]]
        say("  ".join(filter(None, [*said, row["remote_url"] or row["remote_id"], row["answer"]])))
    if not rows:
        say("No such delivery.")
    if page.next:
        say(f"More: --cursor {page.next}", err=True)


@group.command("retry")
@click.argument("delivery", nargs=-1, type=click.UUID)
@click.option("--record", help="Of one that is held: the CRM's id of the record that the call belongs to.")
@click.option("--destination", help="All of this destination.")
@click.option("--outcome", type=click.UUID, help="All of this outcome.")
@click.option("--state", type=click.Choice(delivered.STEERED), help="All in this state; without it, any of these.")
@click.option("--reason", help="All with this reason, such as required_field.")
@click.option("--operation", type=click.Choice(OPERATIONS), help="All of this operation.")
def retry(delivery: tuple[UUID, ...], record: str | None, **filters: Any) -> None:
    """Have deliveries tried again: those named, or all that match. The worker comes to them within a second, or once
    their destination is not paused, parked or failing any more."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    if bool(delivery) == bool(wanted):
        raise click.UsageError("Name deliveries, or say which with --destination, --state, --reason or the like.")
    if record is not None and len(delivery) != 1:
        raise click.UsageError("--record goes with one delivery.")
    if wanted:
        say(f"{several(steered.retry_many(wanted, BY))} will be tried again.")
        return
    for one in delivery:
        try:
            found = steered.retry(one, BY, record)
        except (CannotRetry, NotChosen) as error:
            raise click.ClickException(f"{one}: {error}") from None
        if found is None:
            raise click.ClickException(f"There is no delivery {one}.")
        say(f"{one}: {found.state}.")


@group.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """Send nothing to the destination NAME until it is resumed."""
    _act(name, steered.pause)
    say(f"{name} is paused.")


@group.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Send to the destination NAME again, also what was parked."""
    _act(name, steered.resume)
    say(f"{name} goes on.")


def _act(name: str, act: Callable[[str, str], None]) -> None:
    _known(name)
    try:
        act(name, BY)
    except steered.CannotSteer as error:
        raise click.ClickException(str(error)) from None


def _known(name: str) -> None:
    found = [one["name"] for one in steered.shown()]
    if name not in found:
        raise click.ClickException(f"There is no destination {name!r}. There are: {', '.join(found) or 'none'}.")
