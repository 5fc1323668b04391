"""The entry point ``wrapup``. A bad setting ends it with one sentence and code 2."""

import sys

import click
from flask.cli import ScriptInfo

from service.app import create_app
from service.config import BadSettings
from service.demo import demo


def main() -> None:
    try:
        if sys.argv[1:] == ["demo"]:
            sys.exit(demo())
        app = create_app()
        app.cli.main(prog_name="wrapup", obj=ScriptInfo(create_app=lambda: app))
    except BadSettings as error:
        click.echo(f"wrapup: {error}", err=True)
        sys.exit(2)
