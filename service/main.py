"""The entry point ``wrapup``. A bad setting ends it with one sentence and code 2, a database that is away with code 1."""

import sys
from collections.abc import Callable
from typing import Any


def main() -> None:
    # Each command loads what it needs: the supervisor is to stay small and to start in a moment.
    if sys.argv[1:] == ["serve"]:
        from service.supervisor.plan import planned
        from service.supervisor.serve import supervise

        sys.exit(_told(lambda: supervise(planned())))
    _told(_command)


def _command() -> None:
    from flask.cli import ScriptInfo
    from sqlalchemy.exc import InterfaceError, OperationalError

    from models.database import said
    from service.app import create_app
    from service.cli.group import wrapup

    try:
        # The application, and with it the settings, is made for a command that runs: not for one that is asked for its help.
        wrapup.main(prog_name="wrapup", obj=ScriptInfo(create_app=create_app))
    except (OperationalError, InterfaceError) as error:
        print(f"wrapup: The database cannot be used: {said(error)}.", file=sys.stderr)
        sys.exit(1)


def _told(run: Callable[[], Any]) -> Any:
    from service.settings.mistakes import BadSettings

    try:
        return run()
    except BadSettings as error:
        print(f"wrapup: {error}", file=sys.stderr)
        sys.exit(2)
