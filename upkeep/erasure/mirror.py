"""The columnar mirror is a copy that comes again by itself: it is begun anew, so that no segment of before is left.

Whoever follows holds the folder's lock, and clears it when it finds the request; where nobody does, it is cleared here."""

from pathlib import Path

from lib import locks, private
from queries.mirror import forgetting

LOCK = "lock"


def begin_again(folder: Path, asked: bool) -> bool:
    """Have the mirror begun again; whether it is. ``asked``: whether that was asked for by an earlier call."""
    if not folder.is_dir() or (asked and not forgetting.is_asked(folder)):
        return True
    private.make_file(folder / LOCK)
    with (folder / LOCK).open("r+b") as lock:
        if locks.take(lock.fileno()):
            forgetting.forget(folder)
            return True
    forgetting.ask(folder)
    return False
