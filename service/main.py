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
    if sys.argv[1:2] == ["demo"]:
        from service.demo import demo

        _told(lambda: demo.main(sys.argv[2:], prog_name="wrapup demo"))
    _told(_command)


def _command() -> None:
    from flask.cli import ScriptInfo
    from sqlalchemy.exc import InterfaceError, OperationalError

    from models.database import said
    from service.app import create_app

    app = create_app()
    try:
        app.cli.main(prog_name="wrapup", obj=ScriptInfo(create_app=lambda: app))
    except (OperationalError, InterfaceError) as error:
        print(f"wrapup: The database cannot be used: {said(error)}.", file=sys.stderr)
        sys.exit(1)


def _told(run: Callable[[], Any]) -> Any:
    from service.mistakes import BadSettings

    try:
        return run()
    except BadSettings as error:
        print(f"wrapup: {error}", file=sys.stderr)
        sys.exit(2)
