"""All commands. ``wrapup X`` is ``flask --app wsgi X``. Answers go to standard output, logs to standard error."""

from collections.abc import Iterable, Iterator

import click
from flask import Flask

from service.cli import (
    alerts,
    audit,
    backups,
    crm,
    doctor,
    erasing,
    feed,
    keys,
    leads,
    outcomes,
    person,
    polling,
    receipts,
    retention,
    running,
    schedules,
    sessions,
    suppressions,
    verifying,
)
from service.cli.by_hand import by_hand
from service.demo.command import demo


@click.group()
@click.version_option(package_name="wrapup")
def wrapup() -> None:
    """Every call's outcome, from every dialer, in one table."""


for command in (
    running.serve,
    demo,
    running.prepare,
    running.worker,
    running.migrate,
    running.connections,
    polling.check,
    polling.poll,
    receipts.replay,
    receipts.purge_strangers,
    receipts.import_spool,
    keys.group,
    sessions.group,
    audit.audit,
    leads.group,
    suppressions.group,
    erasing.erase,
    person.person,
    outcomes.renormalize,
    outcomes.words,
    outcomes.lake,
    retention.retention,
    feed.group,
    crm.group,
    schedules.group,
    alerts.group,
    backups.backup,
    backups.restore,
    backups.restore_drill,
    verifying.verify,
    doctor.doctor,
):
    wrapup.add_command(command)


# These run what nobody does by hand from then on.
_NOBODYS = (running.serve, running.prepare, running.worker, demo)


def _leaves(commands: Iterable[click.Command]) -> Iterator[click.Command]:
    for command in commands:
        if isinstance(command, click.Group):
            yield from _leaves(command.commands.values())
        elif command not in _NOBODYS:
            yield command


for leaf in _leaves(wrapup.commands.values()):
    leaf.callback = by_hand(leaf.callback)


def register(app: Flask) -> None:
    """Add them to the application."""
    for command in wrapup.commands.values():
        app.cli.add_command(command)
