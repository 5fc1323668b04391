"""``wrapup keys``: keys for the API and the pages."""

import click
from flask.cli import AppGroup

import migrations
from lib import clock
from lib import text as texts
from models import ApiKey
from web import keys as api_keys
from web.context import context
from web.keys import Limits

group = AppGroup("keys", help="Make, list and revoke API keys.")


@group.command("create")
@click.argument("name")
@click.option("--scope", default="read", help="read, leads, admin; several with commas. Admin may do everything.")
@click.option("--owner", help="Whose it is: a person or a system.")
@click.option("--note", help="What it is for.")
@click.option("--expires", help="Its end: 90d, 12h, or a time such as 2027-01-31. None without it.")
@click.option("--connection", multiple=True, help="Only this connection; may be given several times. All without it.")
@click.option("--network", multiple=True, help="Only from this address or CIDR; may be given several times.")
def create(
    name: str,
    scope: str,
    owner: str | None,
    note: str | None,
    expires: str | None,
    connection: tuple[str, ...],
    network: tuple[str, ...],
) -> None:
    """Make a key. It is shown once, alone on standard output; standard error names the database that knows it."""
    own = context()
    migrations.upgrade(own.database)  # a key is often the first thing that somebody makes
    try:
        ends = api_keys.end_of(expires) if expires else None
        limits = Limits(owner, note, ends, connection or None, network or None)
        with own.database.write() as session:
            words = [word.strip() for word in scope.split(",")]
            key = api_keys.create_key(session, name, words, limits, own.settings.connections)
    except api_keys.BadKey as error:
        raise click.UsageError(str(error)) from None
    where = own.database.url.render_as_string(hide_password=True)
    click.echo(f"Known to {where}: a Wrapup that uses another database refuses it.", err=True)
    click.echo(key)


@group.command("list")
def list_() -> None:
    """List the keys: id, name, scopes, whether revoked; then owner, limits, end and last use, as far as there are any. One that
    ends within 14 days says so."""
    now = clock.now()
    migrations.upgrade(context().database)
    with context().database.read() as session:
        for key in api_keys.list_keys(session):
            words = f"{key.id}  {texts.visible(key.name)}  {','.join(key.scopes)}  {api_keys.state(key, now)}"
            click.echo("  ".join([words, *_more(key)]))


def _more(key: ApiKey) -> list[str]:
    found = [f"owner {texts.visible(key.owner)}"] if key.owner else []
    found += ["signs in by the provider"] if key.subject else []
    found += [f"only {', '.join(key.connections)}"] if key.connections else []
    found += [f"only from {', '.join(key.networks)}"] if key.networks else []
    found += [f"until {clock.iso(key.expires_at)}"] if key.expires_at else []
    found += [f"last used {clock.iso(key.last_used_at)} from {key.last_used_from}"] if key.last_used_at else []
    return found


@group.command("revoke")
@click.argument("name_or_id")
def revoke(name_or_id: str) -> None:
    """Revoke a key by its name or id; it stops working at once."""
    with context().database.write() as session:
        revoked = api_keys.revoke_key(session, name_or_id)
    if not revoked:
        raise click.ClickException("There is no valid key of that name or id.")
    click.echo(f"Revoked {texts.many(revoked, 'key')}.")
