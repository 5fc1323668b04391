"""Calls one after the other, for hours: what goes wrong with one of them does not end the next."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


def placed_until(stopped: threading.Event, pause: Callable[[], float], place: Callable[[], object]) -> None:
    """Place a call after each pause, in seconds, until stopped."""
    while not stopped.wait(pause()):
        try:
            place()
        except Exception:
            log.exception("A call of the sandbox failed; the next one is placed all the same.")
