"""What is said where a backup cannot be made, read or put back."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):
    """The message is a sentence for whoever gave the command. What was there before is as it was."""


@contextmanager
def told(what: str) -> Iterator[None]:
    """What the system and SQLite say within, as sentences. ``what``: the subject, such as "The backup"."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(f"{what} does not fit: the disk is full. What was begun of it was removed.") from None
        where = f" ({error.filename})" if error.filename else ""
        raise Refused(f"{what} failed: {error.strerror}{where}.") from None
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise Refused(f"{what} does not fit: the disk is full. What was begun of it was removed.") from None
        raise Refused(f"{what} failed: SQLite says {error}.") from None
