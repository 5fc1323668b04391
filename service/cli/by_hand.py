"""Who types a command: the user of the system, for the audit log."""

import getpass
import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from models import audit
from models.audit import COMMAND_LINE, Actor


def by_hand(command: Callable[..., Any] | None) -> Callable[..., Any]:
    """The command, whose acts are those of whoever has typed it."""
    assert command is not None

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with audit.acting(whoever_types()):
            return command(*args, **kwargs)

    return run


def whoever_types() -> Actor:
    """``command line, anna``; where sudo was used, whom it names as well."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = f"user {os.getuid()}"
    by = os.environ.get("SUDO_USER")
    return Actor(f"command line, {user}" + (f" (sudo by {by})" if by and by != user else ""), COMMAND_LINE)
