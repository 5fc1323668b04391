"""Ryng's past: calls of earlier days, whose callbacks come now, with the times of then, as after a receiver that was away."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from sandbox import past
from sandbox.ryng.dialer import Ryng

PAUSE = 0.05  # seconds between two calls: the receiver has other things to do


def start(ryng: Ryng, connect_url: str, terminal_url: str, days: int, calls_a_day: int, stop: threading.Event) -> None:
    """Post it, one call after the other, in a thread."""
    calls = past.moments(datetime.now(UTC), days, calls_a_day)
    # The newest first: that is what somebody looks at who has just begun.
    newest = reversed([at for at, _ in calls])
    threading.Thread(
        target=_post, args=(ryng, connect_url, terminal_url, newest, stop), name="ryng-past", daemon=True
    ).start()


def _post(ryng: Ryng, connect_url: str, terminal_url: str, moments: Iterator[datetime], stop: threading.Event) -> None:
    for at in moments:
        first = int(at.timestamp() * 1000)  # so that a second telling is of the same call
        ryng.place_any(connect_url, terminal_url, created=at, call_id=first, log_ids=count(first))
        if stop.wait(PAUSE):
            return
