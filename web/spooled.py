"""What waits in this machine's spool: callbacks that are answered, and that the database has not taken for a second."""

import os
import time

from callbacks.ladder import spooled
from lib import durable
from web.context import context

LOOK_SECONDS = 0.005


def waiting() -> int | None:
    """How many bytes; None where the spool cannot be read."""
    return spooled.known(context().spool)


def takes_more() -> bool:
    """Whether it could keep callbacks now, as far as that can be told without a sync."""
    folder = context().spool.folder
    return durable.has_room(folder if os.path.lexists(folder) else folder.parent)  # the first callback makes it


def wait_for_what_was_put_aside() -> None:
    """Wait for what was put aside while another one writes, until that is trouble: a callback that was answered is shown."""
    until = time.monotonic() + spooled.ASIDE_SECONDS
    while time.monotonic() < until and waiting() == 0 and context().spool.waiting():
        time.sleep(LOOK_SECONDS)
