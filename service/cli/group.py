"""All commands. ``wrapup X`` is ``flask --app wsgi X``. Answers go to standard output, logs to standard error."""

from flask import Flask

from service.cli import feed, keys, leads, outcomes, polling, receipts, running
from service.demo import demo


def register(app: Flask) -> None:
    """Add them to the application."""
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
        leads.group,
        outcomes.renormalize,
        outcomes.words,
        feed.group,
    ):
        app.cli.add_command(command)
