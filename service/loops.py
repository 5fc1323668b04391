"""What is done again and again beside the web side, each in a thread or a process of its own."""

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib import memory
from models.errors import said

log = structlog.get_logger(__name__)

# Name of a loop -> its step, and the pause after one without work.
Steps = dict[str, tuple[Callable[[], object], float]]

TROUBLE_SECONDS = 1.0
QUIET_STEPS = 10  # then the memory that batches needed is given back
# Between two batches of a backlog: whoever waits for the interpreter or, on SQLite, for the lock gets it here.
BREATH_SECONDS = 0.001


def run(
    name: str,
    step: Callable[[], object],
    pause: float,
    stop: threading.Event,
    before: Callable[[], None] = lambda: None,
    after: Callable[[str], None] = lambda name: None,
) -> None:
    """Take steps until ``stop`` is set, each when ``before`` raises nothing: with hardly a pause after one that found something
    to do, ``pause`` seconds after another. A database that is away is waited for; what else fails is logged, and tried again.
    ``after`` is told of each, however it ended."""
    quiet = 0  # steps without work since the last with some
    while not stop.is_set():
        try:
            before()
            busy = step()
            after(name)
            quiet = 0 if busy else quiet + 1
            if quiet == QUIET_STEPS:
                memory.give_back()
            else:
                memory.tend(worked=bool(busy))
            stop.wait(BREATH_SECONDS if busy else pause)
        except SQLAlchemyError as error:
            after(name)
            log.error("database_trouble", loop=name, error=type(error).__name__, said=said(error))
            stop.wait(TROUBLE_SECONDS)
        except Exception as error:
            after(name)
            log.exception("loop_failed", loop=name, error=type(error).__name__)
            stop.wait(TROUBLE_SECONDS)
