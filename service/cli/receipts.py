"""What is done with receipts: read again, brought back from elsewhere, purged where they had no right to come."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import click
from flask.cli import with_appcontext

import migrations
from callbacks import recovery
from lib import text as texts
from models import audit
from models.receipts import DISMISSED, QUARANTINED, SHOWN_STATES
from outcomes import receipts as sent_back
from outcomes import strangers
from queries import evidence
from service.cli.settings import settings
from web.context import context


@click.command()
@click.argument("receipt", nargs=-1, type=click.UUID)
@click.option("--state", type=click.Choice(SHOWN_STATES), help="All in this state, such as quarantined.")
@click.option("--connection", help="All of this connection.")
@click.option("--reason", help="All that were put aside for this reason, such as unparseable.")
@click.option(
    "--token",
    type=click.Choice(evidence.TOKENS),
    help="Of what came without a right to: only what had a token of ours, such as an outdated one, or only all other.",
)
@click.option(
    "--from-log", type=click.File("rb"), help="Bring back what, as this log says, no store took; each receipt once."
)
@with_appcontext
def replay(receipt: tuple[UUID, ...], from_log: BinaryIO | None, **filters: str | None) -> None:
    """Have receipts read again: those named, or all that match. The worker reads them within a second."""
    if from_log is not None:
        if receipt or any(filters.values()):
            raise click.UsageError("--from-log brings back what the log holds; it goes with no other choice.")
        _bring_back(recovery.from_log(from_log))
        return
    wanted = {name: value for name, value in filters.items() if value is not None}
    if bool(receipt) == bool(wanted):
        raise click.UsageError("Name receipts, or say which with --state, --connection, --reason or --token.")
    with context().database.write() as session:
        if wanted:
            replayed = sent_back.replay(session, evidence.conditions(wanted))
            audit.note(session, "receipts.replay", connection=wanted.get("connection"), count=replayed, details=wanted)
        else:
            missing = [str(one) for one in receipt if sent_back.replay_one(session, one) is None]
            if missing:
                raise click.ClickException(f"There is no receipt {missing[0]}; nothing was replayed.")
            replayed = len(receipt)
            for one in receipt:
                audit.note(session, "receipts.replay", subject=one, count=1)
    click.echo(f"Replayed {replayed}.")


@click.command("import-spool")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@with_appcontext
def import_spool(path: Path) -> None:
    """Take over the spool of a machine that died: a segment, its folder or the data folder. What is there already stays once."""
    try:
        found = recovery.from_spool(path)
    except recovery.NothingThere as error:
        raise click.ClickException(str(error)) from None
    _bring_back(found)


def _bring_back(found: Iterator[recovery.Found]) -> None:
    database = context().database
    migrations.upgrade(database)
    brought = recovery.bring_back(database, settings(), found)
    with database.write() as session:
        audit.note(session, "receipts.import_spool", count=brought.new)
    click.echo(
        f"Read {texts.many(brought.read, 'receipt')}: {brought.new} brought back, {brought.known} were there already,"
        f" {brought.refused} did not fit under the strangers' cap."
    )
    if brought.unreadable:
        raise click.ClickException(
            f"{texts.many(brought.unreadable, 'line')} could not be read; nothing was changed where that was found."
        )


@click.command("purge-strangers")
@click.option("--reason", help="Why they were put aside, such as unknown_connection.")
@click.option("--connection", help="The connection that the URL named.")
@click.option("--state", type=click.Choice([QUARANTINED, DISMISSED]), help="Only those in this state.")
@click.option("--since", type=click.DateTime(), help="Only those that came at or after this time, in UTC.")
@click.option("--until", type=click.DateTime(), help="Only those that came before this time, in UTC.")
@with_appcontext
def purge_strangers(since: datetime | None, until: datetime | None, **filters: str | None) -> None:
    """Delete receipts from senders who had no right to send them, unless a call rests on them. There is no way back.

    What came with a token of ours, such as an outdated one, is deleted only after it was dismissed.
    """
    wanted: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    for name, moment in (("since", since), ("until", until)):
        if moment is not None:
            wanted[name] = moment.replace(tzinfo=UTC)
    if not wanted:
        raise click.UsageError("Say which with --reason, --connection, --state, --since or --until.")
    purged = strangers.purge(context().database, evidence.conditions(wanted), audit.said(wanted))
    click.echo(f"Purged {purged}.")
