"""``wrapup verify``: whether what is stored holds together."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import inspect

from lib import clock
from models import schema
from service.cli.settings import settings
from service.terminal import say
from upkeep.verifying import folding, segments, tables
from upkeep.verifying.found import Found
from web.context import Context, context

SAMPLE = 1_000
NICE = 5  # as whoever asks: callbacks go first


@click.command()
@click.option(
    "--sample", type=click.IntRange(1), help=f"So many of each kind, spread over time; {SAMPLE:,} unless said."
)
@click.option("--all", "whole", is_flag=True, help="Everything, in pieces.")
@with_appcontext
def verify(sample: int | None, whole: bool) -> None:
    """Fold calls again from their receipts and compare, and look for what points nowhere. Changes nothing.

    A line for each check, with the ids of what is wrong. Code 1 where something is. May run beside everything.
    """
    if whole and sample is not None:
        raise click.UsageError("Say either --sample or --all.")
    os.nice(NICE)
    own = context()
    with own.database.read() as session:
        has_schema = inspect(session.connection()).has_table(schema.VERSION_TABLE)
        found_schema = schema.revision(session) if has_schema else None
    if found_schema is None:
        raise click.ClickException("The database has no tables of Wrapup yet: run `wrapup migrate` first.")
    if found_schema != max(schema.known()):
        raise click.ClickException(f"The database has the schema {found_schema}: run `wrapup migrate` first.")
    wrong = looked_at = 0
    for found in _checks(own, settings().mirror_folder(), None if whole else sample or SAMPLE):
        wrong += found.count
        looked_at += found.looked_at
        tell(found)
    say(in_short(wrong, looked_at, whole))
    sys.exit(1 if wrong else 0)


def in_short(wrong: int, looked_at: int, whole: bool) -> str:
    """The last line: that nothing is wrong says nobody who has looked at nothing, or at a sample."""
    if wrong:
        return f"{wrong:,} wrong."
    if not looked_at:
        return "There was nothing to look at."
    return "Nothing wrong was found." if whole else "Nothing wrong was found in the sample."


def _checks(own: Context, mirror: Path, sample: int | None) -> Iterator[Found]:
    database, connections = own.database, own.connections
    yield from folding.calls(database, connections, sample)
    yield from tables.receipts(database, sample, clock.now())
    yield from tables.outcomes(database, sample)
    yield from tables.events(database, sample)
    yield from tables.deliveries(database, sample)
    yield from tables.feed(database)
    yield from segments.segments(database, mirror, sample)


def tell(found: Found) -> None:
    """Its line, and lines about what is wrong."""
    notes = "".join(f"; {note}" for note in found.notes)
    mark = "wrong" if not found.ok else "ok   " if found.looked_at else "none "
    say(f"{mark}  {found.what}: {found.looked_at:,} looked at, {found.count:,} wrong{notes}")
    for sentence in found.wrong:
        say(f"         {sentence}")
    if found.count > len(found.wrong):
        say(f"         and {found.count - len(found.wrong):,} more")
    if not found.ok:
        say(f"       {found.todo}")
