"""The entry point ``wrapup``. A bad setting ends it with one sentence and code 2."""

import sys


def main() -> None:
    # Each command loads what it needs: the supervisor is to stay small and to start in a moment.
    if sys.argv[1:] == ["serve"]:
        from service.plan import planned
        from service.serve import supervise

        sys.exit(_told(lambda: supervise(planned())))
    if sys.argv[1:2] == ["demo"]:
        from service.demo import main as demo

        sys.exit(_told(lambda: demo(sys.argv[2:])))
    _told(_command)


def _command() -> None:
    from flask.cli import ScriptInfo

    from service.app import create_app

    app = create_app()
    app.cli.main(prog_name="wrapup", obj=ScriptInfo(create_app=lambda: app))


def _told(run):
    from service.mistakes import BadSettings

    try:
        return run()
    except BadSettings as error:
        print(f"wrapup: {error}", file=sys.stderr)
        sys.exit(2)
