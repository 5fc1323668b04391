"""``wrapup sessions``: who is signed in to the pages."""

import click
from flask.cli import AppGroup

import migrations
from lib import clock, ids
from lib import text as texts
from service.terminal import say
from web import sign_ins
from web.context import context

group = AppGroup("sessions", help="Who is signed in to the pages, and ending that.")


@group.command("list")
def list_() -> None:
    """Show each session: id, who, since when, last seen, from where, in what."""
    migrations.upgrade(context().database)
    with context().database.read() as session:
        found = [sign_ins.shown(*row) for row in sign_ins.listed(session, clock.now())]
    if not found:
        say("Nobody is signed in.")
    for one in found:
        who, browser = texts.visible(one["key_name"]), texts.visible(one["browser"] or "-")
        said = f"since {one['began_at']}  seen {one['last_seen_at'] or '-'}  from {one['address'] or '-'}"
        say(f"{one['id']}  {who}  {said}  {browser}")


@group.command()
@click.argument("session", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody's.")
def end(session: str | None, everybody: bool) -> None:
    """End a session by its id, or all of them: who was signed in signs in again."""
    if everybody == (session is not None):
        raise click.UsageError("Name a session, or say --all.")
    session_id = ids.parse(session) if session else None
    if session and session_id is None:
        raise click.UsageError("A session is named by its id: wrapup sessions list.")
    with context().database.write() as writing:
        ended = sign_ins.end_every(writing) if session_id is None else int(sign_ins.end_one(writing, session_id))
    if not ended and not everybody:
        raise click.ClickException("There is no such session.")
    say(f"{texts.many(ended, 'session')} ended.")
