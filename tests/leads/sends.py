"""Loads for tests of sending: made, sent until nothing waits, and what the dialer has of them."""

import time
from datetime import timedelta

from leads import loads, send_due
from leads.loading import Loading
from lib import clock
from rig.patience import stretched
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice

ONE_EACH, KEYED = qvoice, jaicp  # a lead per request and no keys; batches under keys


def numbers(count: int) -> list[str]:
    return [f"+1213555{number:04d}" for number in range(count)]


def load(database, stage, count: int = 5, **options):
    rows = enumerate(({"number": number} for number in numbers(count)), 1)
    return Loading(stage.connection, stage.campaign, rows, **options).keep(database)


def send(database, connection, seconds: float = 30.0) -> None:
    """Until nothing waits."""
    end = time.monotonic() + stretched(seconds)
    while send_due(database, connection, {}):
        assert time.monotonic() < end


def shown(database, load_id) -> dict:
    with database.read() as session:
        return loads.shown(session, {}, load_id, limit=1000)


def taken(stage) -> list[str]:
    return [number.lstrip("+") for number in stage.taken()]


def later(minutes: float):
    return lambda: clock.now() + timedelta(minutes=minutes)
