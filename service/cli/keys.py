"""``wrapup keys``: keys for the API and the pages."""

import click
from flask.cli import AppGroup

import migrations
from lib import text as texts
from web import keys as api_keys
from web.context import context

group = AppGroup("keys", help="Make, list and revoke API keys.")


@group.command("create")
@click.argument("name")
@click.option("--scope", default="read", help="read, leads, admin; several with commas. Admin may do everything.")
def create(name: str, scope: str) -> None:
    """Make a key. It is shown once, alone on standard output; standard error names the database that knows it."""
    database = context().database
    migrations.upgrade(database)  # a key is often the first thing that somebody makes
    with database.write() as session:
        try:
            key = api_keys.create_key(session, name, [word.strip() for word in scope.split(",")])
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    where = database.url.render_as_string(hide_password=True)
    click.echo(f"Known to {where}: a Wrapup that uses another database refuses it.", err=True)
    click.echo(key)


@group.command("list")
def list_() -> None:
    """List the keys: id, name, scopes, whether revoked."""
    with context().database.read() as session:
        for key in api_keys.list_keys(session):
            state = "revoked" if key.revoked_at else "valid"
            click.echo(f"{key.id}  {texts.visible(key.name)}  {','.join(key.scopes)}  {state}")


@group.command("revoke")
@click.argument("name_or_id")
def revoke(name_or_id: str) -> None:
    """Revoke a key by its name or id; it stops working at once."""
    with context().database.write() as session:
        revoked = api_keys.revoke_key(session, name_or_id)
    if not revoked:
        raise click.ClickException("There is no valid key of that name or id.")
    click.echo(f"Revoked {texts.many(revoked, 'key')}.")
