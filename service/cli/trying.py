"""``wrapup feed test-event``: an outcome through its whole life, for those who write a follower and want to see it follow.

It goes the way of every call: receipts of Ryng's callbacks, which the worker reads. Only on a connection that is called so is it
plain that these are no calls, and only there does no report of a real connection count them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click
import orjson
from flask.cli import with_appcontext
from sqlalchemy import select

from callbacks.draft import Draft
from lib import clock
from models import CallOutcome, Receipt
from models.database import Database
from service.cli.settings import settings
from web.context import context

CONNECTION, DIALER = "sandbox", "ryng"
PATIENCE_SECONDS = 30.0  # for the worker, which reads within a second
LOOK_SECONDS = 0.05
NUMBER = "+12025550123"  # of a range that is kept free for films
_ASK = f'''There is no connection {CONNECTION} of {DIALER}, and tests belong on no other. Add to the settings file, and restart:

[connections.{CONNECTION}]
dialer = "{DIALER}"
callback_tokens = ["a-token-of-your-own-that-is-long"]'''

Rows = Sequence[CallOutcome]


@click.command("test-event")
@click.option("--pause", type=click.FloatRange(0, 3600), default=2.0, help="Seconds between two steps, 2 unless said.")
@with_appcontext
def test_event(pause: float) -> None:
    """Have a test call go through its whole life, on the connection sandbox: provisional, settled, corrected, and merged with
    another one.

    A line for each step shows what the feed has then. It needs a running worker.
    """
    found = settings().connections.get(CONNECTION)
    if found is None or found.dialer != DIALER:
        raise click.ClickException(_ASK)
    database = context().database
    call = f"test-{time.time_ns()}"
    for number, (step, kind, body, reached) in enumerate(life(call)):
        if number:
            time.sleep(pause)
        _keep(database, kind, body)
        for row in _until(database, call, step, reached):
            click.echo(
                f"{step}: outcome {row.id}, revision {row.revision}, {row.settling}, {row.disposition or 'no disposition'}"
                + (f", merged into {row.merged_into}" if row.merged_into else "")
                + f", position {row.position}"
            )


def life(call: str) -> list[tuple[str, str, Mapping[str, Any], Callable[[Rows], Rows]]]:
    """What happens, one after the other: its name, the kind of callback, its body, and which of the call's rows show that it has
    been read; none while it has not."""
    began = clock.now() - timedelta(minutes=3)
    minutes = [clock.iso(began + timedelta(minutes=minute)) for minute in range(3)]
    common = {
        "callID": call,
        "agentID": "test",
        "agentUsername": "test@example.test",
        "customerNum": NUMBER,
        "campaignName": "Test of the feed",
        "callCreated": minutes[0],
        "callDirection": "outbound",
    }
    over = {
        **common,
        "callbackType": "terminal",
        "event": "call-ended",
        "callLogID": f"{call}-1",
        "callStarted": minutes[0],
        "callEnded": minutes[1],
        "callDisposed": minutes[1],
        "talktime": 55,
        "callDuration": 60,
        "status": "completed",
        "disposition": "Interested",
        "notes": "A test by wrapup feed test-event; nobody was called.",
    }
    corrected = {**over, "disposition": "Not interested", "callDisposed": minutes[2]}
    unnamed = {name: value for name, value in corrected.items() if name != "callLogID"} | {"callEnded": minutes[2]}
    return [
        ("provisional", "connect", {**common, "callbackType": "connect", "event": "agent-connected"}, _all),
        ("settled", "terminal", over, lambda rows: [row for row in rows if row.settling == "settled"]),
        ("corrected", "terminal", corrected, lambda rows: [row for row in rows if row.corrected_at is not None]),
        # Its end is told without a name and as a little later: for all that is known, another attempt.
        ("another one", "terminal", unnamed, lambda rows: rows[1:]),
        # And then with the name of the first, whose end it is.
        ("merged", "terminal", {**corrected, "callEnded": minutes[2]}, lambda rows: rows if _merged(rows) else []),
    ]


def _all(rows: Rows) -> Rows:
    return rows


def _merged(rows: Rows) -> bool:
    return any(row.merged_into is not None for row in rows)


def _keep(database: Database, kind: str, body: Mapping[str, Any]) -> None:
    said = orjson.dumps(body)
    headers = {"content-type": "application/json"}
    draft = Draft(CONNECTION, DIALER, kind, clock.now(), "POST", None, headers, said, len(said), False, None)
    with database.write() as session:
        session.add(Receipt(**draft.row()))


def _until(database: Database, call: str, step: str, reached: Callable[[Rows], Rows]) -> Rows:
    """The rows of the call that show the step. Raises ClickException where nobody reads what was kept."""
    wanted = select(CallOutcome).where(CallOutcome.connection == CONNECTION, CallOutcome.call_id == call)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with database.read() as session:
            rows = list(session.scalars(wanted.order_by(CallOutcome.id)))
            session.expunge_all()
        if found := reached(rows):
            return found
        time.sleep(LOOK_SECONDS)
    raise click.ClickException(
        f"The receipt for {step!r} was kept, but is not read after {PATIENCE_SECONDS:.0f} s. "
        f"Does a worker run that has been started with the connection {CONNECTION}?"
    )
